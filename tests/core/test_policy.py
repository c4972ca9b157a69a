"""What a policy file may say, and what stops it."""

from __future__ import annotations

from typing import Any

import pytest

from hansa_core.policy.policy import DenyList, Policy, Rule, policy_from_document
from hansa_core.query.plan import ContractId

PERMITS = ContractId("housing.permits", 1)


def document(**changes: Any) -> dict[str, Any]:
    rule = {"datasets": ["housing.permits/1"], "purposes": ["statistics"], "organisations": ["seattle"]}
    return {"id": "permits", "version": 3, "rules": [rule], "deny": {"subjects": ["mallory"]}} | changes


def test_a_policy_file_becomes_a_policy() -> None:
    policy = policy_from_document(document())
    assert policy == Policy(
        id="permits",
        version=3,
        rules=(
            Rule(
                datasets=frozenset({"housing.permits/1"}),
                purposes=frozenset({"statistics"}),
                organisations=frozenset({"seattle"}),
            ),
        ),
        deny=DenyList(subjects=frozenset({"mallory"})),
    )


def test_a_policy_without_rules_admits_nothing() -> None:
    assert policy_from_document({"id": "closed", "version": 1}).rules_for(PERMITS) == ()


def test_a_star_stands_for_any() -> None:
    rule = Rule(datasets=frozenset({"*"}), purposes=frozenset({"*"}), organisations=frozenset({"*"}))
    assert rule.covers(PERMITS)
    assert rule.admits_organisation("anyone")
    assert rule.admits_purpose("anything")


def test_a_rule_speaks_about_its_own_version_of_a_contract_only() -> None:
    (rule,) = policy_from_document(document()).rules
    assert not rule.covers(ContractId("housing.permits", 2))


@pytest.mark.parametrize("held", [{"subject": "x"}, {"key_id": "x"}, {"organisation": "x"}])
def test_the_deny_list_holds_subjects_keys_and_organisations(held: dict[str, str]) -> None:
    deny = DenyList(subjects=frozenset("x"), keys=frozenset("x"), organisations=frozenset("x"))
    nobody = {"subject": "-", "key_id": "-", "organisation": "-"}
    assert deny.holds(**(nobody | held))
    assert not deny.holds(**nobody)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"rulez": []}, "nearest known key is 'rules'"),
        ({"deny": {"subject": []}}, "nearest known key is 'subjects'"),
        ({"rules": [{"dataset": ["*"]}]}, "nearest known key is 'datasets'"),
        ({"id": None}, "id is missing"),
        ({"id": ""}, "id is empty"),
        ({"version": "1"}, "version is missing"),
        ({"version": True}, "version is missing"),
        ({"version": 0}, "count policy versions from 1"),
        ({"rules": {}}, "rules must be a list"),
        ({"rules": ["all"]}, r"rules\[0\] must be a table"),
        ({"rules": [{"datasets": ["*"], "purposes": ["*"]}]}, r"rules\[0\]: organisations is empty"),
        ({"rules": [{"datasets": "*", "purposes": ["*"], "organisations": ["*"]}]}, "datasets must be a list"),
        ({"rules": [{"datasets": ["permits"], "purposes": ["*"], "organisations": ["*"]}]}, "is not a contract id"),
        ({"deny": []}, "deny must be a table"),
        ({"deny": {"keys": [1]}}, "deny.keys must be a list of names"),
    ],
)
def test_a_wrong_policy_names_the_field_the_rule_and_the_remedy(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        policy_from_document(document(**changes))
