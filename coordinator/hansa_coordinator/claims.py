"""Reads what a sealed answer claims, for progress only: nothing but the analyst's own check proves it."""

from __future__ import annotations

from hansa_core.errors import PeerError, RefusedError
from hansa_core.partial.answer import Refusal
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope
from hansa_wire.codec.answer_codec import decode_dry_run, refusal_in_answer
from hansa_wire.codec.limits import MAX_DRY_RUN_BYTES


def refusal_in(envelope: Envelope) -> Refusal | None:
    """The refusal that a city's answer or dry-run report seems to carry.

    A payload above the size of any refusal is a release and stays unopened; what cannot be opened is relayed as it is,
    for the analyst to throw away.
    """
    if len(envelope.payload) > MAX_DRY_RUN_BYTES:
        return None
    try:
        if envelope.payload_type == payload_types.DRY_RUN_REPORT:
            return decode_dry_run(envelope.payload).refusal
        if envelope.payload_type == payload_types.ANSWER:
            return refusal_in_answer(envelope.payload)
    except (PeerError, RefusedError):
        return None
    return None
