"""Sheet of a chart, shared by its layers: the points, the scales of colour and shape, and the size of a panel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import altair as alt

from hansa.view.plotting.hatch import hatched
from hansa.view.plotting.layout import Kind, Layout
from hansa.view.plotting.points import Drawing, Field, PointStatus, series_order
from hansa.view.plotting.theme import SHAPES, Theme

_KEY_HATCH = hatched(2, 2, left=-1, spacing=0.55)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """What the layers of one chart share.

    `width`: of a panel, in pixels. `key`: the marks that the chart uses, and what each means.
    """

    layout: Layout
    drawing: Drawing
    theme: Theme
    width: int
    key: dict[PointStatus, str]

    def layer(self, *statuses: PointStatus) -> alt.Chart:
        """An empty layer over the points of these statuses; of all, if none is named."""
        if not statuses:
            return alt.Chart()
        return alt.Chart().transform_filter(alt.FieldOneOfPredicate(field=Field.STATUS, oneOf=list(statuses)))

    @property
    def data(self) -> alt.InlineData:
        """The points inside the chart, so that it needs no file and no network."""
        key = {status.value: meaning for status, meaning in self.key.items()}
        rows = [{str(field): value for field, value in point.items()} for point in self.drawing.points]
        return alt.InlineData(values=[row | {"meaning": key.get(row[Field.STATUS], "")} for row in rows])

    @property
    def tooltip(self) -> list[alt.Tooltip]:
        """Every column of the row as it is written in a table, and what is missing."""
        # Vega's tooltips fetch what stands under the name "image": a city would see who looks at its chart.
        titles = ["image " if tip.title == "image" else tip.title for tip in self.drawing.tips]
        fields = [tip.field for tip in self.drawing.tips]
        return [
            alt.Tooltip(field=field, type="nominal", title=title) for field, title in zip(fields, titles, strict=True)
        ]

    def color(self, *, legend_offset: float | None = None) -> Any:
        """The series' colour, the same in every layer; one of them shows its legend, that many pixels above."""
        if self.layout.series is None:
            return alt.value(self.theme.series[0])
        legend = None
        if self.layout.facet is not None:  # shared by all panels
            legend = alt.Legend(title=self.layout.series.name, orient="top")
        elif legend_offset is not None:
            legend = alt.Legend(title=self.layout.series.name, orient="top", offset=legend_offset)
        return alt.Color(field=Field.SERIES, type="nominal", scale=self._colors, legend=legend)

    def outline(self) -> Any:
        """The series' colour for the outline of a mark that is not filled."""
        if self.layout.series is None:
            return alt.value(self.theme.series[0])
        return alt.Stroke(field=Field.SERIES, type="nominal", scale=self._colors, legend=None)

    def filling(self) -> Any:
        """The series' colour for the filling of a mark that has an outline."""
        if self.layout.series is None:
            return alt.value(self.theme.series[0])
        return alt.Fill(field=Field.SERIES, type="nominal", scale=self._colors, legend=None)

    @property
    def _colors(self) -> alt.Scale:
        order = series_order(self.drawing, Field.SERIES)
        return alt.Scale(domain=order, range=self.theme.series[: len(order)])

    def shape(self, *, legend_offset: float) -> Any:
        """The series' shape, with the legend of its colour that many pixels above the panel."""
        if self.layout.series is None:
            return alt.value("circle")
        order = series_order(self.drawing, Field.SERIES)
        scale = alt.Scale(domain=order, range=SHAPES[: len(order)])
        legend = None
        if not self.layout.facet:
            legend = alt.Legend(title=self.layout.series.name, orient="top", offset=legend_offset)
        return alt.Shape(field=Field.SERIES, type="nominal", scale=scale, legend=legend)

    def key_layer(self) -> alt.Chart:
        """Invisible points that only bring the legend of the marks."""
        meanings = list(self.key.values())
        hollow = "square" if self.layout.kind is Kind.CATEGORY else "circle"
        shapes = [_KEY_HATCH if status is PointStatus.WITHHELD else hollow for status in self.key]
        legend = alt.Legend(
            title=None,
            orient="bottom",
            direction="vertical",
            symbolStrokeColor=self.theme.muted,
            symbolFillColor="transparent",
            symbolOpacity=1,
            symbolSize=130,
            symbolStrokeWidth=1.2,
        )
        layer: alt.Chart = (
            self.layer(*self.key)
            .mark_point(opacity=0, tooltip=None)
            .encode(
                x=alt.value(0),
                y=alt.value(0),
                shape=alt.Shape(
                    field="meaning", type="nominal", scale=alt.Scale(domain=meanings, range=shapes), legend=legend
                ),
            )
        )
        return layer
