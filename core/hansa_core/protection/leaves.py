"""Value of an expression over one leaf of a dimension, where it is the same all over the leaf."""

from __future__ import annotations

from functools import lru_cache

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.quanta import value_of
from hansa_core.contract.types import DataType
from hansa_core.plan.evaluate import Evaluator, evaluator
from hansa_core.plan.expression import COMPARISONS, Call, Column, Expression, Literal, Op
from hansa_core.protection.hierarchy import BinInterval

_FLIPPED = {Op.LT: Op.GT, Op.GT: Op.LT, Op.LE: Op.GE, Op.GE: Op.LE, Op.EQ: Op.EQ, Op.NE: Op.NE}

# A comparison says one thing all over an interval if these say one thing at both of its ends.
_WITNESSES = {
    Op.LT: (Op.LT,),
    Op.GE: (Op.LT,),
    Op.LE: (Op.LE,),
    Op.GT: (Op.LE,),
    Op.EQ: (Op.LT, Op.LE),
    Op.NE: (Op.LT, Op.LE),
}

_X = "x"


class UndecidedError(Exception):
    """The expression tells values apart that lie in one bin of `column`."""

    def __init__(self, column: str) -> None:
        super().__init__(column)
        self.column = column


def on_interval(expression: Expression, column: ContractColumn, interval: BinInterval) -> Expression:
    """The expression with `column` replaced by what holds for every value of `interval`. Raises UndecidedError.

    Understood are comparisons, IN and IS NULL of the bare column with literals, and anything where the interval
    holds one value only.
    """
    ends = (_literal_at(column, interval.lower), _literal_at(column, interval.upper))

    def replaced(node: Expression) -> Expression:
        match node:
            case Column(name) if name == column.name:
                if interval.lower != interval.upper:
                    raise UndecidedError(name)
                return ends[0]
            case Call(Op.IS_NULL, (Column(name),)) if name == column.name:
                return Literal(False, DataType.BOOLEAN)
            case Call(op, (Column(name), Literal() as literal)) if op in COMPARISONS and name == column.name:
                return _compared(op, literal)
            case Call(op, (Literal() as literal, Column(name))) if op in COMPARISONS and name == column.name:
                return _compared(_FLIPPED[op], literal)
            case Call(Op.IN, (Column(name), *listed)) if name == column.name and len(listed) > 1:
                return Call(Op.OR, tuple(_compared(Op.EQ, one) for one in listed if isinstance(one, Literal)))
            case Call(Op.IN, (Column(name), Literal() as only)) if name == column.name:
                return _compared(Op.EQ, only)
            case Call(op, arguments):
                return Call(op, tuple(replaced(argument) for argument in arguments))
            case _:
                return node

    def _compared(op: Op, literal: Literal) -> Literal:
        low, high = ({_X: end.value} for end in ends)
        for witness in _WITNESSES[op]:
            holds = _comparison(witness, literal, column.type)
            if holds(low) is not holds(high):
                raise UndecidedError(column.name)
        said = _comparison(op, literal, column.type)(low)
        assert said is None or isinstance(said, bool)
        return Literal(said, DataType.BOOLEAN)

    return replaced(expression)


@lru_cache(maxsize=4096)
def _comparison(op: Op, literal: Literal, kind: DataType) -> Evaluator:
    """`x op literal` as a function of a row, kept since it is asked at both ends of every bin."""
    return evaluator(Call(op, (Column(_X), literal)), {_X: kind})


def _literal_at(column: ContractColumn, quanta: int) -> Literal:
    return Literal(value_of(column, quanta), column.type)
