"""Attacks over an attached peer's stream: by a hostile coordinator on a node, by a hostile peer on a coordinator."""

from __future__ import annotations

import asyncio

import pytest

from hansa_attached import AnswersBy
from hansa_core.errors import BusyError, PeerError
from hansa_core.league.roster import CoordinatorEntry
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_protos.v1 import attach_pb2
from hansa_test_tls import TestAuthority
from hansa_wire.attach.attach_codec import PART_BYTES, call_to_wire
from hansa_wire.attach.attachment import Attachment
from hansa_wire.attach.attachments import Attachments
from hansa_wire.attach.line import Line
from hansa_wire.attach.messages import MAX_CALLS, Attacher, CallKind, CityCall, Reach
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.limits import MAX_REQUEST_BYTES, MAX_RESPONSE_BYTES

SIGNER = Ed25519Signer(bytes(32))
BREMEN = Attacher(name="bremen", is_city=True)
FAR = CoordinatorEntry(
    name="far", host="127.0.0.1", port=7400, server_name="far", ca_pem=TestAuthority("far").ca_pem, tls_spki="0" * 64
)


def description(deadline_s: float = 5.0) -> CityCall:
    return CityCall(city="bremen", kind=CallKind.DESCRIBE, deadline_s=deadline_s)


async def quick(_: CityCall) -> Answered:
    return Answered(sign("word", b"word", SIGNER), b"")


async def never(_: CityCall) -> Answered:
    await asyncio.sleep(60)
    raise AssertionError


@pytest.mark.parametrize("answering", [quick, never])
def test_attack_a_coordinator_that_floods_calls_and_reads_nothing_is_hung_up_on(answering: object) -> None:
    async def flood() -> int:
        attachment = Attachment("bremen", AnswersBy(answering))  # type: ignore[arg-type]
        taken = 0
        try:
            for call_id in range(1, 10 * MAX_CALLS):
                attachment.heard(call_to_wire(call_id, description()))
                taken = call_id
                if not call_id % 100:
                    await asyncio.sleep(0)
        except PeerError:
            return taken
        finally:
            await attachment.abandon()
        return taken

    assert asyncio.run(flood()) <= 2 * MAX_CALLS + 16


def test_attack_a_call_as_large_as_an_answer_is_not_taken() -> None:
    async def bomb() -> None:
        query = sign("query", bytes(MAX_REQUEST_BYTES), SIGNER)
        call = CityCall(city="bremen", kind=CallKind.ASK, query=query, credential=query, deadline_s=5.0)
        Attachment("bremen", AnswersBy(never)).heard(call_to_wire(1, call))

    with pytest.raises(PeerError, match="at most"):
        asyncio.run(bomb())


def test_attack_cancel_storms_leave_nothing_under_way() -> None:
    async def storm() -> int:
        attachment = Attachment("bremen", AnswersBy(never))
        for call_id in range(1, 20 * MAX_CALLS):
            attachment.heard(call_to_wire(call_id, description()))
            cancel = attach_pb2.AttachServiceAttachResponse(cancel=attach_pb2.Cancel(call_id=call_id))
            attachment.heard(cancel)
            if not call_id % MAX_CALLS:
                await asyncio.sleep(0)
                await asyncio.sleep(0)
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        return len(attachment._calls)

    assert asyncio.run(storm()) == 0


def test_attack_answers_that_never_end_hold_a_bounded_part_of_the_coordinators_memory() -> None:
    async def hoard() -> list[BaseException]:
        line = Line(BREMEN)
        calls = [asyncio.create_task(line.ask(description())) for _ in range(8)]
        await asyncio.sleep(0)
        content, held = bytes(PART_BYTES), 0
        for _ in range(MAX_RESPONSE_BYTES // PART_BYTES):
            for call_id in range(1, 9):
                line.heard(
                    attach_pb2.AttachServiceAttachRequest(part=attach_pb2.AnswerPart(call_id=call_id, content=content))
                )
            held = max(held, line._unfinished_bytes)
        line.close()
        ends = await asyncio.gather(*calls, return_exceptions=True)
        assert held <= 4 * MAX_RESPONSE_BYTES
        assert line._unfinished_bytes == 0
        return [end for end in ends if isinstance(end, BaseException)]

    ends = asyncio.run(hoard())
    assert any(isinstance(end, BusyError) for end in ends)


def test_attack_more_calls_than_a_peer_may_have_are_told_to_come_back() -> None:
    async def crowd() -> None:
        line = Line(BREMEN)
        calls = []
        for _ in range(MAX_CALLS):
            calls.append(asyncio.create_task(line.ask(description())))
            await asyncio.sleep(0)
            line.outgoing.get_nowait()
        with pytest.raises(BusyError):
            await line.ask(description())
        line.close()
        await asyncio.gather(*calls, return_exceptions=True)

    asyncio.run(crowd())


def test_attack_a_peer_that_comes_and_goes_in_a_flood_piles_nothing_up_where_its_hub_is_attached() -> None:
    async def flood() -> tuple[int, Reach]:
        upstream = Attachment("hub", AnswersBy(quick))
        kept = Attachments(
            "hub", AnswersBy(quick), cert_pem=b"", key_pem=b"", draw=lambda: 0.0, clocks=PeerClocks(utc_now)
        )
        kept._live[FAR] = upstream
        for turn in range(5_000):
            kept.present({"bremen": 1} if turn % 2 else {})
            await asyncio.sleep(0)
        piled = len(asyncio.all_tasks())
        last: Reach = {}
        while kept._telling or not upstream.outgoing.empty():
            message = await upstream.outgoing.get()
            assert message is not None
            last = {city.city: city.hubs for city in message.presence.cities}
            await asyncio.sleep(0)
        return piled, last

    piled, last = asyncio.run(flood())
    assert piled <= 2
    assert last == {"bremen": 1}
