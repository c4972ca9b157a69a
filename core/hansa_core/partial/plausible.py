"""Could rows within the contract's bounds have these moments? Asked of every cell that a city sends."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from operator import itemgetter

from hansa_core.contract.contract import Contract
from hansa_core.contract.measure_bins import bins_of
from hansa_core.contract.quanta import bounds_in_quanta
from hansa_core.partial.quantiles import contradict
from hansa_core.plan.measure import measure_of
from hansa_core.plan.moments import (
    MAX_ROWS,
    Half,
    Moment,
    MomentKind,
    half_of,
    range_of_sum,
    reach_of,
    whole_of_halves,
)

Cell = Sequence[int | None]
"""The moments of one cell, in the order of the plan's."""

Test = Callable[[Cell], bool]


def plausibility(moments: Sequence[Moment], contract: Contract) -> Callable[[Cell], str | None]:
    """Says of a cell what no rows can have, or None. `moments`: those of a plan, so that each has its count."""
    tests = list(_tests(moments, contract))
    return lambda cell: next((said for said, holds in tests if not holds(cell)), None)


def _tests(moments: Sequence[Moment], contract: Contract) -> Iterator[tuple[str, Test]]:
    place = {moment: index for index, moment in enumerate(moments)}
    for moment, index in place.items():
        said = f"{moment.kind} that the contract's bounds rule out"
        if moment.kind is MomentKind.BIN:
            yield said, _part_of(index, place[moment.count])
        elif moment.counts:
            yield said, _part_of(index, None)
        else:
            yield said, _both_or_neither(index, place[moment.count], _range(moment, contract))
        if moment.kind is MomentKind.SQUARES and moment.half is not Half.LOW:
            yield "sum of squares that its sum rules out", _cauchy(moment, place)
    for one in {moment.count: moment for moment in moments if moment.kind is MomentKind.BIN}.values():
        yield "count in a bin that contradicts the others", _bins_agree(one, place, contract)


def _part_of(index: int, whole: int | None) -> Test:
    def holds(cell: Cell) -> bool:
        value, most = cell[index], MAX_ROWS if whole is None else cell[whole]
        return value is None or 0 <= value <= (MAX_ROWS if most is None else most)

    return holds


def _both_or_neither(index: int, count: int, possible: Callable[[int, int], bool]) -> Test:
    """A value and its count are suppressed together; else the count can give the value."""

    def holds(cell: Cell) -> bool:
        value, rows = cell[index], cell[count]
        return value is rows if value is None or rows is None else possible(value, rows)

    return holds


def _range(moment: Moment, contract: Contract) -> Callable[[int, int], bool]:
    """Whether so many rows can give the value of this moment."""
    assert moment.column is not None
    measure = measure_of(moment.column, contract)
    match moment.kind:
        case MomentKind.MIN | MomentKind.MAX:
            return lambda value, rows: measure.lower <= value <= measure.upper if rows else value == moment.nothing
        case MomentKind.SQUARES | MomentKind.PRODUCTS:
            least, greatest = _range_of_one(moment, contract)
            return lambda value, rows: rows * least <= value <= rows * greatest
        case _:
            return lambda value, rows: range_of_sum(measure, rows)[0] <= value <= range_of_sum(measure, rows)[1]


def _range_of_one(moment: Moment, contract: Contract) -> tuple[int, int]:
    """What one square or product can add."""
    reach = reach_of(moment, contract)
    least = 0 if moment.kind is MomentKind.SQUARES else -reach
    if moment.half is Half.LOW:
        return 0, half_of(-1, Half.LOW)
    return half_of(least, moment.half), half_of(reach, moment.half)


def _cauchy(squares: Moment, place: dict[Moment, int]) -> Test:
    """(Σx)² ≤ n·Σx²: else a variance would be negative; and so for products, or a correlation would pass 1."""
    pair = squares.count
    wanted = [pair, Moment(MomentKind.SUM, squares.column, squares.where, squares.second), replace(squares, half=None)]
    if squares.second is not None:
        wanted += [
            Moment(MomentKind.SUM, squares.second, squares.where, squares.column),
            Moment(MomentKind.SQUARES, squares.second, squares.where, squares.column),
            Moment(MomentKind.PRODUCTS, pair.column, pair.where, pair.second),
        ]
    readers = [_reader(moment, place) for moment in wanted]

    def holds(cell: Cell) -> bool:
        known = [value for read in readers if (value := read(cell)) is not None]
        if len(known) < len(readers):
            return True
        n, x, xx, *others = known
        if not others:
            return x * x <= n * xx
        y, yy, xy = others
        return x * x <= n * xx and (n * xy - x * y) ** 2 <= (n * xx - x * x) * (n * yy - y * y)

    return holds


def _reader(moment: Moment, place: dict[Moment, int]) -> Callable[[Cell], int | None]:
    """Reads a moment that a cell may have in halves."""
    if moment in place:
        return itemgetter(place[moment])
    high, low = (place[replace(moment, half=half)] for half in (Half.HIGH, Half.LOW))

    def read(cell: Cell) -> int | None:
        upper, lower = cell[high], cell[low]
        return None if upper is None or lower is None else whole_of_halves(upper, lower)

    return read


def _bins_agree(one: Moment, place: dict[Moment, int], contract: Contract) -> Test:
    column = contract.columns[str(one.column)]
    places = {held: place[Moment(MomentKind.BIN, one.column, one.where, bin=held)] for held in bins_of(column)}
    total = place[one.count]

    def holds(cell: Cell) -> bool:
        rows = cell[total]
        counts = {held: cell[index] for held, index in places.items()}
        return rows is None or not contradict(counts, bounds_in_quanta(column), rows)

    return holds
