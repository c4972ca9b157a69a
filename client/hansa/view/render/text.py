"""An answer on a terminal: the table, and below it what is missing and why."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pyarrow as pa
from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hansa.answering.coverage import CityReport, Outcome
from hansa.view.render.cells import MOST_ROWS, NULL, PARTIAL, SUPPRESSED, cell_texts
from hansa.view.render.column_texts import column_texts
from hansa.view.render.legend import coverage_line, mark_lines, missing_lines, rows_line
from hansa_core.printable import printable

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

_PLAIN_WIDTH = 120
_STATE_MARKS = {Outcome.REFUSED: ("–", "yellow"), Outcome.UNTRUSTED: ("✗", "bold red")}


def whole_answer(answer: ShapedAnswer) -> RenderableType:
    """The first rows of the table, at most `MOST_ROWS`, and everything below it."""
    cut = rows_line(answer)
    rest = [] if cut is None else [Text(cut, style="dim")]
    return Group(answer_table(answer, most_rows=MOST_ROWS), "", below_table(answer), *rest)


def plain_text(shown: RenderableType) -> str:
    """What would be printed, without colour, for a plain Python prompt."""
    console = Console(
        file=io.StringIO(), width=_PLAIN_WIDTH, color_system=None, highlight=False, force_jupyter=False
    )  # in a kernel Rich would display by itself, and write nothing here
    console.print(shown)
    assert isinstance(console.file, io.StringIO)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())


def answer_table(answer: ShapedAnswer, *, most_rows: int | None = None) -> Table:
    """The values as a table; marks stand for a missing one and behind a partial one. `most_rows`: None for all."""
    return _table(_answer_columns(answer, most_rows))


def plain_table(table: pa.Table) -> Table:
    """A table without marks, such as a catalogue."""
    return _table(_plain_columns(table))


def aligned_answer(answer: ShapedAnswer) -> str:
    """As `answer_table`, in plain lines that no width folds, at once for tables of many thousand rows.

    Ends with a newline.
    """
    return _aligned(_answer_columns(answer, None))


def aligned_text(table: pa.Table) -> str:
    """As `plain_table`, in plain lines as those of `aligned_answer`."""
    return _aligned(_plain_columns(table))


@dataclass(frozen=True, slots=True, kw_only=True)
class _Column:
    """A column to be written. `cells`: those of numbers padded to one width; `partial`: the rows that get a mark."""

    header: str
    cells: Sequence[str]
    is_number: bool
    partial: frozenset[int]

    @classmethod
    def of(cls, name: str, texts: Sequence[str], *, is_number: bool, partial: frozenset[int] = frozenset()) -> _Column:
        header = printable(name)
        if is_number:
            # Padded here: a renderer that aligns to the right would drop the room that the marks of other rows need.
            width = max(map(_width, [*texts, header[: len(header) - 2 * bool(partial)]]))
            texts = [" " * (width - _width(text)) + text for text in texts]
        return cls(header=header, cells=texts, is_number=is_number, partial=partial)


def _answer_columns(answer: ShapedAnswer, most_rows: int | None) -> list[_Column]:
    shown = answer.table.slice(0, most_rows)
    columns = []
    for name, values, column in zip(shown.column_names, shown.columns, answer.columns, strict=True):
        texts = column_texts(answer, column, values.to_pylist())
        for row in answer.suppressed.first(len(texts)).rows_of(name).tolist():
            texts[row] = SUPPRESSED
        partial = frozenset(answer.partial.first(len(texts)).rows_of(name).tolist())
        is_number = column.measured or _is_number(values.type)
        columns.append(_Column.of(name, texts, is_number=is_number, partial=partial))
    return columns


def _plain_columns(table: pa.Table) -> list[_Column]:
    return [
        _Column.of(name, cell_texts(values.to_pylist(), measured=False, null=""), is_number=_is_number(values.type))
        for name, values in zip(table.column_names, table.columns, strict=True)
    ]


def _is_number(kind: pa.DataType) -> bool:
    return bool(pa.types.is_integer(kind) or pa.types.is_floating(kind))


def _aligned(columns: Sequence[_Column]) -> str:
    lines: list[list[str]] = []
    for column in columns:
        mark = f" {PARTIAL}"
        cells = [f"{cell}{mark}" if row in column.partial else cell for row, cell in enumerate(column.cells)]
        widths = list(map(_width, cells))
        widest = max([*widths, _width(column.header)])
        room = " " * (widest - _width(column.header))
        head = room + column.header if column.is_number else column.header + room
        padded = [cell + " " * (widest - width) for cell, width in zip(cells, widths, strict=True)]
        lines.append([head, "─" * widest, *padded])
    top, rule, *rows = zip(*lines, strict=True)
    written = ["   ".join(top), "───".join(rule), *map("   ".join, rows)]
    return "".join(f"{one.rstrip()}\n" for one in written)


def _width(text: str) -> int:
    """The places that a text takes on a terminal; of plain letters quickly."""
    return len(text) if text.isascii() else cell_len(text)


def below_table(answer: ShapedAnswer) -> RenderableType:
    """Coverage, legend and notes."""
    lines = city_lines(answer.cities)
    lines += [_hanging(mark, "dim", meaning) for mark, meaning in mark_lines(answer)]
    lines += [_hanging("!", "dim", printable(note)) for note in answer.notes]
    return Group(*lines)


def city_lines(reports: Sequence[CityReport], *, verb: str = "answered") -> list[RenderableType]:
    """How many cities answered, or would, and a line for each that did not."""
    gaps = missing_lines(reports)
    lines: list[RenderableType] = [Text(coverage_line(reports, verb=verb), style="bold" if gaps else "dim")]
    lines += [_hanging(*_STATE_MARKS.get(state, ("✗", "red")), said) for state, said in gaps]
    return lines


def _table(columns: Sequence[_Column]) -> Table:
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    for column in columns:
        shown.add_column(Text(column.header, justify="right" if column.is_number else "left"), overflow="fold")
    cells = (
        [_cell(cell, partial=row in column.partial) for row, cell in enumerate(column.cells)] for column in columns
    )
    for line in zip(*cells, strict=True):
        shown.add_row(*line)
    return shown


def _cell(text: str, *, partial: bool) -> Text:
    cell = Text(text, style="dim" if text.strip() in (NULL, SUPPRESSED) else "")
    return cell.append(f" {PARTIAL}", style="yellow") if partial else cell


def _hanging(mark: str, style: str, said: str) -> RenderableType:
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True, style=style)
    grid.add_column(overflow="fold")
    grid.add_row(Text(mark), Text(said, style="dim" if style == "dim" else ""))
    return Padding(grid, (0, 0, 0, 2), expand=False)
