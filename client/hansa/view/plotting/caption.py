"""Title, caption and legend of a chart: what it shows, of whom, for which purpose, and what is missing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING

from hansa.answering.coverage import answered
from hansa.view.plotting.layout import Layout
from hansa.view.plotting.points import Drawing, PointStatus
from hansa.view.render.legend import coverage_line, missing_lines, reasons_of

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

_LINE_LENGTH = 104  # letters of the caption's size across the chart's width
_DRAWN = {PointStatus.WITHHELD: "hatched", PointStatus.PARTIAL: "hollow"}


def title_of(layout: Layout) -> str:
    """The title, as in `median_days by applied_year and city`."""
    keys = [one.name for one in (layout.position, layout.series, layout.facet) if one is not None]
    # Panels have no room for an axis title of their own.
    value = layout.value.title if layout.facet else layout.value.name
    return f"{value} by {' and '.join([', '.join(keys[:-1]), keys[-1]][len(keys) < 2 :])}" if keys else value


def caption_of(answer: ShapedAnswer, layout: Layout, drawing: Drawing, key: Mapping[PointStatus, str]) -> list[str]:
    """The caption, broken into lines since Vega breaks none. `key`: of the marks; panels have no legend to hold it."""
    came = ", ".join(report.city for report in answered(answer.cities))
    said = [
        f"{layout.value.formula} in {answer.plan.source}, for the purpose {answer.purpose}",
        f"{coverage_line(answer.cities)}{f': {came}' if came else ''}",
        *(line for _, line in missing_lines(answer.cities)),
        *_left_out(layout, drawing),
        *([f"error bars above {drawing.cut:,.0f} are cut off; tooltips have their ends"] if drawing.cut else []),
        *(f"{_DRAWN[status]}: {meaning}" for status, meaning in key.items() if layout.facet),
        *answer.notes,
    ]
    return [line for text in said for line in textwrap.wrap(text, _LINE_LENGTH)]


def key_of(answer: ShapedAnswer, layout: Layout, drawing: Drawing) -> dict[PointStatus, str]:
    """The legend: what each mark that the chart uses means."""
    withheld = answer.suppressed.all_gaps(layout.value.name)
    partial = answer.partial.all_gaps(layout.value.name)
    key: dict[PointStatus, str] = {}
    if drawing.of(PointStatus.WITHHELD):
        key[PointStatus.WITHHELD] = f"no value: {reasons_of(withheld)}"
    if drawing.of(PointStatus.PARTIAL):
        key[PointStatus.PARTIAL] = f"partial, without {reasons_of(partial)}"
    return key


def _left_out(layout: Layout, drawing: Drawing) -> list[str]:
    if not drawing.left_out or layout.position is None:
        return []
    rows = "1 row is" if drawing.left_out == 1 else f"{drawing.left_out:,} rows are"
    return [f"{rows} not drawn, where {layout.position.name} is null"]
