"""The whole chart: its layers, panels, title and caption."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import altair as alt

from hansa.view.plotting.bars import bar_layers, height_of
from hansa.view.plotting.bins import bin_layers
from hansa.view.plotting.bounded import bound, mark_alone
from hansa.view.plotting.caption import caption_of, key_of, title_of, unplaced
from hansa.view.plotting.draw import draw_points
from hansa.view.plotting.inert import inert
from hansa.view.plotting.layout import Kind, Layout, choose_layout
from hansa.view.plotting.lines import line_layers
from hansa.view.plotting.offline import OfflineFacetChart, OfflineLayerChart
from hansa.view.plotting.points import Field, PointStatus, cut_off, series_order
from hansa.view.plotting.sheet import Sheet
from hansa.view.plotting.theme import DARK, LIGHT
from hansa.view.plotting.written import Panel, mark_written, unwritten

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

_WIDTH = 600
_HEIGHT = 300
_PANEL_WIDTH = 290
_PANEL_HEIGHT = 170
_PANELS_IN_A_ROW = 2
_OVER_A_PANEL = 10
"""Pixels between a panel and the title of its axis."""
_BETWEEN_HISTOGRAMS = {"row": 105, "column": 30}
"""Pixels: slanted labels of different lengths would push panels out of line."""

_BELOW_EACH_OTHER = 3
"""So few panels share one axis along the whole width."""


def plot_answer(answer: ShapedAnswer, value: str | None, *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """The chart. Raises ValueError for an answer that no chart of ours can show."""
    layout = choose_layout(answer, value)
    drawn = draw_points(answer, layout)
    bounded = bound(drawn.drawing.points, layout)
    if layout.kind in (Kind.NUMBER, Kind.TIME):
        mark_alone(bounded.points)
    drawing = cut_off(replace(drawn.drawing, points=bounded.points))
    sheet = Sheet(
        layout=layout,
        drawing=drawing,
        theme=DARK if dark else LIGHT,
        width=_PANEL_WIDTH if len({point[Field.FACET] for point in drawing.points}) > _BELOW_EACH_OTHER else _WIDTH,
        key=key_of(answer, layout, drawing),
    )
    if layout.kind in (Kind.NUMBER, Kind.TIME):
        mark_written(drawing.points, _panel(sheet))
        bounded = replace(bounded, left_out=(*unwritten(drawing.points), *bounded.left_out))
    layers = _layers(sheet)
    if sheet.key and not layout.facet:
        layers.append(sheet.key_layer())
    left_out = [*bounded.left_out, *unplaced(layout, drawn.left_out)]
    title = alt.TitleParams(text=title_of(layout), subtitle=caption_of(answer, layout, drawing, sheet.key, left_out))
    apart: dict[str, Any] = {"fill": "independent", "stroke": "independent", "shape": "independent"}
    if not layout.facet:  # panels share one legend, of colour alone
        apart["color"] = "independent"
    panel = alt.layer(*layers, data=sheet.data).resolve_scale(**apart)
    height = height_of(sheet) if layout.kind is Kind.CATEGORY else _height(layout)
    panel = panel.properties(width=sheet.width, height=height)
    chart: alt.LayerChart | alt.FacetChart = panel
    if layout.facet:
        order = list(series_order(drawing, Field.FACET))
        header = alt.Facet(field=Field.FACET, type="nominal", sort=order, title=None)
        chart = panel.facet(facet=header, columns=1 if sheet.width == _WIDTH else _PANELS_IN_A_ROW)
        if layout.is_histogram:  # where a city withholds fine bins it shows coarser ones
            chart = chart.resolve_scale(x="independent").properties(bounds="flush", spacing=_BETWEEN_HISTOGRAMS)
    titled: alt.LayerChart | alt.FacetChart = chart.properties(title=title).configure(**sheet.theme.config)
    kind = OfflineFacetChart if layout.facet else OfflineLayerChart
    shown: alt.LayerChart | alt.FacetChart = kind.from_dict(inert(titled.to_dict()), validate=False)
    return shown


def _layers(sheet: Sheet) -> list[alt.Chart]:
    match sheet.layout.kind:
        case Kind.CATEGORY:
            return bar_layers(sheet)
        case Kind.BINS:
            return bin_layers(sheet, _height(sheet.layout))
        case _:
            return line_layers(sheet)


def _panel(sheet: Sheet) -> Panel:
    least, most = sheet.reach
    is_free = not sheet.layout.facet and not sheet.drawing.of(PointStatus.WITHHELD)
    height = _height(sheet.layout)
    return Panel(
        width=sheet.width,
        height=height,
        above=_OVER_A_PANEL if is_free else 0,
        least=least,
        most=most,
        is_dense=sheet.is_dense,
    )


def _height(layout: Layout) -> int:
    return _PANEL_HEIGHT if layout.facet else _HEIGHT
