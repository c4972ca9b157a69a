"""Stable codes: where the source gives each, whether one is really born there, and which tests say that they see to it.

Codes are found by following them from what bears one back through the functions that hand one on, so that a new code is
noticed wherever it is given.
"""

from __future__ import annotations

import ast
import re
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType
from typing import Any

from hansa.errors import TrustError
from hansa_core.errors import RefusedError
from hansa_core.partial.answer import Refusal
from hansa_wire.codec.progress import CityEvent

ROOT = Path(__file__).parents[2]
PACKAGES = ("audit", "client", "coordinator", "core", "governance", "local", "node", "protos/hansa_wire")
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
BEARERS: Mapping[type, int | None] = {RefusedError: 0, TrustError: 0, Refusal: 0, CityEvent: None}
"""What bears a code: by keyword `code`, or at this place of its arguments."""

Bearers = dict[str, int | None]


@dataclass(frozen=True)
class Place:
    """The lines of a call that gives a code."""

    file: str
    first: int
    last: int

    def holds(self, frame: FrameType) -> bool:
        return frame.f_code.co_filename == self.file and self.first <= frame.f_lineno <= self.last


@lru_cache(maxsize=1)
def places() -> Mapping[str, tuple[Place, ...]]:
    """Where each code is given."""
    trees = {
        path: ast.parse(path.read_text()) for package in PACKAGES for path in sorted((ROOT / package).rglob("*.py"))
    }
    bearers = _with_those_that_hand_on(list(trees.values()))
    named = {name: text for tree in trees.values() for name, text in _constants(tree).items()}
    found: defaultdict[str, list[Place]] = defaultdict(list)
    for path, tree in trees.items():
        for call in _calls(tree):
            given = _given_code(call, bearers)
            code = named.get(given.id) if isinstance(given, ast.Name) else getattr(given, "value", None)
            if isinstance(code, str) and CODE.fullmatch(code):
                found[code].append(Place(str(path), call.lineno, call.end_lineno or call.lineno))
    return {code: tuple(given) for code, given in sorted(found.items())}


@contextmanager
def births() -> Iterator[set[str]]:
    """The codes that are born meanwhile, in any thread, at a place of the source that gives them."""
    born: set[str] = set()
    made = {kind: kind.__init__ for kind in BEARERS}  # type: ignore[misc]

    def watched(kind: type) -> Any:
        def init(self: Any, *arguments: Any, **named: Any) -> None:
            made[kind](self, *arguments, **named)
            if any(place.holds(frame) for frame in _frames() for place in places().get(self.code, ())):
                born.add(self.code)

        return init

    for kind in BEARERS:
        kind.__init__ = watched(kind)  # type: ignore[misc]
    try:
        yield born
    finally:
        for kind, whole in made.items():
            kind.__init__ = whole  # type: ignore[misc]


def marked_codes() -> frozenset[str]:
    """The codes that the tests are marked to produce: named in the mark, or in the parameter that the mark names."""
    found: set[str] = set()
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                found.update(_marked(node))
    return frozenset(found)


def produced_by(mark: Any, parameters: Mapping[str, Any]) -> set[str]:
    """The codes that a test with this mark and these parameters has to produce."""
    return {*mark.args, *(parameters[name] for name in mark.kwargs.values())}


def _marked(function: ast.FunctionDef | ast.AsyncFunctionDef) -> Iterator[str]:
    decorators = [each for each in function.decorator_list if isinstance(each, ast.Call)]
    every = (call for each in decorators for call in _calls(each))  # a parameter may have a mark of its own
    for mark in (call for call in every if ast.unparse(call.func) == "pytest.mark.produces"):
        yield from (ast.literal_eval(each) for each in mark.args)
        for word in mark.keywords:
            yield from _values_of(ast.literal_eval(word.value), decorators)


def _values_of(parameter: str, decorators: Sequence[ast.Call]) -> Iterator[str]:
    for each in decorators:
        if ast.unparse(each.func) != "pytest.mark.parametrize":
            continue
        names = ast.literal_eval(each.args[0])
        listed = names.split(",") if isinstance(names, str) else names
        if parameter in listed and isinstance(each.args[1], ast.List):
            for case in each.args[1].elts:
                one = case.elts[listed.index(parameter)] if isinstance(case, ast.Tuple) else case
                if isinstance(one, ast.Constant) and isinstance(one.value, str):
                    yield one.value


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe(2)
    while frame is not None:
        yield frame
        frame = frame.f_back


def _given_code(call: ast.Call, bearers: Bearers) -> ast.expr | None:
    """What a call gives as a code, if it bears one."""
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in bearers:
        return None
    by_keyword = next((word.value for word in call.keywords if word.arg == "code"), None)
    place = bearers[name]
    if by_keyword is None and place is not None and len(call.args) > place:
        return call.args[place]
    return by_keyword


def _calls(tree: ast.AST) -> Iterator[ast.Call]:
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call))


def _with_those_that_hand_on(modules: Sequence[ast.Module]) -> Bearers:
    """The bearers, and every function that hands its parameter `code` to one of them."""
    bearers: Bearers = {kind.__name__: place for kind, place in BEARERS.items()}
    functions = [
        node for tree in modules for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    known = 0
    while known < len(bearers):
        known = len(bearers)
        for function in functions:
            names = [argument.arg for argument in function.args.args if argument.arg not in ("self", "cls")]
            given = (_given_code(call, bearers) for call in _calls(function))
            if any(isinstance(each, ast.Name) and each.id == "code" for each in given):
                bearers.setdefault(function.name, names.index("code") if "code" in names else None)
    return bearers


def _constants(tree: ast.Module) -> dict[str, str]:
    """The texts that a module names in capitals."""
    named = (node for node in tree.body if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant))
    return {
        target.id: str(node.value.value)  # type: ignore[attr-defined]
        for node in named
        for target in node.targets
        if isinstance(target, ast.Name)
    }
