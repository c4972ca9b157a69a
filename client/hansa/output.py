"""Output of a command: its data to standard output or a file, everything else to standard error."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import typer
from rich.console import Console, Group, RenderableType
from rich.text import Text

from hansa.answering.coverage import CityReport, ExitCode
from hansa.errors import CoordinatorError, UnreachableError
from hansa.view.render.formats import Format, encode_answer, encode_table
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.printable import printable

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.shaped import ShapedAnswer

_SUFFIXES = {
    "": Format.TABLE,
    ".txt": Format.TABLE,
    ".csv": Format.CSV,
    ".json": Format.JSON,
    ".parquet": Format.PARQUET,
    ".arrow": Format.ARROW,
}
_UNFOLDED = 10_000  # columns: in a pipe or a file no line is folded


class Output:
    """Writes a command's data in one format to one place.

    `out` None is standard output. `raw`: CSV has texts as they came. `messages`: the console on standard error.
    """

    def __init__(self, format_: Format | None, out: Path | None, *, raw: bool = False) -> None:
        """Raises typer.BadParameter if bytes were to end on a terminal, or a file's name ends in no known format."""
        self._format = format_ or _format_of(out)
        self._out = out
        self._raw = raw
        self.messages = _console(sys.stderr)
        if self._format.is_binary and out is None and sys.stdout.isatty():
            text = f"{self._format} is binary; name a file with --out, or pipe it"
            raise typer.BadParameter(text, param_hint="--format")

    def write_answer(self, answer: ShapedAnswer) -> None:
        """The answer; on standard error who is missing from it, and what its marks mean."""
        from hansa.view.render.cells import MOST_ROWS
        from hansa.view.render.text import aligned_answer, answer_table, below_table

        if not self.is_for_people:
            self._write(encode_answer(answer, self._format, raw=self._raw))
        elif self._is_on_a_terminal:
            self._print(answer_table(answer, most_rows=MOST_ROWS))
        else:
            self._write_text(aligned_answer(answer))
        self.say(below_table(answer))
        self._say_what_is_left_out(len(answer))

    def write_listing(
        self, table: pa.Table, reports: Sequence[CityReport], *, verb: str = "answered", notes: Sequence[str] = ()
    ) -> None:
        """A table without marks; on standard error who is missing from it, and the notes."""
        from hansa.view.render.text import city_lines

        self.write_table(table)
        self.say(Group(*city_lines(reports, verb=verb), *(Text(printable(note)) for note in notes)))

    @property
    def is_for_people(self) -> bool:
        """Whether a table is drawn, and not encoded for a program."""
        return self._format is Format.TABLE

    def write_table(self, table: pa.Table, *, below: Sequence[str] = ()) -> None:
        """A table without marks, from which no city can be missing; on standard error the lines that go with it."""
        from hansa.view.render.cells import MOST_ROWS
        from hansa.view.render.text import aligned_text, plain_table

        if not self.is_for_people:
            self._write(encode_table(table, self._format, raw=self._raw))
        elif self._is_on_a_terminal:
            self._print(plain_table(table.slice(0, MOST_ROWS)))
        else:
            self._write_text(aligned_text(table))
        self._say_what_is_left_out(table.num_rows)
        if below:
            self.say(Group(*(Text(printable(line), style="dim") for line in below)))

    @property
    def _is_on_a_terminal(self) -> bool:
        return self.is_for_people and self._out is None and sys.stdout.isatty()

    def _say_what_is_left_out(self, rows: int) -> None:
        """That a terminal has the first rows only, of a table that nobody would read there to its end."""
        from hansa.view.render.cells import MOST_ROWS

        if self._is_on_a_terminal and rows > MOST_ROWS:
            left = f"The first {MOST_ROWS:,} of {rows:,} rows are shown, {rows - MOST_ROWS:,} more are there: "
            self.say(Text(f"{left}pipe the output, or name a file with --out, to have all", style="bold"))

    def _print(self, table: RenderableType) -> None:
        _console(sys.stdout).print(table)

    def _write_text(self, text: str) -> None:
        if self._out is None:
            sys.stdout.write(text)  # in its own encoding
        else:
            self._write(text.encode())

    def _write(self, content: bytes) -> None:
        if self._out is None:
            sys.stdout.flush()
            sys.stdout.buffer.write(content)
            return
        try:
            self._out.write_bytes(content)
        except OSError as failure:
            raise ConfigError(f"--out {self._out}: cannot be written ({failure.strerror}); name another file") from None

    def say(self, message: RenderableType) -> None:
        """Print a message on standard error."""
        if self._format is Format.TABLE and self._out is None and self.messages.is_terminal:
            self.messages.print()
        self.messages.print(message)


@contextmanager
def errors_end_the_command(messages: Console) -> Iterator[None]:
    """Each error that a person can act on becomes its text on standard error and its exit code, without a traceback."""
    try:
        yield
    except RefusedError as refused:
        where = f" in {refused.field}" if refused.field else ""
        _explain(messages, f"Refused, {refused.code}{where}:", refused.rule, refused.remedy)
        raise typer.Exit(ExitCode.USAGE) from None
    except ConfigError as wrong:
        _explain(messages, "Configuration:", str(wrong))
        raise typer.Exit(ExitCode.USAGE) from None
    except PeerError as broken:
        _explain(messages, "Not trusted, and nothing of it is shown:", str(broken))
        raise typer.Exit(ExitCode.UNTRUSTED) from None
    except (CoordinatorError, UnreachableError) as silent:
        _explain(messages, "No answer:", str(silent))
        raise typer.Exit(ExitCode.INCOMPLETE) from None


def _explain(messages: Console, what: str, rule: str, remedy: str = "") -> None:

    messages.print(Text.assemble((printable(what), "bold red"), " ", printable(rule)))
    if remedy:
        messages.print(Text.assemble(("Remedy:", "bold"), " ", printable(remedy)))


def _format_of(out: Path | None) -> Format:
    """What the file's name says; a table where it says nothing. An .xlsx is never filled with something else."""
    if out is None:
        return Format.TABLE
    found = _SUFFIXES.get(out.suffix.lower())
    if found is None:
        text = f"{out.suffix} is no format; end the name in {', '.join(filter(None, _SUFFIXES))}, or give --format"
        raise typer.BadParameter(text, param_hint="--out")
    return found


def _console(file: TextIO) -> Console:
    return Console(file=file, width=None if file.isatty() else _UNFOLDED, highlight=False)
