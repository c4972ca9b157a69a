"""Queries on the wire: the bytes that an analyst signs and every city hashes."""

from __future__ import annotations

from hansa_core.instants import instant_of_seconds, seconds_of
from hansa_core.plan.limits import MAX_QUERY_BYTES
from hansa_core.plan.query import Query
from hansa_protos.v1 import query_pb2
from hansa_wire.codec.messages import message_from_bytes, message_to_bytes, text_of_asker, values_of_peer
from hansa_wire.codec.plan_codec import LEVELS, plan_from_wire, plan_to_wire


def encode_query(query: Query) -> bytes:
    """The payload to sign; equal queries give equal bytes. Raises RefusedError."""
    with text_of_asker("query"):
        message = query_pb2.Query(
            league=query.league,
            cities=query.cities,
            purpose=query.purpose,
            expires_at_unix_s=seconds_of(query.expires_at),
            nonce=query.nonce,
            level=None if query.level is None else LEVELS.to_wire(query.level),
            plan=plan_to_wire(query.plan),
        )
    return message_to_bytes(message, what="query", max_bytes=MAX_QUERY_BYTES)


def decode_query(payload: bytes) -> Query:
    """The query in a payload. Raises PeerError where it is malformed, RefusedError `too_deep` or `too_large`."""
    message = message_from_bytes(query_pb2.Query, payload, what="query", max_bytes=MAX_QUERY_BYTES)
    with values_of_peer("query"):
        return Query(
            plan=plan_from_wire(message.plan),
            purpose=message.purpose,
            league=message.league,
            cities=tuple(message.cities),
            expires_at=instant_of_seconds(message.expires_at_unix_s),
            nonce=message.nonce,
            level=LEVELS.from_wire(message.level) if message.HasField("level") else None,
        )
