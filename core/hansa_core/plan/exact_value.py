"""The exact value of a computed number in one row, as a fraction: the definition to which every engine is held."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from fractions import Fraction

from hansa_core.contract.types import Value
from hansa_core.plan.evaluate import Evaluator, evaluator
from hansa_core.plan.exact import ExactNode, exact_literal
from hansa_core.plan.expression import Call, Column, Literal, Op
from hansa_core.plan.typing import Columns

Row = Mapping[str, Value | None]
ExactEvaluator = Callable[[Row, Row], Fraction | None]
"""The value from a row as stored, in quanta, and as expressions see it."""


def exact_evaluator(node: ExactNode, columns: Columns) -> ExactEvaluator:
    """The node as a function of a row. Conditions and operators whose values are whole keep their usual meaning."""
    match node.expression:
        case Column(name):
            return lambda stored, _: None if (steps := stored[name]) is None else int(steps) * node.quantum  # type: ignore[arg-type]
        case Literal(value, _):
            constant = None if value is None else exact_literal(value)  # type: ignore[arg-type]
            return lambda stored, values: constant
        case Call(Op.CASE, args) if node.parts:
            conditions = [evaluator(condition, columns) for condition in args[0 : len(args) - 1 : 2]]
            return _case(conditions, [exact_evaluator(part, columns) for part in node.parts])
        case Call(op, _) if node.parts:
            parts = [exact_evaluator(part, columns) for part in node.parts]
            return lambda stored, values: _computed(op, [part(stored, values) for part in parts])
        case expression:
            read = evaluator(expression, columns)
            return lambda stored, values: None if (whole := read(values)) is None else Fraction(whole)  # type: ignore[arg-type]


def _case(conditions: list[Evaluator], values: list[ExactEvaluator]) -> ExactEvaluator:
    def chosen(stored: Row, row: Row) -> Fraction | None:
        for condition, value in zip(conditions, values, strict=False):
            if condition(row) is True:
                return value(stored, row)
        return values[-1](stored, row) if len(values) > len(conditions) else None

    return chosen


def _computed(op: Op, values: list[Fraction | None]) -> Fraction | None:
    match op, values:
        case Op.COALESCE, _:
            return next((value for value in values if value is not None), None)
        case Op.GREATEST, _:
            return max((value for value in values if value is not None), default=None)
        case Op.LEAST, _:
            return min((value for value in values if value is not None), default=None)
        case Op.NULLIF, [kept, unwanted]:
            return None if kept == unwanted else kept
        case _ if None in values:
            return None
        case Op.ABS, [Fraction() as x]:
            return abs(x)
        case Op.ADD, [Fraction() as x, Fraction() as y]:
            return x + y
        case Op.SUB, [Fraction() as x, Fraction() as y]:
            return x - y
        case Op.MUL, [Fraction() as x, Fraction() as y]:
            return x * y
        case Op.DIV, [Fraction() as x, Fraction() as y]:
            return x / y if y else None
        case _:
            raise AssertionError(f"{op} is not computed exactly")
