"""Delimited text: CSV and TSV, each cell as the text that it is, and what is wrong with the first line that is not."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from sqlglot import exp

from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.file_kind import check_is_text
from hansa_tables.names import checked_names
from hansa_tables.plain_text import plain_file
from hansa_tables.private_files import PrivateFiles
from hansa_tables.record_lines import cells_of, is_comment, quoted_cell_at_fault, records
from hansa_tables.source import TableSource, TextForm
from hansa_tables.table_rows import TableRows, reader, texts_by_name
from hansa_tables.text_files import opened_text, starts_with_bytes_of_another_kind, undecodable

_UNSEEN = " \t\u00a0\u200b\ufeff"
"""What stands around a column's name and cannot be seen, nor be typed in a manifest."""
USUAL_DELIMITERS = (";", "\t", "|", ",")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableHead:
    """`names`: of the columns. `lines_before`: what stands before the first line with cells."""

    names: tuple[str, ...]
    lines_before: int


def read_delimited(path: Path, source: TableSource, private: PrivateFiles, *, most_left_out: int = 0) -> TableRows:
    """`most_left_out`: how many broken lines are left out and listed by the connection, rather than end the reading.

    Raises UnreadableTableError where the header cannot be read, or the text is in another encoding."""
    head, form = head_of(path, source), source.text
    plain, compression = plain_file(path, source, private)
    text = exp.Literal.string
    lists = {"store_rejects": exp.true(), "rejects_limit": exp.Literal.number(most_left_out)} if most_left_out else {}
    rows = reader(
        "read_csv",
        plain,
        # Nothing is found out from the values: a column would be another one with the next file.
        auto_detect=exp.false(),
        columns=texts_by_name(dict.fromkeys(head.names, "VARCHAR")),
        header=exp.true() if form.header is True else exp.false(),
        skip=exp.Literal.number(head.lines_before),
        delim=text(form.delimiter),
        quote=text(form.quote),
        escape=text(form.escape if form.quote else ""),
        compression=text(compression),
        **lists,
    )
    return TableRows(rows=rows, path=plain)


def head_of(path: Path, source: TableSource) -> TableHead:
    """The columns of a file. Raises UnreadableTableError."""
    form = source.text
    check_is_text(path, source)
    if (wide := starts_with_bytes_of_another_kind(path, source)) is not None:
        raise wide
    # More than the header is decoded with it; what is wrong further down is for the reader of the rows.
    with opened_text(path, source, errors="surrogateescape" if form.is_utf8 else "strict") as text:
        before, line = _first_line(text, form)
        if _is_foreign(line):
            raise undecodable(path, source) or UnreadableTableError(str(path), "is not UTF-8", "declare its encoding")
        if not line:
            raise UnreadableTableError(str(path), "is empty: it has no header and no row", "export the table again")
        place = f"{path}, line {before + 1}"
        if line.lower().startswith("sep="):
            rule = f"says to a spreadsheet which sign stands between cells, and is no header: {quoted(line.rstrip())}"
            skipped = before + 1
            raise UnreadableTableError(place, rule, f"declare skip_lines: {skipped}", "skip_lines", str(skipped))
        try:
            cells = next(iter(cells_of(chain([line], text), form)))
        except csv.Error as error:
            remedy = "correct the line, or declare its quote and escape"
            raise UnreadableTableError(place, f"cannot be read ({error}): {quoted(line)}", remedy, "quote") from None
    if isinstance(form.header, tuple):
        names = form.header
        if len(names) != len(cells):
            rule = f"has {len(cells)} cells where header names {len(names)} columns: {quoted(line.rstrip())}"
            raise UnreadableTableError(place, rule, "name each column once", "header")
    else:
        names = tuple(_names(cells) if form.header else (f"column{number}" for number in range(1, len(cells) + 1)))
        _check_delimiter(names, line, form, place)
    return TableHead(names=tuple(checked_names(names, place)), lines_before=before)


def rows_of(path: Path, source: TableSource) -> Iterator[int]:
    """The line at which each row starts that DuckDB reads: no blank line, no comment, and none that it leaves out.

    Raises csv.Error, UnreadableTableError.
    """
    head, form = head_of(path, source), source.text
    with opened_text(path, source, errors="surrogateescape" if form.is_utf8 else "strict") as text:
        for _ in range(head.lines_before + (form.header is True)):
            text.readline()
        rows, before = cells_of(text, form), head.lines_before + (form.header is True)
        start = before + 1
        for cells in rows:
            here, start = start, before + rows.line_num + 1
            if cells and not is_comment(cells[0], form) and _is_row(cells, len(head.names), form):
                yield here


