"""Fetches a log to the auditor's disk: only what the city signed, and never less than lies there already."""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hansa.errors import TrustError, UnreachableError
from hansa_audit.fetching.fetch_rules import fetch_rules
from hansa_audit.fetching.incoming_tiles import IncomingTiles
from hansa_audit.fetching.log_source import LogSource, NotAllowedError, NotThereError
from hansa_audit.fetching.places import Wanted
from hansa_audit.folder.log_folder import (
    CHECKPOINT,
    OLD_ROSTERS,
    POLICY,
    RECEIPTS,
    ROSTER,
    VKEYS,
    LogFolder,
)
from hansa_audit.folder.reading import write_reading
from hansa_audit.folder.seen_checkpoints import Beginning, keep_contradicting, withdraw
from hansa_audit.folder.trusted_keys import keys_of, read_roster, vkeys_text
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import log_vkey, tlog_policy
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.note import MAX_NOTE_BYTES, Note, read_note, write_note
from hansa_core.tlog.policy import TlogPolicy
from hansa_core.tlog.policy_text import policy_text
from hansa_local.clock import utc_now

DEFAULT_MAX_ENTRIES = 10_000_000
_COSIGNING_S = 5.0  # a checkpoint is served at once, and its cosignatures come a moment later


@dataclass(frozen=True, slots=True, kw_only=True)
class Fetched:
    """What a fetch brought. `before`: how many entries lay there. `notes`: what the auditor should know besides."""

    origin: str
    size: int
    before: int
    files: int
    source: str
    notes: tuple[str, ...]


class ContradictionError(TrustError):
    """The log signed two roots that exclude each other; both are kept."""

    def __init__(self, text: str) -> None:
        super().__init__("contradiction", text)


class ShrunkError(TrustError):
    """The city shows less than it had shown before, of one and the same history: nothing is proven by it."""

    def __init__(self, text: str) -> None:
        super().__init__("shrunk", text)


class MirrorError(PeerError):
    """What a mirror shows does not hold, and nobody else shows the log: this says nothing about the city."""


def fetch_log(
    wanted: Wanted, root: Path, *, roster: Roster, document: bytes, max_entries: int = DEFAULT_MAX_ENTRIES
) -> Fetched:
    """Bring the folder to the log's newest checkpoint. `document`: the file of `roster`.

    Raises ContradictionError for two histories, ShrunkError where the city shows less than before, PeerError for a log
    that is not what it signed, MirrorError where only mirrors show one, ConfigError, UnreachableError.
    """
    folder, policy = LogFolder(root), tlog_policy(roster, wanted.member.city)
    held = _held(folder, wanted)
    notes: list[str] = []
    is_newest, broken_mirror = False, False
    for source in wanted.places():
        try:
            note, checkpoint = _newest(source, policy)
            if held is not None and checkpoint.size < held.size:
                notes.append(_earlier(source, folder, held, note, checkpoint))
                is_newest = True
                continue
            if checkpoint.size > max_entries:
                has = f"{source.name}: the log has {checkpoint.size} entries"
                raise ConfigError(f"{has}, and --max-entries allows {max_entries}; raise it")
            files = _bring(source, folder, held, note, checkpoint)
        except (UnreachableError, NotThereError) as away:
            notes.append(str(away))
            continue
        except (PeerError, NotAllowedError) as broken:
            if isinstance(broken, TrustError) or source not in wanted.mirrors or wanted.is_named_mirror:
                raise  # also two histories, which whoever shows them proves
            notes.append(str(broken))  # one mirror hides the log from nobody: the next one is asked
            broken_mirror = True
            continue
        _write_keys(folder, policy, roster, document)
        folder.write(CHECKPOINT, note)
        IncomingTiles.sweep(folder, 0 if held is None else held.size, checkpoint.size)
        write_reading(folder, checkpoint, source=source.name, now=utc_now())
        notes += _withdrawn(folder, checkpoint, wanted)
        others = (each for each in wanted.places() if each is not source)
        notes += fetch_rules((source, *others), folder, checkpoint.size)
        return Fetched(
            origin=checkpoint.origin,
            size=checkpoint.size,
            before=0 if held is None else held.size,
            files=files,
            source=source.name,
            notes=(*_why_a_mirror(source, wanted), *notes),
        )
    if broken_mirror and not is_newest:
        raise MirrorError("; ".join(notes))
    if held is None or not is_newest:
        raise UnreachableError("; ".join(notes) or f"{wanted.member.city} only dials out, and nobody mirrors its log")
    write_reading(folder, held, source="nobody has more", now=utc_now())
    notes += _withdrawn(folder, held, wanted)
    return Fetched(
        origin=held.origin, size=held.size, before=held.size, files=0, source="nobody has more", notes=tuple(notes)
    )


