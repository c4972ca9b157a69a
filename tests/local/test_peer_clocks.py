"""A daemon names the clock that is wrong once, whosever it is, and says when it is right again."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta

import pytest

from hansa_local.peer_clocks import OWN, PeerClocks

NOW = datetime(2027, 1, 31, 12)
LATE = timedelta(minutes=10)


@pytest.fixture
def clocks(caplog: pytest.LogCaptureFixture) -> PeerClocks:
    caplog.set_level(logging.INFO)
    return PeerClocks(lambda: NOW)


def told(caplog: pytest.LogCaptureFixture) -> list[tuple[str, object, object]]:
    return [(record.message, record.__dict__["whose"], record.__dict__.get("by")) for record in caplog.records]


def test_a_peer_whose_clock_differs_is_named_once_with_who_sets_it(
    clocks: PeerClocks, caplog: pytest.LogCaptureFixture
) -> None:
    for _ in range(3):
        for peer, ahead in {"bremen": timedelta(), "luebeck": timedelta(seconds=20), "hamburg": LATE}.items():
            clocks.heard(peer, NOW + ahead)
    assert told(caplog) == [("clock is wrong", "hamburg", "10 minutes fast")]
    assert "the operator of hamburg has to set the clock" in caplog.records[0].__dict__["remedy"]
    clocks.heard("hamburg", NOW)
    assert told(caplog)[1:] == [("clock agrees", "hamburg", None)]


def test_a_clock_that_most_peers_contradict_is_the_own_one(
    clocks: PeerClocks, caplog: pytest.LogCaptureFixture
) -> None:
    for peer in ("bremen", "hamburg", "luebeck"):
        clocks.heard(peer, NOW + LATE)
    assert told(caplog)[1:] == [("clock is wrong", OWN, "10 minutes slow"), ("clock agrees", "bremen", None)]
    assert OWN in caplog.records[1].__dict__["remedy"]


def test_a_clock_that_goes_further_wrong_is_told_again(clocks: PeerClocks, caplog: pytest.LogCaptureFixture) -> None:
    clocks.heard("bremen", NOW)
    for minutes in (-5, -5, -50):
        clocks.heard("hamburg", NOW + timedelta(minutes=minutes))
    assert [by for _, _, by in told(caplog)] == ["5 minutes slow", "50 minutes slow"]


def test_a_peer_that_does_not_say_the_time_is_not_judged(clocks: PeerClocks, caplog: pytest.LogCaptureFixture) -> None:
    clocks.heard("bremen", None)
    assert told(caplog) == []


def test_one_peer_alone_does_not_tell_which_of_two_clocks_is_wrong(
    clocks: PeerClocks, caplog: pytest.LogCaptureFixture
) -> None:
    clocks.heard("coordinator", NOW + LATE)
    assert told(caplog) == [("clocks differ", "coordinator", "10 minutes fast")]
    assert "look at the one of this machine first" in caplog.records[0].__dict__["remedy"]
    clocks.heard("bremen", NOW + LATE)
    assert told(caplog)[1:] == [("clock is wrong", OWN, "10 minutes slow"), ("clock agrees", "coordinator", None)]


def test_whose_clock_is_wrong_is_told_once_a_second_peer_shows_it(
    clocks: PeerClocks, caplog: pytest.LogCaptureFixture
) -> None:
    """That two clocks differ was said before, and is less."""
    clocks.heard("hamburg", NOW + LATE)
    clocks.heard("bremen", NOW)
    clocks.heard("luebeck", NOW)
    assert told(caplog) == [
        ("clocks differ", "hamburg", "10 minutes fast"),
        ("clock is wrong", "hamburg", "10 minutes fast"),
    ]
