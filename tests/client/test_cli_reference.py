"""Every command explains itself, and the page of commands is what they say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer.main

from hansa.cli import app
from hansa.cli_reference import main, reference


def leaves(command: Any, context: Any) -> Iterator[tuple[str, Any]]:
    if not hasattr(command, "list_commands"):
        yield context.command_path, command
        return
    for name in command.list_commands(context):
        child = command.get_command(context, name)
        yield from leaves(child, child.make_context(name, [], parent=context, resilient_parsing=True))


def test_the_help_of_every_command_has_an_example() -> None:
    root = typer.main.get_command(app)
    found = dict(leaves(root, root.make_context("hansa", [], resilient_parsing=True)))
    assert {"hansa query", "hansa catalogue"} <= found.keys()
    for path, command in found.items():
        assert f"Example: {path}" in (command.epilog or ""), path


def test_the_page_names_every_command_and_option() -> None:
    page = reference()
    for text in ("## `hansa query`", "`--min-cities N`", "## `hansa catalogue`", "Exit codes: 0"):
        assert text in page


def test_a_page_that_is_not_what_the_commands_say_is_found(tmp_path: Any) -> None:
    page = tmp_path / "cli.md"
    assert main(["--write", str(page)]) == 0
    assert main(["--check", str(page)]) == 0
    page.write_text(page.read_text() + "more", encoding="utf-8")
    assert main(["--check", str(page)]) == 1
