"""The whole chart: its layers, panels, title and caption."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import altair as alt

from hansa.view.plotting.bars import bar_layers, height_of
from hansa.view.plotting.caption import caption_of, key_of, title_of
from hansa.view.plotting.inert import inert
from hansa.view.plotting.layout import Kind, choose_layout
from hansa.view.plotting.lines import line_layers
from hansa.view.plotting.offline import OfflineFacetChart, OfflineLayerChart
from hansa.view.plotting.points import Field, draw_points, series_order
from hansa.view.plotting.sheet import Sheet
from hansa.view.plotting.theme import DARK, LIGHT

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

_WIDTH = 600
_HEIGHT = 300
_PANEL_WIDTH = 290
_PANEL_HEIGHT = 170
_PANELS_IN_A_ROW = 2


def plot_answer(answer: ShapedAnswer, value: str | None, *, dark: bool) -> alt.LayerChart | alt.FacetChart:
    """The chart. Raises ValueError for an answer that no chart of ours can show."""
    layout = choose_layout(answer, value)
    drawing = draw_points(answer, layout)
    sheet = Sheet(
        layout=layout,
        drawing=drawing,
        theme=DARK if dark else LIGHT,
        width=_PANEL_WIDTH if layout.facet else _WIDTH,
        key=key_of(answer, layout, drawing),
    )
    layers = bar_layers(sheet) if layout.kind is Kind.CATEGORY else line_layers(sheet)
    if sheet.key and not layout.facet:
        layers.append(sheet.key_layer())
    title = alt.TitleParams(text=title_of(layout), subtitle=caption_of(answer, layout, drawing, sheet.key))
    apart: dict[str, Any] = {"fill": "independent", "stroke": "independent", "shape": "independent"}
    if layout.facet is None:  # panels share one legend, of colour alone
        apart["color"] = "independent"
    panel = alt.layer(*layers, data=sheet.data).resolve_scale(**apart)
    height = height_of(sheet) if layout.kind is Kind.CATEGORY else _PANEL_HEIGHT if layout.facet else _HEIGHT
    panel = panel.properties(width=sheet.width, height=height)
    chart: alt.LayerChart | alt.FacetChart = panel
    if layout.facet is not None:
        order = list(series_order(drawing, Field.FACET))
        header = alt.Facet(field=Field.FACET, type="nominal", sort=order, title=None)
        chart = panel.facet(facet=header, columns=_PANELS_IN_A_ROW)
    titled: alt.LayerChart | alt.FacetChart = chart.properties(title=title).configure(**sheet.theme.config)
    kind = OfflineFacetChart if layout.facet else OfflineLayerChart
    drawn: alt.LayerChart | alt.FacetChart = kind.from_dict(inert(titled.to_dict()), validate=False)
    return drawn
