"""Drawing: an answer's rows become the points of a chart, each with its place, its status and its tooltip."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa

from hansa.answering.meanings import Meaning
from hansa.view.plotting.labels import cut, joined, labels_of, readable
from hansa.view.plotting.layout import Kind, Layout
from hansa.view.plotting.points import Drawing, Field, Point, PointStatus, Tip
from hansa.view.render.cells import cell_texts
from hansa.view.render.column_texts import column_texts
from hansa.view.render.legend import reasons_of

if TYPE_CHECKING:
    from hansa.answering.intervals import Interval
    from hansa.answering.shaped import ShapedAnswer

_MOST_TOLD = 400  # letters of one line of a tooltip


@dataclass(frozen=True, slots=True, kw_only=True)
class Drawn:
    """All points that have a place. `left_out`: the rows without one, other than those of a missing city."""

    drawing: Drawing
    left_out: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Bin:
    """A value at a place of the first axis, which a histogram brings by itself."""

    position: Any
    text: str
    value: float | None
    start: float | None = None


class _Rows:
    """An answer by columns, with the labels of what names its rows."""

    def __init__(self, answer: ShapedAnswer, layout: Layout) -> None:
        self.answer, self.layout, self.name = answer, layout, layout.value.name
        self.columns = {name: answer.table.column(name).to_pylist() for name in answer.table.column_names}
        self.texts = {
            column.name: self._texts(column.name, column_texts(answer, column, values.to_pylist()))
            for column, values in zip(answer.columns, answer.table.columns, strict=True)
        }
        places = [one for one in (layout.position, layout.series, *layout.facet) if one is not None]
        self._labels = {one.name: labels_of(self._named(one)) for one in places}
        self.withheld = answer.suppressed.in_column(self.name)
        self.partial = answer.partial.in_column(self.name)
        self.ends = {one.row: one for one in answer.intervals if one.column == self.name}
        keyless = {row for one in places for row in answer.suppressed.rows_of(one.name).tolist()}
        # The row of a missing city is named elsewhere.
        self.numbers = [row for row in range(len(answer)) if row not in keyless]

    def _texts(self, name: str, texts: list[str]) -> list[str]:
        if not self._is_text(name):
            return texts
        return [cut(readable(value), _MOST_TOLD) for value in self.columns[name]]

    def _is_text(self, name: str) -> bool:
        kind = self.answer.table.schema.field(name).type
        return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))

    def _named(self, one: Meaning) -> list[str | None]:
        values: list[str | None] = self.columns[one.name]
        if self._is_text(one.name):
            return values
        return [None if value is None else text for value, text in zip(values, self.texts[one.name], strict=True)]

    def label(self, one: Meaning, row: int) -> str:
        """What names the row in this column."""
        value = self.columns[one.name][row]
        is_text = self._is_text(one.name)
        return self._labels[one.name][value if is_text or value is None else self.texts[one.name][row]]

    def bins(self, row: int) -> Iterator[_Bin]:
        """The values of the row: one, or those of a histogram."""
        value, text = self.columns[self.name][row], self.texts[self.name][row]
        if not self.layout.is_histogram:
            yield _Bin(position=self._position(row), text=text, value=None if value is None else float(value))
        elif value is None:
            yield _Bin(position="", text="", value=None)
        else:
            for one in sorted(value, key=lambda each: each["lower"]):
                ends = cell_texts([one["lower"], one["upper"]], measured=False)
                label = ends[0] if one["lower"] == one["upper"] else f"{ends[0]} to {ends[1]}"
                rows = float(one["rows"])
                yield _Bin(position=label, text=f"{one['rows']:,}", value=rows, start=float(one["lower"]))

    def _position(self, row: int) -> Any:
        """The place on the first axis, as Vega reads it; None if it has none."""
        position = self.layout.position
        if position is None:
            return cut(readable(self.name))
        value = self.columns[position.name][row]
        match self.layout.kind:
            case Kind.CATEGORY:
                return self.label(position, row)
            case Kind.TIME:
                return _moment(value)
            case _:
                return None if value is None else float(value)

    def status(self, row: int, value: float | None) -> PointStatus:
        if row in self.withheld:
            return PointStatus.WITHHELD
        if value is None:
            return PointStatus.NULL
        return PointStatus.PARTIAL if row in self.partial else PointStatus.SHOWN


def draw_points(answer: ShapedAnswer, layout: Layout) -> Drawn:
    """A point for each row that has a place, or for each bin of its histogram."""
    rows = _Rows(answer, layout)
    titles = list(answer.table.column_names)
    extra = [("bounds", "surely within")] if rows.ends else []
    extra += [("why", "missing")] if rows.withheld or rows.partial else []
    if layout.is_histogram:
        extra.insert(0, ("bin", f"bin ({layout.value.unit})" if layout.value.unit else "bin"))
    tips = [*((f"tip{index}", title) for index, title in enumerate(titles)), *extra]
    points: list[Point] = []
    left_out = 0
    for row in rows.numbers:
        for one in rows.bins(row):
            if one.position is None:
                left_out += 1
                continue
            points.append(_point(rows, row, one, tips))
    if layout.is_histogram:
        points.sort(key=lambda point: point[Field.START] or 0)
    drawing = Drawing(points=tuple(points), tips=tuple(Tip(field=field, title=title) for field, title in tips))
    return Drawn(drawing=drawing, left_out=left_out)


def _point(rows: _Rows, row: int, one: _Bin, tips: list[tuple[str, str]]) -> Point:
    layout, interval = rows.layout, rows.ends.get(row)
    status = rows.status(row, one.value)
    told = {f"tip{index}": rows.texts[name][row] for index, name in enumerate(rows.answer.table.column_names)}
    value_tip = f"tip{rows.answer.table.column_names.index(rows.name)}"
    told |= {value_tip: one.text, "bin": one.position} if layout.is_histogram else {}
    if status is PointStatus.WITHHELD:
        told |= {"why": f"no value: {reasons_of([rows.withheld[row]])}", value_tip: "not shown"}
    elif status is PointStatus.PARTIAL:
        told |= {"why": f"partial, without {reasons_of([rows.partial[row]])}"}
    told |= _bounds(interval)
    width = layout.width or 0.0
    return {
        Field.POSITION: one.position,
        Field.START: one.position if layout.width else one.start,
        Field.STOP: one.position + width if layout.width else None,
        Field.SERIES: rows.label(layout.series, row) if layout.series else None,
        Field.FACET: joined([rows.label(part, row) for part in layout.facet]) if layout.facet else None,
        Field.VALUE: one.value,
        Field.VALUE_TEXT: one.text if one.value is not None else "null" if status is PointStatus.NULL else "",
        Field.LOWER: interval.lower if interval else None,
        Field.UPPER: interval.upper if interval else None,
        Field.END: max(one.value or 0.0, interval.upper if interval else 0.0),
        Field.STATUS: status,
        Field.SAID: "; ".join(f"{title}: {told[field]}" for field, title in tips if field in told),
        Field.IS_ALONE: False,
        **told,
    }


def _bounds(interval: Interval | None) -> dict[str, str]:
    if interval is None:
        return {}
    return {"bounds": " to ".join(cell_texts([interval.lower, interval.upper], measured=True))}


def _moment(value: date | None) -> str | None:
    """UTC, and said so: without a zone Vega would take it for the reader's own clock."""
    if value is None:
        return None
    return f"{value.isoformat()}Z" if isinstance(value, datetime) else f"{value.isoformat()}T00:00:00Z"
