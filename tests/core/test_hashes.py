"""What a policy and a manifest are called in the log: whatever changes what they say changes the name."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest, TableDeclaration
from hansa_core.policy.hashes import manifest_hash, policy_hash
from hansa_core.policy.policy import DenyList, Policy, Rule

RULE = Rule(
    datasets=frozenset({"town.trips/1", "town.permits/1"}),
    purposes=frozenset({"statistics", "planning"}),
    organisations=frozenset({"bremen"}),
)
POLICY = Policy(id="town", version=2, rules=(RULE,), deny=DenyList(subjects=frozenset({"mallory"})))
TABLE = TableDeclaration(name="by_kind", dimensions=("kind", "year"), measures=("minutes",))
MANIFEST = Manifest(
    contract=ContractId("town.permits", 1),
    population="applicants",
    level=Level.CONTROLLED,
    tables=(TABLE,),
    domains={"kind": ("house", "shed"), "year": (1400, 1401)},
    structural_zeros={"kind": ("shed",)},
)


@pytest.mark.parametrize(
    "change",
    [
        {"id": "other"},
        {"version": 3},
        {"rules": ()},
        {"rules": (replace(RULE, purposes=frozenset({"statistics"})),)},
        {"rules": (replace(RULE, cities=frozenset({"bremen"})),)},
        {"rules": (RULE, RULE)},
        {"deny": DenyList()},
        {"deny": DenyList(keys=frozenset({"mallory"}))},
    ],
)
def test_a_policy_that_says_something_else_has_another_hash(change: Any) -> None:
    assert policy_hash(replace(POLICY, **change)) != policy_hash(POLICY)


def test_the_order_in_a_policys_file_does_not_matter() -> None:
    again = replace(RULE, datasets=frozenset(sorted(RULE.datasets, reverse=True)))
    assert policy_hash(replace(POLICY, rules=(again,))) == policy_hash(POLICY)


@pytest.mark.parametrize(
    "change",
    [
        {"population": "others"},
        {"threshold": 11},
        {"min_entities": 4},
        {"protection_version": 2},
        {"tables": (replace(TABLE, bins="minutes"),)},
        {"tables": (replace(TABLE, dimensions=("year", "kind")),)},
        {"domains": {"kind": ("house", "shed"), "year": ("1400", "1401")}},
        {"domains": {"kind": ("house", "shed"), "year": (True, 1401)}},
        {"structural_zeros": {}},
        {"contract": ContractId("town.permits", 2)},
        {"level": Level.OPEN},
    ],
)
def test_a_manifest_that_declares_something_else_has_another_hash(change: Any) -> None:
    assert manifest_hash(replace(MANIFEST, **change)) != manifest_hash(MANIFEST)
