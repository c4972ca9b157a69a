"""Mapping entries: the keys that a manifest writes for each column of a contract, and what is unsure about them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.level import Level
from hansa_core.contract.personal import names_people
from hansa_core.contract.types import DataType
from hansa_core.manifest.manifest import LEAST_THRESHOLD
from hansa_core.nearest import near
from hansa_node.drafting.matching import Match, bare, spelt, stem
from hansa_tables.drafting.personal_values import personal_values

_MOST_SHOWN = 5
_LEAST_ROWS = LEAST_THRESHOLD  # of a value that a draft makes public: one of fewer may be one person's


@dataclass(frozen=True, slots=True, kw_only=True)
class MappingEntry:
    """One line of a mapping. `examples`: of the source. `doubts`: what a person has to decide.

    `hides_values`: the column identifies, or looks personal: a draft may be passed on, and shows none of its values.
    """

    column: str
    keys: Mapping[str, object]
    examples: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    hides_values: bool = False

    @property
    def is_mapped(self) -> bool:
        """Whether its values come from the source, rather than being one constant."""
        return "constant" not in self.keys


def entries(contract: Contract, found: Mapping[str, Match], unused: Sequence[str]) -> tuple[MappingEntry, ...]:
    """One for each column of the contract. `unused`: columns of the source that none is mapped from."""
    return tuple(
        _mapped(found[column.name], contract.least_level)
        if column.name in found
        else _derived(contract, column, found, unused)
        for column in contract.columns.values()
    )


def _mapped(match: Match, level: Level) -> MappingEntry:
    shown, left_out = city_values(match, level) if match.column.per_city else ((), 0)
    hides_values = left_out > 0 or _hides_values(match)
    keys: dict[str, object] = {"from": match.look.name, **match.reading.keys}
    doubts = list(match.doubts)
    if match.column.type is not DataType.TEXT or match.column.domain:
        known = {spelt(str(value)) for value in match.column.domain or ()}
        nulls = [word for word in match.look.null_words if spelt(word) not in known]
        if nulls:
            keys["null_values"] = nulls
    if match.column.per_city and (one_spelling := _one_spelling(match, shown)):
        keys["recode"] = one_spelling
    if left_out:
        why = f"they look personal, or have fewer than {_LEAST_ROWS} rows"
        doubts.append(f"{left_out:,} values are left out of the domain, which is public: {why}; add the city's words")
    if match.column.domain is not None and match.column.type is DataType.TEXT:
        recode, unknown = _recode(match)
        if recode:
            keys["recode"] = recode
        doubts += [f"{len(unknown):,} {_NOT_SHOWN}"] if unknown and hides_values else _first(unknown)
    if match.unit is not None:
        keys["unit"] = match.unit
        doubts.append(f"the name says {match.unit}, and the contract's unit is {match.column.unit}")
    return MappingEntry(
        column=match.column.name,
        keys=keys,
        examples=() if hides_values else match.reading.examples,
        doubts=tuple(doubts),
        hides_values=hides_values,
    )


_NOT_SHOWN = "values are none of the contract's; they are not shown, for the column looks personal"


def _hides_values(match: Match) -> bool:
    named = match.column.identifier or names_people(match.look.name)
    return named or personal_values(match.look) is not None


def city_values(match: Match, level: Level) -> tuple[tuple[str, ...], int]:
    """The words of a column whose values the city declares, each in its most frequent spelling; and how many are left
    out, since a domain is public: all of a column that looks personal, and below `open` those of few rows.
    """
    rows: Counter[str] = Counter()
    spellings = _spellings(match)
    for text, count in match.look.said:
        rows[spellings[spelt(text)]] += count
    least = 0 if level is Level.OPEN else _LEAST_ROWS
    shown = [] if _hides_values(match) else [word for word, count in rows.items() if count >= least]
    return tuple(sorted(shown)), len(rows) - len(shown)


def _one_spelling(match: Match, shown: Sequence[str]) -> dict[str, str]:
    """Other spellings of a word that is shown, in case or composition, with the most frequent one."""
    chosen = {spelling: word for spelling, word in _spellings(match).items() if word in shown}
    others = ((bare(text), chosen.get(spelt(text))) for text, _ in match.look.said)
    return {text: word for text, word in others if word is not None and text != word}


def _spellings(match: Match) -> dict[str, str]:
    found: dict[str, str] = {}
    for text, _ in match.look.said:
        found.setdefault(spelt(text), bare(text))
    return found


def _recode(match: Match) -> tuple[dict[str, str], list[str]]:
    """Words that are public ones but for their case; and a doubt about each word that is none."""
    public = {str(value) for value in match.column.domain or ()}
    by_spelling = {spelt(word): word for word in public}
    recode: dict[str, str] = {}
    unknown: list[str] = []
    for text, rows in match.look.said:
        word = by_spelling.get(spelt(text))
        if word is None:
            like = near(text, public)
            meant = (
                f"recode it to {like}?" if like else f"recode it to one of {', '.join(sorted(public)[:_MOST_SHOWN])}?"
            )
            unknown.append(f"{text!r} ({rows:,} rows) is no value of the contract: {meant}")
        elif bare(text) != word:
            recode[bare(text)] = word
    return recode, unknown


def _first(unknown: list[str]) -> list[str]:
    more = len(unknown) - _MOST_SHOWN
    return unknown[:_MOST_SHOWN] + ([f"{more:,} other values are none of the contract's either"] if more > 0 else [])


def _derived(
    contract: Contract, column: ContractColumn, found: Mapping[str, Match], unused: Sequence[str]
) -> MappingEntry:
    """A column that the source has not: the year of a date, or nothing."""
    dates = [name for name in found if contract.columns[name].type.is_temporal]
    if column.type is DataType.INTEGER and "year" in column.name.split("_") and dates:
        same = [name for name in dates if stem(name) == stem(column.name)]
        doubts = () if same or len(dates) == 1 else (f"of which date is it the year? There are {', '.join(dates)}",)
        return MappingEntry(column=column.name, keys={"year_of": (same or dates)[0]}, doubts=doubts)
    return MappingEntry(column=column.name, keys={"constant": None}, doubts=tuple(_missing(column, unused)))


def _missing(column: ContractColumn, unused: Sequence[str]) -> Iterator[str]:
    """A column may well be missing where the file has no other that it could be."""
    if column.required:
        yield "no column of the file looks like it, and it is required: no row can be kept until it is mapped"
    elif unused:
        others = ", ".join(unused[:_MOST_SHOWN]) + (", …" if len(unused) > _MOST_SHOWN else "")
        yield f"no column of the file looks like it; not used are {others}"
