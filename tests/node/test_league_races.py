"""A roster that comes into force while questions are under way, is given up half-way, or meets a disk that fails."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.evidence.rule_entries import RosterAccepted
from hansa_core.partial.answer import Release
from hansa_log_checks import audit_findings, entries
from hansa_node.app import league_follower as follower_module
from hansa_node.app.declared import read_contracts
from hansa_node.app.league_follower import LOOK_EVERY_S, LeagueFollower
from hansa_node.context import NodeContext
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.keys import keys_of
from hansa_node.node_store import NodeStore
from hansa_node.pipeline import release as release_module
from hansa_node.pipeline.ask import AskPipeline
from hansa_node.pipeline.engine_queue import EngineQueue
from hansa_node.pipeline.workers import Workers
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.status import WitnessStatus
from hansa_test_node import CITY, NodeHome, make_node, pipeline_over, publish_roster, write_roster
from hansa_wire.codec.answered import Answered

ALWAYS = WitnessStatus(max_unwitnessed=timedelta(hours=1), is_confirmed=True)
DEADLINE_S = 20.0


@pytest.fixture
def node(tmp_path: Path) -> NodeHome:
    return make_node(tmp_path / "league")


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


@pytest.fixture
def context(node: NodeHome, store: Path) -> Iterator[NodeContext]:
    with node.context(store) as context:
        yield context


def accepted(store: Path) -> list[int]:
    return [entry.body.roster.version for entry in entries(store) if isinstance(entry.body, RosterAccepted)]


def put_in_force(node: NodeHome, context: NodeContext, version: int) -> LeagueInForce:
    league = LeagueInForce(city=CITY, roster=replace(node.roster, version=version))
    context.store.accept_roster(league.roster_ref, keys_of(node.roster.member(CITY)), now=context.clock())
    context.league.swap(league)
    return league


def test_the_same_question_sent_again_under_a_newer_roster_does_not_wait_for_one_that_never_comes(
    node: NodeHome, context: NodeContext, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first sending is held in the engine, under the earlier roster, when the second one comes."""
    execute, held, go_on = release_module.__dict__["execute"], threading.Event(), threading.Event()

    def slow(*arguments: Any) -> Any:
        held.set()
        assert go_on.wait(DEADLINE_S)
        return execute(*arguments)

    monkeypatch.setattr(release_module, "execute", slow)
    query = node.signed(node.query())

    async def twice() -> tuple[LeagueInForce, tuple[Answered, Answered]]:
        async with pipeline_over(context) as pipeline:
            first = asyncio.create_task(pipeline.ask(query, node.credential))
            assert await asyncio.to_thread(held.wait, DEADLINE_S)
            newer = put_in_force(node, context, 2)
            second = asyncio.create_task(pipeline.ask(query, node.credential))
            await asyncio.sleep(0.1)
            go_on.set()
            async with asyncio.timeout(DEADLINE_S):
                return newer, await asyncio.gather(first, second)

    newer, (one, other) = asyncio.run(twice())
    assert one == other
    assert isinstance(node.opened(one.envelope).outcome, Release)
    said = [entry.body for entry in entries(store) if isinstance(entry.body, QueryDecision)]
    assert [body.roster.version for body in said] == [2]
    assert audit_findings(store, CITY, node.roster, newer.roster) == []


