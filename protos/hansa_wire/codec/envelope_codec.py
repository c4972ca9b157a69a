"""DSSE envelopes on the wire: carried, never opened."""

from __future__ import annotations

from hansa_core.errors import PeerError
from hansa_core.plan.limits import MAX_ANSWER_BYTES
from hansa_core.signing.dsse import Envelope, Signature
from hansa_protos.v1 import envelope_pb2
from hansa_wire.codec.limits import MAX_AROUND_PAYLOAD_BYTES, MAX_SIGNATURES


def envelope_to_wire(envelope: Envelope) -> envelope_pb2.Envelope:
    """The message of `envelope`; the payload's bytes as they are."""
    return envelope_pb2.Envelope(
        payload_type=envelope.payload_type,
        payload=envelope.payload,
        signatures=[
            envelope_pb2.Signature(keyid=signature.keyid, sig=signature.sig) for signature in envelope.signatures
        ],
    )


def envelope_from_wire(message: envelope_pb2.Envelope, *, what: str) -> Envelope:
    """The envelope in `message`, unverified. `what` names it in errors. Raises PeerError."""
    if len(message.signatures) > MAX_SIGNATURES:
        raise PeerError(f"{what}: {len(message.signatures)} signatures; on the wire at most {MAX_SIGNATURES}")
    payload_bytes = len(message.payload)
    if payload_bytes > MAX_ANSWER_BYTES or message.ByteSize() - payload_bytes > MAX_AROUND_PAYLOAD_BYTES:
        raise PeerError(f"{what}: an envelope has at most {MAX_ANSWER_BYTES:,} bytes, and little around them")
    try:
        signatures = tuple(Signature(keyid=signature.keyid, sig=signature.sig) for signature in message.signatures)
        return Envelope(payload_type=message.payload_type, payload=message.payload, signatures=signatures)
    except PeerError as error:
        raise PeerError(f"{what}: {error}") from error
