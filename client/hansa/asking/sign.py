"""Signing a query with the analyst's key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hansa_core.plan.query import Query
from hansa_core.signing import dsse
from hansa_core.signing.dsse import Envelope, Signer
from hansa_wire.codec.query_codec import encode_query


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedQuery:
    """A query in its signed envelope. `hash`: SHA-256 of the signed payload."""

    envelope: Envelope
    hash: bytes


def sign_query(query: Query, signer: Signer, payload_type: str) -> SignedQuery:
    """The query signed with the analyst's key. Raises RefusedError `too_large` or `too_deep`."""
    payload = encode_query(query)
    return SignedQuery(envelope=dsse.sign(payload_type, payload, signer), hash=hashlib.sha256(payload).digest())
