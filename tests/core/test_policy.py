"""What a policy admits and denies, and which one is none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.policy.policy import DenyList, Policy, Rule

PERMITS = ContractId("housing.permits", 1)
STATED: dict[str, Any] = {
    "datasets": frozenset({"housing.permits/1"}),
    "purposes": frozenset({"statistics"}),
    "organisations": frozenset({"seattle"}),
}


def test_a_policy_without_rules_admits_nothing() -> None:
    assert Policy(id="closed", version=1, rules=()).rules_for(PERMITS) == ()


def test_a_star_stands_for_any() -> None:
    rule = Rule(datasets=frozenset({"*"}), purposes=frozenset({"*"}), organisations=frozenset({"*"}))
    assert rule.covers(PERMITS)
    assert rule.admits_asker(organisation="anyone", city="anywhere")
    assert rule.admits_purpose("anything")


def test_a_name_is_worth_what_the_city_that_vouches_for_it_is_worth() -> None:
    anybodys = Rule(datasets=frozenset({"*"}), purposes=frozenset({"*"}), organisations=frozenset({"tno"}))
    assert anybodys.trusts_names
    named = replace(anybodys, cities=frozenset({"seattle"}))
    assert not named.trusts_names
    assert named.admits_asker(organisation="tno", city="seattle")
    assert not named.admits_asker(organisation="tno", city="los-angeles")


def test_a_rule_speaks_about_its_own_version_of_a_contract_only() -> None:
    rule = Rule(**STATED)
    assert rule.covers(PERMITS)
    assert not rule.covers(ContractId("housing.permits", 2))


@pytest.mark.parametrize("held", [{"subject": "x"}, {"key_id": "x"}, {"organisation": "x"}])
def test_the_deny_list_holds_subjects_keys_and_organisations(held: dict[str, str]) -> None:
    deny = DenyList(subjects=frozenset("x"), keys=frozenset("x"), organisations=frozenset("x"))
    nobody = {"subject": "-", "key_id": "-", "organisation": "-"}
    assert deny.holds(**(nobody | held))
    assert not deny.holds(**nobody)


@pytest.mark.parametrize("name", list(STATED))
def test_a_rule_that_lists_nothing_is_none(name: str) -> None:
    with pytest.raises(ValueError, match=f"{name} is empty"):
        Rule(**STATED | {name: frozenset()})


def test_a_rule_names_contracts_with_their_version() -> None:
    with pytest.raises(ValueError, match="is not a contract id"):
        Rule(**STATED | {"datasets": frozenset({"permits"})})


@pytest.mark.parametrize(("changes", "said"), [({"id": ""}, "id is empty"), ({"version": 0}, "from 1")])
def test_a_policy_has_a_name_and_a_version(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(Policy(id="permits", version=1, rules=()), **changes)