def _is_row(cells: list[str], width: int, form: TextForm) -> bool:
    """Empty cells after the last column count for nothing."""
    is_foreign = form.is_utf8 and any(_is_foreign(cell) for cell in cells)
    return len(cells) >= width and not any(cells[width:]) and not is_foreign


def _is_foreign(text: str) -> bool:
    """Whether a text was decoded from bytes that are not UTF-8."""
    return not text.isascii() and any("\udc80" <= letter <= "\udcff" for letter in text)


def why_not_delimited(path: Path, source: TableSource) -> UnreadableTableError | None:
    """The error about the first line that is in another encoding or has not as many cells as the header."""
    found = undecodable(path, source)
    if found is not None:
        return found
    head = head_of(path, source)
    form = source.text
    with opened_text(path, source) as text:
        for _ in range(head.lines_before):
            text.readline()
        line = head.lines_before + 1
        for lines in records(text, form):
            try:
                cells = next(cells_of(iter(lines), form))
            except csv.Error as error:
                return _open_quote(f"{path}, line {line}", lines[0], head, form, error)
            if cells and not is_comment(cells[0], form) and len(cells) != len(head.names):
                return _ragged(path, line, cells, head, form)
            line += len(lines)
    return None


def _open_quote(place: str, text: str, head: TableHead, form: TextForm, error: csv.Error) -> UnreadableTableError:
    column = head.names[min(quoted_cell_at_fault(text, form), len(head.names) - 1)]
    rule = f"has a quoted cell that does not end as one ({error}): {quoted(text.rstrip())}"
    remedy = "correct the line, or declare quote and escape as the file has them"
    return UnreadableTableError(f"{place}, column {column}", rule, remedy, "quote")


def ragged_line(path: Path, line: int, text: str, head: TableHead, form: TextForm) -> UnreadableTableError:
    """The error about one line that has not as many cells as the header."""
    try:
        cells = next(iter(cells_of(iter([text]), form)))
    except csv.Error:  # its last cell goes on in the next line
        cells = text.rstrip("\r\n").split(form.delimiter)
    return _ragged(path, line, cells, head, form)


def _ragged(path: Path, line: int, cells: list[str], head: TableHead, form: TextForm) -> UnreadableTableError:
    expected = len(head.names)
    written = quoted(form.delimiter.join(cells))
    if len(cells) == expected:
        rule = f"has a cell that goes on in another line, and no {expected} cells: {written}"
        return UnreadableTableError(f"{path}, line {line}", rule, "correct the line, or declare the quote", "quote")
    if len(cells) > expected:
        place = f"{path}, line {line}, after column {head.names[-1]}"
        rule = f"has {len(cells)} cells where there are {expected} columns; {quoted(cells[expected])} is one too many"
        remedy = f"quote the cell that holds {quoted(form.delimiter)}, or declare the delimiter"
    else:
        place = f"{path}, line {line}, column {head.names[len(cells)]}"
        rule = f"has {len(cells)} cells where there are {expected} columns"
        remedy = "complete the line, or declare as comment what such lines start with"
    return UnreadableTableError(place, f"{rule}: {written}", remedy, "delimiter")


def _first_line(text: io.TextIOWrapper, form: TextForm) -> tuple[int, str]:
    """How many lines stand before the first one with cells, and that line; an empty one at the end of the file."""
    for _ in range(form.skip_lines):
        text.readline()
    before = form.skip_lines
    while line := text.readline():
        if line.strip("\r\n \t") and not is_comment(line, form):
            return before, line
        before += 1
    return before, ""


def _names(cells: list[str]) -> Iterator[str]:
    for number, cell in enumerate(cells, start=1):
        yield cell.strip(_UNSEEN) or f"column{number}"


def _check_delimiter(names: tuple[str, ...], line: str, form: TextForm, place: str) -> None:
    """One column whose name holds another delimiter is a table that was split at the wrong sign."""
    if len(names) != 1 or (form.quote and line.startswith(form.quote)):
        return
    found = [(line.count(sign), sign) for sign in USUAL_DELIMITERS if sign != form.delimiter and sign in line]
    if found:
        sign = max(found)[1]
        rule = (
            f"has no {quoted(form.delimiter)}, and looks as if {quoted(sign)} stood between its cells: {quoted(line)}"
        )
        raise UnreadableTableError(place, rule, f'declare delimiter: "{_escaped(sign)}"', "delimiter", sign)


def _escaped(sign: str) -> str:
    return "\\t" if sign == "\t" else sign
