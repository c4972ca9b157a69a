"""Bins as bars that touch: a histogram, or a number cut into bins of one width."""

from __future__ import annotations

from typing import Any

import altair as alt

from hansa.view.plotting.hatch import PIXEL_SIZE, hatched
from hansa.view.plotting.points import Field, PointStatus
from hansa.view.plotting.sheet import Sheet
from hansa.view.plotting.ticks import number_axis

_SIDE = 11.0  # of a hatched square above a bin, in pixels


def bin_layers(sheet: Sheet, height: int) -> list[alt.Chart]:
    """The layers of bars, and of withheld values. `height`: of a panel, in pixels."""
    place = _ranges(sheet) if sheet.layout.width else _labels(sheet)
    labels = sheet.value_labels(4 if sheet.layout.facet else 5)
    axis = alt.Axis(title=_rows_title(sheet), domain=False, ticks=False, **labels)
    scale = alt.Scale(zero=True, **sheet.value_domain)
    value = alt.Y(field=Field.VALUE, type="quantitative", axis=axis, scale=scale)
    color = alt.value(sheet.theme.series[0])
    whole = sheet.layer(PointStatus.SHOWN).mark_bar(stroke=sheet.theme.ground, strokeWidth=1)
    partial = sheet.layer(PointStatus.PARTIAL).mark_bar(fillOpacity=0.15, strokeWidth=1.5, strokeDash=[4, 3])
    return [
        whole.encode(y=value, color=color, **sheet.told, **place),
        partial.encode(y=value, fill=color, stroke=color, **sheet.told, **place),
        *_withheld(sheet, place, height),
    ]


def _rows_title(sheet: Sheet) -> str:
    return "rows" if sheet.layout.is_histogram else sheet.layout.value.title


def _ranges(sheet: Sheet) -> dict[str, Any]:
    """Bars from the start of each bin to its end, on an axis of numbers: an empty bin leaves its room."""
    position = sheet.layout.position
    assert position is not None, "a key is cut into bins"
    edges = [*sheet.drawing.values(Field.START), *sheet.drawing.values(Field.STOP)]
    axis = number_axis(position.title, sorted(set(edges)), most=6 if sheet.layout.facet else 12)
    scale = alt.Scale(zero=False, nice=False, domain=[min(edges), max(edges)] if edges else alt.Undefined)
    return {
        "x": alt.X(field=Field.START, type="quantitative", bin="binned", axis=axis, scale=scale),
        "x2": alt.X2(field=Field.STOP),
    }


def _labels(sheet: Sheet) -> dict[str, Any]:
    """A place for each bin of a histogram, whatever its width: the label has its ends."""
    unit = sheet.layout.value.unit
    formula = sheet.layout.value.formula
    title = f"{formula}, bins in {unit}" if unit else formula
    axis = alt.Axis(title=title, labelAngle=-40, labelAlign="right", labelPadding=4, ticks=False, labelOverlap="greedy")
    # In the order of the points, which rises: each panel has the bins of its own row.
    scale = alt.Scale(paddingInner=0.02, paddingOuter=0.1)
    return {"x": alt.X(field=Field.POSITION, type="nominal", axis=axis, scale=scale, sort=None)}


def _withheld(sheet: Sheet, place: dict[str, Any], height: int) -> list[alt.Chart]:
    if not sheet.drawing.of(PointStatus.WITHHELD):
        return []
    layer = sheet.layer(PointStatus.WITHHELD)
    stroke = alt.value(sheet.theme.muted)
    if sheet.layout.is_histogram:  # no bin is known: the whole panel may be anything
        shape = hatched(sheet.width, height)
        marks = layer.mark_point(shape=shape, size=PIXEL_SIZE, strokeWidth=1, opacity=0.55, fill="transparent")
        return [marks.encode(x=alt.value(0), y=alt.value(height / 2), stroke=stroke, **sheet.told)]
    middle = layer.transform_calculate(middle=f"(datum.{Field.START} + datum.{Field.STOP}) / 2")
    return [
        middle.mark_point(
            shape=hatched(_SIDE, _SIDE, left=-_SIDE / 2, spacing=3.7),
            size=PIXEL_SIZE,
            strokeWidth=1.1,
            fill="transparent",
            opacity=1,
        ).encode(
            x=alt.X(field="middle", type="quantitative", scale=place["x"]["scale"], axis=place["x"]["axis"]),
            y=alt.value(height - _SIDE / 2 - 2),
            stroke=stroke,
            **sheet.told,
        )
    ]
