"""Moments: the exact integers that a city computes so that every aggregate of a plan can be finished."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from json.encoder import encode_basestring_ascii

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import INT64_MAX, INT64_MIN
from hansa_core.plan.expression import Expression
from hansa_core.plan.expression_document import expression_document
from hansa_core.plan.measure import MeasuredArgument, measure_of
from hansa_core.plan.plan import PAIRED, SPREADS, Aggregate, AggregateFunction, Argument, Plan
from hansa_core.plan.remembered import remembered
from hansa_core.plan.typing import column_types, type_of

MAX_ROWS = 2**40
"""The most rows of all cities together: with int64 quanta every sum stays below 2**103, far from 10**38."""

MAX_MOMENT = 10**38 - 1
"""The greatest magnitude of a moment: what decimal128(38, 0) holds."""


class MomentKind(StrEnum):
    """The mergeable integers that there are, over the rows where the moment's `where` holds.

    All but MIN and MAX add up. With a `second` argument only the rows count where both are not NULL.
    """

    ROWS = "rows"  # rows
    COUNT = "count"  # rows where the argument is not NULL
    SUM = "sum"  # the argument's quanta, added up; NULLs add nothing
    DISTINCT = "distinct"  # distinct values of the privacy unit
    MEASURED = "measured"  # rows where a computed number, or both of a pair, is not NULL: COUNT of a bare column
    SQUARES = "squares"  # the squares of the quanta, added up
    PRODUCTS = "products"  # the products of the quanta of both, added up
    MIN = "min"  # the least quanta; the greatest integer of 64 bits, or of 38 digits if `wide`, where there are none
    MAX = "max"  # the greatest quanta; the least integer where there are none
    BIN = "bin"  # rows whose quanta lie in the moment's bin


class Half(StrEnum):
    """Which bits of each square or product are added up, where the sum of the whole ones could pass `MAX_MOMENT`."""

    HIGH = "high"  # all above the lowest 64, rounded down
    LOW = "low"  # the lowest 64, never negative


HALF_BITS = 64

PAIRS_WITH_SQUARES = frozenset(
    {
        AggregateFunction.CORR,
        AggregateFunction.REGR_SLOPE,
        AggregateFunction.REGR_INTERCEPT,
        AggregateFunction.REGR_R2,
        AggregateFunction.REGR_SXX,
        AggregateFunction.REGR_SYY,
    }
)
"""The paired aggregates that need the squares of both arguments."""

_COUNTS = frozenset({MomentKind.ROWS, MomentKind.COUNT, MomentKind.DISTINCT, MomentKind.MEASURED, MomentKind.BIN})


@dataclass(frozen=True, slots=True)
class Moment:
    """One integer per cell; `column` is None for ROWS only. `bin`: first and last quanta of a BIN, both included.

    `half`: of SQUARES and PRODUCTS, what is added up; None: all of it. `limb`: of values beyond 64 bits, the place of
    the limbs, or of the products of limbs, that are added up. `wide`: MIN and MAX of such values.
    """

    kind: MomentKind
    column: Argument | None = None
    where: Expression | None = None
    second: Argument | None = None
    bin: tuple[int, int] | None = None
    half: Half | None = None
    limb: int | None = None
    wide: bool = False

    def __post_init__(self) -> None:
        if self.half is not None and self.kind not in (MomentKind.SQUARES, MomentKind.PRODUCTS):
            raise ValueError("a half is of squares or products")
        if self.limb is not None and self.kind not in (MomentKind.SUM, MomentKind.SQUARES, MomentKind.PRODUCTS):
            raise ValueError("limbs are of sums, squares or products")
        if (self.column is None) != (self.kind is MomentKind.ROWS):
            raise ValueError(f"a moment of kind {self.kind} takes {'no column' if self.column else 'one column'}")
        if (self.bin is None) == (self.kind is MomentKind.BIN):
            raise ValueError("a bin belongs to the moments of kind bin")

    @property
    def counts(self) -> bool:
        """Whether it is a number of rows or units."""
        return self.kind in _COUNTS

    @property
    def nothing(self) -> int:
        """What it is over no rows: merging it in changes nothing."""
        least, greatest = (-MAX_MOMENT, MAX_MOMENT) if self.wide else (INT64_MIN, INT64_MAX)
        return {MomentKind.MIN: greatest, MomentKind.MAX: least}.get(self.kind, 0)

    @property
    def count(self) -> Moment:
        """The moment that counts the values in this one; part of every plan that has this one."""
        if self.second is not None:
            first, second = sorted((self.column, self.second), key=_argument_text)
            return Moment(MomentKind.MEASURED, first, self.where, second)
        return _count_of(self.column, self.where)


def moments_of_aggregate(aggregate: Aggregate, contract: Contract) -> tuple[Moment, ...]:
    """What `aggregate` is finished from, the count last, where others go with it."""
    x, y, where = aggregate.column, aggregate.second, aggregate.where
    match aggregate.function:
        case AggregateFunction.COUNT_ROWS:
            return (Moment(MomentKind.ROWS, None, where),)
        case AggregateFunction.COUNT:
            assert x is not None
            is_number = not isinstance(x, str) and type_of(x, column_types(contract)).is_numeric
            return (Moment(MomentKind.MEASURED if is_number else MomentKind.COUNT, x, where),)
        case AggregateFunction.COUNT_DISTINCT:
            return (Moment(MomentKind.DISTINCT, x, where),)
        case spread if spread in SPREADS:
            both = (Moment(kind, x, where) for kind in (MomentKind.SUM, MomentKind.SQUARES))
            return (*(part for moment in both for part in _in_pieces(moment, contract)), _count_of(x, where))
        case AggregateFunction.MIN | AggregateFunction.MAX:
            assert x is not None
            kind = MomentKind.MIN if aggregate.function is AggregateFunction.MIN else MomentKind.MAX
            is_wide = not isinstance(x, str) and not measure_of(x, contract).fits_int64
            return (Moment(kind, x, where, wide=is_wide), _count_of(x, where))
        case AggregateFunction.QUANTILE_CONT | AggregateFunction.HISTOGRAM:
            bins = contract.columns[str(x)].all_bins
            return (*(Moment(MomentKind.BIN, x, where, bin=one) for one in bins), _count_of(x, where))
        case paired if paired in PAIRED:
            assert y is not None
            pair = _pair_moments(aggregate.function, y=x, x=y, where=where)
            return tuple(part for moment in pair for part in _in_pieces(moment, contract))
        case _:  # a sum of nothing is NULL, so the count goes with it
            return (*_in_pieces(Moment(MomentKind.SUM, x, where), contract), _count_of(x, where))


def _pair_moments(
    function: AggregateFunction, *, y: Argument | None, x: Argument, where: Expression | None
) -> Iterator[Moment]:
    """Both sums, the products, both sums of squares where the function needs them, and the pairs."""
    first, second = sorted((y, x), key=_argument_text)  # so that CORR(a, b) and CORR(b, a) share them
    if function is AggregateFunction.REGR_COUNT:
        yield Moment(MomentKind.MEASURED, first, where, second)
        return
    yield Moment(MomentKind.SUM, y, where, x)
    yield Moment(MomentKind.SUM, x, where, y)
    yield Moment(MomentKind.PRODUCTS, first, where, second)
    if function in PAIRS_WITH_SQUARES:
        yield Moment(MomentKind.SQUARES, y, where, x)
        yield Moment(MomentKind.SQUARES, x, where, y)
    yield Moment(MomentKind.MEASURED, first, where, second)


def _in_pieces(moment: Moment, contract: Contract) -> tuple[Moment, ...]:
    """The moment, or its halves or limbs where its sum over the most rows could pass `MAX_MOMENT`."""
    match moment.kind:
        case MomentKind.SUM:
            (measure,) = measures_of(moment, contract)
            if measure.fits_int64 or (measure.exact is not None and measure.reach * MAX_ROWS <= MAX_MOMENT):
                return (moment,)
            return tuple(replace(moment, limb=place) for place in range(measure.limbs))
        case MomentKind.SQUARES | MomentKind.PRODUCTS:
            first, second = measures_of(moment, contract)
            if not (first.fits_int64 and second.fits_int64):
                return tuple(replace(moment, limb=place) for place in range(first.limbs + second.limbs - 1))
            if first.reach * second.reach * MAX_ROWS <= MAX_MOMENT:
                return (moment,)
            return replace(moment, half=Half.HIGH), replace(moment, half=Half.LOW)
        case _:
            return (moment,)


def measures_of(moment: Moment, contract: Contract) -> tuple[MeasuredArgument, ...]:
    """The measures of what is added up: of squares the same one twice, of products both."""
    assert moment.column is not None
    own = measure_of(moment.column, contract)
    match moment.kind:
        case MomentKind.SQUARES:
            return own, own
        case MomentKind.PRODUCTS:
            assert moment.second is not None
            return own, measure_of(moment.second, contract)
        case _:
            return (own,)


def half_of(value: int, half: Half | None) -> int:
    """What of one square or product is added up."""
    match half:
        case Half.HIGH:
            return value >> HALF_BITS
        case Half.LOW:
            return value & ((1 << HALF_BITS) - 1)
        case None:
            return value


def _count_of(argument: Argument | None, where: Expression | None) -> Moment:
    kind = MomentKind.COUNT if isinstance(argument, str) else MomentKind.MEASURED
    return Moment(kind, argument, where)


@remembered
def moments_of(plan: Plan, contract: Contract) -> tuple[Moment, ...]:
    """The plan's moments without repeats, in an order that depends on the moments alone: it is the wire order."""
    needed = (moment for aggregate in plan.aggregates for moment in moments_of_aggregate(aggregate, contract))
    by_text = {_text(moment): moment for moment in needed}
    return tuple(by_text[text] for text in sorted(by_text))


def _text(moment: Moment) -> str:
    """The moment as JSON, put together here: `json.dumps` would take ten times as long, for each bin of a quantile."""
    held = "null" if moment.bin is None else f"[{moment.bin[0]}, {moment.bin[1]}]"
    arguments = map(_argument_text, (moment.column, moment.second, moment.where))
    limb = "null" if moment.limb is None else str(moment.limb)
    return f"[{', '.join((_argument_text(moment.kind), held, *arguments, _argument_text(moment.half), limb))}]"


def _argument_text(argument: Argument | None) -> str:
    if argument is None:
        return "null"
    if isinstance(argument, str):
        return encode_basestring_ascii(argument)
    return json.dumps(expression_document(argument), sort_keys=True)
