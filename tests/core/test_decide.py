"""Who is refused, by which rule, and in which order; and that nothing but question, rules and time decides."""

from __future__ import annotations

import inspect
from dataclasses import fields, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import Query
from hansa_core.policy.decide import Bound, LeagueRules, Permit, Refuse, VouchedAnalyst, decide, turn_away
from hansa_core.policy.policy import DenyList, Policy, Rule

NOW = datetime(2026, 5, 1, 12, 0, 0)
PERMITS = ContractId("housing.permits", 1)
QUERY = Query(
    plan=Plan(PERMITS, None, (), (Aggregate(AggregateFunction.COUNT_ROWS),)),
    purpose="statistics",
    league="hanse",
    cities=("bremen", "luebeck"),
    expires_at=NOW + timedelta(minutes=5),
    nonce=bytes(16),
)
ASKER = VouchedAnalyst(subject="ann", organisation="bremen", city="bremen", key_id="ab" * 32)
LEAGUE = LeagueRules(
    city="luebeck",
    name="hanse",
    purposes=frozenset({"statistics", "planning"}),
    roster_expires=NOW + timedelta(days=1),
)
RULE = Rule(
    datasets=frozenset({"housing.permits/1"}), purposes=frozenset({"statistics"}), organisations=frozenset({"bremen"})
)
POLICY = Policy(id="permits", version=1, rules=(RULE,))
BOUND = Bound(level=Level.CONTROLLED)
BROKEN = RefusedError("not_published", "published tables only", "ask for fewer keys", "keys")


def code_of(query: Query = QUERY, **changes: Any) -> str | None:
    given: dict[str, Any] = {
        "asker": ASKER,
        "policy": POLICY,
        "league": LEAGUE,
        "is_served": True,
        "replayed": False,
        "now": NOW,
    }
    refused = turn_away(query, **(given | changes))
    return None if refused is None else refused.refusal.code


def test_a_query_that_breaks_no_rule_is_permitted_at_no_cost() -> None:
    assert code_of() is None
    assert decide(QUERY, BOUND, spent={}) == Permit(level=Level.CONTROLLED, charges=())


def test_a_city_that_is_not_addressed_refuses() -> None:
    assert code_of(replace(QUERY, cities=("bremen",))) == "not_addressed"


def test_a_query_to_another_league_is_refused() -> None:
    assert code_of(replace(QUERY, league="other")) == "league_mismatch"


@pytest.mark.parametrize(
    ("expires_in", "code"),
    [
        (timedelta(0), "expired"),
        (timedelta(seconds=-1), "expired"),
        (timedelta(seconds=1), None),
        (timedelta(hours=24), None),
        (timedelta(hours=24, seconds=1), "expiry_too_far"),
    ],
)
def test_a_query_expires_within_a_day(expires_in: timedelta, code: str | None) -> None:
    assert code_of(replace(QUERY, expires_at=NOW + expires_in)) == code


def test_a_node_with_an_expired_roster_answers_nothing() -> None:
    assert code_of(league=replace(LEAGUE, roster_expires=NOW)) == "roster_expired"


def test_a_nonce_that_was_used_for_other_bytes_is_a_replay() -> None:
    assert code_of(replayed=True) == "replay"


@pytest.mark.parametrize("deny", [{"subjects": "ann"}, {"keys": "ab" * 32}, {"organisations": "bremen"}])
def test_who_is_on_the_deny_list_is_refused_whatever_the_rules_say(deny: dict[str, str]) -> None:
    listed = DenyList(**{name: frozenset({value}) for name, value in deny.items()})
    assert code_of(policy=replace(POLICY, deny=listed)) == "denied"


def test_a_dataset_that_the_city_does_not_serve_is_refused() -> None:
    assert code_of(is_served=False) == "dataset_not_served"


@pytest.mark.produces("organisation_not_allowed")
def test_an_organisation_that_no_rule_admits_is_refused() -> None:
    assert code_of(asker=replace(ASKER, organisation="hamburg")) == "organisation_not_allowed"


def test_a_policy_without_rules_refuses_everybody() -> None:
    assert code_of(policy=Policy(id="closed", version=1, rules=())) == "organisation_not_allowed"


def test_a_purpose_that_the_policy_does_not_allow_is_refused() -> None:
    assert code_of(replace(QUERY, purpose="planning")) == "purpose_not_allowed"


def test_a_purpose_that_the_league_does_not_know_is_refused_even_where_the_policy_takes_any() -> None:
    any_purpose = replace(POLICY, rules=(replace(RULE, purposes=frozenset({"*"})),))
    assert code_of(replace(QUERY, purpose="curiosity"), policy=any_purpose) == "purpose_not_allowed"
    assert code_of(replace(QUERY, purpose="planning"), policy=any_purpose) is None