def test_a_question_that_starts_again_has_no_more_time_than_its_asker_gave_it(
    node: NodeHome, context: NodeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    execute, deadlines, took_s = release_module.__dict__["execute"], list[float](), 0.2

    class RecordingQueue(EngineQueue):
        def turn(self, *arguments: Any, deadline_s: float | None, **named: Any) -> Any:
            assert deadline_s is not None
            deadlines.append(deadline_s)
            return super().turn(*arguments, deadline_s=deadline_s, **named)

    def overtaken(*arguments: Any) -> Any:
        if len(deadlines) == 1:
            time.sleep(took_s)
            put_in_force(node, context, 2)
        return execute(*arguments)

    monkeypatch.setattr(release_module, "execute", overtaken)

    async def one() -> None:
        async with Workers.opened(steps=2, engines=2) as workers:
            pipeline = AskPipeline(context, workers, RecordingQueue(2))
            await pipeline.ask(node.signed(node.query()), node.credential, deadline_s=DEADLINE_S)

    asyncio.run(one())
    first, second = deadlines
    assert second <= first - took_s


def test_no_question_reads_the_contracts_again_that_another_has_just_missed(
    node: NodeHome, context: NodeContext, monkeypatch: pytest.MonkeyPatch
) -> None:
    new = type(next(iter(node.roster.contracts)))("town.trees", 1)
    publish_roster(node, version=2, contracts={**node.roster.contracts, new: "ab" * 32})
    reads, now_s = list[int](), [100.0]

    def counted(*arguments: Any) -> Any:
        reads.append(1)
        return read_contracts(*arguments)

    monkeypatch.setattr(follower_module, "read_contracts", counted)

    async def looks() -> None:
        with ThreadPoolExecutor() as executor:
            follower = LeagueFollower(node.config, context, ALWAYS, executor, seconds=lambda: now_s[0])
            for _ in range(3):
                await follower.look()
            assert len(reads) == 1
            now_s[0] += LOOK_EVERY_S
            await follower.look()

    asyncio.run(looks())
    assert len(reads) == 2


def test_a_question_that_is_given_up_while_it_brings_a_roster_into_force_does_not_stop_it(
    node: NodeHome, context: NodeContext, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    accept, held, go_on = NodeStore.accept_roster, threading.Event(), threading.Event()

    def slow(*arguments: Any, **named: Any) -> None:
        held.set()
        assert go_on.wait(DEADLINE_S)
        accept(*arguments, **named)

    monkeypatch.setattr(NodeStore, "accept_roster", slow)
    publish_roster(node, version=2)

    async def give_up() -> None:
        with ThreadPoolExecutor() as executor:
            follower = LeagueFollower(node.config, context, ALWAYS, executor)
            attempt = asyncio.create_task(follower.look())
            assert await asyncio.to_thread(held.wait, DEADLINE_S)
            attempt.cancel()
            with pytest.raises(asyncio.CancelledError):
                await attempt
            later = [asyncio.create_task(follower.look()) for _ in range(3)]
            await asyncio.sleep(0.05)
            assert not any(look.done() for look in later)
            go_on.set()
            await asyncio.gather(*later)

    asyncio.run(give_up())
    assert context.league.now.roster.version == 2
    assert accepted(store) == [1, 2]


def test_a_roster_whose_entry_failed_but_persisted_comes_into_force_though_its_file_is_gone(
    node: NodeHome, context: NodeContext, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the log would tell of a roster that never is in force, and every question would wait for it."""
    accept = NodeStore.accept_roster

    def persists_and_fails(*arguments: Any, **named: Any) -> None:
        accept(*arguments, **named)
        raise StoreUnavailableError("disk I/O error; see to the disk")

    publish_roster(node, version=2)

    async def looks() -> None:
        with ThreadPoolExecutor() as executor:
            follower = LeagueFollower(node.config, context, ALWAYS, executor)
            with monkeypatch.context() as patched:
                patched.setattr(NodeStore, "accept_roster", persists_and_fails)
                await follower.look()
            assert context.league.now.roster.version == 1
            write_roster(node, b"{")
            async with asyncio.timeout(DEADLINE_S):
                while context.league.now.roster.version == 1:
                    await follower.look()
                    await asyncio.sleep(0.02)

    asyncio.run(looks())
    assert context.league.now.roster.version == 2
    assert accepted(store) == [1, 2]


def test_questions_and_rosters_that_come_at_once_leave_a_log_without_findings(
    node: NodeHome, context: NodeContext, store: Path
) -> None:
    """Eight analysts' sessions ask while the roster is replaced, a dozen times, as fast as it goes."""
    versions = range(2, 14)
    rosters = [replace(node.roster, version=version) for version in versions]

    async def everything() -> list[Answered]:
        async with Workers.opened(steps=4, engines=8) as workers:
            pipeline = AskPipeline(context, workers, EngineQueue(4))
            follower = LeagueFollower(node.config, context, ALWAYS, workers.steps)

            async def session() -> list[Answered]:
                got = []
                for _ in range(6):
                    await follower.look()
                    got.append(await pipeline.ask(node.signed(node.query()), node.credential))
                return got

            async def governors() -> None:
                for version in versions:
                    await asyncio.to_thread(publish_roster, node, version=version)
                    await follower.look()

            *sessions, _ = await asyncio.gather(*(session() for _ in range(8)), governors())
            return [answer for session in sessions for answer in session or ()]

    answers = asyncio.run(everything())
    assert len(answers) == 48
    assert all(isinstance(node.opened(answer.envelope).outcome, Release) for answer in answers)
    assert context.league.now.roster.version == 13
    assert accepted(store) == [1, *versions]
    assert audit_findings(store, CITY, node.roster, *rosters) == []
