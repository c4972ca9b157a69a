"""Every command that a message or a page tells somebody to run exists, with the options that it is given."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer.main

from hansa.cli import app

ROOT = Path(__file__).parents[1]
ROLES = ("node", "coordinator", "client", "audit", "governance", "demo", "redteam")
PACKAGES = ("core", "protos", "local", "tables", *ROLES)
MODULES = [path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")) if "_pb2" not in path.name]
PAGES = [page for page in (*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")) if page.name != "CHANGELOG.md"]

_QUOTED = re.compile(r"`(hansa [^`]+)`")
_EXAMPLE = re.compile(r"Example: (hansa .*)")
_IN_A_BLOCK = re.compile(r"^(?:\$ |[A-Z_]+=\S+ )*(hansa [^#|&\n]+)", re.MULTILINE)
_WORD = re.compile(r"[a-z][a-z-]*")


def texts(module: Path) -> Iterator[str]:
    """Every text in the module, the pieces of one f-string together: {…} stands for what is filled in."""
    inside: set[int] = set()
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in ast.walk(node)}
            yield "".join(part.value if isinstance(part, ast.Constant) else "{…}" for part in node.values)  # type: ignore[misc]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in inside:
            yield node.value


def named_in(text: str) -> list[str]:
    return [*_QUOTED.findall(text), *_EXAMPLE.findall(text)]


@cache
def tree() -> Any:
    return typer.main.get_command(app)


@cache
def unknown(command: str) -> str | None:
    """What `hansa` lacks of the command line; None: it can be run."""
    words = command.split()[1:]
    found = tree()
    while words and hasattr(found, "get_command") and (words[0] == "…" or _WORD.fullmatch(words[0])):
        name = words.pop(0)
        if name == "…":
            return None  # any command of the group
        found = found.get_command(None, name)
        if found is None:
            return name
    options = {option for parameter in found.params for option in (*parameter.opts, *parameter.secondary_opts)}
    for word in words:
        option = word.split("=")[0].rstrip(".,;:)\\")
        if option.startswith("--") and option not in options | {"--help", "--version"}:
            return option
    return None


def wrong(commands: list[str]) -> dict[str, str]:
    return {command: missing for command in commands if (missing := unknown(command)) is not None}


@pytest.mark.parametrize("package", PACKAGES)
def test_every_command_that_a_message_names_exists(package: str) -> None:
    modules = [module for module in MODULES if module.is_relative_to(ROOT / package)]
    assert wrong([command for module in modules for text in texts(module) for command in named_in(text)]) == {}


@pytest.mark.parametrize("page", PAGES, ids=[str(page.relative_to(ROOT)) for page in PAGES])
def test_every_command_that_a_page_names_exists(page: Path) -> None:
    text = page.read_text(encoding="utf-8")
    blocks = re.findall(r"^```(?:sh|console|bash)\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    in_blocks = [command for block in blocks for command in _IN_A_BLOCK.findall(block.replace("\\\n", " "))]
    assert wrong([*_QUOTED.findall(text), *in_blocks]) == {}


def test_a_command_that_does_not_exist_is_found() -> None:
    commands = ["hansa node mend", "hansa audit verify logs --colour", "hansa node recover --config node.toml", "hansa"]
    assert wrong(commands) == {"hansa node mend": "mend", "hansa audit verify logs --colour": "--colour"}
    assert sum(len(named_in(text)) for module in MODULES for text in texts(module)) > 30
