"""A hostile coordinator attaches and claims a city: what it says in its name must not win over the city's own word."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from datetime import datetime

import pytest

from hansa_attached import HeardCodes
from hansa_coordinator.breaker import BreakerRule
from hansa_coordinator.carrier import Carrier
from hansa_coordinator.routes import Routes
from hansa_core.errors import PeerError, RefusedError
from hansa_core.partial.answer import Refusal, SignedAnswer
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_protos.v1 import attach_pb2
from hansa_wire.attach.attach_codec import answer_in_parts, failure_to_wire, presence_to_wire
from hansa_wire.attach.line import Line
from hansa_wire.attach.messages import Attacher, CallKind, CityCall
from hansa_wire.codec.answer_codec import encode_answer
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.status import status_from_error

CITY, FOREIGN = Ed25519Signer(bytes(31) + b"\1"), Ed25519Signer(bytes(32))
QUERY = sign(payload_types.QUERY, b"the question", FOREIGN)
Said = Callable[[int], list[attach_pb2.AttachServiceAttachRequest]]


def word(signer: Ed25519Signer, query: Envelope = QUERY) -> Envelope:
    answer = SignedAnswer(
        city="bremen",
        query_hash=hashlib.sha256(query.payload).digest(),
        nonce=bytes(16),
        answered_at=datetime(2026, 1, 1),
        outcome=Refusal(code="denied", rule="rule", remedy="remedy"),
    )
    return sign(payload_types.ANSWER, encode_answer(answer), signer)


def answers(answer: Envelope) -> Said:
    return lambda call_id: list(answer_in_parts(call_id, Answered(answer, b"")))


def fails(error: Exception) -> Said:
    return lambda call_id: [failure_to_wire(call_id, status_from_error(error))]


async def saying(line: Line, said: Said) -> None:
    while True:
        message = await line.outgoing.get()
        if message.WhichOneof("said") == "call":
            for each in said(message.call.call_id):
                line.heard(each)


def asked(*hubs: Said) -> Envelope:
    """What comes of a question to bremen, behind coordinators that attached in this order."""

    async def ask() -> Envelope:
        routes = Routes(lambda _: None)
        routes.follow({"bremen": CITY.public_key}, {})
        saying_it = []
        for number, said in enumerate(hubs):
            line = Line(Attacher(name=f"hub-{number}", is_city=False))
            line.heard(presence_to_wire(f"hub-{number}", {"bremen": 1, "nowhere": 1}))
            routes.attached(line)
            saying_it.append(asyncio.create_task(saying(line, said)))
        assert routes.ways("nowhere") == ()
        carrier = Carrier(routes, hedge_after_s=5, rule=BreakerRule(failures=1), clock=lambda: 0.0)
        call = CityCall(city="bremen", kind=CallKind.ASK, query=QUERY, credential=QUERY, deadline_s=30)
        try:
            return (await carrier.carry(call, HeardCodes())).envelope
        finally:
            for task in saying_it:
                task.cancel()

    return asyncio.run(ask())


@pytest.mark.parametrize(
    "lie",
    [
        answers(word(FOREIGN)),
        answers(word(CITY, query=sign(payload_types.QUERY, b"an older question", FOREIGN))),
        answers(sign(payload_types.ANSWER, b"junk", CITY)),
        fails(RefusedError("denied", "the city says no", "ask another city")),
        fails(PeerError("nonsense")),
        fails(TimeoutError()),
    ],
)
def test_attack_a_coordinators_lie_about_a_city_does_not_win_over_the_citys_own_word(lie: Said) -> None:
    assert asked(lie, answers(word(CITY))) == word(CITY)


def test_what_a_coordinator_says_counts_where_nobody_brings_better() -> None:
    with pytest.raises(RefusedError, match="the credential has expired"):
        asked(fails(RefusedError("credential_expired", "the credential has expired", "ask for a new one")))
    with pytest.raises(PeerError, match="hub-0 brought what bremen has not signed"):
        asked(answers(word(FOREIGN)))
