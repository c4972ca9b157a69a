"""The ingest report as a page: what a screen reader, a telephone and paper can show, with every text escaped."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from html import escape

from hansa_core.printable import printable
from hansa_node.ingest.report import (
    IngestReport,
    growth_words,
    left_out_words,
    meant_words,
    offending_words,
)
from hansa_node.ingest.table_reports import TableReport

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"  # nothing is loaded, nothing runs
_STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#566273;--line:#dfe4ea;--page:#fff;--warn:#7a5a00;--warn-bg:#fdf4dc}
@media screen and (prefers-color-scheme:dark){:root{--ink:#e8ecf1;--soft:#a3aebb;--line:#323b47;--page:#12171e;
--warn:#f0cf7a;--warn-bg:#352b10}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);overflow-wrap:anywhere;
font:1rem/1.5 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
main{max-width:64rem;margin:0 auto;padding:2rem 1.25rem 3rem}
h1{font-size:1.6rem;line-height:1.25;margin:0 0 .25rem}h2{font-size:1.15rem;margin:2rem 0 .5rem}
p{margin:.25rem 0 .75rem}.soft{color:var(--soft)}
.warn{background:var(--warn-bg);border:1px solid var(--warn);border-radius:.5rem;padding:.6rem .85rem;margin:1rem 0}
.warn ul{margin:.25rem 0 0;padding-left:1.25rem}
table{border-collapse:collapse;width:100%;font-variant-numeric:tabular-nums}
caption{text-align:left;color:var(--soft);padding-bottom:.4rem}
th,td{text-align:left;vertical-align:top;padding:.35rem 1rem .35rem 0}
thead th{border-bottom:1px solid var(--soft)}tbody tr+tr>*{border-top:1px solid var(--line)}
tbody th{font-weight:600}.n{text-align:right}th:last-child,td:last-child{padding-right:0}
@media (max-width:44rem){main{padding:1.25rem .75rem}
thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
tr{display:block;padding:.5rem 0;border-top:1px solid var(--line)}tbody tr>*{display:block;border:0!important;padding:0}
.n{text-align:left}td[data-label]::before{content:attr(data-label) ": ";color:var(--soft)}}
@media print{:root{color-scheme:light}tr,.warn{break-inside:avoid}h2{break-after:avoid}}
"""
_COLUMNS = ("Column", "Mapped from", "Type", "Nulls", "Out of bounds", "Rejected rows")
_VALUES = ("Column", "Rule and value", "Rows", "First row")
_TABLES = ("Published table", "Cells", "Suppressed", "Share of cells", "Share of units", "Suppressed for")

_NUMBER = ' class="n"'

Cell = tuple[str, bool]
"""A text, not escaped, and whether it is a number."""


def report_page(report: IngestReport) -> str:
    """The whole document."""
    title = escape(f"Ingest of {report.contract}")
    body = [
        f"<header><h1>{title}</h1><p>{escape(report.summary)}.</p>",
        "" if report.growth is None else f"<p>{escape(growth_words(report.growth))}.</p>",
        '<p class="soft">For the city’s operator alone: it holds values of the city’s own file.</p></header>',
        _warnings(report),
        _section(
            "Columns", "Each column of the contract, and the rows that did not fit it", _COLUMNS, _columns(report)
        ),
        _section(
            "Most frequent rejected values", "Values of the city’s file that did not fit", _VALUES, _values(report)
        ),
        _section("Published tables", "How much of each table is suppressed", _TABLES, map(_table, report.tables)),
    ]
    return (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width,initial-scale=1">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"{''.join(body)}\n</main>\n</body>\n</html>\n"
    )


def _warnings(report: IngestReport) -> str:
    """Limits that were exceeded, and words of the mapping that no row has."""
    said = list(report.exceeded_words)
    if report.left_out.count:
        said += [left_out_words(report.left_out), *report.left_out.told]
    said += report.unused_words
    if not said:
        return ""
    items = "".join(f"<li>{escape(printable(each))}</li>" for each in said)
    return f'<div class="warn"><h2 style="margin:0">To look at</h2><ul>{items}</ul></div>'


def _section(title: str, caption: str, heads: Sequence[str], rows: Iterable[Sequence[Cell]]) -> str:
    """A table under a heading; nothing where it would have no row."""
    told = "".join(_row(heads, row) for row in rows)
    if not told:
        return ""
    head = "".join(f'<th scope="col">{escape(each)}</th>' for each in heads)
    return (
        f"<section><h2>{escape(title)}</h2><table><caption>{escape(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{told}</tbody></table></section>"
    )


def _row(heads: Sequence[str], row: Sequence[Cell]) -> str:
    (name, _), *cells = row
    told = "".join(
        f'<td data-label="{escape(head)}"{_NUMBER if is_number else ""}>{_lines(text)}</td>'
        for head, (text, is_number) in zip(heads[1:], cells, strict=True)
    )
    return f'<tr><th scope="row">{_lines(name)}</th>{told}</tr>'


def _columns(report: IngestReport) -> Iterable[Sequence[Cell]]:
    for column in report.columns:
        yield (
            (column.name, False),
            (column.source, False),
            (column.type, False),
            (f"{column.nulls:,}", True),
            (f"{column.clipped:,}", True),
            (column.rejected_words, False),
        )


def _values(report: IngestReport) -> Iterable[Sequence[Cell]]:
    for column in report.columns:
        for each in column.offending:
            yield (
                (column.name, False),
                (offending_words(each) + meant_words(each), False),
                (f"{each.rows:,}", True),
                (f"{each.first:,}", True),
            )


def _table(table: TableReport) -> Sequence[Cell]:
    return (
        (table.name, False),
        (f"{table.cells:,}", True),
        (f"{table.suppressed_cells:,}", True),
        (f"{table.suppressed_share:.1%}", True),
        (table.units_words, True),
        (table.causes_words, False),
    )


def _lines(text: str) -> str:
    return "<br>".join(escape(printable(line)) for line in text.split("\n"))
