"""Workbooks: a sheet of an Excel or OpenDocument file, or a range of its cells."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from hansa_core.nearest import nearest
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.names import checked_names
from hansa_tables.private_files import PrivateFiles
from hansa_tables.private_rows import private_rows
from hansa_tables.source import TableSource
from hansa_tables.table_rows import TableRows

if TYPE_CHECKING:
    from python_calamine import CalamineWorkbook

_RANGE = re.compile(r"\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6}):\$?([A-Z]{1,3})\$?([1-9][0-9]{0,6})", re.IGNORECASE)

_Rows = Sequence[Sequence[object]]


def read_workbook(path: Path, source: TableSource, private: PrivateFiles) -> TableRows:
    """Raises UnreadableTableError."""
    sheet, rows = _sheet(path, source)
    place = f"{path}, sheet {sheet}"
    first_row = 1
    if source.cells is not None:
        first_row, rows = _ranged(rows, source.cells, place)
    numbered = [(number, row) for number, row in enumerate(rows, start=first_row) if any(each != "" for each in row)]
    form = source.text
    numbered = [each for each in numbered if each[0] >= first_row + form.skip_lines]
    if not numbered:
        raise UnreadableTableError(
            place, "is empty: it has no header and no row", "declare the sheet or its range", "sheet"
        )
    if form.header is True:
        (number, head), *numbered = numbered
        names = [str(cell).strip() or f"column{index}" for index, cell in enumerate(head, start=1)]
    else:
        number, head = numbered[0]
        names = _given_names(form.header, len(head), f"{place}, row {number}")
    names = checked_names(names, f"{place}, row {number}")
    return private_rows(names, _cells(numbered), private.new())


def filled_sheets(path: Path) -> list[str]:
    """The sheets of a workbook that have cells, in their order. Raises UnreadableTableError."""
    with _workbook(path) as workbook:
        return [name for name in workbook.sheet_names if workbook.get_sheet_by_name(name).to_python()]


def _given_names(header: bool | Sequence[str], width: int, place: str) -> list[str]:
    if isinstance(header, bool):
        return [f"column{index}" for index in range(1, width + 1)]
    if len(header) != width:
        rule = f"has {width} columns where header names {len(header)}"
        raise UnreadableTableError(place, rule, "name each column once", "header")
    return list(header)


def _sheet(path: Path, source: TableSource) -> tuple[str, _Rows]:
    with _workbook(path) as workbook:
        names = workbook.sheet_names
        if source.sheet is None and len(names) > 1:
            rule = f"has {len(names)} sheets"
            raise UnreadableTableError(str(path), rule, f"declare as sheet one of: {', '.join(names)}", "sheet")
        name = source.sheet or names[0]
        if name not in names:
            raise UnreadableTableError(str(path), f"has no sheet {quoted(name)}", nearest(name, names), "sheet")
        rows: _Rows = workbook.get_sheet_by_name(name).to_python(skip_empty_area=False)
        return name, rows


@contextmanager
def _workbook(path: Path) -> Iterator[CalamineWorkbook]:
    try:
        import python_calamine
    except ImportError:
        rule = "is read by python-calamine, which is not installed"
        raise UnreadableTableError(str(path), rule, "run: pip install 'hansa[node]'", "format") from None
    try:
        with python_calamine.load_workbook(path) as workbook:
            yield workbook
    except (python_calamine.CalamineError, OSError) as error:
        rule = f"is no workbook that can be read ({error})"
        raise UnreadableTableError(
            str(path), rule, "save it as .xlsx without a password, or correct the format", "format"
        ) from None


def _ranged(rows: _Rows, cells: str, place: str) -> tuple[int, _Rows]:
    """The rows of a range, and the number of its first one."""
    found = _RANGE.fullmatch(cells)
    if found is None:
        raise UnreadableTableError(place, f"has no cells {quoted(cells)}", "write such as A3:F200", "range")
    left, right = _column(found[1]), _column(found[3])
    top, bottom = int(found[2]), int(found[4])
    if left > right or top > bottom:
        raise UnreadableTableError(
            place, f"has no cells {quoted(cells)}: they end before they start", "write such as A3:F200", "range"
        )
    chosen = [[*row[left - 1 : right], *[""] * (right - max(left - 1, len(row)))] for row in rows[top - 1 : bottom]]
    return top, chosen


def _column(letters: str) -> int:
    number = 0
    for letter in letters.upper():
        number = number * 26 + ord(letter) - ord("A") + 1
    return number


def _cells(numbered: Sequence[tuple[int, Sequence[object]]]) -> Iterator[list[object]]:
    for _, row in numbered:
        yield [None if cell == "" else cell for cell in row]
