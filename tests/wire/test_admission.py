"""A full house turns the next one away, and says when to come back."""

from __future__ import annotations

import asyncio

import grpc
import pytest

from hansa_core.errors import BusyError, PeerError
from hansa_ended_call import Ended
from hansa_wire.rpc.admission import Admission
from hansa_wire.rpc.status import RETRY_METADATA, Status, error_from_status, status_from_error


def test_no_more_come_in_than_there_is_room_for() -> None:
    async def visit() -> None:
        house = Admission(2)
        with house.entered():
            with house.entered(), pytest.raises(BusyError), house.entered():
                pass
            with house.entered():
                pass
        await asyncio.wait_for(house.empty(), 1)

    asyncio.run(visit())


def test_a_failure_inside_gives_the_place_back() -> None:
    async def fail() -> None:
        house = Admission(1)
        for _ in range(3):
            with pytest.raises(ZeroDivisionError), house.entered():
                raise ZeroDivisionError
        await asyncio.wait_for(house.empty(), 1)

    asyncio.run(fail())


def test_the_wait_travels_in_the_trailer() -> None:
    status = status_from_error(BusyError(retry_after_s=1.5))
    assert status.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    heard = error_from_status(Ended(status))
    assert isinstance(heard, BusyError)
    assert heard.retry_after_s == 1.5
    assert "try again in 1.5 s" in str(heard)


@pytest.mark.parametrize(("said", "heard_s"), [(b"0", 0.001), (b"999999999", 600.0)])
def test_a_wait_beyond_reason_is_cut(said: bytes, heard_s: float) -> None:
    heard = error_from_status(
        Ended(Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED, metadata=((RETRY_METADATA, said),)))
    )
    assert isinstance(heard, BusyError)
    assert heard.retry_after_s == heard_s


@pytest.mark.parametrize("said", [b"", b"soon", b"-1", b"9" * 10, "١".encode()])
def test_a_wait_that_is_no_number_is_none(said: bytes) -> None:
    ended = Ended(Status(code=grpc.StatusCode.RESOURCE_EXHAUSTED, metadata=((RETRY_METADATA, said),)))
    assert isinstance(error_from_status(ended), PeerError)
