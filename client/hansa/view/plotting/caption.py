"""Title, caption and legend of a chart: what it shows, of whom, for which purpose, and what is missing."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from hansa.answering.coverage import answered
from hansa.view.plotting.labels import visible
from hansa.view.plotting.layout import Kind, Layout
from hansa.view.plotting.points import Drawing, Field, PointStatus
from hansa.view.render.legend import coverage_line, missing_lines, reasons_of

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

_TITLE_LENGTH = 72
_LINE_LENGTH = 104  # letters of the caption's size across the chart's width
_DRAWN = {PointStatus.WITHHELD: "hatched", PointStatus.PARTIAL: "hollow"}


def title_of(layout: Layout) -> str | list[str]:
    """The title, as in `median_days by applied_year and city`; in lines where it is long."""
    keys = [one.name for one in (layout.position, layout.series, *layout.facet) if one is not None]
    value = layout.value.title if layout.facet else layout.value.name
    title = f"{value} by {' and '.join([', '.join(keys[:-1]), keys[-1]][len(keys) < 2 :])}" if keys else value
    lines = textwrap.wrap(visible(title), _TITLE_LENGTH)
    return lines[0] if len(lines) == 1 else lines


def caption_of(
    answer: ShapedAnswer,
    layout: Layout,
    drawing: Drawing,
    key: Mapping[PointStatus, str],
    left_out: Sequence[str],
) -> list[str]:
    """The caption, broken into lines since Vega breaks none.

    `key`: of the marks; panels have no legend to hold it. `left_out`: what is not drawn.
    """
    came = ", ".join(report.city for report in answered(answer.cities))
    said = [
        f"{layout.value.formula} in {answer.plan.source}, for the purpose {answer.purpose}",
        f"{coverage_line(answer.cities)}{f': {came}' if came else ''}",
        *(line for _, line in missing_lines(answer.cities)),
        *([] if drawing.points or left_out else ["the answer has no row to draw"]),
        *left_out,
        *_blanks(layout, drawing),
        *([f"error bars above {drawing.cut:,.0f} are cut off; tooltips have their ends"] if drawing.cut else []),
        *(f"{_DRAWN[status]}: {meaning}" for status, meaning in key.items() if layout.facet),
        *answer.notes,
    ]
    return [line for text in said for line in textwrap.wrap(visible(text), _LINE_LENGTH)]


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


def unplaced(layout: Layout, rows: int) -> list[str]:
    """The sentence about `rows` that have no place on the first axis."""
    if not rows or layout.position is None:
        return []
    return [f"{'1 row is' if rows == 1 else f'{rows:,} rows are'} not drawn, where {layout.position.name} is null"]


def _blanks(layout: Layout, drawing: Drawing) -> list[str]:
    """What it means that a place is empty, where some are."""
    if layout.kind is Kind.CATEGORY and layout.series is not None:
        places = {(point[Field.POSITION], point[Field.FACET]) for point in drawing.points}
        expected = len(places) * len(drawing.values(Field.SERIES))
        return ["where a bar is missing the answer has no such row"] if len(drawing.points) < expected else []
    if layout.kind in (Kind.NUMBER, Kind.TIME) and drawing.of(PointStatus.NULL):
        return ["a line breaks where the value is null"]
    return []
