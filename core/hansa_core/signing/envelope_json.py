"""An envelope as a JSON file, in DSSE's own form: `payloadType`, `payload` in base64, `signatures`."""

from __future__ import annotations

import base64
import json

from hansa_core.documents.strict_json import read_object
from hansa_core.signing.dsse import Envelope, Signature


def envelope_to_json(envelope: Envelope) -> bytes:
    """The envelope as UTF-8 JSON with a final newline."""
    document = {
        "payloadType": envelope.payload_type,
        "payload": base64.b64encode(envelope.payload).decode(),
        "signatures": [
            {"keyid": signature.keyid, "sig": base64.b64encode(signature.sig).decode()}
            for signature in envelope.signatures
        ],
    }
    return json.dumps(document, indent=1).encode() + b"\n"


def envelope_from_json(document: bytes) -> Envelope:
    """The envelope in `document`, unverified. Raises PeerError unless it is strict DSSE JSON."""
    envelope = read_object(document, "envelope").require(("payloadType", "payload", "signatures"))
    return Envelope(
        payload_type=envelope.text("payloadType"),
        payload=envelope.base64("payload"),
        signatures=tuple(
            Signature(keyid=each.text("keyid"), sig=each.base64("sig"))
            for each in (signature.require(("keyid", "sig")) for signature in envelope.objects("signatures"))
        ),
    )
