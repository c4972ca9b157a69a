"""An answer in a notebook: a table that a screen reader can follow, with every text escaped."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from hansa.answering.coverage import CityReport, Outcome
from hansa.answering.marked_cells import Gaps
from hansa.view.render.cells import MOST_ROWS, PARTIAL, SUPPRESSED
from hansa.view.render.column_texts import column_texts
from hansa.view.render.legend import coverage_line, mark_lines, missing_lines, reasons_of, rows_line

if TYPE_CHECKING:
    from hansa.answering.shaped import AnswerColumn, ShapedAnswer

# Only relative colours: a notebook may be light or dark. The class twice weighs more than a notebook's own style.
STYLE = (
    "<style>"
    ".hansa.hansa table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    ".hansa.hansa th,.hansa.hansa td{padding:.25em .75em;text-align:left;"
    "border-bottom:1px solid color-mix(in srgb,currentColor 15%,transparent)}"
    ".hansa.hansa thead th{border-bottom-width:2px}"
    ".hansa.hansa .n{text-align:right}"
    ".hansa.hansa abbr{text-decoration:none;cursor:help}"
    ".hansa.hansa figure{margin:0}"
    ".hansa.hansa .wide{overflow-x:auto}"
    ".hansa.hansa caption{caption-side:bottom;text-align:left;padding:.5em .75em 0}"
    ".hansa.hansa figcaption{padding:0 .75em .5em;max-width:60em}"
    ".hansa.hansa ul{margin:.4em 0 0;padding:0;list-style:none}"
    ".hansa.hansa ul.cities{display:flex;flex-wrap:wrap;gap:.25em .5em}"
    ".hansa.hansa .cities li{padding:0 .6em;border-radius:1em;overflow-wrap:anywhere;"
    "border:1px solid color-mix(in srgb,currentColor 30%,transparent)}"
    ".hansa.hansa .cities .gone{border-style:dashed;border-color:color-mix(in srgb,currentColor 65%,transparent)}"
    ".hansa.hansa .cities small{opacity:.75}"
    ".hansa.hansa dt{float:none;display:block;width:auto;font-weight:bold;margin-top:.75em}"
    ".hansa.hansa dd{float:none;display:block;width:auto;margin:.15em 0 0 1em;max-width:75ch}"
    ".hansa.hansa pre{margin:.4em 0;padding:.5em .75em;background:color-mix(in srgb,currentColor 7%,transparent);"
    "border-left:3px solid color-mix(in srgb,currentColor 30%,transparent);white-space:pre-wrap}"
    "</style>"
)
_STATE_MARKS = {Outcome.ANSWERED: "✓", Outcome.REFUSED: "–", Outcome.TIMED_OUT: "…", Outcome.UNTRUSTED: "!"}


def answer_html(answer: ShapedAnswer) -> str:
    """The table with its marks, and a caption that says what is missing."""
    shown = answer.table.slice(0, MOST_ROWS)
    columns = [
        _cells(answer, column, column_texts(answer, column, values.to_pylist()))
        for column, values in zip(answer.columns, shown.columns, strict=True)
    ]
    classes = [' class="n"' if column.measured else "" for column in answer.columns]
    head = "".join(
        f'<th scope="col"{kind}>{escape(column.name)}</th>'
        for kind, column in zip(classes, answer.columns, strict=True)
    )
    body = "".join(
        f"<tr>{''.join(f'<td{kind}>{cell}</td>' for kind, cell in zip(classes, row, strict=True))}</tr>"
        for row in zip(*columns, strict=True)
    )
    return (
        f'<div class="hansa">{STYLE}<figure><div class="wide" tabindex="0" role="region" aria-label="answer"><table>'
        f"<caption>{escape(coverage_line(answer.cities))}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        f"<figcaption>{_caption(answer)}</figcaption></figure></div>"
    )


def _cells(answer: ShapedAnswer, column: AnswerColumn, texts: Sequence[str]) -> list[str]:
    gone = answer.suppressed.first(len(texts)).in_column(column.name)
    part = answer.partial.first(len(texts)).in_column(column.name)
    return [_cell(text, gone.get(row), part.get(row)) for row, text in enumerate(texts)]


def _cell(text: str, gone: Gaps | None, part: Gaps | None) -> str:
    if gone is not None:
        return _mark(SUPPRESSED, f"no value: {reasons_of([gone])}")
    if part is not None:
        return f"{escape(text)} {_mark(PARTIAL, f'partial, without {reasons_of([part])}')}"
    return escape(text)


def _mark(mark: str, meaning: str) -> str:
    said = escape(meaning, quote=True)
    return f'<abbr title="{said}" aria-label="{said}">{mark}</abbr>'


def _caption(answer: ShapedAnswer) -> str:
    lines = [said for _, said in missing_lines(answer.cities)]
    lines += [f"{mark} {meaning}" for mark, meaning in mark_lines(answer)]
    lines += answer.notes
    lines += [] if (cut := rows_line(answer)) is None else [cut]
    items = "".join(f"<li>{escape(line)}</li>" for line in lines)
    cities = "".join(map(_city, answer.cities))
    return f'<ul class="cities" aria-label="addressed cities">{cities}</ul>{f"<ul>{items}</ul>" if items else ""}'


def _city(report: CityReport) -> str:
    """A city with how it ended: in words, so that no mark or colour has to be known."""
    came = report.state is Outcome.ANSWERED
    ended = f"{report.level}, data version {report.data_version}" if came else report.state.value.replace("_", " ")
    mark = _STATE_MARKS.get(report.state, "✗")
    return (
        f'<li class="{"came" if came else "gone"}">'
        f'<span aria-hidden="true">{mark}</span> {escape(report.city)} <small>{escape(ended)}</small></li>'
    )
