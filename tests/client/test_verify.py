"""What a city signed is held against what was asked, and against what the league allows it to say."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import replace

import pytest

import hansa as sdk
from hansa.answering.city_words import VerifiedRelease
from hansa.answering.coverage import Outcome
from hansa.answering.verify import verify_answer
from hansa.errors import TrustError
from hansa.question.question import Expected
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.league.members import Member
from hansa_simulated_city import CITIES, SimulatedLeague
from hansa_wire.codec.answered import Answered

COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"
CITY = CITIES[0]


@pytest.fixture
def league(cities: SimulatedLeague) -> Iterator[sdk.League]:
    with sdk.connect(cities.profile) as connected:
        yield connected


def asked(league: sdk.League) -> tuple[Answered, Expected]:
    """What a city gave, and what it was held against when it came."""
    answer = league.sql(COUNT)
    expected = Expected(
        query_hash=hashlib.sha256(answer.evidence.query.payload).digest(),
        plan_hash=answer.plan_hash,
        plan=answer.plan,
        contract=answer.contract,
        organisation="bremen",
        purpose=answer.purpose,
    )
    return answer.evidence.answers[CITY], expected


@pytest.mark.parametrize("dataset", ["aaa.ships/1", "zzz.ships/1"])
def test_a_release_of_another_contract_is_not_believed(
    cities: SimulatedLeague, league: sdk.League, dataset: str
) -> None:
    given, expected = asked(league)
    other = replace(expected, contract=replace(expected.contract, id=ContractId.parse(dataset)))
    with pytest.raises(TrustError, match="wrong_plan"):
        verify_answer(given, cities.roster.member(CITY), other)


def test_a_partial_that_does_not_fit_the_plan_is_the_citys_fault(cities: SimulatedLeague, league: sdk.League) -> None:
    given, expected = asked(league)
    other = replace(expected, plan=league.sql("SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind").plan)
    with pytest.raises(TrustError, match="malformed_answer"):
        verify_answer(given, cities.roster.member(CITY), other)


def under(contract: Contract, least: Level) -> Contract:
    return replace(contract, least_level=least)


@pytest.mark.produces("below_floor")
def test_a_city_that_answers_below_the_contracts_floor_is_not_believed(
    cities: SimulatedLeague, league: sdk.League
) -> None:
    """Its rows may not be served like that, and what it says may not be used."""
    given, expected = asked(league)
    member = cities.roster.member(CITY)
    with pytest.raises(TrustError, match="below_floor"):
        verify_answer(given, member, replace(expected, contract=under(expected.contract, Level.CONTROLLED)))


def test_a_city_may_answer_at_the_floor_and_above_it(cities: SimulatedLeague, league: sdk.League) -> None:
    member = cities.roster.member(CITY)
    for city in cities.cities.values():
        city.level = Level.CONTROLLED
    given, expected = asked(league)
    for floor in (Level.OPEN, Level.CONTROLLED):
        verified = verify_answer(given, member, replace(expected, contract=under(expected.contract, floor)))
        assert isinstance(verified, VerifiedRelease)
        assert verified.level is Level.CONTROLLED


def test_whatever_goes_wrong_with_one_citys_word_the_others_stand(
    league: sdk.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Only that city chose its bytes: a fault that nobody thought of is its own."""

    def failing(given: Answered, member: Member, expected: Expected) -> object:
        if member.city == CITY:
            raise ZeroDivisionError("4711")
        return verify_answer(given, member, expected)

    monkeypatch.setattr("hansa.asking.session.verify_answer", failing)
    reports = {report.city: report for report in league.sql(COUNT, partial=True).cities}
    assert (reports[CITY].state, reports[CITY].code) == (Outcome.UNTRUSTED, "malformed_answer")
    assert "ZeroDivisionError" in reports[CITY].rule
    assert "4711" not in reports[CITY].rule
    assert all(report.state is Outcome.ANSWERED for city, report in reports.items() if city != CITY)
