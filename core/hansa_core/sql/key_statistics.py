"""Statistics over the values of a key: COUNT(DISTINCT x), MODE, MIN and MAX of text, told from cells by the key."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import Expression
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_core.plan.typing import type_of
from hansa_core.sql.clause import refused, text_of
from hansa_core.sql.formats import read_format
from hansa_core.sql.keys import Grouping, GroupingSet
from hansa_core.sql.scalar import read_condition, read_scalar
from hansa_core.sql.source import StatementSource
from hansa_core.sql.strftime import FORMATTED


class KeyFunction(StrEnum):
    """What is told of the values of a key."""

    COUNT_DISTINCT = "count_distinct"
    MIN = "min"
    MAX = "max"
    MODE = "mode"  # the most frequent one; of several the smallest


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyStatistic:
    """A statistic over the values that `key` has in the rows where `where` holds. `text`: its SQL."""

    function: KeyFunction
    key: Expression
    where: Expression | None
    text: str

    @property
    def rows(self) -> Aggregate:
        """What tells, cell by cell, whether a value is there."""
        return Aggregate(AggregateFunction.COUNT_ROWS, None, self.where)


_EXTREMES = {exp.Min: KeyFunction.MIN, exp.Max: KeyFunction.MAX}
_OF_KEYS = (DataType.TEXT, DataType.BOOLEAN)
"""The types whose MIN and MAX no city computes by itself."""


def read_key_statistic(node: exp.Expr, source: StatementSource) -> KeyStatistic | None:
    """The statistic that the aggregate is; None for one that the cities compute by themselves. Raises RefusedError."""
    call, condition = (node.this, node.expression.this) if isinstance(node, exp.Filter) else (node, None)
    match call:
        case exp.Count(this=exp.Distinct(expressions=[argument])) if not is_unit(argument, source):
            function = KeyFunction.COUNT_DISTINCT
        case exp.Mode(this=exp.Expr() as argument):
            function = KeyFunction.MODE
        case exp.WithinGroup(this=exp.Mode(), expression=exp.Order(expressions=[exp.Ordered() as ordered])):
            function, argument = KeyFunction.MODE, ordered.this
            if ordered.args.get("desc"):
                remedy = "leave DESC out"
                raise refused(
                    "unsupported_clause", node, "of several most frequent values MODE is the smallest", remedy
                )
        case exp.Min(this=exp.Expr() as argument) | exp.Max(this=exp.Expr() as argument) if not call.expressions:
            function = _EXTREMES[type(call)]
        case _:
            return None
    if argument.find(exp.AggFunc, exp.Tuple, exp.Star):
        return None  # refused as an aggregate
    if function is KeyFunction.COUNT_DISTINCT and isinstance(argument.unnest(), FORMATTED):
        keys = read_format(argument.unnest()).keys
        argument = keys[0] if len(keys) == 1 else argument  # as many texts as starts
    key = read_scalar(argument, source)
    if function in _EXTREMES.values() and type_of(key, source.types) not in _OF_KEYS:
        return None
    where = None if condition is None else read_condition(condition, source)
    return KeyStatistic(function=function, key=key, where=where, text=text_of(node))


def is_unit(argument: exp.Expr, source: StatementSource) -> bool:
    """Whether it is the privacy unit, whose distinct values the cities count."""
    return isinstance(argument.unnest(), exp.Column) and argument.unnest().name.lower() == source.contract.unit.lower()


def with_values_apart(shown: Grouping, keys: Sequence[Expression]) -> Grouping:
    """The groupings that are shown, and for each of `keys` the cells that tell its values apart in each of them."""
    every = tuple(dict.fromkeys([*shown.keys, *keys]))
    finer = [finer_set(kept, every.index(key)) for kept in shown.sets for key in keys]
    added = dict.fromkeys(one for one in finer if one not in shown.sets)
    return replace(shown, keys=every, sets=(*shown.sets, *added))


def finer_set(kept: GroupingSet, key: int) -> GroupingSet:
    """The grouping whose cells tell the values of a key apart, too."""
    return GroupingSet(kept.labels, tuple(sorted({*kept.keys, key})))
