"""Writes `docs/cli.md` from the commands themselves: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer.main
from generated import write_or_check

from hansa.cli import app

_HEAD = "# The `hansa` command\n\nMade from the commands by `python docs/generate_cli.py`; do not edit.\n"


def reference() -> str:
    """The whole command tree in Markdown."""
    command = typer.main.get_command(app)
    return "\n".join([_HEAD, *_pages(command, command.make_context("hansa", [], resilient_parsing=True))])


def page(target: Path) -> dict[Path, bytes]:
    """The page, as the file that it is written to."""
    return {target: reference().encode()}


def main(arguments: Sequence[str]) -> int:
    """Print the page, or `--write FILE` it, or `--check FILE`: 1 if the file is not what would be written."""
    if not arguments:
        sys.stdout.write(reference())
        return 0
    return write_or_check(arguments, page, told="the commands")


def _pages(command: Any, context: Any) -> Iterator[str]:
    """The command's own section, then those of the commands below it, in the order of `--help`."""
    path = context.command_path
    yield f"## `{path}`\n"
    yield f"{command.help or command.get_short_help_str()}\n"
    yield f"```\n{' '.join([path, *command.collect_usage_pieces(context)])}\n```\n"
    rows = [_row(parameter, context) for parameter in command.get_params(context)]
    if rows:
        yield "\n".join(["| | |", "|---|---|", *rows, ""])
    if command.epilog:
        yield f"{command.epilog}\n"
    if not hasattr(command, "list_commands"):
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        if child is not None and not child.hidden:
            yield from _pages(child, child.make_context(name, [], parent=context, resilient_parsing=True))


def _row(parameter: Any, context: Any) -> str:
    record = parameter.get_help_record(context)
    assert record is not None, parameter.name
    names, text = (" ".join(part.split()).replace("|", "\\|").replace("\\[", "[") for part in record)
    return f"| `{names}` | {text} |"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
