"""Step 8: bind an outcome to the query's hash under a fresh nonce, and sign it."""

from __future__ import annotations

from datetime import datetime

from hansa_core.partial.answer import Refusal, Release, SignedAnswer
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, Signer, sign
from hansa_wire.codec.answer_codec import encode_answer


def seal(
    outcome: Release | Refusal, query_hash: bytes, *, city: str, signer: Signer, nonce: bytes, now: datetime
) -> Envelope:
    """The signed answer. `nonce`: fresh, 16 bytes: it keeps the hash of a guessable answer from being guessed."""
    answer = SignedAnswer(city=city, query_hash=query_hash, nonce=nonce, answered_at=now, outcome=outcome)
    return sign(payload_types.ANSWER, encode_answer(answer), signer)
