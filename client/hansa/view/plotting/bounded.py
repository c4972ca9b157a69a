"""Bounds on a chart's size: the largest categories and panels, and of a dense line the points that show its course."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from hansa.view.plotting.layout import Kind, Layout
from hansa.view.plotting.points import Field, Point, PointStatus
from hansa.view.render.cells import cell_texts

MOST_BARS = 40
MOST_BARS_OF_A_PANEL = 15
MOST_PANELS = 24
"""Each is a chart of its own."""

_MOST_GROUPED = 64  # bars, over all positions
_MOST_POINTS = 4_800  # over all lines
_STRETCHES = 150  # of one line across the chart's width: each is four pixels wide


@dataclass(frozen=True, slots=True, kw_only=True)
class Bounded:
    """The points that are drawn. `left_out`: sentences about those that are not."""

    points: tuple[Point, ...]
    left_out: tuple[str, ...]


def bound(points: Sequence[Point], layout: Layout) -> Bounded:
    """The points that a reader can take in."""
    said: list[str] = []
    kept = list(points)
    if layout.facet:
        panels = _Largest.of(kept, Field.FACET, MOST_PANELS)
        said += panels.said(" and ".join(one.name for one in layout.facet), layout)
        kept = panels.kept
    if layout.kind is Kind.CATEGORY and layout.position is not None:
        bars = _Largest.of(kept, Field.POSITION, _most_bars(kept, layout))
        said += bars.said(layout.position.name, layout)
        kept = bars.kept + (bars.in_words(layout) if layout.series is None and not layout.facet else [])
    elif layout.kind in (Kind.NUMBER, Kind.TIME):
        whole = len(kept)
        kept = _thinned(kept)
        if len(kept) < whole:
            course = "of each stretch the first, last, least and greatest"
            said.append(f"{len(kept):,} of {whole:,} points are drawn: {course}")
    return Bounded(points=tuple(kept), left_out=tuple(said))


def _most_bars(points: Sequence[Point], layout: Layout) -> int:
    series = len({point[Field.SERIES] for point in points}) or 1
    if layout.facet:
        return max(5, MOST_BARS_OF_A_PANEL // series)
    return max(8, _MOST_GROUPED // series) if series > 1 else MOST_BARS


@dataclass(frozen=True, slots=True, kw_only=True)
class _Largest:
    """The points at the places with the largest values, in their order, and the `others`. `count`: of all places."""

    kept: list[Point]
    others: list[Point]
    most: int
    count: int

    @classmethod
    def of(cls, points: list[Point], field: Field, most: int) -> _Largest:
        sizes: dict[str, float] = {}
        for point in points:
            size = -1.0 if point[Field.VALUE] is None else abs(point[Field.VALUE])
            sizes[point[field]] = max(size, sizes.get(point[field], -1.0))
        best = set(sorted(sizes, key=lambda place: -sizes[place])[:most])
        return cls(
            kept=[point for point in points if point[field] in best],
            others=[point for point in points if point[field] not in best],
            most=most,
            count=len(sizes),
        )

    def said(self, name: str, layout: Layout) -> list[str]:
        """The sentence about the others, if there are any."""
        if not self.others:
            return []
        left = self.count - self.most
        what = _summed_up(self.others, layout)
        return [f"the {self.most} largest of {self.count:,} values of {name} are drawn; {left:,} others: {what}"]

    def in_words(self, layout: Layout) -> list[Point]:
        """A place for the others together, where a bar would say that they are one."""
        if not self.others:
            return []
        left = self.count - self.most
        name, what = f"{left:,} other{'' if left == 1 else 's'}", _summed_up(self.others, layout)
        empty: Point = {field: "" if str(field).startswith("tip") else None for field in self.others[0]}
        told = {Field.POSITION: name, Field.VALUE_TEXT: what, Field.SAID: f"{name}: {what}"}
        return [empty | told | {Field.END: 0.0, Field.STATUS: PointStatus.OTHERS}]


def _summed_up(others: Sequence[Point], layout: Layout) -> str:
    known = [point[Field.VALUE] for point in others if point[Field.VALUE] is not None]
    gone = sum(point[Field.STATUS] is PointStatus.WITHHELD for point in others)
    withheld = f"{gone:,} withheld" if gone else ""
    if not known:
        return withheld or "no value"
    if layout.is_additive and all(point[Field.STATUS] is PointStatus.SHOWN for point in others):
        total = sum(known)
        return f"{cell_texts([int(total) if total == int(total) else total], measured=True)[0]} together"
    ends = [int(end) if end == int(end) else end for end in (min(known), max(known))]
    low, high = cell_texts(ends, measured=True)
    return ", ".join(filter(None, [f"{low} to {high} each" if low != high else f"{low} each", withheld]))


def _thinned(points: list[Point]) -> list[Point]:
    """Of each line that is denser than pixels, what its course hangs on: in each stretch the first and last point, the
    least and greatest, and one of each gap and hollow point."""
    lines: dict[tuple[str | None, str | None], list[Point]] = {}
    for point in points:
        lines.setdefault((point[Field.SERIES], point[Field.FACET]), []).append(point)
    stretches = max(12, min(_STRETCHES, _MOST_POINTS // (6 * len(lines)))) if lines else _STRETCHES
    kept: list[Point] = []
    for line in lines.values():
        line.sort(key=lambda point: point[Field.POSITION])
        size = -(-len(line) // stretches)
        parts = [line[start : start + size] for start in range(0, len(line), size)]
        kept += line if size <= len(_CHOICES) else [one for part in parts for one in _course(part)]
    return kept


def _known(part: Sequence[Point]) -> list[Point]:
    return [point for point in part if point[Field.VALUE] is not None]


def _of(*statuses: PointStatus) -> Callable[[Sequence[Point]], list[Point]]:
    return lambda part: [point for point in part if point[Field.STATUS] in statuses][:1]


_CHOICES: tuple[Callable[[Sequence[Point]], list[Point]], ...] = (
    lambda part: _known(part)[:1],
    lambda part: _known(part)[-1:],
    lambda part: sorted(_known(part), key=lambda point: point[Field.VALUE])[:1],
    lambda part: sorted(_known(part), key=lambda point: point[Field.VALUE])[-1:],
    _of(PointStatus.WITHHELD, PointStatus.NULL),
    _of(PointStatus.PARTIAL),
)


def _course(part: Sequence[Point]) -> list[Point]:
    chosen = {id(point) for choose in _CHOICES for point in choose(part)}
    return [point for point in part if id(point) in chosen]


def mark_alone(points: Sequence[Point]) -> None:
    """Tell the points that a line without markers would not show: no known neighbour of their line is beside them."""
    lines: dict[tuple[str | None, str | None], list[Point]] = {}
    for point in points:
        lines.setdefault((point[Field.SERIES], point[Field.FACET]), []).append(point)
    for line in lines.values():
        line.sort(key=lambda point: point[Field.POSITION])
        known = [False, *(point[Field.VALUE] is not None for point in line), False]
        for place, point in enumerate(line):
            point[Field.IS_ALONE] = not (known[place] or known[place + 2])
