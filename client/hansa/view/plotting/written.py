"""Written values: which points of a line have room for their figure beside them, so that it stands in print too."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import chain, islice, zip_longest
from typing import Any

from hansa.view.plotting.points import Field, Point, PointStatus

_LETTER = 6.4  # pixels, of a letter of 11 pixels' height
_LINE = 13.0
_EDGE = 12.0  # of the scale along the first axis
_MOST_TRIED = 400  # points of a panel: a denser line leaves no room between them anyway
_RAISED = 12.0  # from the point to the middle of its figure


class FigureSide(StrEnum):
    """Where a figure stands by its point."""

    ABOVE = "above"
    BELOW = "below"
    BESIDE = "beside"  # an error bar runs through what is above and below


OFFSETS: dict[FigureSide, dict[str, Any]] = {
    FigureSide.ABOVE: {"dy": -_RAISED},
    FigureSide.BELOW: {"dy": _RAISED},
    FigureSide.BESIDE: {"dx": 8, "align": "left"},
}
"""How the text of each side is moved."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Panel:
    """The size of a panel in pixels, and the values that its axis reaches from and to. `above`: free pixels over it.

    `is_dense`: figures on each point would hide the line.
    """

    width: float
    height: float
    above: float
    least: float
    most: float
    is_dense: bool


@dataclass(frozen=True, slots=True)
class _Box:
    left: float
    top: float
    right: float
    bottom: float

    def meets(self, other: _Box) -> bool:
        return (
            self.left < other.right and other.left < self.right and self.top < other.bottom and other.top < self.bottom
        )

    def is_within(self, panel: Panel) -> bool:
        is_beside = self.left >= -8 and self.right <= panel.width + 8
        return is_beside and self.top >= -panel.above and self.bottom <= panel.height


def mark_written(points: Sequence[Point], panel: Panel) -> None:
    """Tell each point on which side its figure is written; None: there is no room, and the answer's table has it.

    The ends of each line, its least and its greatest value come first, and a dense one has no others.
    """
    for point in points:
        point[Field.WRITTEN] = None
    panels: dict[str | None, list[Point]] = {}
    for point in points:
        if point[Field.STATUS] in (PointStatus.SHOWN, PointStatus.PARTIAL):
            panels.setdefault(point[Field.FACET], []).append(point)
    for own in panels.values():
        _write(own, panel)


def _write(points: Sequence[Point], panel: Panel) -> None:
    lines: dict[str | None, list[Point]] = {}
    for point in sorted(points, key=lambda point: _number(point[Field.POSITION])):
        lines.setdefault(point[Field.SERIES], []).append(point)
    taken: list[_Box] = []
    places = _Places.of(points, panel)
    for line, at in islice(_by_weight(list(lines.values()), is_dense=panel.is_dense), _MOST_TRIED):
        point = line[at]
        for side in _sides(line, at):
            box = _box(places.of_point(point), len(point[Field.VALUE_TEXT]) * _LETTER, side)
            if box.is_within(panel) and not any(box.meets(other) for other in taken):
                taken.append(box)
                point[Field.WRITTEN] = side
                break


@dataclass(frozen=True, slots=True, kw_only=True)
class _Places:
    """Where points lie in a panel. `start`, `length`: of their positions."""

    panel: Panel
    start: float
    length: float

    @classmethod
    def of(cls, points: Sequence[Point], panel: Panel) -> _Places:
        along = [_number(point[Field.POSITION]) for point in points]
        return cls(panel=panel, start=min(along), length=max(along) - min(along))

    def of_point(self, point: Point) -> tuple[float, float]:
        """Pixels from the left, and from the top."""
        panel, reach = self.panel, self.panel.most - self.panel.least
        share = (_number(point[Field.POSITION]) - self.start) / self.length if self.length else 0.5
        height = (point[Field.VALUE] - panel.least) / reach if reach > 0 else 0.5
        return _EDGE + share * (panel.width - 2 * _EDGE), panel.height * (1 - height)


def _number(position: Any) -> float:
    return datetime.fromisoformat(position).timestamp() if isinstance(position, str) else float(position)


def _sides(line: Sequence[Point], at: int) -> tuple[FigureSide, ...]:
    """A figure stands where its own line does not run: above a peak, below a valley."""
    point = line[at]
    if point[Field.UPPER] is not None:
        return (FigureSide.BESIDE,)
    beside = [line[place][Field.VALUE] for place in (at - 1, at + 1) if 0 <= place < len(line)]
    is_valley = bool(beside) and point[Field.VALUE] < sum(beside) / len(beside)
    return (FigureSide.BELOW, FigureSide.ABOVE) if is_valley else (FigureSide.ABOVE, FigureSide.BELOW)


def _box(place: tuple[float, float], width: float, side: FigureSide) -> _Box:
    x, y = place
    if side is FigureSide.BESIDE:
        return _Box(x + 6, y - _LINE / 2, x + 8 + width, y + _LINE / 2)
    middle = y - _RAISED if side is FigureSide.ABOVE else y + _RAISED
    return _Box(x - width / 2, middle - _LINE / 2, x + width / 2, middle + _LINE / 2)


def _by_weight(lines: Sequence[Sequence[Point]], *, is_dense: bool) -> Iterator[tuple[Sequence[Point], int]]:
    """Each point by its line and place in it: those first without which a line cannot be read."""
    weighted = [[(line, at) for at in _of_a_line(line, is_dense=is_dense)] for line in lines]
    return (each for each in chain.from_iterable(zip_longest(*weighted)) if each is not None)


def _of_a_line(line: Sequence[Point], *, is_dense: bool) -> list[int]:
    by_value = sorted(range(len(line)), key=lambda at: line[at][Field.VALUE])
    others = range(0) if is_dense else range(len(line))
    return list(dict.fromkeys((0, len(line) - 1, by_value[-1], by_value[0], *others)))


def unwritten(points: Sequence[Point]) -> list[str]:
    """The sentence about values that have no figure, if there are any."""
    known = [point for point in points if point[Field.STATUS] in (PointStatus.SHOWN, PointStatus.PARTIAL)]
    written = sum(point[Field.WRITTEN] is not None for point in known)
    if written == len(known):
        return []
    return [f"{written:,} of {len(known):,} values are written; the answer's table has all"]
