"""Readings: how a column's texts are read as a type, and what is unsure about it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import duckdb

from hansa_core.contract.types import DataType
from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.drafting.moment_readings import moment_readings
from hansa_tables.drafting.number_readings import number_readings
from hansa_tables.drafting.reading import ColumnReading

_MOST_OTHER = 0.02
"""The share of texts that a column of a type may have beside it: mistakes, which ingest counts."""
_TRUE = "true t yes y 1 ja j oui o vrai si sí s sim vero verdadero wahr x on tak kyllä ano igen da да ναι jah"
_FALSE = "false f no n 0 nein non faux não nao falso falsch off nie ei ne nem nu нет όχι οχι nej nee"
_YES, _NO = frozenset(_TRUE.split()), frozenset(_FALSE.split())
_READ_ANYWAY = frozenset({"true", "t", "yes", "y", "1", "false", "f", "no", "n", "0"})
"""Words that ingest reads as truth values by itself."""


def reading_as(connection: duckdb.DuckDBPyConnection, look: ColumnLook, kind: DataType) -> ColumnReading | None:
    """The best reading of a column as a type; None where none of its texts is read so."""
    if not look.said:
        return ColumnReading(type=kind)
    match kind:
        case DataType.BOOLEAN:
            found = _boolean(look)
        case DataType.INTEGER | DataType.NUMBER:
            found = max(number_readings(look, kind), key=lambda each: each.share, default=None)
        case DataType.DATE | DataType.TIMESTAMP:
            found = max(moment_readings(connection, look, kind), key=lambda each: each.share, default=None)
        case _:
            found = ColumnReading(type=kind, examples=look.examples)
    return found if found is not None and found.share > 0 else None


def reading_of(connection: duckdb.DuckDBPyConnection, look: ColumnLook) -> ColumnReading:
    """The reading of a column that nobody has described."""
    if not look.said or _is_code(look):
        return ColumnReading(type=DataType.TEXT, examples=look.examples)
    for kind in (DataType.BOOLEAN, DataType.DATE, DataType.TIMESTAMP, DataType.INTEGER, DataType.NUMBER):
        found = reading_as(connection, look, kind)
        if found is None or found.share < 1 - _MOST_OTHER or _is_far_fetched(found):
            continue
        if found.is_a_number:
            doubt = f"{found.examples[0]} is read as a day, and is a number as well"
            return replace(found, doubts=(*found.doubts, doubt))
        return found
    return ColumnReading(type=DataType.TEXT, examples=look.examples)


def _is_far_fetched(found: ColumnReading) -> bool:
    """Whether plain numbers would be times, or times numbers: that is for a contract to say."""
    return "format" in found.keys and (found.is_a_number or not found.type.is_temporal)


def _is_code(look: ColumnLook) -> bool:
    """Digits that are no number: a postcode starts with a zero."""
    digits = [text.strip() for text, _ in look.said if text.strip().isdecimal()]
    return any(text.startswith("0") and len(text) > 1 for text in digits)


def _boolean(look: ColumnLook) -> ColumnReading | None:
    words = {text: text.strip().casefold() for text, _ in look.said}
    if not set(words.values()) <= _YES | _NO:
        return None
    recode: dict[str, str] = {
        text: "true" if word in _YES else "false" for text, word in words.items() if word not in _READ_ANYWAY
    }
    doubts = () if len(set(words.values())) == 2 else ("it has one value only",)
    keys: Mapping[str, object] = {"recode": recode} if recode else {}
    return ColumnReading(type=DataType.BOOLEAN, keys=keys, examples=look.examples, doubts=doubts)
