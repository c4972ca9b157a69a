"""Drafted columns: what a contract may say of each column of a file, and which look personal."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from unicodedata import normalize

import duckdb

from hansa_core.contract.personal import PersonalKind, personal_kind
from hansa_core.contract.spelling import folded, word_runs, words
from hansa_core.contract.types import DataType
from hansa_core.units.vocabulary import contract_unit
from hansa_tables.drafting.column_look import ColumnLook
from hansa_tables.drafting.figures import ColumnFigures, figures_of
from hansa_tables.drafting.personal_values import is_position, personal_values
from hansa_tables.drafting.reading import ColumnReading
from hansa_tables.drafting.readings import reading_of

_MOST_DOMAIN = 60
_LEAST_ROWS = 3  # a value of fewer rows may be one person's
_LONG_TEXT = 25  # letters, on average
_LONGEST_WORD = 50
_LONGEST_CODE = 2  # letters
_MOST_DECIMALS = 6
_YEARS = (1800, 2100)
_YEAR_NAMES = "year jahr annee ano anno jaar rok ar vuosi"
_YEAR_WORDS = frozenset(_YEAR_NAMES.split())
_LATITUDES = frozenset({"latitude", "lat", "breitengrad", "latitud", "latitudine"})
_ID_NAMES = "id nr no num number nummer numero key kennung code ref uuid guid"
_ID_WORDS = frozenset(_ID_NAMES.split())
_NUMBERS = frozenset({PersonalKind.PERSON, PersonalKind.NATIONAL_ID})
_PEOPLE = _NUMBERS | {
    PersonalKind.ACCOUNT,
    PersonalKind.PLATE,
    PersonalKind.EMAIL,
    PersonalKind.PHONE,
    PersonalKind.NAME,
}
_NICE = (1, 2, 5, 10)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnDraft:
    """`keys`: of the contract's column. `doubts`: what a person has to decide. `personal`: what it holds of people.

    `numbers_people`: whether it is the number of a person, so that it may be what a contract protects.
    `is_left_out`: whether it stands in a comment only.
    """

    name: str
    keys: Mapping[str, object]
    doubts: tuple[str, ...] = ()
    personal: str | None = None
    names_people: bool = False
    numbers_people: bool = False
    is_left_out: bool = False
    is_unique: bool = False
    looks_like_id: bool = False

    def as_identifier(self) -> ColumnDraft:
        """The same as what names the units, in the contract whatever it holds."""
        said = {"type": "text", "meaning": self.keys["meaning"], "identifier": True, "names_people": self.names_people}
        keys = {**said, "required": True, **({"unique": True} if self.is_unique else {})}
        return replace(self, keys=keys, doubts=(), is_left_out=False)


def draft_columns(connection: duckdb.DuckDBPyConnection, looked: Sequence[ColumnLook]) -> tuple[ColumnDraft, ...]:
    """One for each column of the file. Raises UnreadableTableError where what knows personal numbers is missing."""
    names = _names([look.name for look in looked])
    return tuple(_draft(connection, look, name) for look, name in zip(looked, names, strict=True))


def plain_name(text: str, otherwise: str) -> str:
    """A text as contracts write names; `otherwise` where it does not start with a letter."""
    plain = re.sub(r"[^a-z0-9]+", "_", folded(text, umlauts=True)).strip("_")
    return plain if re.match(r"[a-z]", plain) else otherwise


def _names(theirs: Sequence[str]) -> list[str]:
    """Names as contracts have them, each once."""
    found: list[str] = []
    for number, written in enumerate(theirs, start=1):
        plain = plain_name(written, f"column_{number}")
        plain = "city_name" if plain == "city" else plain[:60]
        found.append(plain if plain not in found else f"{plain}_{number}")
    return found


def _draft(connection: duckdb.DuckDBPyConnection, look: ColumnLook, name: str) -> ColumnDraft:
    reading = reading_of(connection, look)
    by_values = personal_values(look)
    by_name = personal_kind(look.name)
    kind = by_values or (None if by_name is PersonalKind.POSITION and not is_position(look) else by_name)
    looks_like_id = look.is_unique and reading.type in (DataType.TEXT, DataType.INTEGER)
    is_id = bool(word_runs(folded(look.name)) & _ID_WORDS)
    draft = ColumnDraft(
        name=name,
        keys={"type": reading.type.value, "meaning": look.name},
        doubts=reading.doubts,
        is_unique=look.is_unique,
        looks_like_id=looks_like_id and (is_id or kind is PersonalKind.PERSON),
    )
    if kind is None or not _is_personal(kind, by_values, look):
        return _with_values(connection, draft, look, reading)
    if reading.type is not DataType.TEXT:  # a text's own values are kept out of the contract
        draft = _with_values(connection, draft, look, reading)
    why = "by its values" if by_values is not None else "by its name"
    people = kind in _PEOPLE
    return replace(
        draft, personal=f"{kind}, {why}", names_people=people, numbers_people=kind in _NUMBERS, is_left_out=True
    )


def _is_personal(kind: PersonalKind, by_values: PersonalKind | None, look: ColumnLook) -> bool:
    """A name alone says nothing where its column has a handful of values: `customer` may be private or trade."""
    return by_values is not None or look.distinct > _LEAST_ROWS * 2 or look.distinct == look.rows


def _with_values(
    connection: duckdb.DuckDBPyConnection, draft: ColumnDraft, look: ColumnLook, reading: ColumnReading
) -> ColumnDraft:
    required = {"required": True} if look.nulls == 0 and not look.null_words else {}
    if reading.type.is_numeric:
        figures = figures_of(connection, look, reading)
        return draft if figures is None else _number(draft, look, reading, figures, required)
    if reading.type.is_temporal:
        part = "month" if reading.type is DataType.DATE else "hour"
        return replace(draft, keys={**draft.keys, **required, "key_part": part})
    if reading.type is DataType.BOOLEAN:
        return replace(draft, keys={**draft.keys, **required})
    return _text(draft, look, required)


def _text(draft: ColumnDraft, look: ColumnLook, required: Mapping[str, object]) -> ColumnDraft:
    if not look.said:
        return replace(draft, doubts=("it has no value in this file",), is_left_out=True)
    lengths = [len(text) for text, _ in look.said]
    if max(lengths) >= _LONGEST_WORD and sum(lengths) >= _LONG_TEXT * len(lengths):
        return replace(draft, personal="free text, which often names people", is_left_out=True)
    if 1 <= look.distinct <= _MOST_DOMAIN and look.distinct * 2 <= look.rows - look.nulls:
        usual = sorted(word for word, rows in _words(look).items() if rows >= _LEAST_ROWS and word)
        rare = len(look.said) - len(usual)
        if usual:
            doubts = ["these values become public: list all that any city may have"]
            if rare > 0:
                doubts.append(f"{rare:,} values of fewer than {_LEAST_ROWS} rows, or in another spelling, are left out")
            return replace(draft, keys={**draft.keys, **required, "domain": usual}, doubts=tuple(doubts))
    doubt = "it has no public values, so that below open nobody can group or filter by it: list them, or leave it out"
    return replace(draft, keys={**draft.keys, **required}, doubts=(doubt,))


def _words(look: ColumnLook) -> Mapping[str, int]:
    """The rows of each word, in the spelling that most of them have. `a` and `A` are two: they may be codes."""
    rows: Counter[str] = Counter()
    chosen: dict[str, str] = {}
    for text, count in look.said:  # the most frequent first
        word = normalize("NFC", text.strip())
        spelt = word.casefold() if len(word) > _LONGEST_CODE else word
        rows[chosen.setdefault(spelt, word)] += count
    return rows


def _number(
    draft: ColumnDraft, look: ColumnLook, reading: ColumnReading, figures: ColumnFigures, required: Mapping[str, object]
) -> ColumnDraft:
    whole = reading.type is DataType.INTEGER
    if whole and _YEARS[0] <= figures.least and figures.greatest <= _YEARS[1] and _is_year(look.name):
        first, last = int(figures.least) // 10 * 10, int(figures.greatest) // 10 * 10 + 9
        keys = {"unit": "year", "quantum": 1, "lower": first, "upper": last, "domain": {"from": first, "to": last}}
        return replace(draft, keys={**draft.keys, **required, **keys})
    if personal_kind(look.name) is PersonalKind.POSITION:
        most = 90 if word_runs(folded(look.name)) & _LATITUDES else 180
        keys = {"unit": "degrees", "quantum": 0.001, "lower": -most, "upper": most}
        return replace(draft, keys={**draft.keys, **required, **keys})
    decimals = 0 if whole else min(max(figures.decimals, 0), _MOST_DECIMALS)
    quantum: int | float = 1 if decimals == 0 else float(f"1e-{decimals}")
    lower = 0 if figures.least >= 0 else -_beyond(-figures.least)
    keys = {
        "quantum": quantum if decimals < 5 else f"0.{'0' * (decimals - 1)}1",
        "lower": lower,
        "upper": _beyond(figures.greatest),
    }
    unit = _unit(look.name, reading)
    doubts = [
        *draft.doubts,
        "the bounds are round numbers beyond what this file has: write what is plausible in any city",
    ]
    if unit is None:
        doubts.append("in which unit is it? A code of UCUM such as km, a currency such as EUR, or {trips} for a count")
    said = {**draft.keys, **({"unit": unit} if unit else {}), **required, **keys}
    return replace(draft, keys=said, doubts=tuple(doubts))


def _is_year(name: str) -> bool:
    plain = words(folded(name))
    return any(word in _YEAR_WORDS or word.endswith(("jahr", "year")) for word in plain)


def _beyond(value: float) -> int:
    """The next of 1, 2, 5, 10, … above a tenth more than the value: it shows nobody's."""
    step, wanted = 1, max(value, 0) * 1.1 + 0.5
    while True:
        for each in _NICE:
            if each * step >= wanted:
                return each * step
        step *= 10


def _unit(name: str, reading: ColumnReading) -> str | None:
    """By what stands around the numbers, or at the end of the column's name."""
    strip = reading.keys.get("strip")
    for affix in strip if isinstance(strip, list) else ():
        if (found := contract_unit(str(affix))) is not None:
            return found
    parts = re.split(r"[\s_()\[\]-]+", name)
    return next((found for word in reversed(parts[1:]) if word and (found := contract_unit(word)) is not None), None)
