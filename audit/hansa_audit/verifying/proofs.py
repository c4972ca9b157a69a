"""Writes a proof that an entry lies in the log, for somebody who has no copy of it, and checks one."""

from __future__ import annotations

import sys
from pathlib import Path

from hansa.errors import TrustError
from hansa_audit.folder.held_log import HeldLog
from hansa_audit.folder.log_folder import read_bounded
from hansa_core.errors import ConfigError, PeerError
from hansa_core.tlog.proof import MAX_PROOF_BYTES, decode_proof, encode_proof


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
