"""Rosters: who is believed about who belongs to the league."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any, cast

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.roster import Member, Roster, roster_from_envelope, roster_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, sign
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_trust_values import CONTRACT, NOW, League, league_of

LEAGUE = league_of("bremen", "hamburg", "luebeck")
ROSTER = LEAGUE.roster


def believed(envelope: Envelope, league: League = LEAGUE) -> Roster:
    anchor = league.roster
    return roster_from_envelope(envelope, anchor.governance_keys, anchor.governance_threshold, NOW)


def signed_document(change: Callable[[dict[str, Any]], object]) -> Envelope:
    """A roster that all governors signed although its JSON was changed."""
    document = json.loads(roster_payload(ROSTER))
    change(document)
    signers = [holder.governance_key for holder in LEAGUE.holders]
    return sign(payload_types.ROSTER, json.dumps(document).encode(), *signers)


def test_a_roster_that_a_quorum_signed_is_believed() -> None:
    assert believed(LEAGUE.signed()) == ROSTER
    assert believed(LEAGUE.signed(by=2)) == ROSTER


def test_a_minority_of_governors_cannot_change_the_league() -> None:
    with pytest.raises(PeerError, match="1 keys signed the envelope; it needs 2"):
        believed(LEAGUE.signed(by=1, members=ROSTER.members[:1]))


def test_one_governor_who_signs_many_times_is_still_a_minority() -> None:
    governor = LEAGUE.holders[0].governance_key
    with pytest.raises(PeerError, match="1 keys signed"):
        believed(sign(payload_types.ROSTER, roster_payload(ROSTER), governor, governor, governor))


def test_members_cannot_sign_a_roster_with_their_other_keys() -> None:
    signers = [holder.answer_key for holder in LEAGUE.holders]
    with pytest.raises(PeerError, match="unknown key"):
        believed(sign(payload_types.ROSTER, roster_payload(ROSTER), *signers))


def test_a_roster_cannot_lower_its_own_threshold() -> None:
    with pytest.raises(PeerError, match="trusted here"):
        believed(LEAGUE.signed(governance_threshold=1))


def test_a_trust_anchor_with_a_lowered_threshold_is_noticed() -> None:
    with pytest.raises(PeerError, match="trusted here"):
        roster_from_envelope(LEAGUE.signed(), ROSTER.governance_keys, 1, NOW)


def test_another_leagues_roster_is_refused() -> None:
    with pytest.raises(PeerError, match="unknown key"):
        believed(league_of("bremen", "hamburg", "luebeck").signed())


def test_a_city_that_only_dials_out_has_no_address() -> None:
    members = tuple(replace(member, host=None, port=None, log_port=None) for member in ROSTER.members)
    assert believed(LEAGUE.signed(members=members)).members == members
    for incomplete in ("host", "port", "log_port"):
        with pytest.raises(ValueError, match="come together"):
            replace(ROSTER.members[0], **cast("Any", {incomplete: None}))


def test_an_expired_roster_is_refused_at_its_very_second() -> None:
    assert believed(LEAGUE.signed(expires=NOW + timedelta(seconds=1)))
    with pytest.raises(PeerError, match="expired at 2026-05-01T12:00:00Z"):
        believed(LEAGUE.signed(expires=NOW))


def test_a_credential_cannot_pass_for_a_roster() -> None:
    signers = [holder.governance_key for holder in LEAGUE.holders]
    with pytest.raises(PeerError, match="not of type"):
        believed(sign(payload_types.CREDENTIAL, roster_payload(ROSTER), *signers))


def test_a_flipped_bit_in_the_payload_is_noticed() -> None:
    envelope = LEAGUE.signed()
    payload = bytes([envelope.payload[0] ^ 1]) + envelope.payload[1:]
    with pytest.raises(PeerError, match="does not verify"):
        believed(Envelope(envelope.payload_type, payload, envelope.signatures))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda r: r.update(extra=1), "unknown field 'extra'"),
        (lambda r: r.pop("purposes"), "purposes is missing"),
        (lambda r: r["members"][1].pop("tls_spki"), r"members\[1\]: field tls_spki is missing"),
        (lambda r: r["members"][0].update(citty="x"), "did you mean city"),
        (lambda r: r["members"][0].update(city="../etc"), "city"),
        (lambda r: r["members"][0].update(city="Bremen"), "city"),
        (lambda r: r["members"][0].update(city="bremen\n"), "city"),
        (lambda r: r["members"][0].update(city="-rf"), "city"),
        (lambda r: r["members"][0].update(city=""), "city"),
        (lambda r: r["members"][0].update(city="hamburg"), "city must not repeat"),
        (lambda r: r["members"][0].update(port=0), "port"),
        (lambda r: r["members"][0].update(port=True), "whole number"),
        (lambda r: r["members"][0].update(port="7401"), "whole number"),
        (lambda r: r["members"][0].update(log_port=0), "log_port is 0"),
        (lambda r: r["members"][0].update(log_port=7401), "port and log_port must not repeat"),
        (lambda r: r["members"][0].pop("log_port"), "field log_port is missing"),
        (lambda r: r["members"][0].pop("log_key"), "field log_key is missing"),
        (lambda r: r["members"][0].update(witness_key="00" * 32), "witness_key is a point of small order"),
        (lambda r: r["members"][0].update(host="a b"), "host"),
        (lambda r: r["members"][0].pop("host"), r"members\[0\]: field host is missing"),
        (lambda r: r["coordinators"][0].pop("port"), "field port is missing"),
        (lambda r: r["members"][0].update(server_name="*.bremen"), "server_name"),
        (lambda r: r["members"][0].update(ca_pem="no certificate"), "roster"),
        (lambda r: r["members"][0].update(ca_pem=r["members"][0]["ca_pem"] + r["members"][1]["ca_pem"]), "one cert"),
        (lambda r: r["members"][0].update(tls_spki="AB" * 32), "tls_spki"),
        (lambda r: r["members"][0].update(answer_key="ab" * 31), "answer_key"),
        (lambda r: r["members"][0].update(answer_key="00" * 32), "small order"),
        (lambda r: r["members"][0].update(contracts=["housing.permits/2"]), "no contract of the league"),
        (lambda r: r["members"][0].update(contracts=["housing.permits/1"] * 2), "contracts must not repeat"),
        (lambda r: r["members"][0].update(contracts=["housing.permits/01"]), "contract id"),
        (lambda r: r["contracts"].update({"housing.permits/1": "zz"}), "64 lower-case hex"),
        (lambda r: r.update(expires="2026-05-31"), "time such as"),
        (lambda r: r.update(expires="2026-5-31T12:00:00Z"), "time such as"),
        (lambda r: r.update(expires="2026-02-30T12:00:00Z"), "time such as"),
        (lambda r: r.update(version=0), "version"),
        (lambda r: r.update(league="a\x1b[2Jb"), "printable"),
        (lambda r: r.update(purposes=[]), "at least one purpose"),
        (lambda r: r.update(purposes=["x", 1]), "list of strings"),
        (lambda r: r.update(members=[]), "at least one"),
        (lambda r: r.update(coordinators=r["coordinators"] * 2), "must not repeat"),
        (lambda r: r.update(governance_threshold=4), "governance_threshold"),
        (lambda r: r.update(witness_threshold=-1), "witness_threshold is -1"),
        (lambda r: r.pop("witness_threshold"), "field witness_threshold is missing"),
    ],
)
def test_a_malformed_roster_is_refused_although_it_is_signed(
    change: Callable[[dict[str, Any]], object], reason: str
) -> None:
    with pytest.raises(PeerError, match=reason):
        believed(signed_document(change))


def test_a_repeated_field_cannot_hide_a_second_reading() -> None:
    payload = roster_payload(ROSTER).replace(b'"version":1', b'"version":1,"version":2')
    signers = [holder.governance_key for holder in LEAGUE.holders]
    with pytest.raises(PeerError, match="twice"):
        believed(sign(payload_types.ROSTER, payload, *signers))


@pytest.mark.parametrize("shared", ["tls_spki", "ca_pem", "answer_key", "credential_key", "log_key", "witness_key"])
def test_two_cities_that_share_a_key_could_speak_for_each_other(shared: str) -> None:
    bremen, hamburg, luebeck = ROSTER.members
    twin: Member = replace(hamburg, **{shared: getattr(bremen, shared)})
    with pytest.raises(ValueError, match="must not repeat"):
        replace(ROSTER, members=(bremen, twin, luebeck))


@pytest.mark.parametrize(
    "taken",
    [{"origin": "node.bremen/log"}, {"server_name": "node.bremen"}, {"server_name": "node.bremen", "origin": "x/log"}],
)
def test_two_cities_that_share_the_name_of_a_log_or_of_a_witness_could_be_taken_for_each_other(
    taken: dict[str, str],
) -> None:
    bremen, hamburg, luebeck = ROSTER.members
    with pytest.raises(ValueError, match=r"(log_origin|the names of witnesses) must not repeat"):
        replace(ROSTER, members=(bremen, replace(hamburg, **cast("Any", taken)), luebeck))


def test_a_log_that_moved_to_a_name_that_nobody_has_is_a_log_of_its_own() -> None:
    bremen, hamburg, luebeck = ROSTER.members
    moved = replace(ROSTER, members=(replace(bremen, origin="logs.bremen.example:7405/log"), hamburg, luebeck))
    assert moved.member("bremen").log_origin == "logs.bremen.example:7405/log"


def test_no_key_serves_two_roles() -> None:
    bremen, *others = ROSTER.members
    for other_role in (bremen.answer_key, ROSTER.governance_keys[2], others[0].answer_key):
        for role in ("credential_key", "log_key", "witness_key"):
            with pytest.raises(ValueError, match="must not repeat"):
                replace(ROSTER, members=(replace(bremen, **cast("Any", {role: other_role})), *others))


def test_a_citys_log_and_its_witness_have_names_of_their_own() -> None:
    bremen = ROSTER.member("bremen")
    assert (bremen.log_origin, bremen.witness_name) == ("node.bremen/log", "node.bremen/witness")


def test_an_unknown_city_is_refused_with_the_nearest_name() -> None:
    with pytest.raises(RefusedError, match="did you mean hamburg") as refused:
        ROSTER.member("hambourg")
    assert refused.value.code == "unknown_city"
    assert ROSTER.member("hamburg").city == "hamburg"


@pytest.mark.produces("unknown_coordinator")
def test_a_coordinator_is_found_by_name_or_first() -> None:
    assert ROSTER.coordinator() == ROSTER.coordinator("coordinator") == ROSTER.coordinators[0]
    with pytest.raises(RefusedError, match="unknown_coordinator"):
        ROSTER.coordinator("mallory")


def test_cities_are_sorted_whatever_order_the_roster_has() -> None:
    backwards = replace(ROSTER, members=tuple(reversed(ROSTER.members)))
    assert backwards.cities == backwards.cities_serving(CONTRACT) == ("bremen", "hamburg", "luebeck")
    assert backwards.cities_serving(ContractId("housing.permits", 2)) == ()


def test_a_league_of_a_thousand_cities_loads() -> None:
    league = league_of(*(f"city-{number}" for number in range(1000)))
    file = envelope_to_json(league.signed(by=league.roster.governance_threshold))
    start = time.perf_counter()
    roster = believed(envelope_from_json(file), league)
    print(f"1000 members loaded in {time.perf_counter() - start:.3f} s from {len(file):,} bytes")
    assert len(roster.cities) == 1000
