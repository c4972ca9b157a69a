"""Every command explains itself, and the page of commands is what they say."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import typer.main

from hansa.cli import app

ROOT = Path(__file__).parents[2]


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


def generate(option: str, page: Path) -> int:
    command = [sys.executable, str(ROOT / "docs" / "generate_cli.py"), option, str(page)]
    return subprocess.run(command, capture_output=True, check=False).returncode


def test_the_page_names_every_command_and_option() -> None:
    committed = ROOT / "docs" / "cli.md"
    assert generate("--check", committed) == 0
    page = committed.read_text(encoding="utf-8")
    for text in ("## `hansa query`", "`--min-cities N`", "## `hansa catalogue`", "Exit codes: 0"):
        assert text in page


def test_a_page_that_is_not_what_the_commands_say_is_found(tmp_path: Path) -> None:
    page = tmp_path / "cli.md"
    assert generate("--write", page) == 0
    assert generate("--check", page) == 0
    page.write_text(page.read_text(encoding="utf-8") + "more", encoding="utf-8")
    assert generate("--check", page) == 1
