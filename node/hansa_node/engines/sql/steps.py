"""Exact arithmetic as SQL: computed numbers in whole steps, in 64 bits where they fit and in 38 digits elsewhere."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import INT64_MAX, DataType
from hansa_core.plan.exact import ExactNode
from hansa_core.plan.expression import Call, Column, Literal, Op
from hansa_node.engines.sql.dialect import SqlTypes
from hansa_node.engines.sql.formulas import null_if
from hansa_node.engines.sql.scalar import ScalarCompiler, stored
from hansa_node.engines.sql.syntax import Sql, binary, call, case, whole


class StepsCompiler:
    """Compiles exact nodes; conditions and operators whose values are whole go through the scalar compiler."""

    def __init__(self, scalars: ScalarCompiler, types: SqlTypes) -> None:
        self._scalars = scalars
        self._types = types

    def compile(self, node: ExactNode) -> Sql:
        """The steps of the node, an integer. No intermediate result passes its peak, so none overflows."""
        return self._compile(node, is_wide=node.peak > INT64_MAX)

    def _compile(self, node: ExactNode, *, is_wide: bool) -> Sql:
        match node.expression:
            case Literal(None, _):
                return self._types.cast(exp.Null(), DataType.INTEGER)
            case Literal():
                return self._constant(node.lower, is_wide=is_wide)
            case Column(name):
                return self._types.widened(stored(name)) if is_wide else stored(name)
            case Call(op, args) if node.parts:
                parts = [self._compile(part, is_wide=is_wide) for part in node.parts]
                if op in (Op.MUL, Op.DIV):  # a divisor is a literal, whose steps are 1 or -1
                    return binary(exp.Mul, *parts)
                if op is Op.ABS:
                    return call("abs", *parts)
                aligned = [
                    part if factor == 1 else binary(exp.Mul, part, self._constant(factor, is_wide=is_wide))
                    for part, factor in zip(parts, node.factors, strict=True)
                ]
                return self._aligned(op, args, aligned)
            case expression:
                whole_number = self._types.cast(self._scalars.compile(expression).sql, DataType.INTEGER)
                return self._types.widened(whole_number) if is_wide else whole_number

    def _aligned(self, op: Op, args: tuple[object, ...], parts: list[Sql]) -> Sql:
        match op:
            case Op.ADD:
                return binary(exp.Add, *parts)
            case Op.SUB:
                return binary(exp.Sub, *parts)
            case Op.COALESCE | Op.GREATEST | Op.LEAST:
                return call(op.value, *parts)
            case Op.NULLIF:
                return null_if(self._scalars.binder, *parts)
            case Op.CASE:
                conditions = [self._scalars.compile(one).sql for one in args[0 : len(args) - 1 : 2]]  # type: ignore[arg-type]
                default = parts[-1] if len(parts) > len(conditions) else None
                return case(*zip(conditions, parts, strict=False), default=default)
            case _:
                raise AssertionError(f"{op} is not computed in steps")

    def _constant(self, value: int, *, is_wide: bool) -> Sql:
        number = whole(value)
        return self._types.widened(number) if is_wide else self._types.cast(number, DataType.INTEGER)
