"""YAML for people: a value on one line, so that it can stand among comments."""

from __future__ import annotations

import sys
from collections.abc import Mapping

import yaml

from hansa_core.printable import printable

_UNBROKEN = sys.maxsize


def yaml_line(value: object) -> str:
    """A value in YAML's flow style. Words that YAML reads as something else than text are put in quotes."""
    written = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=_UNBROKEN, sort_keys=False)
    return written.strip().removesuffix("...").strip()


def yaml_entry(key: str, value: object) -> str:
    """`key: value`, the value on the same line."""
    return f"{yaml_line(key)}: {yaml_line(dict(value) if isinstance(value, Mapping) else value)}"


def comment(text: str) -> str:
    """A line of a comment: what would end the line, or could not be seen in it, stands as an escape."""
    return f"# {printable(text)}"
