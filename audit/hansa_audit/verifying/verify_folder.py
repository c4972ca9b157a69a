"""Checks a fetched log: signatures, quorum, every file, every entry, and all that must agree with it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hansa_audit.folder.findings import AuditFinding, FileRule, Findings
from hansa_audit.folder.log_folder import CHECKPOINT, LogFolder
from hansa_audit.folder.rebuilt_tree import RebuiltTree, split_hashes
from hansa_audit.folder.trusted_keys import Trusted, claimed, trusted_of
from hansa_audit.verifying.claims import Claims, check_claims, claims_of
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.audit import Audit, Subject
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.cosignature import cosignature_time
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.note import Note, VerifierKey, read_note
from hansa_core.tlog.tiles import TILE_WIDTH, Tile, decode_bundle, tile_at
from hansa_local.trust_anchor import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class Cosigned:
    """A witness of the policy. `at_unix_s`: when it saw the checkpoint as the log's largest; None: it did not say."""

    witness: str
    at_unix_s: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What came out. `size`, `root`: those that the checkpoint claims; with a finding nothing of it is proven.

    `dropped`: how many findings there were beyond the first thousand.
    """

    origin: str
    city: str | None
    size: int
    root: bytes
    witnesses: tuple[Cosigned, ...]
    quorum: str
    receipts: int
    openings: int
    rests_on: str
    is_anchored: bool
    findings: tuple[AuditFinding, ...]
    dropped: int

    @property
    def holds(self) -> bool:
        return not self.findings

    def to_json(self) -> dict[str, Any]:
        return {
            "holds": self.holds,
            "log": self.origin,
            "city": self.city,
            "size": self.size,
            "root": self.root.hex(),
            "quorum": self.quorum,
            "witnesses": [{"name": each.witness, "cosigned_at_unix_s": each.at_unix_s} for each in self.witnesses],
            "receipts": self.receipts,
            "openings": self.openings,
            "rests_on": self.rests_on,
            "keys_from_outside": self.is_anchored,
            "findings": [finding.to_json() for finding in self.findings],
            "findings_left_out": self.dropped,
        }


def verify_folder(
    root: Path,
    *,
    policy: Path | None = None,
    anchor: TrustAnchor | None = None,
    since: Path | None = None,
    receipts: Iterable[Path] = (),
) -> Verdict:
    """Check all of it, offline. Raises ConfigError for no such folder, PeerError where there is nothing to check by."""
    folder, findings = LogFolder.existing(root), Findings()
    trusted = trusted_of(folder, findings, policy_file=policy, anchor=anchor)
    note = folder.checkpoint()
    checkpoint = _signed(note, trusted, findings)
    claims = claims_of(folder, trusted, findings, since=since, receipts=receipts)
    entries = _Pass(folder, checkpoint, trusted, claims, findings)
    entries.run()
    return Verdict(
        origin=checkpoint.origin,
        city=entries.city,
        size=checkpoint.size,
        root=checkpoint.root,
        witnesses=_cosigned(read_note(note), trusted),
        quorum=trusted.policy.quorum,
        receipts=len(claims.promised),
        openings=len(claims.shown),
        rests_on=trusted.rests_on,
        is_anchored=trusted.is_anchored,
        findings=tuple(findings.kept),
        dropped=findings.dropped,
    )


def _signed(content: bytes, trusted: Trusted, findings: Findings) -> Checkpoint:
    """The checkpoint; unsigned where that is a finding. Raises PeerError where it cannot be read."""
    try:
        checkpoint = trusted.policy.check(content)
    except PeerError as broken:
        findings.add(CHECKPOINT, FileRule.SIGNATURE, broken)
        checkpoint = claimed(content)
    for name in trusted.strangers(read_note(content)):
        findings.add(CHECKPOINT, FileRule.SIGNATURE, f"is signed as {name} by a key that the folder does not name")
    return checkpoint


def _cosigned(note: Note, trusted: Trusted) -> tuple[Cosigned, ...]:
    return tuple(
        Cosigned(witness=each.key.name, at_unix_s=_time_or_none(note, each.key)) for each in trusted.policy.witnesses
    )


def _time_or_none(note: Note, key: VerifierKey) -> int | None:
    try:
        return cosignature_time(note, key)
    except PeerError:
        return None  # the signature that does not hold is a finding already


class _Pass:
    """One walk over all entries, bundle by bundle, in which everything is checked that needs them."""

    def __init__(
        self, folder: LogFolder, checkpoint: Checkpoint, trusted: Trusted, claims: Claims, findings: Findings
    ) -> None:
        self._folder = folder
        self._checkpoint = checkpoint
        self._trusted = trusted
        self._claims = claims
        self._findings = findings
        self._tree = RebuiltTree(self._compare, claims.sizes)
        self._audit: Audit | None = None
        self._is_judging = True
        self._wanted = claims.indices
        self._leaves: dict[int, tuple[bytes, Entry | None]] = {}
        self._differing: list[tuple[Tile, int]] = []
        self.city = None if trusted.member is None else trusted.member.city

    def run(self) -> None:
        size = self._checkpoint.size
        for index in range(-(-size // TILE_WIDTH)):
            if not self._take(tile_at(0, index, size)):
                return
        self._blame(are_entries_right=self._tree.finish() == self._checkpoint.root)
        if self._is_judging and self._audit is not None:
            self._judged(self._audit.finish())
        check_claims(
            self._claims,
            size=size,
            roots={at: root for at in self._claims.sizes if (root := self._tree.root_at(at)) is not None},
            leaves=self._leaves,
            findings=self._findings,
        )

    def _take(self, tile: Tile) -> bool:
        """Whether the walk can go on."""
        try:
            entries = decode_bundle(self._folder.bundle(tile), tile.width)
        except (ConfigError, PeerError) as broken:
            return self._skip(tile, broken)
        if self._is_judging:
            self._judge(tile.start, entries)
        self._tree.extend([leaf_hash(entry) for entry in entries])
        return True

    def _skip(self, tile: Tile, broken: Exception) -> bool:
        """Go on with the hashes of the entries, if they are there: the rest of the tree can be checked by them."""
        is_absent = isinstance(broken, ConfigError)
        self._findings.add(
            tile.entries_path, FileRule.MISSING if is_absent else FileRule.BUNDLE, _without(broken, tile)
        )
        self._is_judging = False
        try:
            self._tree.extend(split_hashes(self._folder.tile(tile), tile))
        except (ConfigError, PeerError) as also:
            self._findings.add(
                tile.path, FileRule.MISSING, f"neither entries nor hashes: nothing after it is checked ({also})"
            )
            return False
        return True

    def _judge(self, start: int, entries: Sequence[bytes]) -> None:
        for index, leaf in enumerate(entries, start=start):
            if self._audit is None:
                self._audit = Audit(self._subject(leaf))
            entry, found = self._audit.take(leaf)
            if index in self._wanted:
                self._leaves[index] = (leaf, entry)
            if found:
                self._judged(found)

    def _judged(self, found: Iterable[Any]) -> None:
        for each in found:
            tile = tile_at(0, each.index // TILE_WIDTH, max(self._checkpoint.size, 1))
            self._findings.add(tile.entries_path, each.rule, each.text, each.index)

    def _subject(self, first: bytes) -> Subject:
        if self.city is None:
            try:
                self.city = decode_entry(first).node
            except PeerError:
                self.city = ""
        key = self._trusted.log_key
        return Subject(city=self.city, origin=key.name, log_key=key.key, rosters=self._trusted.rosters)

    def _compare(self, tile: Tile, hashes: Sequence[bytes]) -> None:
        """Hold a tile of hashes against those that follow from the entries."""
        try:
            content = self._folder.tile(tile)
            if content == b"".join(hashes):
                return
            for number, (said, follows) in enumerate(zip(split_hashes(content, tile), hashes, strict=True)):
                if said != follows:
                    self._differing.append((tile, number))
        except ConfigError as absent:
            self._findings.add(tile.path, FileRule.MISSING, _without(absent, tile))
        except PeerError as broken:
            self._findings.add(tile.path, FileRule.TILE, _without(broken, tile))

    def _blame(self, *, are_entries_right: bool) -> None:
        """Where entries and hashes differ, the root says which of them are forged."""
        are_hashes_right = not are_entries_right and self._hashes_lead_to_the_root()
        if not are_entries_right and not are_hashes_right:
            self._findings.add(CHECKPOINT, FileRule.ROOT, "its root is not the one that follows from the entries")
        for tile, number in self._differing:
            at = (tile.start + number) << (8 * tile.level)
            if are_hashes_right and tile.level == 0:
                self._findings.add(tile.entries_path, FileRule.BUNDLE, "the entry is not the one that was signed", at)
            elif not are_hashes_right:
                text = f"hash {number} is not the one that follows from the entries from {at} on"
                self._findings.add(tile.path, FileRule.TILE, text)

    def _hashes_lead_to_the_root(self) -> bool:
        """Whether all hashes of level 0, without the entries, make the signed root."""
        size = self._checkpoint.size
        tree = RebuiltTree(lambda tile, hashes: None)
        try:
            for index in range(-(-size // TILE_WIDTH)):
                tile = tile_at(0, index, size)
                tree.extend(split_hashes(self._folder.tile(tile), tile))
        except (ConfigError, PeerError):
            return False
        return tree.finish() == self._checkpoint.root


def _without(broken: Exception, tile: Tile) -> str:
    """The text without the file's name, which the finding has."""
    name = "" if tile.level else f"{tile.entries_path}: "
    return str(broken).removeprefix(f"{tile.path}: ").removeprefix(name)
