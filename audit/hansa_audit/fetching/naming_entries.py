"""Entries of a fetched log that name documents of rules, found once and noted for the next fetch."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator, Mapping
from itertools import groupby

from hansa_audit.entries.named_rules import NAMING_BODIES, NamedRules, rules_named_by
from hansa_audit.folder.log_folder import NAMING, LogFolder
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.documents.strict_json import read_object
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import decode_entry
from hansa_core.tlog.tiles import TILE_WIDTH, decode_bundle, tile_at

_NAMING_TYPES = tuple(f'"type":"{body.TYPE}"'.encode() for body in NAMING_BODIES)


def documents_named(folder: LogFolder, size: int) -> list[NamedRules]:
    """Every document that the first `size` entries name: of those that were walked before by the note of them.

    The note is the folder's own and proves nothing; where it cannot be read, all entries are walked again.
    """
    walked, indices = _noted(folder, size)
    indices = [*indices, *_naming_in(folder, walked, size)]
    said = {"walked": size, "entries": indices}
    folder.write(NAMING, canonical_json({**said, "sha256": _hash(said)}))
    return [named for index, leaf in _leaves(folder, indices, size) for named in _named(index, leaf)]


def _noted(folder: LogFolder, size: int) -> tuple[int, list[int]]:
    """How many entries were walked, and which of them name documents."""
    try:
        note = read_object(folder.read(NAMING), NAMING).require(("walked", "entries", "sha256"))
        walked, indices, digest = note.whole("walked"), note.values["entries"], note.text("sha256")
    except (ConfigError, PeerError):
        return 0, []
    if digest != _hash({"walked": walked, "entries": indices}):
        return 0, []
    if walked > size or not isinstance(indices, list):
        return 0, []
    if not all(type(each) is int and 0 <= each < walked for each in indices):
        return 0, []
    return walked, sorted(set(indices))


def _hash(said: Mapping[str, object]) -> str:
    """Shows that nothing changed the note by accident."""
    return hashlib.sha256(canonical_json(said)).hexdigest()


def _naming_in(folder: LogFolder, start: int, size: int) -> Iterator[int]:
    for number in range(start // TILE_WIDTH, -(-size // TILE_WIDTH)):
        tile = tile_at(0, number, size)
        for index, leaf in enumerate(decode_bundle(folder.bundle(tile), tile.width), start=tile.start):
            if index >= start and any(kind in leaf for kind in _NAMING_TYPES) and _named(index, leaf):
                yield index


def _leaves(folder: LogFolder, indices: Collection[int], size: int) -> Iterator[tuple[int, bytes]]:
    for number, within in groupby(indices, key=lambda index: index // TILE_WIDTH):
        tile = tile_at(0, number, size)
        entries = decode_bundle(folder.bundle(tile), tile.width)
        yield from ((index, entries[index - tile.start]) for index in within)


def _named(index: int, leaf: bytes) -> tuple[NamedRules, ...]:
    try:
        return rules_named_by(index, decode_entry(leaf).body)
    except PeerError:
        return ()  # what cannot be read is a finding of `hansa audit verify`
