"""Cosignatures: when a witness saw a checkpoint as the log's largest (C2SP tlog-cosignature, Ed25519)."""

from __future__ import annotations

from hansa_core.errors import PeerError
from hansa_core.tlog.note import (
    COSIGNATURE_V1,
    ED25519_SIGNATURE_BYTES,
    Note,
    NoteSignature,
    NoteSigner,
    VerifierKey,
    signature_by,
    verify_ed25519,
)
from hansa_core.tlog.spelling import check_number

_TIME_BYTES = 8


def cosign(note_text: bytes, signer: NoteSigner, name: str, time_unix_s: int) -> bytes:
    """The signature line of witness `name` over a checkpoint's text, as of `time_unix_s`."""
    key = VerifierKey(name, COSIGNATURE_V1, signer.public_key)
    signature = signer.sign(_signed_message(note_text, time_unix_s))
    return NoteSignature(name, key.key_id, time_unix_s.to_bytes(_TIME_BYTES, "big") + signature).line


def check_cosignature(note: Note, key: VerifierKey) -> int:
    """When the witness cosigned the note: seconds since 1970. Raises PeerError unless it did.

    The caller judges the time: a cosignature from the future may be refused.
    """
    cosigned_at = cosignature_time(note, key)
    if cosigned_at is None:
        raise PeerError(f"the note carries no cosignature by {key.name}")
    return cosigned_at


def cosignature_time(note: Note, key: VerifierKey) -> int | None:
    """When the witness cosigned the note, or None if it did not. Raises PeerError on one that it did not make."""
    if key.algorithm != COSIGNATURE_V1:
        raise PeerError(f"the vkey of {key.name} has type {key.algorithm:#04x}; a witness cosigns with type 0x04")
    stamped = signature_by(note, key)
    if stamped is None:
        return None
    if len(stamped) != _TIME_BYTES + ED25519_SIGNATURE_BYTES:
        raise PeerError(f"the cosignature by {key.name} has {len(stamped)} bytes; time and signature have 72")
    time_unix_s = int.from_bytes(stamped[:_TIME_BYTES], "big")
    verify_ed25519(key, stamped[_TIME_BYTES:], _signed_message(note.text, time_unix_s))
    return time_unix_s


def _signed_message(note_text: bytes, time_unix_s: int) -> bytes:
    check_number(time_unix_s, "the time of a cosignature")
    return b"cosignature/v1\ntime %d\n%s" % (time_unix_s, note_text)
