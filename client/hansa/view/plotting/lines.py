"""Lines over time and numbers: broken where a value is missing, with a hatched mark above the gap."""

from __future__ import annotations

from typing import Any

import altair as alt

from hansa.view.plotting.hatch import PIXEL_SIZE, hatched
from hansa.view.plotting.layout import Kind
from hansa.view.plotting.points import Field, PointStatus, series_order
from hansa.view.plotting.sheet import Sheet
from hansa.view.plotting.ticks import number_axis, time_axis
from hansa.view.plotting.written import OFFSETS

_SIDE = 11.0  # of a hatched square, in pixels
_ROW = 15.0


def line_layers(sheet: Sheet) -> list[alt.Chart]:
    """The layers of error bars, lines and points, then those of withheld values."""
    place = _place(sheet)
    above = 30 + _headroom(sheet)
    whole = sheet.layer(PointStatus.SHOWN).mark_point(filled=True, size=46, opacity=1)
    if sheet.is_dense:  # a marker on each would be a caterpillar
        whole = sheet.layer(PointStatus.SHOWN).mark_point(filled=True, size=46, opacity=0)
    partial = sheet.layer(PointStatus.PARTIAL).mark_point(filled=True, size=46, opacity=1, strokeWidth=1.8)
    hollow = alt.value(sheet.theme.ground)
    return [
        *_error_bars(sheet, place),
        sheet.layer()
        .mark_line(strokeWidth=1.2 if sheet.is_dense else 2, invalid="break-paths-show-domains")
        .encode(color=sheet.color(), **place),
        whole.encode(
            color=sheet.color(legend_offset=above),
            shape=sheet.shape(legend_offset=above),
            **sheet.told,
            **place,
        ),
        *_alone(sheet),
        partial.encode(fill=hollow, stroke=sheet.outline(), shape=_silent(sheet), **sheet.told, **place),
        *_figures(sheet, place),
        *_withheld(sheet, place["x"]),
    ]


def _silent(sheet: Sheet) -> Any:
    """The series' shape without a second legend."""
    shape = sheet.shape(legend_offset=0)
    if isinstance(shape, alt.Shape):
        return alt.Shape(field=Field.SERIES, type="nominal", scale=shape["scale"], legend=None)
    return shape


def _place(sheet: Sheet) -> dict[str, Any]:
    axis = alt.Axis(
        title=sheet.layout.value.title,
        ticks=False,
        domain=False,
        labelPadding=6,
        **sheet.value_labels(3 if sheet.layout.facet else 5),
        **({} if sheet.layout.facet else _above(sheet)),
    )
    ends = sheet.value_domain
    scale = alt.Scale(zero=sheet.starts_at_zero, nice=not ends, **ends)
    return {"x": _along(sheet), "y": alt.Y(field=Field.VALUE, type="quantitative", axis=axis, scale=scale)}


def _above(sheet: Sheet) -> dict[str, Any]:
    """The title of the axis where it reads from left to right."""
    height = -10 - _headroom(sheet)
    return {"titleAngle": 0, "titleAlign": "left", "titleAnchor": "end", "titleY": height, "titleX": 0}


def _figures(sheet: Sheet, place: dict[str, Any]) -> list[alt.Chart]:
    """The values as figures where there is room, each on a rim of the ground, so that no line runs through it."""
    text = alt.Text(field=Field.VALUE_TEXT, type="nominal")
    layers: list[alt.Chart] = []
    for side in sheet.drawing.values(Field.WRITTEN):
        layer = sheet.layer().transform_filter(alt.FieldEqualPredicate(field=Field.WRITTEN, equal=side))
        figures = {"baseline": "middle", "fontSize": 11, **OFFSETS[side]}
        rim = layer.mark_text(strokeWidth=3, strokeJoin="round", **figures).encode(
            text=text, color=alt.value(sheet.theme.ground), stroke=alt.value(sheet.theme.ground), **place
        )
        layers += [rim, layer.mark_text(**figures).encode(text=text, color=alt.value(sheet.theme.ink), **place)]
    return layers


