"""The plan: source, filter, keys and aggregates, which is all that a question may compute."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hansa_core.contract.ids import ContractId
from hansa_core.plan.expression import Column, Expression


class AggregateFunction(StrEnum):
    """The aggregates of the language. Of two arguments the first is y, the dependent one, as in SQL."""

    COUNT_ROWS = "count_rows"  # COUNT(*): no argument
    COUNT = "count"  # COUNT(x): rows where x is not NULL
    SUM = "sum"
    AVG = "avg"
    COUNT_DISTINCT = "count_distinct"  # COUNT(DISTINCT unit): the contract's privacy unit only
    VAR_SAMP = "var_samp"
    STDDEV_SAMP = "stddev_samp"
    MIN = "min"  # at level open only
    MAX = "max"
    QUANTILE_CONT = "quantile_cont"  # from the contract's bins; the median is the quantile at 0.5
    HISTOGRAM = "histogram"  # rows in each of the contract's bins
    COVAR_SAMP = "covar_samp"
    CORR = "corr"
    REGR_SLOPE = "regr_slope"
    REGR_INTERCEPT = "regr_intercept"
    REGR_R2 = "regr_r2"
    VAR_POP = "var_pop"
    STDDEV_POP = "stddev_pop"
    COVAR_POP = "covar_pop"
    REGR_COUNT = "regr_count"  # the pairs
    REGR_AVGX = "regr_avgx"
    REGR_AVGY = "regr_avgy"
    REGR_SXX = "regr_sxx"  # squares of x less its mean, added up
    REGR_SYY = "regr_syy"
    REGR_SXY = "regr_sxy"


PAIRED = frozenset(
    {
        AggregateFunction.COVAR_SAMP,
        AggregateFunction.CORR,
        AggregateFunction.REGR_SLOPE,
        AggregateFunction.REGR_INTERCEPT,
        AggregateFunction.REGR_R2,
        AggregateFunction.COVAR_POP,
        AggregateFunction.REGR_COUNT,
        AggregateFunction.REGR_AVGX,
        AggregateFunction.REGR_AVGY,
        AggregateFunction.REGR_SXX,
        AggregateFunction.REGR_SYY,
        AggregateFunction.REGR_SXY,
    }
)
"""The aggregates of two arguments, over the rows where both are not NULL."""

SPREADS = frozenset(
    {
        AggregateFunction.VAR_SAMP,
        AggregateFunction.STDDEV_SAMP,
        AggregateFunction.VAR_POP,
        AggregateFunction.STDDEV_POP,
    }
)
"""The aggregates of one argument that need its squares."""

Argument = str | Expression
"""What is aggregated: a bare column by its name, or, at level open only, what is computed from each row."""


@dataclass(frozen=True, slots=True)
class Aggregate:
    """One aggregate over the rows where `where` holds.

    `column`: what is aggregated; None for COUNT(*) only. `second`: the second argument of a paired aggregate.
    `quantile`: 0 to 1, for QUANTILE_CONT only. A computed argument is never a Column: that is a bare column's name.
    """

    function: AggregateFunction
    column: Argument | None = None
    where: Expression | None = None
    second: Argument | None = None
    quantile: float | None = None

    def __post_init__(self) -> None:
        if (self.column is None) != (self.function is AggregateFunction.COUNT_ROWS):
            raise ValueError(f"{self.function} takes {'no column' if self.column else 'one column'}")
        if (self.second is None) == (self.function in PAIRED):
            raise ValueError(f"{self.function} takes {'one argument' if self.second else 'two arguments'}")
        if (self.quantile is None) == (self.function is AggregateFunction.QUANTILE_CONT):
            raise ValueError(f"{self.function} takes {'no quantile' if self.quantile is not None else 'a quantile'}")
        if self.quantile is not None and not 0 <= self.quantile <= 1:
            raise ValueError("a quantile is a number from 0 to 1")
        if any(isinstance(argument, Column) for argument in self.arguments):
            raise ValueError("a bare column is given by its name")

    @property
    def arguments(self) -> tuple[Argument, ...]:
        """None, one or two of them."""
        return tuple(argument for argument in (self.column, self.second) if argument is not None)


@dataclass(frozen=True, slots=True)
class Plan:
    """Source, filter, keys and aggregates, without aliases. At least one aggregate: a plan cannot ask for rows.

    `totals`: further groupings, each the rising indexes of the keys that it keeps, never all of them: ROLLUP (a, b)
    over keys a, b has (0,) and ().
    """

    source: ContractId
    where: Expression | None
    keys: tuple[Expression, ...]
    aggregates: tuple[Aggregate, ...]
    totals: tuple[tuple[int, ...], ...] = ()

    def __post_init__(self) -> None:
        if not self.aggregates:
            raise ValueError("a plan needs at least one aggregate")
        for kept in self.totals:
            if len(kept) >= len(self.keys) or list(kept) != sorted(set(kept) & set(range(len(self.keys)))):
                raise ValueError("a total keeps some of the keys, by their rising indexes")
        if len(set(self.totals)) != len(self.totals):
            raise ValueError("each total is asked once")

    @property
    def groupings(self) -> tuple[tuple[int, ...], ...]:
        """The indexes of the keys that each grouping keeps: all of them, then the totals."""
        return (tuple(range(len(self.keys))), *self.totals)

    @property
    def key_width(self) -> int:
        """How many values tell a cell: its keys, and with totals the number of its grouping, counted from 0."""
        return len(self.keys) + bool(self.totals)
