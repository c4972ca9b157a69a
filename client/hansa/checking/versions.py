"""Versions of all parts: Hansa, its protocol, Python, the libraries that numbers and connections rest on, the roles."""

from __future__ import annotations

import platform
import re
from collections.abc import Iterator
from importlib.metadata import EntryPoint, PackageNotFoundError, entry_points, requires, version

from hansa.commands import ENTRY_POINT_GROUP

_LIBRARIES = ("cryptography", "duckdb", "grpcio", "numpy", "protobuf", "pyarrow", "sqlglot")
_REQUIREMENT = re.compile(r"""(?P<name>[\w.-]+).*;.*\bextra\s*==\s*['"](?P<extra>[\w-]+)['"].*""")


def versions() -> Iterator[tuple[str, str]]:
    """Name and version of each part, and of each role whether it can run here."""
    yield "hansa", version("hansa")
    yield "protocol", "hansa.v1"
    yield "python", f"{platform.python_version()} on {platform.system()} {platform.machine()}"
    for name in _LIBRARIES:
        yield name, _installed(name)
    for role in sorted(entry_points(group=ENTRY_POINT_GROUP), key=lambda each: each.name):
        yield role.name, _runs(role)


def _installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


def _runs(role: EntryPoint) -> str:
    """Whether what its extra brings is there: it is looked for by name, and nothing is loaded."""
    missing = next((name for name in _needed(role.name) if _installed(name) == "not installed"), None)
    return "installed" if missing is None else f"needs {missing}: pip install 'hansa[{role.name}]'"


def _needed(extra: str) -> Iterator[str]:
    for line in requires("hansa") or ():
        needed = _REQUIREMENT.fullmatch(line)
        if needed and needed["extra"] == extra and needed["name"] != "hansa":
            yield needed["name"]
