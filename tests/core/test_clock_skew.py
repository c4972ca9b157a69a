"""Whose clock is wrong follows from what most peers agree on."""

from __future__ import annotations

from datetime import timedelta

import pytest

from hansa_core.clock_skew import ClockSkew, in_words, judge_clocks

MINUTE = timedelta(minutes=1)


@pytest.mark.parametrize(
    ("ahead", "own", "peers"),
    [
        ({}, 0, {}),
        ({"a": 0, "b": 1, "c": -1}, 0, {}),
        ({"a": 10}, 0, {"a": 10}),
        ({"a": 10, "b": 10, "c": 0}, 10, {"c": -10}),
        ({"a": -10, "b": -10, "c": 10}, -10, {"c": 20}),
        ({"a": 10, "b": 0}, 0, {"a": 10}),
        ({"a": 10, "b": 0, "c": 0}, 0, {"a": 10}),
        ({"a": 10, "b": -10}, 0, {"a": 10, "b": -10}),
        ({"a": 10, "b": 500, "c": 9000}, 0, {"a": 10, "b": 500, "c": 9000}),  # wrong, each on its own
        ({"a": 10, "b": 10, "c": 0, "d": 0}, 0, {"a": 10, "b": 10}),  # half is not most
    ],
)
def test_the_own_clock_is_wrong_where_most_peers_agree_on_another_time(
    ahead: dict[str, int], own: int, peers: dict[str, int]
) -> None:
    skew = judge_clocks({peer: by * MINUTE for peer, by in ahead.items()})
    told = {peer: by * MINUTE for peer, by in peers.items()}
    assert skew == ClockSkew(own=own * MINUTE, peers=told, is_sure=len(ahead) > 1)


@pytest.mark.parametrize(
    ("ahead", "unsigned", "own", "peers"),
    [
        ({"a": 10, "b": 10, "c": 0}, 0, 10, {"c": -10, "x": -10}),  # what is signed decides
        ({"a": 0, "b": 0, "c": 0}, 10, 0, {"x": 10}),
        ({"a": 10, "b": 0}, 0, 0, {"a": 10}),  # the signed ones disagree: the unsigned one tells
        ({"a": 10, "b": 0}, 10, 10, {"b": -10}),
        ({"a": 10}, 10, 10, {}),
        ({"a": 10}, 0, 0, {"a": 10}),
        ({}, 10, 0, {"x": 10}),
    ],
)
def test_an_unsigned_clock_counts_only_where_the_signed_ones_do_not_agree(
    ahead: dict[str, int], unsigned: int, own: int, peers: dict[str, int]
) -> None:
    skew = judge_clocks({peer: by * MINUTE for peer, by in ahead.items()}, {"x": unsigned * MINUTE})
    assert (skew.own, skew.peers) == (own * MINUTE, {peer: by * MINUTE for peer, by in peers.items()})
    assert skew.is_sure == bool(ahead)


def test_a_minute_is_not_far_and_a_second_more_is() -> None:
    further = MINUTE + timedelta(seconds=1)
    assert judge_clocks({"a": MINUTE, "b": MINUTE}).own == timedelta()
    assert judge_clocks({"a": further, "b": further}).own == further


@pytest.mark.parametrize(
    ("by", "said"),
    [
        (timedelta(seconds=70), "1 minute"),
        (timedelta(minutes=-10), "10 minutes"),
        (timedelta(hours=3), "3 hours"),
        (timedelta(days=365), "365 days"),
    ],
)
def test_amounts_are_said_as_people_say_them(by: timedelta, said: str) -> None:
    assert in_words(by) == said
