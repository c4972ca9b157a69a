"""The points of a chart: where each value lies, what is known of it, and what its tooltip says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from hansa.view.plotting.layout import Kind, Layout
from hansa.view.render.cells import NULL, cell_texts
from hansa.view.render.column_texts import column_texts
from hansa.view.render.legend import reasons_of

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

Point = dict[str, Any]
"""A row of the chart's data; its fields are the members of `Field`, and the tooltip's columns by their own names."""


class Field(StrEnum):
    """A field of a point. None of them depends on the answer's names, which Vega would take apart at dots."""

    POSITION = "position"
    SERIES = "series"
    FACET = "facet"
    VALUE = "value"
    VALUE_TEXT = "value_text"
    LOWER = "lower"
    UPPER = "upper"
    END = "end"
    STATUS = "status"


class PointStatus(StrEnum):
    """What is known of a value."""

    SHOWN = "shown"
    PARTIAL = "partial"
    WITHHELD = "withheld"
    NULL = "null"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tip:
    """One line of a tooltip: the point's field, and the name that it is shown under."""

    field: str
    title: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawing:
    """The points of a chart. `left_out`: rows without a place on the axis, other than those of a missing city."""

    points: tuple[Point, ...]
    tips: tuple[Tip, ...]
    left_out: int

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


def draw_points(answer: ShapedAnswer, layout: Layout) -> Drawing:
    """One point for each row that has a place."""
    name = layout.value.name
    withheld, partial = answer.suppressed.in_column(name), answer.partial.in_column(name)
    ends = {one.row: one for one in answer.intervals if one.column == name}
    texts = {
        column.name: column_texts(answer, column, values.to_pylist())
        for column, values in zip(answer.columns, answer.table.columns, strict=True)
    }
    tips = [Tip(field=f"tip{index}", title=column.name) for index, column in enumerate(answer.columns)]
    columns = {column: answer.table.column(column).to_pylist() for column in answer.table.column_names}
    places = [one for one in (layout.position, layout.series, layout.facet) if one is not None]
    keyless = {row for one in places for row in answer.suppressed.rows_of(one.name).tolist()}
    points: list[Point] = []
    left_out = 0
    for row, value in enumerate(columns[name]):
        if row in keyless:
            continue  # the row of a missing city, which is named elsewhere
        position = _position(layout, columns, texts, row)
        if position is None:
            left_out += 1
            continue
        known = None if value is None else float(value)
        interval = ends.get(row)
        point: Point = {
            Field.POSITION: position,
            Field.SERIES: texts[layout.series.name][row] if layout.series else None,
            Field.FACET: texts[layout.facet.name][row] if layout.facet else None,
            Field.VALUE: known,
            Field.VALUE_TEXT: texts[name][row] if known is not None else "",
            Field.LOWER: interval.lower if interval else None,
            Field.UPPER: interval.upper if interval else None,
            Field.END: max(known or 0.0, interval.upper if interval else 0.0),
            Field.STATUS: _status(row, withheld, partial, known),
        }
        for tip in tips:
            point[tip.field] = texts[tip.title][row]
        if row in withheld:
            point |= {"why": f"no value: {reasons_of([withheld[row]])}", tips[_index(answer, name)].field: "not shown"}
        elif row in partial:
            point |= {"why": f"partial, without {reasons_of([partial[row]])}"}
        if interval:
            point |= {"bounds": " to ".join(cell_texts([interval.lower, interval.upper], measured=True))}
        points.append(point)
    if ends:
        tips.append(Tip(field="bounds", title="surely within"))
    if withheld or partial:
        tips.append(Tip(field="why", title="missing"))
    drawing = Drawing(points=tuple(points), tips=tuple(tips), left_out=left_out)
    if drawing.cut is not None:
        for point in points:
            point[Field.END] = min(point[Field.END], drawing.cut)
    return drawing


def _index(answer: ShapedAnswer, name: str) -> int:
    return int(answer.table.schema.get_field_index(name))


def _status(row: int, withheld: Any, partial: Any, known: float | None) -> PointStatus:
    if row in withheld:
        return PointStatus.WITHHELD
    if known is None:
        return PointStatus.NULL
    return PointStatus.PARTIAL if row in partial else PointStatus.SHOWN


def _position(layout: Layout, columns: dict[str, list[Any]], texts: dict[str, list[str]], row: int) -> Any:
    """The place on the first axis, as Vega reads it; None if it has none."""
    if layout.position is None:
        return layout.value.name
    value = columns[layout.position.name][row]
    match layout.kind:
        case Kind.CATEGORY:
            return texts[layout.position.name][row]
        case Kind.NUMBER:
            return None if value is None else float(value)
        case Kind.TIME:
            return _moment(value)


def _moment(value: date | None) -> str | None:
    """UTC, and said so: without a zone Vega would take it for the reader's own clock."""
    if value is None:
        return None
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else f"{value.isoformat()}T00:00:00Z"


def series_order(drawing: Drawing, field: Field) -> Sequence[str]:
    """The values that get a colour, or a panel, in the answer's order, what is null last."""
    return sorted(drawing.values(field), key=lambda text: text == NULL)
