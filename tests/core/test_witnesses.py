"""Who cosigns whose log: every other city that listens, as many as the roster asks for and as there are."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.outages import outages_of_city, outages_of_league
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import log_url, log_vkey, quorum_of, tlog_policy, witnesses_of
from hansa_core.tlog.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.merkle import EMPTY_ROOT
from hansa_core.tlog.note import read_note
from hansa_core.tlog.policy_text import parse_policy, policy_text
from hansa_trust_values import league_of

LEAGUE = league_of("bremen", "hamburg", "luebeck", "rostock")
ROSTER = LEAGUE.roster


def with_outbound(*cities: str) -> Roster:
    silent: Any = {"host": None, "port": None, "log_port": None}
    members = (replace(member, **silent) if member.city in cities else member for member in ROSTER.members)
    return replace(ROSTER, members=tuple(members))


def test_every_other_city_that_listens_is_a_witness() -> None:
    assert [member.city for member in witnesses_of(ROSTER, "hamburg")] == ["bremen", "luebeck", "rostock"]
    fewer = with_outbound("luebeck")
    assert [member.city for member in witnesses_of(fewer, "hamburg")] == ["bremen", "rostock"]
    assert [member.city for member in witnesses_of(fewer, "luebeck")] == ["bremen", "hamburg", "rostock"]
    with pytest.raises(RefusedError, match="unknown_city"):
        witnesses_of(ROSTER, "atlantis")


def test_a_quorum_asks_for_no_more_witnesses_than_there_are() -> None:
    assert [quorum_of(ROSTER, member.city) for member in ROSTER.members] == [2, 2, 2, 2]
    few = with_outbound("bremen", "luebeck", "rostock")
    assert (quorum_of(few, "hamburg"), quorum_of(few, "bremen")) == (0, 1)
    assert quorum_of(replace(ROSTER, witness_threshold=0), "bremen") == 0


def test_a_policy_believes_a_log_that_its_own_key_and_a_quorum_signed() -> None:
    policy = tlog_policy(ROSTER, "bremen")
    bremen, hamburg, luebeck = (LEAGUE.holder(city) for city in ("bremen", "hamburg", "luebeck"))
    note = sign_checkpoint(Checkpoint("node.bremen/log", 0, EMPTY_ROOT), bremen.log_key)
    text = read_note(note).text
    for holder, is_enough in ((hamburg, False), (bremen, False), (luebeck, True)):
        name = ROSTER.member(holder.city).witness_name
        note = add_signatures(note, cosign(text, holder.witness_key, name, 1_770_000_000))
        if is_enough:
            assert policy.check(note).size == 0
        else:
            with pytest.raises(PeerError, match="lacks cosignatures"):
                policy.check(note)
    assert parse_policy(policy_text(policy)) == policy


def test_without_witnesses_the_logs_own_signature_is_enough() -> None:
    policy = tlog_policy(replace(ROSTER, witness_threshold=0), "bremen")
    assert policy.check(sign_checkpoint(Checkpoint("node.bremen/log", 0, EMPTY_ROOT), LEAGUE.holder("bremen").log_key))
    with pytest.raises(PeerError):
        policy.check(sign_checkpoint(Checkpoint("node.bremen/log", 0, EMPTY_ROOT), LEAGUE.holder("bremen").answer_key))


def test_a_city_that_only_dials_out_has_a_log_but_nowhere_to_read_it() -> None:
    roster = with_outbound("bremen")
    assert log_url(roster.member("bremen")) == ""
    assert log_url(roster.member("hamburg")) == "https://127.0.0.1:8402"
    assert log_vkey(roster.member("bremen")).name == "node.bremen/log"


def test_a_league_says_in_words_how_many_outages_it_bears() -> None:
    three_days = timedelta(days=3)
    (four,) = outages_of_league(ROSTER, three_days)
    assert four == (
        "bremen, hamburg, luebeck, rostock: 2 of 3 witnesses have to cosign its log: 1 of them may be down for as long"
        " as it takes; with 2 down it answers on for 3 days at open and controlled, then nothing until enough are back;"
        " it starts once 2 are up"
    )
    listening, silent = outages_of_league(with_outbound("luebeck"), three_days)
    assert listening.startswith("bremen, hamburg, rostock: 2 of 2 witnesses")
    assert "no outage of a witness is borne for ever; with 1 down it answers on for 3 days" in listening
    assert silent.startswith("luebeck: 2 of 3 witnesses")
    assert "cosigned by nobody" in outages_of_city(replace(ROSTER, witness_threshold=0), "bremen", three_days)