def _held(folder: LogFolder, wanted: Wanted) -> Checkpoint | None:
    """What the folder had before. Raises ConfigError where it is another log's, or cannot be believed any more."""
    if not folder.has(CHECKPOINT):
        _check_free(folder.root)
        return None
    origin = wanted.member.log_origin
    try:
        found = Checkpoint.parse(read_note(folder.checkpoint()).text)
        if found.origin != origin:
            raise ConfigError(f"{folder.root}: holds the log {found.origin}, not {origin}; name another folder")
        return open_checkpoint(folder.checkpoint(), log_vkey(wanted.member))
    except PeerError as broken:
        raise ConfigError(
            f"{folder.root}: its {CHECKPOINT} does not hold ({broken}); keep it as it is, and fetch into a new folder"
        ) from None


def _check_free(root: Path) -> None:
    """A fetch that was broken off leaves tiles, each of which holds; receipts may wait for the log."""
    try:
        others = sorted({each.name for each in root.iterdir()} - {"tile", RECEIPTS}) if root.exists() else []
    except OSError as failure:
        raise ConfigError(f"{root}: cannot hold a log ({failure.strerror}); name another folder") from None
    if others:
        raise ConfigError(
            f"{root}: holds {others[0]} and no {CHECKPOINT}; name a new folder, or one with a fetched log"
        )


def _newest(source: LogSource, policy: TlogPolicy) -> tuple[bytes, Checkpoint]:
    """The checkpoint that enough witnesses cosigned; lines by unknown keys, which say nothing, are left out."""
    patience = time.monotonic() + _COSIGNING_S
    while True:
        content = source.get(CHECKPOINT, MAX_NOTE_BYTES)
        try:
            checkpoint = policy.check(content)
            return _by_known_keys(content, policy), checkpoint
        except PeerError as broken:
            try:
                lacks = policy.missing(read_note(content))
            except PeerError:  # it is no note at all
                raise PeerError(f"{source.name}: {CHECKPOINT}: {broken}; nothing was kept") from None
            if lacks and source.is_mirror and time.monotonic() > patience:
                open_checkpoint(content, policy.logs[0].key)  # unsigned, it is worse than early
                raise NotThereError(f"{source.name}: has no checkpoint of a quorum now: {lacks}") from None
            if not lacks or time.monotonic() > patience:
                raise PeerError(f"{source.name}: {CHECKPOINT}: {broken}; nothing was kept") from None
        time.sleep(0.2)


def _by_known_keys(content: bytes, policy: TlogPolicy) -> bytes:
    keys = {(key.name, key.key_id) for key in keys_of(policy)}
    note = read_note(content)
    return write_note(Note(note.text, tuple(each for each in note.signatures if (each.name, each.key_id) in keys)))


