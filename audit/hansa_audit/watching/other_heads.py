"""Heads of a log that other cities tell, held against the log that was fetched."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hansa.errors import UnreachableError
from hansa_audit.fetching.log_source import LogSource, NotThereError
from hansa_audit.fetching.places import Wanted
from hansa_audit.folder.held_log import HeldLog
from hansa_audit.folder.log_folder import CHECKPOINT, tile_limit
from hansa_audit.folder.seen_checkpoints import Beginning, keep_contradicting
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.log_entries import PeerHead
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.note import MAX_NOTE_BYTES
from hansa_core.tlog.tiles import Tile, TileHashes

_CLOCKS_DIFFER_S = 15 * 60  # as `hansa audit join` allows


@dataclass(frozen=True, slots=True, kw_only=True)
class ToldHead:
    """A head of the log `origin`, as the log of the city `teller` has it in entry `index`, written at `at_unix_s`."""

    teller: str
    index: int
    origin: str
    size: int
    root: str
    at_unix_s: int


def told_heads(logs: Mapping[str, HeldLog]) -> Iterator[ToldHead]:
    """What each city wrote down when it cosigned another one's log."""
    for city, log in logs.items():
        for index, entry in log.entries():
            body = entry.body
            if isinstance(body, PeerHead):
                yield ToldHead(
                    teller=city,
                    index=index,
                    origin=body.origin,
                    size=body.size,
                    root=body.root,
                    at_unix_s=entry.time_unix_s,
                )


def contradicted_by(log: HeldLog, head: ToldHead) -> str | None:
    """Why the log and what the other city cosigned exclude each other; None where they agree.

    A head that is larger than the log is judged in a later round: the log may have been fetched before it.
    """
    if head.size > log.checkpoint.size or log.root_at(head.size).hex() == head.root:
        return None
    return (
        f"{head.teller} cosigned another root at {head.size} entries (entry {head.index} of its log) than the fetched "
        "log has: it was shown another history, or wrote what it did not see; it has to show the checkpoint"
    )


def withheld_from(log: HeldLog, heads: tuple[ToldHead, ...]) -> str | None:
    """Why the city shows less than it has: another one cosigned more before this was last seen as the newest.

    The two times are of different cities' clocks, so it is only said where no clock that is a little wrong explains it.
    """
    seen_unix_s = log.freshness.seen_at_unix_s
    for head in heads:
        if seen_unix_s is None or head.size <= log.checkpoint.size:
            continue
        if head.at_unix_s + _CLOCKS_DIFFER_S < seen_unix_s:
            return (
                f"{head.teller} had cosigned {head.size} entries before (entry {head.index} of its log), "
                f"and only {log.checkpoint.size} are shown"
            )
    return None


def mirrors_contradiction(log: HeldLog, wanted: Wanted) -> str | None:
    """Why a mirror's copy and the fetched log exclude each other; None where none that answers does.

    Both checkpoints are signed by the log's own key, so together they prove two histories: the mirror's is kept. One of
    more entries than the log was fetched with proves it with the hashes that show what it begins with.
    """
    for mirror in wanted.mirrors:
        try:
            note = mirror.get(CHECKPOINT, MAX_NOTE_BYTES)
            theirs = open_checkpoint(note, log.trusted.log_key)
            beginning = _beginning(mirror, theirs, log.checkpoint.size)
        except (UnreachableError, NotThereError, ConfigError, PeerError):
            continue  # a mirror that is away, turns the auditor away, or shows what the log never signed, says nothing
        size, root = (theirs.size, theirs.root) if beginning is None else (beginning.size, beginning.root)
        if log.root_at(size) != root:
            file = keep_contradicting(log.folder, note, beginning)
            return f"{mirror.name}: has a signed root at {theirs.size} entries that the log excludes; kept in {file}"
    return None


def _beginning(mirror: LogSource, theirs: Checkpoint, size: int) -> Beginning | None:
    """What a larger tree than one of `size` begins with, proven by the mirror's tiles; None where it is not larger.

    Raises PeerError where the tiles do not lead to the signed root, and as the mirror does.
    """
    if theirs.size <= size:
        return None
    known: dict[Tile, bytes] = {}

    def content(tile: Tile) -> bytes:
        if tile not in known:
            known[tile] = mirror.get(tile.path, tile_limit(tile))
        return known[tile]

    beginning = Beginning.of(size, theirs, TileHashes(theirs.size, content))
    beginning.check(theirs)
    return beginning
