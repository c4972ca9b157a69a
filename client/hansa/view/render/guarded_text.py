"""Guarded text: what came from others cannot act where it ends up, on a terminal or in a spreadsheet."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import TYPE_CHECKING

from hansa_core.printable import printable

if TYPE_CHECKING:
    import pyarrow as pa

_FORMULA = re.compile(r"[\s\ufeff]*[=+\-@\uff1d\uff0b\uff0d\uff20|]")  # what a spreadsheet computes, full-width too
_STEERING = re.compile(r"[^\n -~]")


def for_spreadsheet(text: str) -> str:
    """The text with a quote before what a spreadsheet would compute, and with characters that steer as escapes."""
    plain = _visible(text, printable)
    return f"'{plain}" if _FORMULA.match(text) else plain


def guard_texts(table: pa.Table) -> pa.Table:
    """The table with its text columns, and the columns' names, as `for_spreadsheet`; every other value as it is."""
    import pyarrow as pa

    from hansa_core.partial.arrow_arrays import array_of  # pa.array would load pandas

    for index, field in enumerate(table.schema):
        name, column = for_spreadsheet(field.name), table.column(index)
        if pa.types.is_string(field.type) or pa.types.is_large_string(field.type):
            texts = [None if text is None else for_spreadsheet(text) for text in column.to_pylist()]
            column = array_of(texts, pa.string())
        table = table.set_column(index, name, column)
    return table


def visible_json(document: str) -> str:
    """The JSON text, of the same meaning, with every character that could steer a terminal as JSON's own escape."""
    return _visible(document, lambda char: json.dumps(char)[1:-1])


def _visible(text: str, escaped: Callable[[str], str]) -> str:
    def judged(found: re.Match[str]) -> str:
        char = found[0]
        return char if char.isprintable() else escaped(char)

    return _STEERING.sub(judged, text)
