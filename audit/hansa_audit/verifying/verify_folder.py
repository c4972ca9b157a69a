"""Checks a fetched log: signatures, quorum, every file, every entry, and all that must agree with it."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.folder.freshness import freshness_of
from hansa_audit.folder.log_folder import CHECKPOINT, READING, LogFolder
from hansa_audit.folder.reading import Reading, read_reading
from hansa_audit.folder.trusted_keys import Trusted, claimed, trusted_of
from hansa_audit.verifying.check_claims import check_claims, check_rules
from hansa_audit.verifying.claims import claims_of
from hansa_audit.verifying.entry_walk import EntryWalk
from hansa_audit.verifying.verdict import Cosigned, Verdict
from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.cosignature import cosignature_time
from hansa_core.tlog.note import Note, VerifierKey, read_note
from hansa_local.trust_anchor import TrustAnchor


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
    walk = EntryWalk(folder, checkpoint, trusted, claims, findings, is_signed=_is_signed(note, trusted))
    proven = walk.run()
    rules = 0
    if proven is not None:
        check_claims(claims, proven, trusted.rosters, findings)
        rules = check_rules(folder, proven, findings)
    return Verdict(
        origin=checkpoint.origin,
        city=walk.city,
        size=checkpoint.size,
        root=checkpoint.root,
        witnesses=_cosigned(read_note(note), trusted),
        quorum=trusted.policy.quorum,
        receipts=0 if proven is None else len(claims.promised),
        openings=0 if proven is None else len(claims.shown),
        rules=rules,
        rests_on=trusted.rests_on,
        is_anchored=trusted.is_anchored,
        freshness=freshness_of(note, trusted.policy, walk.newest_unix_s),
        reading=_reading(folder, checkpoint, findings),
        findings=findings.kept,
        dropped=findings.dropped,
    )


def _reading(folder: LogFolder, checkpoint: Checkpoint, findings: Findings) -> Reading | None:
    try:
        reading = read_reading(folder)
    except PeerError as broken:
        findings.add(READING, FileRule.UNCHECKED, broken)
        return None
    return reading if reading is not None and reading.is_of(checkpoint) else None


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


def _is_signed(note: bytes, trusted: Trusted) -> bool:
    """Whether the log's own key signed the checkpoint, with or without a quorum."""
    try:
        open_checkpoint(note, trusted.log_key)
    except PeerError:
        return False
    return True
