"""Exact arithmetic: computed numbers that are whole steps of one quantum, and the whole numbers that they are."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import quantum_of
from hansa_core.contract.types import DataType
from hansa_core.plan.double_range import column_steps, double_range
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op
from hansa_core.plan.typing import case_values, column_types, type_of

MAX_STEPS = 10**38 - 1
"""The greatest magnitude of a whole number: what an engine's 128-bit integers and decimal128(38, 0) both hold."""

_ARITHMETIC = (Op.ADD, Op.SUB, Op.MUL, Op.DIV, Op.ABS)
_CHOICES = (Op.COALESCE, Op.NULLIF, Op.CASE, Op.GREATEST, Op.LEAST)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExactNode:
    """A number as whole steps of `quantum` (above 0), from `lower` to `upper`.

    `parts`: its numeric operands, of CASE its values; none of a column, a literal, or an operator whose values are
    whole numbers. `peak`: the largest magnitude that it or anything in it is computed in. `is_nullable`: whether it can
    be NULL.
    """

    expression: Expression
    quantum: Fraction
    lower: int
    upper: int
    peak: int
    is_nullable: bool
    parts: tuple[ExactNode, ...] = ()

    @property
    def factors(self) -> tuple[int, ...]:
        """What turns the steps of each part into this node's, where all have one unit: not of a product."""
        return tuple(int(part.quantum / self.quantum) for part in self.parts)


def exact_node(expression: Expression, contract: Contract) -> ExactNode | None:
    """The expression in whole steps; None where it is no whole number of them, or needs more than MAX_STEPS."""
    return _node(expression, contract)


def exact_literal(value: float) -> Fraction:
    """The decimal that was meant: 0.1 is a tenth, which its double is not."""
    return Fraction(repr(value))


def _node(expression: Expression, contract: Contract) -> ExactNode | None:
    match expression:
        case Column(name):
            column = contract.columns[name]
            steps = column_steps(column)
            return _leaf(expression, quantum_of(column), steps, is_nullable=not column.required)
        case Literal(value, _):
            exact = Fraction(0) if value is None else exact_literal(value)  # type: ignore[arg-type]
            steps = (0, 0) if not exact else (1, 1) if exact > 0 else (-1, -1)
            return _leaf(expression, abs(exact) or Fraction(1), steps, is_nullable=value is None)
        case Call(Op.TRY_CAST, (inner, Literal(DataType.NUMBER.value))) if _is_numeric(inner, contract):
            return _node(inner, contract)  # the same number, before any rounding
        case Call():
            return _call(expression, contract) or _whole(expression, contract)


def _call(call: Call, contract: Contract) -> ExactNode | None:
    if call.op not in (*_ARITHMETIC, *_CHOICES):
        return None
    parts = _parts(case_values(call.args) if call.op is Op.CASE else call.args, contract)
    if parts is None:
        return None
    node = _arithmetic(call, parts) if call.op in _ARITHMETIC else _choice(call, parts)
    return node if node is not None and node.peak <= MAX_STEPS else None


def _whole(call: Call, contract: Contract) -> ExactNode | None:
    """What is a whole number as the language computes it."""
    found = double_range(call, contract)
    if not found.is_whole or found.expression != call:
        return None
    return _leaf(call, Fraction(1), (math.floor(found.lower), math.ceil(found.upper)), is_nullable=found.is_nullable)


def _is_numeric(expression: Expression, contract: Contract) -> bool:
    return type_of(expression, column_types(contract)).is_numeric


def _parts(args: Sequence[Expression], contract: Contract) -> tuple[ExactNode, ...] | None:
    parts = [_node(argument, contract) for argument in args]
    return None if None in parts else tuple(parts)  # type: ignore[arg-type]


def _leaf(expression: Expression, quantum: Fraction, steps: tuple[int, int], *, is_nullable: bool) -> ExactNode:
    return ExactNode(
        expression=expression,
        quantum=quantum,
        lower=steps[0],
        upper=steps[1],
        peak=max(map(abs, steps)),
        is_nullable=is_nullable,
    )


def _arithmetic(call: Call, parts: tuple[ExactNode, ...]) -> ExactNode | None:
    match call.op, parts:
        case Op.ABS, (inner,):
            least = 0 if inner.lower < 0 < inner.upper else min(abs(inner.lower), abs(inner.upper))
            return _built(call, parts, inner.quantum, least, max(abs(inner.lower), abs(inner.upper)))
        case Op.MUL, (left, right):
            corners = [a * b for a in (left.lower, left.upper) for b in (right.lower, right.upper)]
            return _built(call, parts, left.quantum * right.quantum, min(corners), max(corners))
        case Op.DIV, (left, right):
            if not isinstance(right.expression, Literal) or right.lower == 0:
                return None
            least, greatest = sorted((left.lower * right.lower, left.upper * right.lower))  # its steps are 1 or -1
            return _built(call, parts, left.quantum / right.quantum, least, greatest)
        case _, (left, right):
            quantum = _common(parts)
            a, b = (_steps_in(part, quantum) for part in (left, right))
            ends = (a[0] + b[0], a[1] + b[1]) if call.op is Op.ADD else (a[0] - b[1], a[1] - b[0])
            return _built(call, parts, quantum, *ends)
        case _:
            raise AssertionError(f"{call.op} has another number of arguments")


def _choice(call: Call, parts: tuple[ExactNode, ...]) -> ExactNode:
    quantum = _common(parts)
    shown = parts[:1] if call.op is Op.NULLIF else parts
    ends = [_steps_in(part, quantum) for part in shown]
    nullable = [part.is_nullable for part in shown]
    lower, upper = min(first for first, _ in ends), max(last for _, last in ends)
    match call.op:
        case Op.COALESCE:
            is_nullable = all(nullable)
        case Op.GREATEST | Op.LEAST:  # bounded on one side by each argument that is never NULL
            is_nullable = all(nullable)
            certain = [end for end, is_open in zip(ends, nullable, strict=True) if not is_open]
            if call.op is Op.GREATEST:
                lower = max([lower, *(first for first, _ in certain)])
            else:
                upper = min([upper, *(last for _, last in certain)])
        case Op.NULLIF:
            is_nullable = True
        case _:
            is_nullable = any(nullable) or len(call.args) % 2 == 0
    return _built(call, parts, quantum, lower, upper, is_nullable=is_nullable)


def _built(
    call: Call,
    parts: tuple[ExactNode, ...],
    quantum: Fraction,
    lower: int,
    upper: int,
    *,
    is_nullable: bool | None = None,
) -> ExactNode:
    own = [abs(lower), abs(upper)]
    if call.op not in (Op.MUL, Op.DIV, Op.ABS):
        own += [abs(end) for part in parts for end in _steps_in(part, quantum)]
    return ExactNode(
        expression=call,
        quantum=quantum,
        lower=lower,
        upper=upper,
        peak=max(*own, *(part.peak for part in parts)),
        is_nullable=any(part.is_nullable for part in parts) if is_nullable is None else is_nullable,
        parts=parts,
    )


def _common(parts: Sequence[ExactNode]) -> Fraction:
    """The coarsest quantum that all parts are whole multiples of."""
    numerators, denominators = 0, 1
    for part in parts:
        denominators = math.lcm(denominators, part.quantum.denominator)
    for part in parts:
        numerators = math.gcd(numerators, int(part.quantum * denominators))
    return Fraction(numerators, denominators)


def _steps_in(part: ExactNode, quantum: Fraction) -> tuple[int, int]:
    factor = int(part.quantum / quantum)
    return part.lower * factor, part.upper * factor
