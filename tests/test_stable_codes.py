"""Every code that a person or a program may branch on stands in a test that produces it.

Codes are found in the source by following them from `RefusedError`, `TrustError`, `Refusal` and `CityEvent` back
through the functions that hand one on, so that a new code without a test is noticed.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from hansa.answering.coverage import ExitCode
from hansa_wire.rpc import status

ROOT = Path(__file__).parent.parent
PACKAGES = ("audit", "client", "coordinator", "core", "governance", "local", "node", "protos/hansa_wire")
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
BEARERS = {"RefusedError": 0, "TrustError": 0, "Refusal": 0, "CityEvent": None}
"""What bears a code: by keyword `code`, or at this place of its arguments."""

Bearers = dict[str, int | None]


def trees() -> list[ast.Module]:
    paths = (path for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py")))
    return [ast.parse(path.read_text()) for path in paths]


def given_code(call: ast.Call, bearers: Bearers) -> ast.expr | None:
    """What a call gives as a code, if it bears one."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in bearers:
        return None
    by_keyword = next((word.value for word in call.keywords if word.arg == "code"), None)
    place = bearers[name]
    if by_keyword is None and place is not None and len(call.args) > place:
        return call.args[place]
    return by_keyword


def calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def with_those_that_hand_on(modules: Sequence[ast.Module]) -> Bearers:
    """The bearers, and every function that hands its parameter `code` to one of them."""
    bearers: Bearers = dict(BEARERS)
    functions = [
        node for tree in modules for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    known = 0
    while known < len(bearers):
        known = len(bearers)
        for function in functions:
            names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
            given = (given_code(call, bearers) for call in calls(function))
            if any(isinstance(each, ast.Name) and each.id == "code" for each in given):
                bearers.setdefault(function.name, names.index("code") if "code" in names else None)
    return bearers


def constants(tree: ast.Module) -> dict[str, str]:
    """The texts that a module names in capitals."""
    named = (node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    return {
        target.id: str(node.value.value)  # type: ignore[attr-defined]
        for node in named
        for target in node.targets
        if isinstance(target, ast.Name)
    }


def codes() -> set[str]:
    modules = trees()
    bearers = with_those_that_hand_on(modules)
    named = {name: text for tree in modules for name, text in constants(tree).items()}
    found = set()
    for tree in modules:
        for given in (given_code(call, bearers) for call in calls(tree)):
            if isinstance(given, ast.Constant):
                found.add(given.value)
            elif isinstance(given, ast.Name) and given.id in named:
                found.add(named[given.id])
    return {code for code in found if isinstance(code, str) and CODE.fullmatch(code)}


CODES = sorted(codes())


@pytest.fixture(scope="module")
def tested() -> set[str]:
    """Every word in the tests and the golden files, but for this one."""
    files = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests" / "golden").glob("*.yaml")]
    return {word for path in files if path != Path(__file__) for word in re.findall(r"\w+", path.read_text())}


def test_codes_are_found_where_they_are_made_and_where_they_are_handed_on() -> None:
    direct, handed_on, by_name = "replay", "cannot_split", "unpinned_peer"
    assert {direct, handed_on, by_name, "receipt_missing", "circuit_open", "too_deep"} <= set(CODES)
    assert len(CODES) > 60


@pytest.mark.parametrize("code", CODES)
def test_each_code_stands_in_a_test(code: str, tested: set[str]) -> None:
    assert code in tested


@pytest.mark.parametrize("code", sorted(status.UNAUTHENTICATED_CODES | status.UNAVAILABLE_CODES))
def test_each_code_that_has_a_status_of_its_own_is_one_that_something_raises(code: str) -> None:
    assert code in CODES


@pytest.mark.parametrize("code", list(ExitCode))
def test_each_exit_code_is_one_that_a_command_ends_with_in_a_test(code: ExitCode) -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py") if path != Path(__file__))
    assert re.search(rf"exit_code(?:, [^)]*)?\)? == \(?{int(code)}\b|exit_code is ExitCode\.{code.name}\b", text)
