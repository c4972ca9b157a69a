"""Colours and fonts of a chart, on light and on dark background."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

SHAPES = ("circle", "square", "triangle-up", "diamond", "cross", "triangle-down", "triangle-right", "triangle-left")
"""A second way to tell series apart, for whom colours are no way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Theme:
    """The colours of one background.

    `series`: Okabe and Ito's colours (2008), the most legible on this background first,
    those darkened that had less than 3 to 1 against it. `muted`: of what is no figure.
    """

    ground: str
    ink: str
    muted: str
    grid: str
    series: tuple[str, ...]

    @property
    def config(self) -> dict[str, Any]:
        """For Vega-Lite's `config`."""
        text = {"labelColor": self.ink, "titleColor": self.ink, "labelFontSize": 12, "titleFontSize": 12}
        return {
            "background": self.ground,
            "font": "system-ui, 'Segoe UI', Roboto, 'DejaVu Sans', sans-serif",
            "padding": 16,
            "view": {"stroke": None},
            "axis": text
            | {"gridColor": self.grid, "domainColor": self.muted, "tickColor": self.muted, "titleFontWeight": "normal"},
            "legend": text | {"labelLimit": 0, "titleFontWeight": "bold", "symbolSize": 90},
            "header": text | {"labelFontWeight": "bold", "labelAnchor": "start"},
            "title": {
                "anchor": "start",
                "frame": "group",
                "color": self.ink,
                "fontSize": 16,
                "subtitleColor": self.muted,
                "subtitleFontSize": 12,
                "subtitleLineHeight": 16,
                "subtitlePadding": 6,
                "offset": 14,
            },
        }


LIGHT = Theme(
    ground="#ffffff",
    ink="#1f2328",
    muted="#5c636b",
    grid="#e6e8eb",
    series=("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#c18600", "#1d99e0", "#000000", "#8a7d00"),
)
DARK = Theme(
    ground="#16191d",
    ink="#e8eaed",
    muted="#a8b0b8",
    grid="#2d3238",
    series=("#56b4e9", "#e69f00", "#00c48f", "#f0e442", "#cc79a7", "#ff7f3f", "#ffffff", "#4d9fff"),
)
