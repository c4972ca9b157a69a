"""Regular expressions that match whole leaves, made from the kinds of their fields, for reading logs quickly.

What one matches is RFC 8785 JSON that the schema admits, so neither JSON nor schema has to be read for it. They are
narrower than that: text with an escape in it is left to the general reader.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import Any

from hansa_core.documents.canonical_json import MAX_INTEGER
from hansa_core.evidence.kinds import SHA256, Choice, Digests, Flag, Kind, OneDigest, Text, Whole, Words
from hansa_core.evidence.record import Record, RecordField, fields_of

_PLAIN = re.compile(r"(?:[^\\^\"]|\\\.)*")  # a pattern that can match neither a quote nor a backslash
_MOST_KEPT = 4096

Read = Callable[[str], Any]


class UnreadError(Exception):
    """The text has the right shape and breaks another rule: the general reader says which."""


@dataclass(frozen=True, slots=True)
class LeafMember:
    """One field of an object. `pattern`: of its value, with one group around what `read` makes a value of.

    `read`: None for a text, which is its own value. `is_fixed`: the pattern has no group, and the field no value.
    """

    name: str
    pattern: str
    read: Read | None = None
    is_optional: bool = False
    is_fixed: bool = False


class ObjectPattern:
    """The one spelling of a JSON object with these members, the last of which by name is always there."""

    def __init__(self, members: Sequence[LeafMember]) -> None:
        ordered = sorted(members, key=lambda member: member.name)
        assert not ordered[-1].is_optional  # it takes no comma, and each one before it takes one
        self.pattern = _object(ordered)
        self.match = re.compile(self.pattern).fullmatch
        said = [member for member in ordered if not member.is_fixed]
        self._place = {member.name: number for number, member in enumerate(said)}
        self._read = {member.name: member.read for member in said}

    def plan(self, record: type[Record]) -> tuple[tuple[str, int, Read | None], ...]:
        """For each field of a record that stands in the object: its name, its group's number, and how it is read."""
        names = [each.name for each in fields_of(record) if each.name in self._place]
        return tuple((name, self._place[name], self._read[name]) for name in names)


def put_values(record: Record, plan: Sequence[tuple[str, int, Read | None]], groups: Sequence[str | None]) -> None:
    """Give a record that was not born yet its values. Raises UnreadError, and ValueError as its class does."""
    put = object.__setattr__  # the pattern has checked what the class would check at birth
    for name, number, read in plan:
        text = groups[number]
        put(record, name, text if read is None or text is None else read(text))


def members_of(cls: type[Record], *, without: Collection[str] = ()) -> list[LeafMember]:
    """The fields of a record, but for those `without`."""
    return [_member(each) for each in fields_of(cls) if each.name not in without]


def _object(members: Sequence[LeafMember]) -> str:
    *first, last = (f'"{member.name}":{member.pattern}' for member in members)
    commas = zip(members, first, strict=False)
    return r"\{" + "".join(f"(?:{text},)?" if each.is_optional else f"{text}," for each, text in commas) + last + r"\}"


def _member(field: RecordField) -> LeafMember:
    if field.kind is not None:
        pattern, read = _of_kind(field.kind)
    else:
        assert field.record is not None
        pattern, read = _of_record(field.record, is_many=field.is_many)
    return LeafMember(field.name, pattern, read, field.is_optional)


def _of_record(cls: type[Record], *, is_many: bool) -> tuple[str, Read]:
    one = ObjectPattern(members_of(cls))
    plan = one.plan(cls)
    kept: dict[str, Record] = {}  # a policy or a roster stands in every entry of its time

    def read(text: str) -> Record:
        known = kept.get(text)
        if known is None:
            match = one.match(text)
            assert match is not None
            known = cls.__new__(cls)
            put_values(known, plan, match.groups())
            known.check_together()
            if len(kept) >= _MOST_KEPT:
                kept.clear()
            kept[text] = known
        return known

    bare = _without_groups(one.pattern)
    if not is_many:
        return f"({bare})", read
    each = re.compile(bare)

    def read_many(text: str) -> tuple[Record, ...]:
        return tuple(map(read, each.findall(text))) if text else ()

    return rf"\[((?:{bare}(?:,{bare})*)?)\]", read_many


def _of_kind(kind: Kind) -> tuple[str, Read | None]:
    match kind:
        case Text():
            return _of_text(kind)
        case Choice():
            return f'"({"|".join(map(re.escape, kind.words))})"', None
        case Whole():
            return _of_whole(kind)
        case Flag():
            return "(true|false)", "true".__eq__
        case Digests():
            return _of_digests(kind)
        case OneDigest():
            return _of_one_digest(kind)
        case Words():
            return _of_words(kind)


def _of_text(kind: Text) -> tuple[str, Read | None]:
    if _PLAIN.fullmatch(kind.pattern):
        return f'"({kind.pattern})"', None
    good: set[str] = set()

    def read(text: str) -> str:
        if text not in good:
            if not kind.matches(text):
                raise UnreadError
            if len(good) >= _MOST_KEPT:
                good.clear()
            good.add(text)
        return text

    return r'"([^"\\\x00-\x1f]*)"', read


def _of_whole(kind: Whole) -> tuple[str, Read]:
    least = kind.least
    assert least >= 0

    def read(text: str) -> int:
        value = int(text)
        if not least <= value <= MAX_INTEGER:
            raise UnreadError
        return value

    return "(0|[1-9][0-9]{0,15})", read


def _of_digests(kind: Digests) -> tuple[str, Read]:
    names = sorted((*kind.needed, *kind.possible))
    digests = _object([LeafMember(name, f'"{SHA256.pattern}"', is_optional=name in kind.possible) for name in names])
    return f"({digests})", _read_digests


def _of_one_digest(kind: OneDigest) -> tuple[str, Read]:
    return rf'(\{{"(?:{"|".join(kind.names)})":"{SHA256.pattern}"\}})', _read_digests


def _read_digests(text: str) -> dict[str, str]:
    parts = text.split('"')  # names and digests in turn, with a mark of JSON between each two
    return dict(zip(parts[1::4], parts[3::4], strict=True))


def _of_words(kind: Words) -> tuple[str, Read]:
    assert _PLAIN.fullmatch(kind.each.pattern)
    one = f'"(?:{_without_groups(kind.each.pattern)})"'

    def read(text: str) -> tuple[str, ...]:
        words = tuple(text[1:-1].split('","')) if text else ()
        if len(words) > kind.most or len(set(words)) != len(words):
            raise UnreadError
        return words

    return rf"\[((?:{one}(?:,{one})*)?)\]", read


def _without_groups(pattern: str) -> str:
    """The same pattern, whose groups catch nothing."""
    return re.sub(r"(?<!\\)\((?!\?)", "(?:", pattern)
