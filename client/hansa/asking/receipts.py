"""Does a city's receipt prove that this very answer of its stands in its log?"""

from __future__ import annotations

from hansa.errors import TrustError
from hansa_core.errors import PeerError
from hansa_core.evidence.receipt import AskedAs, check_receipt
from hansa_core.league.members import Member
from hansa_core.partial.answer import Answer
from hansa_wire.codec.answered import Answered


def verify_receipt(given: Answered, member: Member, answer: Answer, asked_as: AskedAs) -> None:
    """Raise TrustError unless the log of `member` has the decision that `answer` tells, a refusal as well.

    `answer`: what the verified payload of `given` says. `asked_as`: for whom, and what for.
    """
    if not given.receipt:
        raise TrustError("receipt_missing", f"{member.city} answered without a receipt from its log")
    try:
        check_receipt(given.receipt, member=member, payload=given.envelope.payload, answer=answer, asked_as=asked_as)
    except PeerError as broken:
        rule = f"{member.city}'s receipt does not prove its answer: {broken}"
        raise TrustError("receipt_invalid", rule) from broken
