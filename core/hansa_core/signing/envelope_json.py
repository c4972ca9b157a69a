"""An envelope as a JSON file, in DSSE's own form: `payloadType`, `payload` in base64, `signatures`."""

from __future__ import annotations

import base64
import json

from hansa_core.documents.strict_json import read_object
from hansa_core.signing.dsse import Envelope, Signature


def envelope_to_json(envelope: Envelope) -> bytes:
    """The envelope as UTF-8 JSON with a final newline."""
    signatures = ",".join(
        f'\n  {{\n   "keyid": "{each.keyid}",\n   "sig": "{base64.b64encode(each.sig).decode()}"\n  }}'
        for each in envelope.signatures
    )
    # As the encoder writes it with an indent of 1, for which it has no code in C; ids are hex, so nothing is escaped.
    return (
        f'{{\n "payloadType": {json.dumps(envelope.payload_type)},'
        f'\n "payload": "{base64.b64encode(envelope.payload).decode()}",'
        f'\n "signatures": [{signatures}\n ]\n}}\n'
    ).encode()


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
