"""Checks that what another coordinator relays is the city's own signed reply to this very call."""

from __future__ import annotations

import hashlib

from hansa_core.errors import PeerError, RefusedError
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_wire.attach.messages import CallKind, CityCall
from hansa_wire.codec.answer_codec import decode_answer, decode_dry_run

_PAYLOAD_TYPES = {
    CallKind.ASK: payload_types.ANSWER,
    CallKind.DRY_RUN: payload_types.DRY_RUN_REPORT,
    CallKind.DESCRIBE: payload_types.DESCRIPTION,
}


class UnprovenReplyError(ConnectionError):
    """A coordinator between says something in the city's name that the city has not signed. `said`: that."""

    def __init__(self, said: Exception) -> None:
        super().__init__(str(said))
        self.said = said


def is_own_word(answer: Envelope, call: CityCall, answer_key: bytes) -> bool:
    """Whether the city signed it, about this query. Of descriptions an older one cannot be told."""
    try:
        payload = verify(answer, _PAYLOAD_TYPES[call.kind], (answer_key,))
        if call.query is None:
            return True
        word = decode_answer(payload) if call.kind is CallKind.ASK else decode_dry_run(payload)
    except (PeerError, RefusedError):
        return False
    return word.query_hash == hashlib.sha256(call.query.payload).digest()