def _earlier(source: LogSource, folder: LogFolder, held: Checkpoint, note: bytes, checkpoint: Checkpoint) -> str:
    """What to say of a source that shows fewer entries than the folder has.

    Raises ContradictionError where they are of another history, ShrunkError where the city itself shows them.
    """
    root = _root_held(folder, held, checkpoint.size)
    if root not in (checkpoint.root, None):
        text = f"signed a root at {checkpoint.size} entries that the {held.size} of the folder exclude: it forked"
        raise _kept(folder, f"{source.name}: {text}", note)
    said = f"{source.name}: has {checkpoint.size} entries, fewer than the folder"
    if source.is_live:
        raise ShrunkError(
            f"{said}, which has {held.size}: it was set back, or shows an earlier state. "
            "This alone proves nothing; what the folder held stays. Fetch again later, and ask the city"
        )
    if root is None:
        return f"{said}, which cannot be compared, since a tile is lost"
    return f"{said}; it lags behind" if source.is_mirror else f"{said}: an earlier state of the same log"


def _bring(source: LogSource, folder: LogFolder, held: Checkpoint | None, note: bytes, checkpoint: Checkpoint) -> int:
    """Write the tiles of the checkpoint; returns how many files. Raises ContradictionError, having kept the note."""
    if held is not None:
        _root_held(folder, held, held.size)
        if checkpoint.size == held.size and checkpoint.root != held.root:
            raise _kept(folder, f"{source.name}: signed two different roots at {held.size} entries: it forked", note)
    tiles = IncomingTiles(source, folder, checkpoint)
    beginning = tiles.collect_hashes(held)
    if beginning is not None:
        text = f"what it signed at {checkpoint.size} entries does not begin with the {beginning.size} of the folder"
        raise _kept(folder, f"{source.name}: {text}: it forked", note, beginning)
    return tiles.write()


def _root_held(folder: LogFolder, held: Checkpoint, size: int) -> bytes | None:
    """The root of the first `size` entries; None where a tile is lost. Raises ConfigError where tiles are damaged."""
    if IncomingTiles.root_held(folder, held, held.size) not in (held.root, None):
        raise ConfigError(
            f"{folder.root}: its tiles are not those of its {CHECKPOINT}; "
            "`hansa audit verify` names the damaged one: delete it and fetch again"
        )
    return IncomingTiles.root_held(folder, held, size)


def _kept(folder: LogFolder, text: str, note: bytes, beginning: Beginning | None = None) -> ContradictionError:
    name = keep_contradicting(folder, note, beginning)
    return ContradictionError(
        f"{text}. What the folder held stays; the checkpoint that contradicts it is kept in {name}"
    )


def _withdrawn(folder: LogFolder, checkpoint: Checkpoint, wanted: Wanted) -> list[str]:
    """What was kept as a contradiction and is none, as the log now shows."""
    key = log_vkey(wanted.member)
    return list(withdraw(folder, key, checkpoint.size, lambda size: IncomingTiles.root_held(folder, checkpoint, size)))


def _write_keys(folder: LogFolder, policy: TlogPolicy, roster: Roster, document: bytes) -> None:
    if folder.has(ROSTER):
        old = folder.read(ROSTER)
        if old != document:
            _keep_older(folder, old, roster)
    folder.write(ROSTER, document)
    folder.write(POLICY, policy_text(policy))
    folder.write(VKEYS, vkeys_text(policy))


def _keep_older(folder: LogFolder, old: bytes, roster: Roster) -> None:
    try:
        version = read_roster(old, None).version
    except (PeerError, ValueError):
        return  # a damaged one proves nothing, and the good one takes its place
    if version > roster.version:
        raise ConfigError(
            f"{folder.root}: has roster {version}, the profile's is {roster.version}; bring the profile's up to date"
        )
    if version < roster.version:
        folder.write(f"{OLD_ROSTERS}/{version}.json", old)


def _why_a_mirror(source: LogSource, wanted: Wanted) -> Iterator[str]:
    if wanted.is_named_mirror:
        yield f"this is what {source.name} keeps of the log of {wanted.member.city}: a mirror, which may lag behind"
    elif source.is_mirror and wanted.own is None:
        yield f"{wanted.member.city} only dials out: its log was read at a mirror"
    elif source.is_mirror:
        yield f"{wanted.member.city} itself did not answer: its log was read at a mirror"
