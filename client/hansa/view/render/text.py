"""An answer on a terminal: the table, and below it what is missing and why."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import TYPE_CHECKING

import pyarrow as pa
from rich import box
from rich.cells import cell_len
from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from hansa.answering.coverage import CityReport, Outcome
from hansa.view.render.cells import MOST_ROWS, NULL, PARTIAL, SUPPRESSED, cell_texts, printable
from hansa.view.render.column_texts import column_texts
from hansa.view.render.legend import coverage_line, mark_lines, missing_lines, rows_line

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
    gone = {(cell.row, cell.column) for cell in answer.suppressed}
    part = {(cell.row, cell.column) for cell in answer.partial}
    shown = answer.table.slice(0, most_rows)
    texts = [
        column_texts(answer, column, values.to_pylist())
        for column, values in zip(answer.columns, shown.columns, strict=True)
    ]
    return _table(shown, [column.measured for column in answer.columns], texts, gone, part)


def plain_table(table: pa.Table) -> Table:
    """A table without marks, such as a catalogue."""
    texts = [cell_texts(values.to_pylist(), measured=False, null="") for values in table.columns]
    return _table(table, [False] * table.num_columns, texts, set(), set())


def aligned_text(table: pa.Table) -> str:
    """The same in plain lines that no width folds: for tables of thousands of rows, which a layout would take long for.

    Ends with a newline.
    """
    lines: list[list[str]] = []
    for name, values in zip(table.column_names, table.columns, strict=True):
        header, texts = printable(name), cell_texts(values.to_pylist(), measured=False, null="")
        widths = [cell_len(text) for text in (header, *texts)]
        widest, numeric = max(widths), pa.types.is_integer(values.type) or pa.types.is_floating(values.type)
        room = [" " * (widest - width) for width in widths]
        cells = zip(room, (header, *texts), strict=True)
        column = [space + text if numeric else text + space for space, text in cells]
        lines.append([column[0], "─" * widest, *column[1:]])
    head, rule, *rows = zip(*lines, strict=True)
    return "".join(f"{line.rstrip()}\n" for line in ("   ".join(head), "───".join(rule), *map("   ".join, rows)))


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


def _table(
    table: pa.Table,
    measured: Sequence[bool],
    columns_of_texts: Sequence[Sequence[str]],
    gone: set[tuple[int, str]],
    part: set[tuple[int, str]],
) -> Table:
    """`gone`, `part`: the cells, by row and column, that are marked."""
    shown = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold", show_edge=False)
    columns = []
    for field, written, is_measured in zip(table.schema, columns_of_texts, measured, strict=True):
        name = field.name
        numeric = is_measured or pa.types.is_integer(field.type) or pa.types.is_floating(field.type)
        texts = [SUPPRESSED if (row, name) in gone else text for row, text in enumerate(written)]
        marked = frozenset(row for row, column in part if column == name)
        header = printable(name)
        if numeric:
            # Padded here: a renderer that aligns to the right would drop the room that the marks of other rows need.
            width = max(map(cell_len, [*texts, header[: len(header) - 2 * bool(marked)]]))
            texts = [" " * (width - cell_len(text)) + text for text in texts]
        shown.add_column(Text(header, justify="right" if numeric else "left"), overflow="fold")
        columns.append([_cell(text, partial=row in marked) for row, text in enumerate(texts)])
    for row in zip(*columns, strict=True):
        shown.add_row(*row)
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
