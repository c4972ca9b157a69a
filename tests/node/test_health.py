"""Health of a node: it is green only while a question would be answered."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hansa_core.errors import StoreCorruptError
from hansa_local.clock import utc_now
from hansa_local.health import HealthPart, PartState, ProcessHealth
from hansa_node.app import resources
from hansa_node.app.config import NodeConfig
from hansa_node.app.health import NodeHealth
from hansa_node.app.identity import member_of, read_identity
from hansa_node.log.own_log import OwnLog
from hansa_node.node_stop import NodeStop
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.status import WitnessStatus
from hansa_test_node import CITY, TRIPS, NodeHome, make_node

CONFIRMED = WitnessStatus(is_confirmed=True)


def looked(node: NodeHome, store: Path, *, attached: frozenset[str] = frozenset(), **changes: Any) -> ProcessHealth:
    """The health of a node over a store of the test's own. `changes`: of its context, and `config`."""
    config: NodeConfig = changes.pop("config", node.config)
    changes = {"witnesses": CONFIRMED} | changes
    identity = read_identity(node.config, member_of(node.roster, node.config))
    with node.context(store, **changes) as context:
        return asyncio.run(NodeHealth(config, context, identity, lambda: attached).look())


def troubles(health: ProcessHealth) -> dict[str, HealthPart]:
    return {part.name: part for part in health.parts if part.state is not PartState.OK}


def test_a_node_in_order_is_green_and_names_its_parts(node: NodeHome, tmp_path: Path) -> None:
    health = looked(node, tmp_path / "store.sqlite")
    assert health.is_green
    assert troubles(health) == {}
    assert [part.name for part in health.parts][:2] == ["store", "town.permits/1"]


def test_a_node_that_waits_for_its_witnesses_is_not_green(node: NodeHome, tmp_path: Path) -> None:
    health = looked(node, tmp_path / "store.sqlite", witnesses=WitnessStatus())
    assert not health.is_green
    assert troubles(health)["witnesses"].remedy


def test_a_log_that_no_quorum_covers_is_told_of_and_later_ends_the_answers(node: NodeHome, tmp_path: Path) -> None:
    since = utc_now() - timedelta(hours=2)
    told = looked(node, tmp_path / "a.sqlite", witnesses=replace(CONFIRMED, uncovered_since=since))
    assert told.is_green
    assert "answers say so" in troubles(told)["witnesses"].text
    over = looked(node, tmp_path / "b.sqlite", witnesses=replace(CONFIRMED, uncovered_since=since - timedelta(days=9)))
    assert not over.is_green


def test_a_dataset_that_is_missing_or_damaged_is_not_green(tmp_path: Path) -> None:
    node = make_node(tmp_path / "league")
    folder = next(path for path in node.config.data_dir.iterdir() if path.name.startswith(TRIPS.name))
    folder.rename(folder.with_name("moved"))
    health = looked(node, tmp_path / "store.sqlite")
    assert not health.is_green
    assert "hansa node ingest" in troubles(health)[str(TRIPS)].remedy


def test_a_node_that_only_dials_out_is_green_while_it_is_attached(node: NodeHome, tmp_path: Path) -> None:
    name = node.roster.coordinator().name
    config = node.config.model_copy(
        update={"attach": (name,), "listen": node.config.listen.model_copy(update={"enabled": False})}
    )
    away = looked(node, tmp_path / "a.sqlite", config=config)
    assert not away.is_green
    assert "hansa doctor" in troubles(away)[f"attached to {name}"].remedy
    assert looked(node, tmp_path / "b.sqlite", config=config, attached=frozenset({name})).is_green


def test_what_expires_is_told_of_and_what_has_expired_is_not_green(node: NodeHome, tmp_path: Path) -> None:
    in_days = {days: lambda days=days: utc_now() + timedelta(days=days) for days in (350, 400)}
    soon = looked(node, tmp_path / "a.sqlite", clock=in_days[350])
    assert soon.is_green
    assert any("roster" in name for name in troubles(soon))
    over = looked(node, tmp_path / "b.sqlite", clock=in_days[400])
    assert not over.is_green
    states = {name: part.state for name, part in troubles(over).items()}
    assert states[f"the TLS certificate of the node of {CITY}"] is PartState.FAILED


def test_a_full_disk_is_not_green(node: NodeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(resources, "_LEAST_TO_WRITE_BYTES", 2**60)
    monkeypatch.setattr(resources, "LEAST_DISK_BYTES", 2**60)
    health = looked(node, tmp_path / "store.sqlite")
    assert not health.is_green
    assert "free space" in troubles(health)["disk of the store"].remedy


def test_a_store_that_cannot_be_read_is_not_green(
    node: NodeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(_: OwnLog) -> None:
        raise StoreUnavailableError("the disk is full")

    monkeypatch.setattr(OwnLog, "newest", fails)
    health = looked(node, tmp_path / "store.sqlite")
    assert not health.is_green
    assert troubles(health)["store"].text == "the disk is full"


def test_a_store_that_is_corrupt_is_not_green_and_ends_the_node(
    node: NodeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def is_corrupt(_: OwnLog) -> None:
        raise StoreCorruptError("a row differs from its checksum")

    monkeypatch.setattr(OwnLog, "newest", is_corrupt)
    stop = NodeStop()
    health = looked(node, tmp_path / "store.sqlite", stop=stop)
    assert troubles(health)["store"].text == "a row differs from its checksum"
    with pytest.raises(StoreCorruptError):
        stop.raise_error()
