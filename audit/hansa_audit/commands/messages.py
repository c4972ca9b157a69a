"""Output of the auditor's commands: errors that end them in words, and lines for people."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, TextIO

import typer
from rich.console import Console, RenderableType

from hansa.output import errors_end_the_command
from hansa_core.errors import ConfigError

if TYPE_CHECKING:
    from hansa_audit.languages.language import Language

STALE = 6
"""The exit code where everything holds and the log is older than --max-age allows."""
MaxAgeOption = Annotated[
    str | None,
    typer.Option(
        "--max-age", metavar="D", help="End with 6 where the log is older, such as 30m, 12h or 7d. Default: any age."
    ),
]
LanguageOption = Annotated[
    str,
    typer.Option(
        "--language", metavar="TAG", help="Of the pages, such as de or en-GB; or a catalogue of your own, FILE.po."
    ),
]
DEFAULT_LANGUAGE = "en-GB"
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


def chosen_language(name: str, messages: Console) -> Language:
    """The language of the pages. Raises ConfigError, also where what pages need is not installed."""
    from importlib.util import find_spec

    if not all(map(find_spec, ("jinja2", "babel"))):
        raise ConfigError("pages need jinja2 and babel, which are not installed; run `pip install 'hansa[audit]'`")
    from hansa_audit.languages.language import language_of

    language = language_of(name)
    if language.missing:
        text = f"Note: the catalogue has no words for {language.missing} texts, which stay English"
        messages.print(text, markup=False)
    return language


def _console(file: TextIO) -> Console:
    return Console(file=file, width=None if file.isatty() else _UNFOLDED, highlight=False)
