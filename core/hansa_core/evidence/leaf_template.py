"""Templates of leaves: what entries have alike is read once, and only the fields in which they differ are looked at."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from struct import Struct
from typing import Any, NamedTuple

from hansa_core.documents.canonical_json import MAX_INTEGER
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.record import Record, records_in

_DIGEST = rb"[0-9a-f]{64}"
_HEX = b"0123456789abcdef"
_OPENING = re.compile(rb'"opening":\{([^}]*)\}')
_COMMITMENT = re.compile(rb'"([a-z_]+)":"(' + _DIGEST + rb')"')
_SAFE_DIGITS = len(str(MAX_INTEGER)) - 1
_MOST_KEPT = 4096  # templates; a log that has more different entries is read more slowly
_MOST_LAYOUTS = 16  # of one length, each of which may have to be tried


@dataclass(frozen=True, slots=True, eq=False)
class LeafTemplate:
    """What leaves have alike that differ only in free fields. `entry`: the first such entry, its free fields included.

    Free are the digests of an opening, and what the records of the entry name as `FREE`: of such a field any value of
    its kind makes an entry. `at`: where each stands among the free parts of a leaf, by name, in the leaf's order.
    """

    entry: Entry
    at: dict[str, tuple[int, ...]]
    digests: tuple[int, ...]
    counts: tuple[int, ...]
    commitments: frozenset[str]

    def admits(self, free: tuple[bytes, ...]) -> bool:
        """Whether each of the parts is of its field's kind."""
        if b"".join([free[place] for place in self.digests]).translate(None, _HEX):
            return False
        for place in self.counts:
            part = free[place]
            if not part.isdigit() or (part[0] == 0x30 and len(part) > 1):
                return False
            if len(part) > _SAFE_DIGITS and int(part) > MAX_INTEGER:
                return False
        return True


class ReadLeaf(NamedTuple):
    """A leaf that is an entry's one encoding: its template, and the bytes of its own free fields."""

    leaf: bytes
    template: LeafTemplate
    free: tuple[bytes, ...]

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
    """Reads the leaves of a log, in any order: each that is like an earlier one by what was read then."""

    def __init__(self) -> None:
        self._layouts: dict[int, dict[str, _Layout]] = {}
        self._kept = 0

    def read(self, leaf: bytes) -> ReadLeaf:
        """The leaf. Raises PeerError, as `decode_entry` does, for bytes that are no entry."""
        for layout in self._layouts.get(len(leaf), _NONE).values():
            parts = layout.struct.unpack(leaf)
            template = layout.templates.get(parts[::2])
            if template is not None and template.admits(free := parts[1::2]):
                return ReadLeaf(leaf, template, free)
        return self._learn(leaf)

    def _learn(self, leaf: bytes) -> ReadLeaf:
        entry = decode_entry(leaf)
        free = sorted(_free_parts(leaf, entry), key=lambda part: part.start)
        layout = _layout_of(leaf, free)
        if self._kept >= _MOST_KEPT:
            self._layouts.clear()
            self._kept = 0
        layouts = self._layouts.setdefault(len(leaf), {})
        if len(layouts) >= _MOST_LAYOUTS:
            layouts.clear()
        layout = layouts.setdefault(layout.struct.format, layout)
        parts = layout.struct.unpack(leaf)
        template = layout.templates[parts[::2]] = _template_of(entry, free)
        self._kept += 1
        return ReadLeaf(leaf, template, parts[1::2])


class _Layout(NamedTuple):
    """Where the free fields of a leaf of some length lie, and the templates by the parts around them."""

    struct: Struct
    templates: dict[tuple[Any, ...], LeafTemplate]


_NONE: dict[str, _Layout] = {}


class _FreePart(NamedTuple):
    name: str
    start: int
    end: int
    is_digest: bool


def _layout_of(leaf: bytes, free: list[_FreePart]) -> _Layout:
    edges = [0, *(edge for part in free for edge in (part.start, part.end)), len(leaf)]
    widths = (end - start for start, end in pairwise(edges))
    return _Layout(Struct("".join(f"{width}s" for width in widths)), {})


def _template_of(entry: Entry, free: list[_FreePart]) -> LeafTemplate:
    at: dict[str, tuple[int, ...]] = {}
    for place, part in enumerate(free):
        at[part.name] = (*at.get(part.name, ()), place)
    return LeafTemplate(
        entry=entry,
        at=at,
        digests=tuple(place for place, part in enumerate(free) if part.is_digest),
        counts=tuple(place for place, part in enumerate(free) if not part.is_digest),
        commitments=frozenset(entry.body.commitments),
    )


def _free_parts(leaf: bytes, entry: Entry) -> list[_FreePart]:
    """The free fields of a leaf that was read.

    No text in it looks like a field: within a text a backslash stands before each quote.
    """
    free = [
        _FreePart(found[1].decode(), *found.span(found.lastindex or 0), is_digest=found.lastindex == 2)
        for found in _pattern_of(type(entry.body)).finditer(leaf)
    ]
    opening = _OPENING.search(leaf)
    if opening is not None:
        free += [
            _FreePart(f"opening.{found[1].decode()}", *found.span(2), is_digest=True)
            for found in _COMMITMENT.finditer(leaf, *opening.span(1))
        ]
    return free


_PATTERNS: dict[type[Record], re.Pattern[bytes]] = {}


def _pattern_of(body: type[Record]) -> re.Pattern[bytes]:
    """Matches each field that the records of an entry of this type name as free."""
    known = _PATTERNS.get(body)
    if known is None:
        records: tuple[type[Record], ...] = (Entry, body, *records_in(body))
        names = "|".join(name for record in records for name in record.FREE)
        known = _PATTERNS[body] = re.compile(rb'"(%s)":(?:"(%s)"|([0-9]+))' % (names.encode(), _DIGEST))
    return known
