"""Brings the documents of rules that a fetched log names, each held against its hash."""

from __future__ import annotations

from collections.abc import Iterator

from hansa.errors import UnreachableError
from hansa_audit.entries.named_rules import NamedRules, rules_named_by
from hansa_audit.fetching.log_source import LogSource, NotThereError
from hansa_audit.folder.log_folder import MAX_TEXT_BYTES, LogFolder
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.rule_entries import DatasetRegistered, PolicyPublished
from hansa_core.tlog.tiles import TILE_WIDTH, decode_bundle, tile_at

_NAMING = tuple(f'"type":"{body.TYPE}"'.encode() for body in (PolicyPublished, DatasetRegistered))


def fetch_rules(source: LogSource, folder: LogFolder, size: int) -> Iterator[str]:
    """Bring what the folder lacks; yields a note for each document that did not come.

    They are no part of what was signed but by their hashes: a log whose rules are not shown is fetched all the same.
    """
    for named in _named_in(folder, size):
        if folder.has(named.file):
            continue
        try:
            content = source.get(named.file, MAX_TEXT_BYTES)
            named.read(content)
        except (UnreachableError, NotThereError, ConfigError):
            yield f"{source.name}: does not show the {named.subject} that entry {named.index} names"
        except PeerError as broken:
            yield f"{source.name}: {named.file}: {broken}; it was not kept"
        else:
            folder.write(named.file, content)


def _named_in(folder: LogFolder, size: int) -> Iterator[NamedRules]:
    for index in range(-(-size // TILE_WIDTH)):
        tile = tile_at(0, index, size)
        for number, leaf in enumerate(decode_bundle(folder.bundle(tile), tile.width), start=tile.start):
            if any(kind in leaf for kind in _NAMING):
                try:
                    yield from rules_named_by(number, decode_entry(leaf).body)
                except PeerError:
                    continue  # what cannot be read is a finding of `hansa audit verify`
