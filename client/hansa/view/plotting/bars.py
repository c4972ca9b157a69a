"""Bars over categories: horizontal, with the value at the end of each."""

from __future__ import annotations

from typing import Any

import altair as alt

from hansa.view.plotting.hatch import PIXEL_SIZE, hatched
from hansa.view.plotting.points import Field, PointStatus
from hansa.view.plotting.sheet import Sheet

_STEP = 26  # pixels from bar to bar
_GROUPED_STEP = 19
_FILLED = 0.82  # of a step


def bar_layers(sheet: Sheet) -> list[alt.Chart]:
    """The layers of bars, then those of error bars, labels and withheld values."""
    place = _place(sheet)
    title = sheet.layout.value.title
    ends = sheet.value_domain
    value = alt.X(
        field=Field.VALUE,
        type="quantitative",
        axis=alt.Axis(
            title=title, titlePadding=8, labelOverlap="greedy", **sheet.value_labels(4 if sheet.layout.facet else 6)
        ),
        scale=alt.Scale(zero=True, nice=not ends, **ends),
    )
    drawn = {"x": value, **place, **sheet.told}
    partial = sheet.layer(PointStatus.PARTIAL).mark_bar(fillOpacity=0.15, strokeWidth=1.5, strokeDash=[4, 3])
    return [
        sheet.layer(PointStatus.SHOWN).mark_bar().encode(color=sheet.color(legend_offset=30), **drawn),
        partial.encode(fill=sheet.filling(), stroke=sheet.outline(), **drawn),
        _withheld(sheet, place),
        *_error_bars(sheet, place),
        *_zeros(sheet, place),
        _labels(sheet, place),
        *_unmeasured(sheet, place),
    ]


def height_of(sheet: Sheet) -> alt.Step:
    """The height of the chart: a step for each bar."""
    if sheet.layout.series is None:
        return alt.Step(_STEP)
    grouped: dict[str, Any] = {"step": _GROUPED_STEP, "for": "offset"}
    return alt.Step(**grouped)


def _place(sheet: Sheet) -> dict[str, Any]:
    """Where each bar lies; the same in every layer, in the answer's order."""
    grouped = sheet.layout.series is not None
    padding = alt.Scale(paddingInner=0.12, paddingOuter=0.04) if grouped else alt.Scale(padding=1 - _FILLED)
    place: dict[str, Any] = {
        "y": alt.Y(
            field=Field.POSITION,
            type="nominal",
            sort=sheet.drawing.values(Field.POSITION),
            scale=padding,
            axis=_axis(sheet),
        )
    }
    if grouped:
        scale = alt.Scale(padding=1 - _FILLED)
        order = sheet.drawing.values(Field.SERIES)
        place["yOffset"] = alt.YOffset(field=Field.SERIES, type="nominal", sort=order, scale=scale)
    return place


def _axis(sheet: Sheet) -> alt.Axis:
    position = sheet.layout.position
    bare = alt.Axis(title=None, ticks=False, domain=False, labelLimit=0, labelPadding=8)
    if position is None:
        return bare
    return alt.Axis(
        title=position.title,
        titleAngle=0,
        titleAlign="right",
        titleAnchor="start",
        titleX=-8,
        titleY=-10,
        ticks=False,
        domain=False,
        labelLimit=0,
        labelPadding=8,
    )


def _zeros(sheet: Sheet, place: dict[str, Any]) -> list[alt.Chart]:
    """A stroke where the bar has no length: a zero is a figure, and not a gap."""
    if 0 not in sheet.drawing.values(Field.VALUE):
        return []
    layer = sheet.layer(PointStatus.SHOWN).transform_filter(alt.FieldEqualPredicate(field=Field.VALUE, equal=0))
    stroke = layer.mark_point(shape="M0,-7V7", size=PIXEL_SIZE, strokeWidth=2, opacity=1)
    return [
        stroke.encode(x=alt.X(field=Field.VALUE, type="quantitative"), stroke=sheet.outline(), **sheet.told, **place)
    ]


def _unmeasured(sheet: Sheet, place: dict[str, Any]) -> list[alt.Chart]:
    """Words in place of a bar: where SQL has NULL, and for all the categories that are not drawn."""
    if not sheet.drawing.of(PointStatus.NULL, PointStatus.OTHERS):
        return []
    words = sheet.layer(PointStatus.NULL, PointStatus.OTHERS).mark_text(
        align="left", dx=6, fontSize=11, fontStyle="italic"
    )
    text = alt.Text(field=Field.VALUE_TEXT, type="nominal")
    return [words.encode(x=alt.value(0), text=text, color=alt.value(sheet.theme.muted), **sheet.told, **place)]


def _withheld(sheet: Sheet, place: dict[str, Any]) -> alt.Chart:
    """Hatching across the whole panel: the value may be anything."""
    step = _GROUPED_STEP if sheet.layout.series else _STEP
    shape = hatched(sheet.width, step * _FILLED)
    points = sheet.layer(PointStatus.WITHHELD).mark_point(
        shape=shape, size=PIXEL_SIZE, strokeWidth=1, opacity=0.55, fill="transparent"
    )
    color = sheet.outline() if sheet.layout.series else alt.value(sheet.theme.muted)
    drawn: alt.Chart = points.encode(x=alt.value(0), stroke=color, **sheet.told, **place)
    return drawn


def _error_bars(sheet: Sheet, place: dict[str, Any]) -> list[alt.Chart]:
    if not sheet.drawing.values(Field.LOWER):
        return []
    layer = sheet.layer(PointStatus.SHOWN, PointStatus.PARTIAL)
    ink = alt.value(sheet.theme.ink)
    ends = [alt.X(field=field, type="quantitative") for field in (Field.LOWER, Field.UPPER)]
    caps = [layer.mark_point(shape="M0,-4V4", clip=True, size=PIXEL_SIZE, strokeWidth=1.5, opacity=1) for _ in ends]
    return [
        layer.mark_rule(strokeWidth=1.5, clip=True).encode(
            x=ends[0], x2=alt.X2(field=Field.UPPER), color=ink, **sheet.told, **place
        ),
        *(cap.encode(x=end, stroke=ink, **place) for cap, end in zip(caps, ends, strict=True)),
    ]


def _labels(sheet: Sheet, place: dict[str, Any]) -> alt.Chart:
    """The values, behind the bar and its error bar."""
    layer = sheet.layer(PointStatus.SHOWN, PointStatus.PARTIAL)
    text = alt.Text(field=Field.VALUE_TEXT, type="nominal")
    end = alt.X(field=Field.END, type="quantitative")
    labels: alt.Chart = layer.mark_text(align="left", dx=6, fontSize=11).encode(
        x=end, text=text, color=alt.value(sheet.theme.ink), **place
    )
    return labels
