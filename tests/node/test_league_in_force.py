"""A roster file replaced under a running node: what takes effect, what is refused, and what the log says of it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest

from hansa_core.errors import ConfigError
from hansa_core.evidence.log_entries import NodeStarted
from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.partial.answer import Release
from hansa_log_checks import audit_findings, entries
from hansa_log_cities import LogCity, call, log_cities, until
from hansa_node.app.league_follower import LeagueFollower
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.keys import keys_of
from hansa_node.pipeline import release as release_module
from hansa_node.witnessing.panel import WitnessPanel
from hansa_node.witnessing.status import WitnessStatus
from hansa_test_node import CITY, OTHER_CITY, NodeHome, ask, make_node, publish_roster, write_roster

ALWAYS = WitnessStatus(max_unwitnessed=timedelta(hours=1), is_confirmed=True)


@pytest.fixture
def node(tmp_path: Path) -> NodeHome:
    return make_node(tmp_path / "league")


@pytest.fixture
def context(node: NodeHome, tmp_path: Path) -> Iterator[NodeContext]:
    with node.context(tmp_path / "store.sqlite") as context:
        yield context


def follow(node: NodeHome, context: NodeContext, times: int = 1) -> None:
    async def looks() -> None:
        with ThreadPoolExecutor() as executor:
            follower = LeagueFollower(node.config, context, ALWAYS, executor)
            for _ in range(times):
                await follower.look()

    asyncio.run(looks())


def test_a_coordinator_that_leaves_the_roster_is_refused_though_its_connection_is_open(tmp_path: Path) -> None:
    league = make_node(tmp_path / "league")
    current = CurrentLeague(LeagueInForce(city=CITY, roster=league.roster))
    (entry,) = league.roster.coordinators
    assert current.coordinator_of(entry.tls_spki) == entry.name
    changed = replace(entry, tls_spki="0" * 64)
    current.swap(LeagueInForce(city=CITY, roster=replace(league.roster, version=2, coordinators=(changed,))))
    assert current.coordinator_of(entry.tls_spki) is None
    assert current.coordinator_of(changed.tls_spki) == entry.name


@pytest.mark.parametrize("content", ["older", "broken"])
def test_an_older_or_broken_file_is_told_once_and_the_roster_in_force_stays(
    node: NodeHome, context: NodeContext, caplog: pytest.LogCaptureFixture, content: str
) -> None:
    publish_roster(node, version=2)
    follow(node, context)
    assert context.league.now.roster.version == 2
    if content == "older":
        publish_roster(node, version=1)
    else:
        write_roster(node, b"{")
    follow(node, context, times=3)
    assert context.league.now.roster.version == 2
    assert [record.getMessage() for record in caplog.records].count("roster refused") == 1
    (answer,) = ask(node, context, node.signed(node.query()))
    assert isinstance(node.opened(answer).outcome, Release)


def test_a_roster_whose_contract_file_is_missing_waits_for_it(
    node: NodeHome, context: NodeContext, caplog: pytest.LogCaptureFixture
) -> None:
    new = type(next(iter(node.roster.contracts)))("town.trees", 1)
    publish_roster(node, version=2, contracts={**node.roster.contracts, new: "ab" * 32})
    follow(node, context, times=2)
    assert context.league.now.roster.version == 1
    assert [record.getMessage() for record in caplog.records].count("roster not in force yet") == 1


@pytest.mark.parametrize("change", ["gone", "another key"])
def test_a_roster_that_the_node_cannot_serve_under_ends_it(node: NodeHome, context: NodeContext, change: str) -> None:
    own, other = node.roster.member(CITY), node.roster.member(OTHER_CITY)
    members = (other,) if change == "gone" else (replace(own, answer_key=b"\x07" * 32), other)
    publish_roster(node, version=2, members=members)
    with pytest.raises(ConfigError):  # nothing is answered under the earlier one
        follow(node, context)
    with pytest.raises(ConfigError, match=r"roster\.json"):
        context.stop.raise_error()
    assert context.league.now.roster.version == 1


def test_a_start_with_an_older_roster_than_the_log_tells_of_is_refused(node: NodeHome, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with replace(node, roster=replace(node.roster, version=2)).context(store):
        pass
    with pytest.raises(ConfigError, match="has accepted version 2 before"), node.context(store):
        pass
    assert sum(isinstance(entry.body, NodeStarted) for entry in entries(store)) == 1


def test_a_start_with_another_roster_under_the_same_version_is_refused(node: NodeHome, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with node.context(store):
        pass
    other = replace(node, roster=replace(node.roster, purposes=("planning", "statistics")))
    again = other.context(store)
    with pytest.raises(ConfigError, match="another one than this city has accepted under the same version, 1"), again:
        pass


def test_a_question_that_a_newer_roster_overtakes_is_decided_anew_under_it(
    node: NodeHome, context: NodeContext, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    newer = LeagueInForce(city=CITY, roster=replace(node.roster, version=2))
    execute, runs = release_module.__dict__["execute"], list[int]()

    def overtaken(*arguments: Any) -> Any:
        if not runs:
            context.store.accept_roster(newer.roster_ref, keys_of(newer.roster.member(CITY)), now=context.clock())
            context.league.swap(newer)
        runs.append(1)
        return execute(*arguments)

    monkeypatch.setattr(release_module, "execute", overtaken)
    (answer,) = ask(node, context, node.signed(node.query()))
    assert isinstance(node.opened(answer).outcome, Release)
    store = tmp_path / "store.sqlite"
    said = [entry.body for entry in entries(store) if isinstance(entry.body, QueryDecision)]
    assert [body.roster.version for body in said] == [2]
    assert audit_findings(store, CITY, node.roster, newer.roster) == []


def test_witnesses_follow_the_league_and_one_that_stays_keeps_what_it_knows(tmp_path: Path) -> None:
    cities: dict[str, LogCity] = log_cities(tmp_path)
    first, second, third = cities.values()

    async def scene() -> None:
        async with first.opened() as (keeper, _), second.running(), third.running():
            panel: WitnessPanel = keeper._witnessing._panel
            before = {witness.peer.member.city: witness for witness in panel.witnesses}
            assert set(before) == {second.name, third.name}
            work = asyncio.create_task(keeper.run())
            await until(lambda: keeper.status.is_confirmed)
            members = tuple(member for member in first.roster.members if member.city != third.name)
            roster = replace(first.roster, version=2, members=members)
            keeper.context.league.swap(LeagueInForce(city=first.name, roster=roster))
            await until(lambda: len(panel.witnesses) == 1)
            assert panel.witnesses == (before[second.name],)
            assert panel.quorum == 1
            assert (await call(first, "GET", "/checkpoint", shown=("analyst", second.name)))[0] != 403
            with pytest.raises((aiohttp.ClientError, OSError)):  # TLS no longer knows that city's authority
                await call(first, "GET", "/checkpoint", shown=("analyst", third.name))
            work.cancel()

    asyncio.run(scene())
