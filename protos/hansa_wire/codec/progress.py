"""Progress of a call at each city, as the coordinator tells it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from hansa_core.signing.dsse import Envelope
from hansa_wire.codec.answered import check_receipt_size


class CityState(StrEnum):
    """How far a city has come."""

    ASKED = "asked"
    ANSWERED = "answered"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class CityEvent:
    """One step of one city: a claim of the coordinator's; only the signed `answer` proves anything.

    `code`: of a refusal, else empty. `detail`: a sentence for people. `elapsed_ms`: since the coordinator was called.
    `answer`: what the city signed; there when it answered, perhaps when it refused, never otherwise. `receipt`: of that
    answer, unopened; empty where the city gave none.
    """

    city: str
    state: CityState
    code: str = ""
    detail: str = ""
    elapsed_ms: int = 0
    answer: Envelope | None = None
    receipt: bytes = b""

    def __post_init__(self) -> None:
        if not self.city:
            raise ValueError("an event without a city")
        if self.elapsed_ms < 0:
            raise ValueError(f"elapsed_ms is {self.elapsed_ms}; time does not run backwards")
        if self.state is CityState.ANSWERED and self.answer is None:
            raise ValueError(f"{self.city} answered, but there is no answer")
        if self.state not in (CityState.ANSWERED, CityState.REFUSED) and self.answer is not None:
            raise ValueError(f"{self.city} is {self.state}, but there is an answer")
        if self.receipt and self.answer is None:
            raise ValueError(f"{self.city} has a receipt, but there is no answer")
        check_receipt_size(self.receipt)
