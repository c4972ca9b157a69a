"""Matching: which column of a source is which of the contract's, by name, type and values."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import isnan

import duckdb

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import DataType
from hansa_node.drafting.names import likeness
from hansa_node.drafting.unit_names import NamedUnit, named_unit
from hansa_node.ingest.columns import BLANKS
from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.drafting.number_readings import plain_number
from hansa_tables.drafting.reading import ColumnReading
from hansa_tables.drafting.readings import reading_as

_SAME_NAME = 0.9
_LIKE_NAME = 0.5
_LEAST = 0.45
_ALL_VALUES = 0.98
_MOST_VALUES = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A source column for one of the contract's. `unit`: that its name says, where it is another one.

    `doubts`: why it may be another, in words.
    """

    column: ContractColumn
    look: ColumnLook
    reading: ColumnReading
    unit: str | None = None
    doubts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Pair:
    column: ContractColumn
    look: ColumnLook
    reading: ColumnReading
    unit: str | None
    name: float
    values: float
    is_unit: bool

    @property
    def score(self) -> float:
        if self.column.domain and self.column.type is DataType.TEXT and self.values >= _ALL_VALUES:
            return 0.8 + 0.2 * self.name
        if self.values < _MOST_VALUES and self.name < _SAME_NAME:
            return 0.0
        return 0.65 * self.name + 0.35 * self.values

    @property
    def doubts(self) -> Iterator[str]:
        by_values = self.column.domain is not None and self.values >= _ALL_VALUES and self.look.distinct > 1
        by_number = self.is_unit and self.look.is_unique
        if self.name < _SAME_NAME and not ((by_values or by_number) and self.name >= _LIKE_NAME):
            yield f"is {self.look.name} meant? Its values fit, and its name is another"
        yield from self.reading.doubts


def matches(
    connection: duckdb.DuckDBPyConnection, contract: Contract, looked: Sequence[ColumnLook]
) -> Mapping[str, Match]:
    """By the contract's columns; a column of the source is taken once. Columns that none fits are left out."""
    kinds = dict.fromkeys(column.type for column in contract.columns.values())
    readings = {(look.name, kind): reading_as(connection, look, kind) for look in looked for kind in kinds}
    pairs = [
        pair
        for column in contract.columns.values()
        for look in looked
        if (pair := _pair(contract, column, look, readings[look.name, column.type])) is not None
        and pair.score >= _LEAST
    ]
    found: dict[str, Match] = {}
    taken: set[str] = set()
    for pair in sorted(pairs, key=lambda each: -each.score):
        if pair.column.name not in found and pair.look.name not in taken and pair.name >= _LIKE_NAME:
            found[pair.column.name] = _match(pair)
            taken.add(pair.look.name)
    left = [pair for pair in pairs if pair.column.name not in found and pair.look.name not in taken]
    found |= {pair.column.name: _match(pair) for pair in _without_rival(left)}
    found |= dict(_second_uses(contract, found))
    return {name: found[name] for name in contract.columns if name in found}


def _without_rival(pairs: Sequence[_Pair]) -> Iterator[_Pair]:
    """Pairs of which neither side has another: what has no name in common is told by its values alone."""
    for pair in pairs:
        rivals = [each for each in pairs if pair.column is each.column or pair.look is each.look]
        if len(rivals) == 1 and pair.values >= _ALL_VALUES:
            yield pair


def _second_uses(contract: Contract, found: Mapping[str, Match]) -> Iterator[tuple[str, Match]]:
    """Times of a clock on the wall beside the same times in UTC: one column of the source gives both."""
    for column in contract.columns.values():
        if column.name in found or column.type is not DataType.TIMESTAMP:
            continue
        for name, other in found.items():
            if contract.columns[name].type is DataType.TIMESTAMP and stem(name) == stem(column.name):
                doubt = "one of the two is a clock on the wall: declare its zone as to_zone here, or as from_zone there"
                yield column.name, Match(column=column, look=other.look, reading=other.reading, doubts=(doubt,))


def stem(name: str) -> str:
    """A name without the ending that says which time, day or year of a thing it is."""
    for ending in ("_at", "_on", "_local", "_utc", "_year", "_date", "_day"):
        name = name.removesuffix(ending)
    return name


def _match(pair: _Pair) -> Match:
    return Match(column=pair.column, look=pair.look, reading=pair.reading, unit=pair.unit, doubts=tuple(pair.doubts))


def _pair(contract: Contract, column: ContractColumn, look: ColumnLook, reading: ColumnReading | None) -> _Pair | None:
    if reading is None:
        return None
    named = named_unit(column, look.name)
    return _Pair(
        column=column,
        look=look,
        reading=reading,
        unit=named.word,
        name=max(likeness(column.name, look.name), likeness(column.name, named.rest)),
        values=_values(contract, column, look, reading, named),
        is_unit=column.name == contract.unit,
    )


def _values(
    contract: Contract, column: ContractColumn, look: ColumnLook, reading: ColumnReading, named: NamedUnit
) -> float:
    """The share of rows whose value the contract's column may have, as far as the value tells."""
    if not look.said:
        return 0.0
    if column.domain is not None and column.type is DataType.TEXT:
        known = {spelt(str(value)) for value in column.domain}
        return _share(look, [spelt(text) in known for text, _ in look.said])
    if column.type.is_numeric and column.lower is not None and column.upper is not None:
        return reading.share * _share(look, [_is_within(column, text, reading, named) for text, _ in look.said])
    if column.name == contract.unit:
        return 1.0 if look.is_unique else 0.7
    if column.type is DataType.TEXT:
        return 0.6  # any text will do
    return reading.share


def spelt(text: str) -> str:
    """A word as it is compared with those of a domain: whatever its case, blanks and composition."""
    return bare(text).casefold()


def bare(text: str) -> str:
    """A word as ingest compares it with those of a domain: composed, and without what stands unseen around it."""
    return unicodedata.normalize("NFC", text).strip(BLANKS)


def _is_within(column: ContractColumn, text: str, reading: ColumnReading, named: NamedUnit) -> bool:
    assert column.lower is not None
    assert column.upper is not None
    try:
        number = float(plain_number(text, reading.keys))
    except ValueError:
        return False
    number = number * float(named.conversion.scale) + float(named.conversion.offset)
    return bool(column.lower <= number <= column.upper) or isnan(number)


def _share(look: ColumnLook, counts: Sequence[bool]) -> float:
    rows = [rows for _, rows in look.said]
    return sum(each for each, does in zip(rows, counts, strict=True) if does) / sum(rows)
