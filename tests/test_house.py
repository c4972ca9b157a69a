"""House rules that no linter knows: a module says plainly what it is, and a class name means one class."""

from __future__ import annotations

import ast
from collections import defaultdict
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = (
    "core/hansa_core",
    "protos/hansa_wire",
    "local/hansa_local",
    "tables/hansa_tables",
    "node/hansa_node",
    "coordinator/hansa_coordinator",
    "client/hansa",
    "audit/hansa_audit",
    "governance/hansa_league",
    "demo/hansa_demo",
    "redteam/hansa_redteam",
)
ASKING = frozenset({"How", "What", "When", "Where", "Whether", "Which", "Who", "Whom", "Why"})
MODULES = sorted(module for package in PACKAGES for module in (ROOT / package).rglob("*.py"))
SCRIPTS = sorted(
    module for folder in ("bench", "faults", "fuzz", "tests/support", "docs") for module in (ROOT / folder).glob("*.py")
)


@pytest.mark.parametrize("module", [*MODULES, *SCRIPTS], ids=lambda module: str(module.relative_to(ROOT)))
def test_a_modules_first_line_is_a_plain_statement(module: Path) -> None:
    first_line = (ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or "").partition("\n")[0]
    assert first_line.endswith((".", ")", ":")), f"{first_line!r} is no whole sentence"
    assert "?" not in first_line, f"{first_line!r} asks; say what the module does"
    assert first_line.partition(" ")[0] not in ASKING, f"{first_line!r} asks in other words; name the thing"


def test_a_class_name_means_one_class() -> None:
    places: dict[str, list[str]] = defaultdict(list)
    for module in MODULES:
        for node in ast.parse(module.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(module.relative_to(ROOT)))
    assert {name: where for name, where in places.items() if len(where) > 1} == {}


def test_no_docstring_asks_a_question() -> None:
    asking = []
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if (
                isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
                and "?" in ((ast.get_docstring(node) or "").partition("\n")[0])
            ):
                asking.append(f"{module.relative_to(ROOT)}:{node.lineno} {node.name}")
    assert asking == []


BARE_TASKS = {
    "protos/hansa_wire/rpc/background.py": "owns them",
    "protos/hansa_wire/attach/attach_rpc.py": "each function awaits the end of those that it began",
    "coordinator/hansa_coordinator/fan_out.py": "the iterator awaits its end, also where it is closed early",
    "coordinator/hansa_coordinator/hedge.py": "the function awaits the end of those that it began",
}
"""Modules that begin tasks outside a task group, and who sees to their end."""


def test_a_task_begins_in_a_task_group_or_has_a_named_owner() -> None:
    bare = set()
    for module in MODULES:
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                ("asyncio.create_task", "ensure_future", "get_running_loop().create_task", "loop.create_task")
            ):
                bare.add(str(module.relative_to(ROOT)))
    assert bare == BARE_TASKS.keys()
