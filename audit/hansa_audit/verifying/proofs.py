"""Writes a proof that an entry lies in the log, for somebody who has no copy of it, and checks one."""

from __future__ import annotations

import sys
from pathlib import Path

from hansa.errors import TrustError
from hansa_audit.folder.held_log import HeldLog
from hansa_audit.folder.log_folder import read_bounded
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.witnesses import tlog_policy
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.note import read_note
from hansa_core.tlog.policy import TlogPolicy
from hansa_core.tlog.policy_text import MAX_POLICY_BYTES, parse_policy
from hansa_core.tlog.proof import MAX_PROOF_BYTES, decode_proof, encode_proof
from hansa_local.clock import utc_now
from hansa_local.trust_anchor import TrustAnchor, load_roster


def write_proof(log: HeldLog, index: int, out: Path | None) -> None:
    """The tlog-proof of an entry, to a file or to standard output. Raises ConfigError."""
    content = encode_proof(log.proof(index))
    if out is None:
        sys.stdout.buffer.write(content)
        sys.stdout.flush()
        return
    try:
        out.write_bytes(content)
    except OSError as failure:
        raise ConfigError(f"--out {out}: cannot be written ({failure.strerror}); name another file") from None


def check_proof_alone(path: Path, *, policy: Path | None, anchor: TrustAnchor | None) -> str:
    """What the proof proves by keys from elsewhere, without a copy of the log, in a sentence.

    `policy`: a tlog-policy. `anchor`: of whose roster the log is, where no policy is given. Raises TrustError unless it
    holds, ConfigError where there are no keys to check by.
    """
    try:
        proof = decode_proof(read_bounded(path, str(path), MAX_PROOF_BYTES))
        note = read_note(proof.checkpoint_note)
        trusted = _keys(Checkpoint.parse(note.text).origin, policy=policy, anchor=anchor)
        log_key = next((log.key for log in trusted.logs if log.key.name == Checkpoint.parse(note.text).origin), None)
        if log_key is None:
            raise PeerError(f"is of the log {Checkpoint.parse(note.text).origin}, of which the policy has no key")
        checkpoint = proof.verify(proof.extra, log_key)
        lacks = trusted.missing(note)
    except PeerError as broken:
        raise TrustError("proof_invalid", f"{path}: {broken}") from None
    said = f"Holds: entry {proof.index} lies in {checkpoint.origin} of {checkpoint.size} entries"
    return f"{said}, by the log's signature alone: {lacks}" if lacks else f"{said}, cosigned by a quorum"


def _keys(origin: str, *, policy: Path | None, anchor: TrustAnchor | None) -> TlogPolicy:
    if policy is not None:
        return parse_policy(read_bounded(policy, str(policy), MAX_POLICY_BYTES))
    if anchor is None:
        raise ConfigError("whose keys count is not said; give DIR, --policy FILE or --profile FILE")
    roster = load_roster(anchor, utc_now())
    city = next((member.city for member in roster.members if member.log_origin == origin), None)
    if city is None:
        raise PeerError(f"is of the log {origin}, which no city of the league {roster.league} keeps")
    return tlog_policy(roster, city)


def check_proof(log: HeldLog, path: Path) -> str:
    """What the proof proves, in a sentence. Raises TrustError unless it holds, and goes with the log."""
    try:
        proof = decode_proof(read_bounded(path, str(path), MAX_PROOF_BYTES))
        checkpoint = proof.verify(proof.extra, log.trusted.log_key)
    except PeerError as broken:
        raise TrustError("proof_invalid", f"{path}: {broken}") from None
    if checkpoint.size <= log.checkpoint.size and log.root_at(checkpoint.size) != checkpoint.root:
        text = f"{path}: at {checkpoint.size} entries the log signed another root than the folder's: it forked"
        raise TrustError("contradiction", text)
    newer = ", which is newer than the folder" if checkpoint.size > log.checkpoint.size else ""
    return f"Holds: entry {proof.index} lies in {checkpoint.origin} of {checkpoint.size} entries{newer}"
