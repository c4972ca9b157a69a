"""A dataset version that is open, and what it remembers of the questions it was asked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pyarrow as pa
import pytest

import hansa_node.answering.controlled
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.manifest.manifest import Manifest
from hansa_core.plan.expression import Column
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.protection.cover import Cover, find_covers
from hansa_node.answering.controlled import ControlledAnswering
from hansa_node.datasets.version_file import VersionFile
from hansa_node.ingest.manifest_file import read_manifest
from hansa_statements import ROOT, permits

CONTRACT: Contract = permits()[ContractId("housing.permits", 1)]
MANIFESTS = ROOT / "demo" / "hansa_demo" / "manifests"
MANIFEST: Manifest = read_manifest(MANIFESTS / "housing.permits" / "seattle.yaml", CONTRACT)


class EmptyVersion(VersionFile):
    """A version whose cells nobody reads."""

    def published_cells(self, contract: Contract, manifest: Manifest) -> Mapping[str, pa.Table]:
        return {}


def plan_by(*columns: str) -> Plan:
    return Plan(CONTRACT.id, None, tuple(map(Column, columns)), (Aggregate(AggregateFunction.COUNT_ROWS),))


@pytest.fixture
def planned(monkeypatch: pytest.MonkeyPatch) -> list[Plan]:
    """The plans that the planner was asked for."""
    asked: list[Plan] = []

    def find(plan: Plan, contract: Contract, manifest: Manifest) -> tuple[Cover, ...]:
        asked.append(plan)
        return find_covers(plan, contract, manifest)

    monkeypatch.setattr(hansa_node.answering.controlled, "find_covers", find)
    return asked


@pytest.fixture
def dataset() -> ControlledAnswering:
    return ControlledAnswering(EmptyVersion(number=1, path=Path("none")), CONTRACT, MANIFEST)


def test_a_question_is_planned_once_for_each_version(dataset: ControlledAnswering, planned: list[Plan]) -> None:
    assert dataset.covers_of(plan_by("project")) is dataset.covers_of(plan_by("project"))
    assert planned == [plan_by("project")]


def test_totals_are_planned_with_their_cells(dataset: ControlledAnswering, planned: list[Plan]) -> None:
    asked = replace(plan_by("project"), totals=((),))
    assert [cover.plan.keys for cover in dataset.covers_of(asked)] == [(Column("project"),), ()]
    assert dataset.covers_of(asked) is dataset.covers_of(asked)
    assert planned == [asked]


def test_a_refusal_is_not_remembered(dataset: ControlledAnswering, planned: list[Plan]) -> None:
    for _ in range(2):
        with pytest.raises(RefusedError, match="not_published"):
            dataset.covers_of(plan_by("city_track", "applied_year"))
    assert len(planned) == 2


def test_what_is_too_large_to_remember_is_answered_all_the_same(
    dataset: ControlledAnswering, planned: list[Plan], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hansa_node.answering.controlled, "_REMEMBERED_PARTS", 1)
    small = ControlledAnswering(EmptyVersion(number=1, path=Path("none")), CONTRACT, MANIFEST)
    assert small.covers_of(plan_by("project")) == small.covers_of(plan_by("project"))
    assert len(planned) == 2
