"""A flat TOML file as text, with tables one level deep."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

TomlValue = str | int | Sequence[str]


def toml_text(head: str, entries: Mapping[str, TomlValue], **tables: Mapping[str, TomlValue]) -> bytes:
    """`head` as a comment, then the entries, then the tables. Texts hold printable characters only."""
    lines = [f"# {line}" for line in head.splitlines()]
    lines += [f"{key} = {_value(value)}" for key, value in entries.items()]
    for name, table in tables.items():
        lines += ["", f"[{name}]", *(f"{key} = {_value(value)}" for key, value in table.items())]
    return "\n".join([*lines, ""]).encode()


def _value(value: TomlValue) -> str:
    # Without escapes for what is not ASCII, a JSON text, list of texts or whole number is a TOML one.
    return json.dumps(value if isinstance(value, (str, int)) else list(value), ensure_ascii=False)
