"""A witness's reply to a new checkpoint (C2SP tlog-witness, add-checkpoint)."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.cosignature import check_cosignature
from hansa_core.tlog.merkle import EMPTY_ROOT
from hansa_core.tlog.merkle_checks import check_consistency
from hansa_core.tlog.note import Note, VerifierKey, read_note, read_signatures
from hansa_core.tlog.spelling import (
    base64_hash,
    base64_text,
    bounded_text,
    check_hash,
    check_number,
    decimal,
)

MAX_REQUEST_BYTES = 256 * 1024  # 16 post-quantum signatures and a proof have half of it
MAX_PROOF_LINES = 63
SIZE_TYPE = "text/x.tlog.size"


@dataclass(frozen=True, slots=True, kw_only=True)
class AddCheckpoint:
    """A log's request to cosign its checkpoint. Nothing in it is to be believed before `judge`.

    `old_size`: what the log thinks the witness last cosigned. `proof`: from there to the checkpoint. Raises PeerError
    at birth.
    """

    old_size: int
    proof: tuple[bytes, ...]
    checkpoint_note: bytes

    def __post_init__(self) -> None:
        check_number(self.old_size, "the old size of the request")
        if len(self.proof) > MAX_PROOF_LINES:
            raise PeerError(f"the request has {len(self.proof)} proof lines; at most {MAX_PROOF_LINES} are allowed")
        for number, value in enumerate(self.proof, start=1):
            check_hash(value, f"proof line {number} of the request")
        Checkpoint.parse(read_note(self.checkpoint_note).text)

    @classmethod
    def parse(cls, body: bytes) -> AddCheckpoint:
        """The request in an HTTP body. Raises PeerError, to which a witness answers 400."""
        bounded_text(body, MAX_REQUEST_BYTES, "the request")
        head, blank, note = body.partition(b"\n\n")
        if not blank:
            raise PeerError("the request needs an empty line before its checkpoint")
        old, *lines = head.decode().split("\n")
        if not old.startswith("old "):
            raise PeerError("line 1 of the request must be `old <size>`")
        return cls(
            old_size=decimal(old.removeprefix("old "), "line 1 of the request, the old size,"),
            proof=tuple(
                base64_hash(line, f"proof line {number} of the request") for number, line in enumerate(lines, start=1)
            ),
            checkpoint_note=note,
        )

    @property
    def body(self) -> bytes:
        """The request as `parse` reads it."""
        lines = [f"old {self.old_size}", *(base64_text(each) for each in self.proof), "", ""]
        return "\n".join(lines).encode() + self.checkpoint_note

    @property
    def claimed(self) -> Checkpoint:
        """The checkpoint before its signature was checked: by its origin the witness finds the log's key and state."""
        return Checkpoint.parse(read_note(self.checkpoint_note).text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Judgement:
    """What the witness answers. At 200 it keeps `accepted` durably, cosigns it and answers with the cosignature line.

    `body`, `content_type`: what it answers at any other status.
    """

    status: int
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"
    accepted: Checkpoint | None = None


def judge(request: AddCheckpoint, *, log_key: VerifierKey | None, known: Checkpoint | None) -> Judgement:
    """The witness's judgement of a request.

    `log_key`: that of the log which the request claims as origin; None: the witness does not know the log.
    `known`: the log's checkpoint that it cosigned last; None: none yet. The caller holds it until the new one is kept,
    or two requests at once could roll it back.
    """
    if log_key is None:
        return _refusal(404, "this witness does not know the log of that origin")
    try:
        checkpoint = open_checkpoint(request.checkpoint_note, log_key)
    except PeerError as error:
        return _refusal(403, str(error))
    if request.old_size > checkpoint.size:
        return _refusal(400, f"the old size is {request.old_size}, above the checkpoint's {checkpoint.size}")
    known_size, known_root = (known.size, known.root) if known else (0, EMPTY_ROOT)
    if request.old_size != known_size:
        return Judgement(status=409, body=b"%d\n" % known_size, content_type=SIZE_TYPE)
    if known_size == checkpoint.size and known_root != checkpoint.root:
        return _refusal(409, f"two different roots at {known_size} leaves: the log forked")
    try:
        check_consistency(known_size, checkpoint.size, request.proof, known_root, checkpoint.root)
    except PeerError as error:
        return _refusal(422, str(error))
    return Judgement(status=200, accepted=checkpoint)


def read_conflict(body: bytes) -> int:
    """The size that a witness cosigned last, from the body of its 409 of type SIZE_TYPE. Raises PeerError."""
    text = bounded_text(body, 32, "the witness's conflict")
    if not text.endswith("\n"):
        raise PeerError("the witness's conflict must be a size and a newline")
    return decimal(text[:-1], "the size in the witness's conflict")


def read_cosignature(body: bytes, note_text: bytes, key: VerifierKey) -> tuple[bytes, int]:
    """The signature line of `key`, verified over the checkpoint's text, and its time, from the body of a witness's 200.

    Lines of other keys are ignored. Raises PeerError.
    """
    note = Note(note_text, read_signatures(body))
    cosigned_at = check_cosignature(note, key)
    if cosigned_at == 0:
        raise PeerError(f"the cosignature by {key.name} has no time; a witness says when it saw the checkpoint")
    line = next(each.line for each in note.signatures if (each.name, each.key_id) == (key.name, key.key_id))
    return line, cosigned_at


def _refusal(status: int, text: str) -> Judgement:
    return Judgement(status=status, body=f"{text}\n".encode())
