"""Shape of delimited text: encoding, delimiter, lines before the header, and whether there is a header."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from hansa_tables.delimited import USUAL_DELIMITERS
from hansa_tables.encodings import first_undecodable, proposal
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.record_lines import cells_of
from hansa_tables.source import SourceFormat, TableSource, TextForm
from hansa_tables.text_files import opened

_MOST_LINES = 400
_LONGEST_LINE = 1 << 16
_MOST_PREAMBLE = 30
_TYPED = re.compile(r"\s*[+-]?[0-9][0-9.,:/ T-]*\s*")
"""A number, a date or a time: no column is called so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TextShape:
    """How a text file is most likely written. `doubts`: by key, what a person has to look at."""

    form: TextForm
    doubts: dict[str, str]


def encoding_of(path: Path, source: TableSource) -> tuple[str, str | None]:
    """The encoding that a file is most likely in, and the doubt about any but UTF-8."""
    with opened(path, source) as stream:
        start = stream.read(1 << 12)
    if b"\0" in start:
        likely = proposal(start)
        if likely is not None and likely[0].startswith("utf-16"):
            return likely[0], None
    with opened(path, source) as stream:
        found = first_undecodable(stream, "utf-8")
    if found is None:
        return "utf-8", None
    likely = proposal(found.content)
    if likely is None:
        rule = f"is not UTF-8: {quoted(repr(found.content)[2:-1])}"
        raise UnreadableTableError(f"{path}, line {found.line}", rule, "save it as UTF-8", "encoding")
    return likely[0], f"line {found.line} reads {quoted(likely[1])}"


def text_shape(path: Path, kind: SourceFormat, member: str | None = None) -> TextShape:
    """`member`: which file of an archive is meant.

    Raises UnreadableTableError where a file has no line, or is in no encoding that is known.
    """
    source = TableSource(format=kind, paths=(path,), member=member)
    encoding, doubt = encoding_of(path, source)
    doubts = {} if doubt is None else {"encoding": doubt}
    if not kind.is_delimited:
        return TextShape(form=TextForm(encoding=encoding), doubts=doubts)
    lines = list(_lines(path, source, encoding))
    if not any(line.strip() for line in lines):
        raise UnreadableTableError(str(path), "is empty: it has no header and no row", "export the table again")
    form = TextForm(encoding=encoding, delimiter="\t" if kind is SourceFormat.TSV else ",")
    form = _with_signs(form, lines)
    skipped = _preamble(form, lines)
    if skipped:
        form = replace(form, skip_lines=skipped)
        doubts["skip_lines"] = f"the first of them is {quoted(lines[0].strip())}"
    rows = list(_rows(form, lines[skipped:]))
    if not _has_header(rows):
        form = replace(form, header=tuple(f"column{number}" for number in range(1, len(rows[0]) + 1)))
        doubts["header"] = "no line names the columns; write their names here"
    return TextShape(form=form, doubts=doubts)


def _lines(path: Path, source: TableSource, encoding: str) -> Iterator[str]:
    encoding = "utf-8-sig" if encoding == "utf-8" else encoding
    with opened(path, source) as stream, io.TextIOWrapper(stream, encoding=encoding, newline="") as text:
        for _ in range(_MOST_LINES):
            line = text.readline(_LONGEST_LINE)
            if not line:
                return
            yield line


def _with_signs(form: TextForm, lines: Sequence[str]) -> TextForm:
    """With the delimiter, quote, escape and comment sign that make the most lines equally long."""
    said = [line for line in lines if line.strip()]
    commented = sum(line.startswith("#") for line in said)
    if 0 < commented * 2 < len(said):
        form = replace(form, comment="#")
    if any('\\"' in line for line in said):
        form = replace(form, escape="\\")
    shapes = [replace(form, delimiter=sign) for sign in USUAL_DELIMITERS]
    single = [replace(each, quote="'", escape="'") for each in shapes if f"'{each.delimiter}'" in "".join(said)]
    return max([*single, *shapes], key=lambda each: _regularity(each, lines))


def _regularity(form: TextForm, lines: Sequence[str]) -> tuple[float, int]:
    """How many lines have the usual number of cells, of several."""
    widths = Counter(len(row) for row in _rows(form, lines))
    width, count = max(widths.items(), key=lambda each: (each[1] * (each[0] > 1), each[0]), default=(1, 0))
    return (count / max(widths.total(), 1) if width > 1 else 0.0), width


def _rows(form: TextForm, lines: Sequence[str]) -> Iterator[list[str]]:
    usual = [line for line in lines if line.strip() and not (form.comment and line.startswith(form.comment))]
    try:
        yield from cells_of(iter(usual), form, strict=False)
    except csv.Error:  # a cell without end: what was read counts
        return


def _preamble(form: TextForm, lines: Sequence[str]) -> int:
    """How many lines with words stand before the table."""
    widths = [len(row) for row in _rows(form, lines)]
    usual, _ = max(Counter(widths).items(), key=lambda each: (each[1], each[0]))
    if usual == 1 or not widths or widths[0] == usual:
        return 0
    for number, line in enumerate(lines[:_MOST_PREAMBLE]):
        row = next(iter(_rows(form, [line])), [])
        if len(row) == usual and all(cell.strip() for cell in row):
            return number
    return 0


def _has_header(rows: Sequence[Sequence[str]]) -> bool:
    head, *others = rows
    return not any(
        _TYPED.fullmatch(cell) and any(place < len(row) and _TYPED.fullmatch(row[place]) for row in others[:20])
        for place, cell in enumerate(head)
    ) and not all(_TYPED.fullmatch(cell) for cell in head)
