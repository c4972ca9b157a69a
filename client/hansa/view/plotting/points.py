"""The points of a chart: where each value lies, what is known of it, and what its tooltip says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import Any

from hansa.view.render.cells import NULL

Point = dict[str, Any]
"""A row of the chart's data; its fields are the members of `Field`, and the tooltip's columns by their own names."""


class Field(StrEnum):
    """A field of a point. None of them depends on the answer's names, which Vega would take apart at dots."""

    POSITION = "position"
    START = "start"  # of a bin, where positions are bins of one width
    STOP = "stop"
    SERIES = "series"
    FACET = "facet"
    VALUE = "value"
    VALUE_TEXT = "value_text"
    LOWER = "lower"
    UPPER = "upper"
    END = "end"
    STATUS = "status"
    SAID = "said"  # the tooltip in one line, for a screen reader and for pictures
    IS_ALONE = "is_alone"  # no line leads from it or to it
    WRITTEN = "written"  # on which side of it its figure stands


class PointStatus(StrEnum):
    """What is known of a value."""

    SHOWN = "shown"
    PARTIAL = "partial"
    WITHHELD = "withheld"
    NULL = "null"
    OTHERS = "others"  # stands for the categories that are not drawn


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """One line of a tooltip: the point's field, and the name that it is shown under."""

    field: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The points of a chart, and the lines of their tooltips."""

    points: tuple[Point, ...]
    tips: tuple[Tip, ...]

    def of(self, *statuses: PointStatus) -> list[Point]:
        """The points of these statuses, in the answer's order."""
        return [point for point in self.points if point[Field.STATUS] in statuses]

    @property
    def cut(self) -> float | None:
        """Where error bars end that would otherwise press the values against the axis; None if none would."""
        values, ends = self.values(Field.VALUE), self.values(Field.UPPER)
        highest = max(values, default=0)
        return 1.25 * highest if 0 < 2 * highest < max(ends, default=0) else None

    def values(self, field: Field) -> list[Any]:
        """The different values of a field, in the answer's order."""
        return list(dict.fromkeys(point[field] for point in self.points if point[field] is not None))


def cut_off(drawing: Drawing) -> Drawing:
    """The drawing with the ends of its labels where error bars are cut off."""
    end = drawing.cut
    if end is None:
        return drawing
    points = tuple({**point, Field.END: min(point[Field.END], end)} for point in drawing.points)
    return replace(drawing, points=points)


def series_order(drawing: Drawing, field: Field) -> Sequence[str]:
    """The values that get a colour, or a panel, in the answer's order, what is null last."""
    return sorted(drawing.values(field), key=lambda text: text == NULL)