def test_a_purpose_that_the_credential_does_not_name_is_refused() -> None:
    assert code_of(asker=replace(ASKER, purposes=frozenset({"planning"}))) == "purpose_not_allowed"
    assert code_of(asker=replace(ASKER, purposes=frozenset({"statistics"}))) is None


def test_a_purpose_that_only_the_credential_knows_is_refused_even_where_the_policy_takes_any() -> None:
    any_purpose = replace(POLICY, rules=(replace(RULE, purposes=frozenset({"*"})),))
    asker = replace(ASKER, purposes=frozenset({"statistics", "curiosity"}))
    assert code_of(replace(QUERY, purpose="curiosity"), policy=any_purpose, asker=asker) == "purpose_not_allowed"
    assert code_of(policy=any_purpose, asker=asker) is None


def test_organisation_and_purpose_must_stand_in_one_rule() -> None:
    other = replace(RULE, organisations=frozenset({"hamburg"}), purposes=frozenset({"planning"}))
    rules = replace(POLICY, rules=(RULE, other))
    assert code_of(replace(QUERY, purpose="planning"), policy=rules) == "purpose_not_allowed"


def test_an_asked_level_must_be_the_served_one() -> None:
    refused = decide(replace(QUERY, level=Level.OPEN), BOUND, spent={})
    assert isinstance(refused, Refuse)
    assert refused.refusal.code == "level_not_offered"
    assert isinstance(decide(replace(QUERY, level=Level.CONTROLLED), BOUND, spent={}), Permit)


@pytest.mark.parametrize("served", Level)
@pytest.mark.parametrize("asked", Level)
def test_neither_a_stricter_nor_a_laxer_level_than_the_served_one_is_offered(asked: Level, served: Level) -> None:
    verdict = decide(replace(QUERY, level=asked), replace(BOUND, level=served), spent={})
    assert isinstance(verdict, Permit) == (asked is served)


def test_what_binding_found_is_passed_on_word_for_word() -> None:
    verdict = decide(QUERY, replace(BOUND, broken=BROKEN), spent={})
    assert isinstance(verdict, Refuse)
    refusal = verdict.refusal
    assert (refusal.code, refusal.rule, refusal.remedy, refusal.field) == (
        BROKEN.code,
        BROKEN.rule,
        BROKEN.remedy,
        BROKEN.field,
    )


def test_a_city_cannot_give_its_analysts_another_citys_name() -> None:
    named = replace(POLICY, rules=(replace(RULE, cities=frozenset({"bremen"})),))
    assert code_of(policy=named) is None
    assert code_of(policy=named, asker=replace(ASKER, city="hamburg")) == "organisation_not_allowed"


def test_who_asks_where_nothing_is_served_and_may_not_ask_learns_only_the_first() -> None:
    assert code_of(is_served=False, asker=replace(ASKER, organisation="hamburg")) == "dataset_not_served"


def test_nothing_of_the_data_is_among_what_decides() -> None:
    rules = {"query", "asker", "policy", "league", "is_served", "replayed", "now"}
    assert set(inspect.signature(turn_away).parameters) == rules
    assert set(inspect.signature(decide).parameters) == {"query", "bound", "spent"}
    assert {field.name for field in fields(Bound)} == {"level", "broken", "charges"}


CHARGES = (
    LedgerCharge(ledger="residents", cost=3, limit=10),
    LedgerCharge(ledger="residents of this year", cost=3, limit=5),
)


@pytest.mark.parametrize(
    ("spent", "fits"), [((0, 0), True), ((7, 2), True), ((8, 0), False), ((0, 3), False), ((10, 5), False)]
)
def test_a_permit_never_passes_the_limit_of_any_ledger(spent: tuple[int, int], fits: bool) -> None:
    spent_in = {charge.ledger: each for charge, each in zip(CHARGES, spent, strict=True)}
    verdict = decide(QUERY, replace(BOUND, charges=CHARGES), spent=spent_in)
    if fits:
        assert verdict == Permit(level=Level.CONTROLLED, charges=CHARGES)
    else:
        assert isinstance(verdict, Refuse)
        assert verdict.refusal.code == "budget_exhausted"
        assert not any(character.isdigit() for character in str(verdict.refusal))  # nobody learns what is left


def test_what_breaks_a_rule_is_refused_for_that_whatever_is_left() -> None:
    exhausted = replace(BOUND, broken=BROKEN, charges=CHARGES)
    verdict = decide(QUERY, exhausted, spent=dict.fromkeys((charge.ledger for charge in CHARGES), 10))
    assert isinstance(verdict, Refuse)
    assert verdict.refusal.code == BROKEN.code


def test_two_charges_to_one_ledger_are_no_price() -> None:
    with pytest.raises(ValueError, match="once"):
        replace(BOUND, charges=(CHARGES[0], CHARGES[0]))
    with pytest.raises(ValueError, match="negative"):
        replace(CHARGES[0], cost=-1)
