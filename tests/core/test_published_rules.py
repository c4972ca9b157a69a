"""Published rules: whatever changes what policy, manifest or contract say changes the document, and so its hash."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from datetime import date, datetime
from fractions import Fraction
from typing import Any

import pytest
import rfc8785

from hansa_core.contract.contract import Contract, ContractColumn, Scope
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import DataType
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.manifest.manifest import Dependency, Manifest, TableDeclaration
from hansa_core.policy.policy import DenyList, Policy, Rule
from hansa_core.policy.published_rules import (
    contract_rules,
    deny_value,
    manifest_rules,
    policy_rules,
    rules_hash,
)

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


def published(policy: Policy) -> bytes:
    """The document, under a salt that stays: the deny list makes the digest."""
    return policy_rules(policy, hashlib.sha256(canonical_json(deny_value(policy.deny))).hexdigest())


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
    assert published(replace(POLICY, **change)) != published(POLICY)


def test_the_order_in_a_policys_file_does_not_matter() -> None:
    again = replace(RULE, datasets=frozenset(sorted(RULE.datasets, reverse=True)))
    assert published(replace(POLICY, rules=(again,))) == published(POLICY)


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
        {"dependencies": (Dependency(column="kind", follows="year", values={"1400": "shed"}),)},
    ],
)
def test_a_manifest_that_declares_something_else_has_another_hash(change: Any) -> None:
    assert manifest_rules(replace(MANIFEST, **change)) != manifest_rules(MANIFEST)


@pytest.mark.parametrize(
    "change", [{"dominant_entities": 1}, {"dominant_share": Fraction(1, 2)}, {"p_percent": Fraction(1, 5)}]
)
def test_nobody_reads_a_citys_secret_parameters_in_the_published_rules(change: Any) -> None:
    assert manifest_rules(replace(MANIFEST, **change)) == manifest_rules(MANIFEST)


def test_nobody_on_the_deny_list_stands_in_the_published_rules() -> None:
    document = published(POLICY)
    assert b"mallory" not in document
    assert json.loads(document)["commitments"].keys() == {"deny"}


COLUMN = ContractColumn(
    name="minutes",
    type=DataType.NUMBER,
    meaning="how long",
    unit="min",
    quantum=Fraction(1, 100),
    lower=Fraction(0),
    upper=Fraction(2**60 + 1, 3),
    bins=((Fraction(10),), (Fraction(5), Fraction(10))),
)
DAY = ContractColumn(name="day", type=DataType.DATE, meaning="when", required=True, domain=(date(1999, 12, 31),))
CONTRACT = Contract(
    id=ContractId("town.trips", 1),
    title="Trips",
    columns={"minutes": COLUMN, "day": DAY},
    unit="day",
    entity="day",
    unit_scope=Scope.CITY,
    max_cities_per_unit=1,
    least_level=Level.OPEN,
)


@pytest.mark.parametrize(
    "change",
    [
        {"title": "Ways"},
        {"least_level": Level.CONTROLLED},
        {"columns": {"day": DAY, "minutes": COLUMN}},
        {"columns": {"minutes": replace(COLUMN, quantum=Fraction(1, 10)), "day": DAY}},
        {"columns": {"minutes": replace(COLUMN, upper=Fraction(2**60 + 2, 3)), "day": DAY}},
        {"columns": {"minutes": COLUMN, "day": replace(DAY, domain=(datetime(1999, 12, 31),))}},
        {"columns": {"minutes": replace(COLUMN, bins=((Fraction(10),),)), "day": DAY}},
    ],
)
def test_a_contract_that_says_something_else_has_another_hash(change: Any) -> None:
    assert contract_rules(replace(CONTRACT, **change)) != contract_rules(CONTRACT)


@pytest.mark.parametrize("document", [published(POLICY), manifest_rules(MANIFEST), contract_rules(CONTRACT)])
def test_a_document_is_rfc_8785_and_its_hash_that_of_its_bytes(document: bytes) -> None:
    assert document == rfc8785.dumps(json.loads(document))
    assert rules_hash(document) == hashlib.sha256(document).hexdigest()


def test_what_json_readers_would_round_is_text() -> None:
    whole = replace(MANIFEST, domains={"kind": ("house",), "year": (2**53, 2**53 - 1, 0.1, date(2020, 2, 29))})
    year = json.loads(manifest_rules(whole))["domains"]["year"]
    assert year == [{"int": "9007199254740992"}, 2**53 - 1, {"float": "0.1"}, {"date": "2020-02-29"}]
