"""A city's reply to a call: what it signed, and the receipt that it stands in the city's log."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.signing.dsse import Envelope
from hansa_wire.codec.limits import MAX_RECEIPT_BYTES


@dataclass(frozen=True, slots=True)
class Answered:
    """`receipt`: a C2SP tlog-proof, unverified; empty where nothing is logged, as for a dry run or a description.

    Raises PeerError at birth where the receipt is larger than any.
    """

    envelope: Envelope
    receipt: bytes

    def __post_init__(self) -> None:
        check_receipt_size(self.receipt)


def check_receipt_size(receipt: bytes) -> None:
    """Raise PeerError where a receipt is larger than any that a city can make."""
    if len(receipt) > MAX_RECEIPT_BYTES:
        raise PeerError(f"receipt has {len(receipt)} bytes; at most {MAX_RECEIPT_BYTES} are carried")
