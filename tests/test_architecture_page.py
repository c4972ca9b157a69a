"""The page on architecture names files, functions and rooms that exist."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
PLACES = sorted(set(re.findall(r"`([\w/]+/[\w/]+\.py)(?::([\w.]+))?`", PAGE)))
ROOMS = re.findall(r"^\| `(\w+/hansa\w*)/`[^|]*\|([^|]*)\|$", PAGE, flags=re.MULTILINE)


def defined_in(file: Path) -> set[str]:
    names = set()
    for node in ast.parse(file.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            names.add(node.name)
            if isinstance(node, ast.ClassDef):
                names |= {f"{node.name}.{each.name}" for each in node.body if hasattr(each, "name")}
    return names


@pytest.mark.parametrize(("path", "name"), PLACES, ids=[":".join(filter(None, place)) for place in PLACES])
def test_what_the_page_names_is_there(path: str, name: str) -> None:
    found = [file for file in (ROOT / path, ROOT / "node" / "hansa_node" / path) if file.is_file()]
    assert found, f"{path} does not exist"
    assert not name or name in defined_in(found[0])


@pytest.mark.parametrize(("package", "told"), ROOMS, ids=[package for package, _ in ROOMS])
def test_the_map_lacks_no_room(package: str, told: str) -> None:
    rooms = {folder.parent.name for folder in (ROOT / package).glob("*/__init__.py")}
    named = set(re.findall(r"`(\w+)/`", told))
    assert named == rooms, f"named and not there: {named - rooms}; there and not named: {rooms - named}"