def _alone(sheet: Sheet) -> list[alt.Chart]:
    """A marker for each point of a dense line to which no line leads."""
    if not sheet.is_dense:
        return []
    layer = sheet.layer(PointStatus.SHOWN).transform_filter(alt.FieldEqualPredicate(field=Field.IS_ALONE, equal=True))
    drawn: alt.Chart = layer.mark_point(filled=True, size=24, opacity=1).encode(color=sheet.color(), **_place(sheet))
    return [drawn]


def _along(sheet: Sheet) -> alt.X:
    position = sheet.layout.position
    assert position is not None, "lines run along a key"
    most = 5 if sheet.layout.facet else 10
    places = sheet.drawing.values(Field.POSITION)
    if sheet.layout.kind is Kind.TIME:
        axis = time_axis(position.title, places, most=most - 2)
        return alt.X(field=Field.POSITION, type="temporal", axis=axis, scale=alt.Scale(type="utc", padding=12))
    # A year on an axis needs no "(year)" behind its own name.
    axis = number_axis(position.name if position.unit == "year" else position.title, places, most=most)
    scale = alt.Scale(zero=False, nice=False, padding=12)
    return alt.X(field=Field.POSITION, type="quantitative", axis=axis, scale=scale)


def _headroom(sheet: Sheet) -> float:
    """The pixels above the panel that hatched squares take."""
    return len(_rows(sheet)) * _ROW if sheet.drawing.of(PointStatus.WITHHELD) else 0.0


def _rows(sheet: Sheet) -> list[str | None]:
    """The series that get a row of hatched squares each."""
    gone = {point[Field.SERIES] for point in sheet.drawing.of(PointStatus.WITHHELD)}
    return [one for one in series_order(sheet.drawing, Field.SERIES) if one in gone] or [None]


def _withheld(sheet: Sheet, along: alt.X) -> list[alt.Chart]:
    """Above the panel, where no value can lie, a row of squares for each series; below each a thin line of dots."""
    points = sheet.drawing.of(PointStatus.WITHHELD)
    if not points:
        return []
    shape = hatched(_SIDE, _SIDE, left=-_SIDE / 2, spacing=3.7)
    layer = sheet.layer(PointStatus.WITHHELD)
    dots = layer.mark_rule(strokeDash=[1, 4], strokeWidth=1.2, opacity=0.8)
    squares = []
    for number, series in enumerate(_rows(sheet)):
        own = layer.transform_filter(alt.FieldEqualPredicate(field=Field.SERIES, equal=series)) if series else layer
        marks = own.mark_point(shape=shape, size=PIXEL_SIZE, strokeWidth=1.1, fill="transparent", opacity=1)
        height = alt.value(-_SIDE / 2 - 3 - number * _ROW)
        squares.append(marks.encode(x=along, y=height, stroke=sheet.outline(), **sheet.told))
    return [dots.encode(x=along, color=alt.value(sheet.theme.muted)), *squares]


def _error_bars(sheet: Sheet, place: dict[str, Any]) -> list[alt.Chart]:
    if not sheet.drawing.values(Field.LOWER):
        return []
    layer = sheet.layer(PointStatus.SHOWN, PointStatus.PARTIAL)
    ends = [alt.Y(field=field, type="quantitative") for field in (Field.LOWER, Field.UPPER)]
    caps = [layer.mark_point(shape="M-4,0H4", clip=True, size=PIXEL_SIZE, strokeWidth=1.3, opacity=0.65) for _ in ends]
    return [
        layer.mark_rule(strokeWidth=1.3, opacity=0.65, clip=True).encode(
            x=place["x"], y=ends[0], y2=alt.Y2(field=Field.UPPER), color=sheet.color(), **sheet.told
        ),
        *(cap.encode(x=place["x"], y=end, stroke=sheet.outline()) for cap, end in zip(caps, ends, strict=True)),
    ]
