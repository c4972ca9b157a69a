"""Kinds of values in the log's fields: each checks a value, and says the same in JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from hansa_core.contract.level import Level
from hansa_core.documents.canonical_json import MAX_INTEGER
from hansa_core.league.names import ORIGIN_PATTERN

_SHOWN = 80  # an error shows no more of a foreign value


@dataclass(frozen=True, slots=True)
class Text:
    """A string that `pattern` matches as a whole. Python, Rust, RE2 and ECMAScript read the pattern alike."""

    pattern: str
    meaning: str
    _compiled: re.Pattern[str] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_compiled", re.compile(self.pattern))

    def check(self, value: object, name: str) -> None:
        if not isinstance(value, str) or self._compiled.fullmatch(value) is None:
            raise ValueError(f"{name} {repr(value)[:_SHOWN]} must be {self.meaning}")
        if not value.isascii():
            value.encode()  # half of a surrogate pair has no bytes

    def matches(self, text: str) -> bool:
        """Whether the pattern matches it as a whole."""
        return self._compiled.fullmatch(text) is not None

    def schema(self) -> dict[str, Any]:
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": self.meaning}


@dataclass(frozen=True, slots=True)
class Choice:
    """One of a closed list of words."""

    words: tuple[str, ...]

    def check(self, value: object, name: str) -> None:
        if not isinstance(value, str) or value not in self.words:
            raise ValueError(f"{name} {repr(value)[:_SHOWN]} must be one of {', '.join(self.words)}")

    def schema(self) -> dict[str, Any]:
        return {"enum": [str(word) for word in self.words]}


@dataclass(frozen=True, slots=True)
class Whole:
    """An integer that survives a reader who only knows doubles."""

    least: int

    def check(self, value: object, name: str) -> None:
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= MAX_INTEGER:
            raise ValueError(f"{name} {repr(value)[:_SHOWN]} must be an integer from {self.least} to 2^53 - 1")

    def schema(self) -> dict[str, Any]:
        return {"type": "integer", "minimum": self.least, "maximum": MAX_INTEGER}


@dataclass(frozen=True, slots=True)
class Flag:
    """True or false."""

    def check(self, value: object, name: str) -> None:
        if value is not True and value is not False:
            raise ValueError(f"{name} {repr(value)[:_SHOWN]} must be true or false")

    def schema(self) -> dict[str, Any]:
        return {"type": "boolean"}


@dataclass(frozen=True, slots=True)
class Digests:
    """An entry's salted commitments: one SHA-256 for each of `needed`, and none beyond those and `possible`."""

    needed: tuple[str, ...]
    possible: tuple[str, ...] = ()

    def check(self, value: object, name: str) -> None:
        digests = value if isinstance(value, Mapping) else {}
        for missing in self.needed:
            if missing not in digests:
                raise ValueError(f"{name} must hold a digest of {missing}")
        for each, digest in digests.items():
            if each not in self.needed and each not in self.possible:
                raise ValueError(f"{name} has no field {repr(each)[:_SHOWN]}")
            SHA256.check(digest, f"{name}.{each}")

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: SHA256.schema() for name in (*self.needed, *self.possible)},
            "required": list(self.needed),
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class OneDigest:
    """The salted commitment to exactly one of `names`."""

    names: tuple[str, ...]

    def check(self, value: object, name: str) -> None:
        digests = value if isinstance(value, Mapping) else {}
        if len(digests) != 1 or next(iter(digests)) not in self.names:
            raise ValueError(f"{name} must hold one digest, of {' or '.join(self.names)}")
        for each, digest in digests.items():
            SHA256.check(digest, f"{name}.{each}")

    def schema(self) -> dict[str, Any]:
        return {
            "type": "object",
            "properties": {name: SHA256.schema() for name in self.names},
            "minProperties": 1,
            "maxProperties": 1,
            "additionalProperties": False,
        }


@dataclass(frozen=True, slots=True)
class Words:
    """A list of at most `most` different texts of one kind."""

    each: Text
    most: int

    def check(self, value: object, name: str) -> None:
        if not isinstance(value, tuple) or len(value) > self.most or len(set(value)) != len(value):
            raise ValueError(f"{name} must be at most {self.most} different texts")
        for text in value:
            self.each.check(text, name)

    def schema(self) -> dict[str, Any]:
        return {"type": "array", "items": self.each.schema(), "maxItems": self.most, "uniqueItems": True}


Kind = Text | Choice | Whole | Flag | Digests | OneDigest | Words

COUNT = Whole(0)
CITY = Text("[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?", "a city's name, one DNS label")
SOFTWARE = Text("[0-9A-Za-z][0-9A-Za-z.+_-]{0,63}", "a software version")
SHA256 = Text("[0-9a-f]{64}", "32 bytes in lower-case hex")
LEDGER = Text("[a-z0-9][a-z0-9._/-]{0,99}", "the name of a ledger")
OPENING_FIELD = Text(
    "query|analyst|policy_hash|manifest_hash|causes|steward|deny|limits|reason",
    "the name of a field that an entry commits to",
)
TABLE = Text("[a-z][a-z0-9_]{0,62}", "the name of a published table")

Hex32 = Annotated[str, SHA256]
City = Annotated[str, CITY]
Software = Annotated[str, SOFTWARE]
Origin = Annotated[str, Text(ORIGIN_PATTERN, "a log's origin, such as city.example:7405/log")]
# No control, no separator of lines and nothing that reorders text reaches a terminal.
# Beyond ASCII the characters themselves: RE2 does not know `\u`.
_UNSHOWN = "\\x00-\\x1f\\x7f-\\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb"
Shown = Annotated[str, Text(f"[^{_UNSHOWN}]{{1,100}}", "1 to 100 characters that can be shown")]
Purpose = Annotated[str, Text("[a-z0-9][a-z0-9_-]{0,63}", "a purpose of the league")]
Dataset = Annotated[
    str, Text(r"[a-z][a-z0-9_]*(?:\.[a-z][a-z0-9_]*)+/[1-9][0-9]{0,8}", "a contract such as housing.permits/1")
]
Code = Annotated[str, Text("[a-z][a-z0-9_]{0,63}", "a stable code in snake_case")]
Unit = Annotated[str, Text("[a-z][a-z0-9_]{0,31}", "the unit of a ledger, such as microrho")]
Count = Annotated[int, COUNT]
Version = Annotated[int, Whole(1)]
LevelName = Annotated[str, Choice(tuple(Level))]
YesNo = Annotated[bool, Flag()]
