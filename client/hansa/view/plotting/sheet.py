"""Sheet of a chart, shared by its layers: the points, the scales of colour and shape, and the size of a panel."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

import altair as alt

from hansa.view.plotting.hatch import hatched
from hansa.view.plotting.layout import Kind, Layout
from hansa.view.plotting.points import Drawing, Field, PointStatus, series_order
from hansa.view.plotting.theme import SHAPES, Theme

_MOST_MARKERS = 60
_MILLION = 1e6
_TINY = 1e-4
_LEGEND_WIDTH = 600
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

    @property
    def told(self) -> dict[str, Any]:
        """The tooltip, and the same in one line for a screen reader."""
        return {"tooltip": self.tooltip, "description": alt.Description(field=Field.SAID, type="nominal")}

    @property
    def is_dense(self) -> bool:
        """Whether a line has more points than markers can be told apart on."""
        lines = Counter((point[Field.SERIES], point[Field.FACET]) for point in self.drawing.points)
        return max(lines.values(), default=0) > (_MOST_MARKERS // 2 if self.layout.facet else _MOST_MARKERS)

    def value_labels(self, ticks: int) -> dict[str, Any]:
        """How the values' axis is labelled: millions and billions in short."""
        values = [abs(one) for field in (Field.VALUE, Field.UPPER) for one in self.drawing.values(field)]
        most = max(values, default=0)
        if not most:
            return {"values": [0], "format": "d"}
        is_whole = all(value == int(value) for value in values)
        # There is no half of a row, and so no tick for it.
        labels: dict[str, Any] = {"tickCount": min(ticks, max(1, round(self._span))) if is_whole else ticks}
        if most >= _MILLION:
            labels["labelExpr"] = "replace(format(datum.value, '~s'), 'G', 'B')"
        elif most < _TINY:
            labels["format"] = "~e"
        return labels

    @property
    def starts_at_zero(self) -> bool:
        """Whether the values' axis has zero: a line that stays far from it would be flat."""
        values = [one for field in (Field.VALUE, Field.LOWER, Field.UPPER) for one in self.drawing.values(field)]
        is_line = self.layout.kind in (Kind.NUMBER, Kind.TIME)
        return not is_line or not values or min(values) < 0 or min(values) <= max(values) / 2

    @property
    def reach(self) -> tuple[float, float]:
        """The least and the greatest value on the values' axis, before it is rounded; both 0 where there is none."""
        values = [one for field in (Field.VALUE, Field.LOWER, Field.UPPER) for one in self.drawing.values(field)]
        most = min(max(values, default=0), self.drawing.cut or float("inf"))
        return (min([*values, 0]) if self.starts_at_zero else min(values)), most

    @property
    def _span(self) -> float:
        values = [*self.drawing.values(Field.VALUE), *([0] if self.starts_at_zero else [])]
        return float(max(values) - min(values))

    @property
    def value_domain(self) -> dict[str, Any]:
        """The ends of the values' axis, where the values alone would not give any, or error bars too far ones."""
        if not any(self.drawing.values(Field.VALUE)):
            return {"domain": [0, 1]}
        return {"domainMax": self.drawing.cut} if self.drawing.cut else {}

    def color(self, *, legend_offset: float | None = None) -> Any:
        """The series' colour, the same in every layer; one of them shows its legend, that many pixels above."""
        if self.layout.series is None:
            return alt.value(self.theme.series[0])
        legend = None
        if self.layout.facet:  # shared by all panels
            legend = self._legend(alt.Undefined)
        elif legend_offset is not None:
            legend = self._legend(legend_offset)
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
            legend = self._legend(legend_offset)
        return alt.Shape(field=Field.SERIES, type="nominal", scale=scale, legend=legend)

    def _legend(self, offset: Any) -> alt.Legend:
        """The series' names above the panel, in as many columns as there is room for."""
        assert self.layout.series is not None, "only series have a legend"
        letters = max((len(name) for name in self.drawing.values(Field.SERIES)), default=1)
        columns = max(1, int(_LEGEND_WIDTH / (letters * 7 + 34)))
        return alt.Legend(title=self.layout.series.name, orient="top", offset=offset, columns=columns, symbolOpacity=1)

    def key_layer(self) -> alt.Chart:
        """Invisible points that only bring the legend of the marks."""
        meanings = list(self.key.values())
        hollow = "square" if self.layout.kind in (Kind.CATEGORY, Kind.BINS) else "circle"
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
