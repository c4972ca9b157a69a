"""Templates of leaves: what entries have alike is read once, and only the fields in which they differ are looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from struct import Struct
from typing import NamedTuple

from hansa_core.documents.canonical_json import MAX_INTEGER
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.record import Record, records_in

_HEX, _ZERO = b"0123456789abcdef", ord("0")
_SAFE_DIGITS = len(str(MAX_INTEGER)) - 1
_MOST_KEPT = 4096  # templates; a log that has more different entries is read more slowly
_MOST_SPLITS = 16  # of leaves of one length, each of which may have to be tried
_Parts = tuple[bytes, ...]
_ENDING, _OPENING = b'"type":"', b'"opening":'


@dataclass(frozen=True, slots=True, eq=False)
class LeafTemplate:
    """What leaves have alike that differ only in free fields. `entry`: the first such entry, its free fields included.

    Free are the digests of an opening, and what the records of the entry name as `FREE` and no rule of it looks at: of
    such a field any value of its kind makes an entry. `at`: where each stands among the free parts of a leaf, by name,
    in the leaf's order.
    """

    entry: Entry
    at: dict[str, tuple[int, ...]]
    digests: tuple[int, ...]
    counts: tuple[int, ...]
    commitments: frozenset[str]

    def admits(self, free: _Parts) -> bool:
        """Whether each of the parts is of its field's kind."""
        if b"".join([free[place] for place in self.digests]).translate(None, _HEX):
            return False
        for place in self.counts:
            part = free[place]
            if not part.isdigit() or (part[0] == _ZERO and len(part) > 1):
                return False
            if len(part) > _SAFE_DIGITS and int(part) > MAX_INTEGER:
                return False
        return True


class ReadLeaf(NamedTuple):
    """A leaf that is an entry's one encoding: its template, and the bytes of its own free fields."""

    leaf: bytes
    template: LeafTemplate
    free: _Parts

    @property
    def entry(self) -> Entry:
        """The entry itself, read anew."""
        return decode_entry(self.leaf)

    @property
    def time_unix_s(self) -> int:
        return self.count("time_unix_s")

    def count(self, name: str) -> int:
        """A free number that stands in the leaf once."""
        return int(self.free[self.template.at[name][0]])

    def counts(self, name: str) -> list[int]:
        """A free number as often as it stands in the leaf, in that order."""
        return [int(self.free[place]) for place in self.template.at.get(name, ())]

    def digest(self, name: str) -> str:
        """A free digest that stands in the leaf once, in hex."""
        return self.free[self.template.at[name][0]].decode()


class LeafReader:
    """Reads the leaves of a log, in any order: each that is like an earlier one by what was read then.

    A leaf is split into fixed and free parts, first as an earlier one of its length was, then by the names of free
    fields. However it was split: with the fixed parts of a template, and free parts of the right kinds, it is an entry.
    """

    def __init__(self) -> None:
        self._templates: dict[_Parts, LeafTemplate] = {}
        self._splits: dict[tuple[int, int], dict[str, Struct]] = {}
        self._names: dict[bytes, set[frozenset[str]]] = {}

    def read(self, leaf: bytes) -> ReadLeaf:
        """The leaf. Raises PeerError, as `decode_entry` does, for bytes that are no entry."""
        for split in self._splits.get((len(leaf), leaf.find(_OPENING)), _NONE).values():
            parts = split.unpack(leaf)
            template = self._templates.get(parts[::2])
            if template is not None and template.admits(free := parts[1::2]):
                return ReadLeaf(leaf, template, free)
        return self._find(leaf)

    def _find(self, leaf: bytes) -> ReadLeaf:
        """Read a leaf whose free fields stand at other places than in earlier ones of its length."""
        for names in self._names.get(_ending_of(leaf), ()):
            split = _split_of(leaf, _free_parts(leaf, names))
            parts = split.unpack(leaf)
            template = self._templates.get(parts[::2])
            if template is not None and template.admits(free := parts[1::2]):
                self._keep(leaf, split)
                return ReadLeaf(leaf, template, free)
        return self._learn(leaf)

    def _learn(self, leaf: bytes) -> ReadLeaf:
        entry = decode_entry(leaf)
        names = _free_names(entry)
        free = _free_parts(leaf, names)
        if len(self._templates) >= _MOST_KEPT:
            self._templates.clear()
            self._splits.clear()
            self._names.clear()
        self._names.setdefault(_ending_of(leaf), set()).add(names)
        split = _split_of(leaf, free)
        self._keep(leaf, split)
        parts = split.unpack(leaf)
        template = self._templates[parts[::2]] = _template_of(entry, free)
        return ReadLeaf(leaf, template, parts[1::2])

    def _keep(self, leaf: bytes, split: Struct) -> None:
        splits = self._splits.setdefault((len(leaf), leaf.find(_OPENING)), {})
        if len(splits) >= _MOST_SPLITS:
            splits.clear()
        splits[split.format] = split


_NONE: dict[str, Struct] = {}


class _FreePart(NamedTuple):
    name: str
    start: int
    end: int
    is_digest: bool


def _split_of(leaf: bytes, free: list[_FreePart]) -> Struct:
    """Cuts leaves of this length before and after each free field."""
    edges = [0, *(edge for part in free for edge in (part.start, part.end)), len(leaf)]
    return Struct("".join([f"{end - start}s" for start, end in pairwise(edges)]))


def _template_of(entry: Entry, free: list[_FreePart]) -> LeafTemplate:
    at: dict[str, tuple[int, ...]] = {}
    for place, part in enumerate(free):
        at[part.name] = (*at.get(part.name, ()), place)
    return LeafTemplate(
        entry=entry,
        at=at,
        digests=tuple([place for place, part in enumerate(free) if part.is_digest]),
        counts=tuple([place for place, part in enumerate(free) if not part.is_digest]),
        commitments=frozenset(entry.body.commitments),
    )


def _ending_of(leaf: bytes) -> bytes:
    """Type and version of the schema, which end a leaf."""
    return leaf[leaf.rfind(_ENDING) :]


def _free_names(entry: Entry) -> frozenset[str]:
    """The free fields of an entry, and the commitments of its opening."""
    body = entry.body
    records: tuple[type[Record], ...] = (Entry, type(body), *records_in(type(body)))
    names = {name for record in records for name in record.FREE if not body.looks_at(name)}
    return frozenset((*names, *body.commitments))


def _free_parts(leaf: bytes, names: frozenset[str]) -> list[_FreePart]:
    """Where the fields of those names stand in a leaf.

    No text in it looks like a field: within a text a backslash stands before each quote.
    """
    free: list[_FreePart] = []
    for found in _pattern_of(names).finditer(leaf):
        number = found.lastindex or 0
        free.append(_FreePart(found[1].decode(), *found.span(number), number == _DIGEST_GROUP))
    return free


_DIGEST_GROUP = 2


@lru_cache(maxsize=64)
def _pattern_of(names: frozenset[str]) -> re.Pattern[bytes]:
    """Matches each field of one of these names that holds a digest or a count."""
    return re.compile(rb'"(%s)":(?:"([0-9a-f]{64})"|([0-9]+))' % "|".join(sorted(names)).encode())
