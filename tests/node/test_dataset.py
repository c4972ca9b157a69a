"""A dataset version that is open, and what it remembers of the questions it was asked."""

from __future__ import annotations

from typing import cast

import pytest

import hansa_node.dataset
from hansa_core.errors import RefusedError
from hansa_core.policy.manifest import Manifest
from hansa_core.protection.cover import Cover, find_cover
from hansa_core.query.contract import Contract
from hansa_core.query.expression import Column
from hansa_core.query.plan import Aggregate, AggregateFunction, ContractId, Plan
from hansa_node.dataset import Dataset
from hansa_node.engines.published import PublishedTables
from hansa_node.ingest.manifest_file import read_manifest
from hansa_statements import ROOT, permits

CONTRACT: Contract = permits()[ContractId("housing.permits", 1)]
MANIFEST: Manifest = read_manifest(
    ROOT / "demo" / "hansa_demo" / "manifests" / "housing.permits" / "seattle.yaml", CONTRACT
)


def plan_by(*columns: str) -> Plan:
    return Plan(CONTRACT.id, None, tuple(map(Column, columns)), (Aggregate(AggregateFunction.COUNT_ROWS),))


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that the planner was asked for."""
    asked: list[Plan] = []

    def find(plan: Plan, contract: Contract, manifest: Manifest) -> Cover:
        asked.append(plan)
        return find_cover(plan, contract, manifest)

    monkeypatch.setattr(hansa_node.dataset, "find_cover", find)
    return asked


@pytest.fixture
def dataset() -> Dataset:
    nothing = cast("PublishedTables", None)  # no cell is read here
    return Dataset(contract=CONTRACT, manifest=MANIFEST, data_version=1, engine=nothing, close=lambda: None)


def test_a_question_is_planned_once_for_each_version(dataset: Dataset, planned: list[Plan]) -> None:
    assert dataset.cover_of(plan_by("project")) is dataset.cover_of(plan_by("project"))
    assert planned == [plan_by("project")]


def test_a_refusal_is_not_remembered(dataset: Dataset, planned: list[Plan]) -> None:
    for _ in range(2):
        with pytest.raises(RefusedError, match="not_published"):
            dataset.cover_of(plan_by("city_track", "applied_year"))
    assert len(planned) == 2


def test_what_is_too_large_to_remember_is_answered_all_the_same(
    dataset: Dataset, planned: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hansa_node.dataset, "_REMEMBERED_PARTS", 1)
    small = Dataset(contract=CONTRACT, manifest=MANIFEST, data_version=1, engine=dataset.engine, close=lambda: None)
    assert small.cover_of(plan_by("project")) == small.cover_of(plan_by("project"))
    assert len(planned) == 2
