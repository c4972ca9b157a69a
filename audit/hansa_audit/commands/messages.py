"""Output of the auditor's commands: errors that end them in words, and lines for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, TextIO

import typer
from rich.console import Console, RenderableType

from hansa.output import errors_end_the_command

STALE = 6
"""The exit code where everything holds and the log is older than --max-age allows."""
MaxAgeOption = Annotated[
    str | None,
    typer.Option(
        "--max-age", metavar="D", help="End with 6 where the log is older, such as 30m, 12h or 7d. Default: any age."
    ),
]
_UNFOLDED = 10_000  # columns: in a pipe no line is folded


def to_stdout(lines: RenderableType) -> None:
    """Lines for people, on standard output."""
    _console(sys.stdout).print(lines)


@contextmanager
def errors() -> Iterator[Console]:
    """Each error that a person can act on ends the command, with its text; the console is on standard error."""
    messages = _console(sys.stderr)
    with errors_end_the_command(messages):
        yield messages


def _console(file: TextIO) -> Console:
    return Console(file=file, width=None if file.isatty() else _UNFOLDED, highlight=False)
