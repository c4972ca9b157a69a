"""A fault at every step: a crash may lose an answer, never a charge or an entry, and no error tells a value."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import subprocess
import sys
import threading
from dataclasses import dataclass, field, replace
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

import hansa_test_node
from hansa_core.contract.types import DataType
from hansa_core.errors import BusyError, RefusedError, StoreCorruptError
from hansa_core.partial.answer import Refusal, Release
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op
from hansa_core.plan.plan import Aggregate, AggregateFunction
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_log_checks import assert_agrees, rows
from hansa_node.app.league_follower import LeagueFollower
from hansa_node.app.node_calls import NodeCalls
from hansa_node.context import NodeContext
from hansa_node.engines.stop import Stop
from hansa_node.log import batch
from hansa_node.log.sealed import Sealed
from hansa_node.node_store import NodeStore
from hansa_node.pipeline import ask as ask_module
from hansa_node.pipeline import commit as commit_module
from hansa_node.pipeline import release as release_module
from hansa_node.pipeline import settle as settle_module
from hansa_node.pipeline.ask import AskPipeline
from hansa_node.pipeline.bind import BoundQuestion
from hansa_node.pipeline.commit import commit
from hansa_node.pipeline.engine_queue import EngineQueue
from hansa_node.pipeline.execute import Executed, execute
from hansa_node.pipeline.workers import Workers
from hansa_node.store.errors import StoreUnavailableError
from hansa_node.witnessing.status import WitnessStatus
from hansa_protos.v1.attach_pb2 import AttachServiceAttachResponse, Cancel
from hansa_test_node import BY_MODE, CITY, NodeHome, ask_as, pipeline_over
from hansa_wire.attach.attach_codec import call_to_wire
from hansa_wire.attach.attachment import Attachment, NodeAnswerer
from hansa_wire.attach.messages import CallKind, CityCall
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.admission import Admission

DEADLINE_S = 60.0
STANDING = WitnessStatus(max_unwitnessed=timedelta(hours=1), is_confirmed=True)


def node_calls(node: NodeHome, context: NodeContext, workers: Workers, admission: Admission) -> NodeCalls:
    follower = LeagueFollower(node.config, context, STANDING, workers.steps)
    return NodeCalls(context, workers, admission=admission, status=STANDING, follower=follower)


SECRET = "Müller, 17 minutes"
ROOT = Path(__file__).parents[2]


KINDS = (AggregateFunction.SUM, AggregateFunction.AVG, AggregateFunction.VAR_SAMP, AggregateFunction.MIN)
MINUTES = Column("minutes")
COSTLY = tuple(
    Aggregate(AggregateFunction.VAR_SAMP, "minutes", where=Call(Op.GT, (MINUTES, Literal(limit, DataType.INTEGER))))
    for limit in range(60)
)
BINS = tuple(Call(Op.BIN, (MINUTES, Literal(width, DataType.INTEGER))) for width in (5, 7, 11))
MANY_KEYS: tuple[Expression, ...] = (Column("mode"), Column("note"), *BINS)
ALL_TOTALS = tuple(kept for size in range(5) for kept in combinations(range(5), size))


class BrokenError(Exception):
    """An error whose text carries a value."""


@pytest.fixture
def store(tmp_path: Path) -> Path:
    return tmp_path / "store.sqlite"


def ask(node: NodeHome, context: NodeContext, query: Envelope) -> Envelope:
    return ask_as(context, query, node.credential).envelope


def decisions(store: Path) -> list[str]:
    return [decision for (decision,) in hansa_test_node.decisions(store, "decision")]


def is_consistent(node: NodeHome, store: Path) -> None:
    """Log, ledger, releases and answers agree, an audit finds nothing, and no reservation is open."""
    assert_agrees(store, node.roster, CITY)


# What a fault at each step leaves behind: before `charge` nothing, after it a charge and an `aborted`.
FAULTS = {
    "recall_answer": [],
    "bind_and_decide": [],
    "recall_release": [],
    "charge": [],
    "execute": ["aborted"],
    "protect": ["aborted"],
    "seal": ["aborted"],
    "commit": ["aborted"],
    "sign_checkpoint": ["aborted"],  # within the transaction of the commit
}
# Where the step is called.
PLACES: dict[str, object] = {
    "recall_answer": settle_module,
    "bind_and_decide": settle_module,
    "recall_release": settle_module,
    "charge": NodeStore,
    "execute": release_module,
    "protect": release_module,
    "seal": commit_module,
    "commit": release_module,
    "sign_checkpoint": batch,
}


@pytest.mark.parametrize("step", sorted(FAULTS.keys() - {"sign_checkpoint"}))
def test_a_step_that_fails_loses_an_answer_and_never_a_charge(
    node: NodeHome, store: Path, step: str, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise BrokenError(SECRET)

    caplog.set_level(logging.INFO)
    query = node.signed(node.query())
    with node.context(store) as context:
        with monkeypatch.context() as patched:
            patched.setattr(PLACES[step], step, broken)
            with pytest.raises(BrokenError):
                ask(node, context, query)
        assert decisions(store) == FAULTS[step]
        is_consistent(node, store)
        # The same bytes are answered as soon as the fault is gone.
        assert isinstance(node.opened(ask(node, context, query)).outcome, Release)
        assert decisions(store) == [*FAULTS[step], "permit"]
        is_consistent(node, store)
    assert not any(SECRET in str(vars(record)) for record in caplog.records)


@pytest.mark.parametrize(
    "step", ["recall_answer", "bind_and_decide", "charge", "execute", "protect", "seal", "commit", "sign_checkpoint"]
)
def test_a_node_killed_mid_question_records_it_as_aborted_when_it_starts_again(
    node: NodeHome, store: Path, tmp_path: Path, step: str
) -> None:
    query = node.signed(node.query())
    (tmp_path / "query.json").write_bytes(envelope_to_json(query))
    assert killed_at(step, node, store, tmp_path) == -signal.SIGKILL
    with node.context(store) as context:
        assert decisions(store) == FAULTS[step]
        is_consistent(node, store)
        assert isinstance(node.opened(ask(node, context, query)).outcome, Release)
    assert decisions(store) == [*FAULTS[step], "permit"]
    is_consistent(node, store)


@pytest.mark.parametrize("step", ["after commit", "making of the receipt"])
def test_a_node_killed_between_commit_and_send_gives_the_stored_answer(
    node: NodeHome, store: Path, tmp_path: Path, step: str
) -> None:
    query = node.signed(node.query())
    (tmp_path / "query.json").write_bytes(envelope_to_json(query))
    assert killed_at(step, node, store, tmp_path) == -signal.SIGKILL
    is_consistent(node, store)
    stored = rows(store, "SELECT payload FROM answers")
    with node.context(store) as context:
        answer = ask(node, context, query)
    assert [(answer.payload,)] == stored
    assert decisions(store) == ["permit"]


def test_a_commit_that_failed_but_persisted_is_not_also_aborted(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def persisted_and_failed(*arguments: Any, **named: Any) -> None:
        commit(*arguments, **named)
        raise StoreUnavailableError("the disk said no, and meant yes")

    query = node.signed(node.query())
    with node.context(store) as context:
        with monkeypatch.context() as patched:
            patched.setattr(release_module, "commit", persisted_and_failed)
            with pytest.raises(StoreUnavailableError):
                ask(node, context, query)
        assert decisions(store) == ["permit"]
        assert isinstance(node.opened(ask(node, context, query)).outcome, Release)
    assert decisions(store) == ["permit"]


def test_a_full_disk_releases_nothing_and_the_next_start_is_clean(
    node: NodeHome, store: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with node.context(store) as context:
        connection = context.store._writer._connection
        while True:  # SQLite fails as on a full disk, at some page of some table
            (pages,) = connection.execute("PRAGMA page_count").fetchone()
            connection.execute(f"PRAGMA max_page_count = {pages}")
            query = node.signed(node.query())
            try:
                ask(node, context, query)
            except StoreUnavailableError:
                break
    failed = [record for record in caplog.records if record.getMessage() == "query failed"]
    assert "free space" in vars(failed[-1])["remedy"]
    with node.context(store) as context:
        is_consistent(node, store)
        assert isinstance(node.opened(ask(node, context, query)).outcome, Release | Refusal)


@dataclass
class HeldEngine:
    """Stands in for `execute`: it works until it is interrupted, or may go on."""

    going: threading.Event = field(default_factory=threading.Event)
    go_on: threading.Event = field(default_factory=threading.Event)
    interrupted: bool = False

    def __call__(self, question: BoundQuestion, stop: Stop) -> Executed:
        def interrupt() -> None:
            self.interrupted = True
            self.go_on.set()

        with stop.interrupting(interrupt):
            self.going.set()
            assert self.go_on.wait(DEADLINE_S)
            stop.check()
        return execute(question, stop)


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> HeldEngine:
    engine = HeldEngine()
    monkeypatch.setattr(release_module, "execute", engine)
    return engine


async def gone(attempt: asyncio.Task[Answered]) -> None:
    attempt.cancel()
    with pytest.raises(asyncio.CancelledError):
        await attempt


def test_a_caller_who_gives_up_stops_the_engine_and_the_charge_stays(
    node: NodeHome, store: Path, held: HeldEngine
) -> None:
    query = node.signed(node.query())

    async def give_up(context: NodeContext) -> None:
        async with pipeline_over(context) as pipeline:
            attempt = asyncio.create_task(pipeline.ask(query, node.credential))
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            await gone(attempt)
            await pipeline.all_answered()

    with node.context(store) as context:
        asyncio.run(give_up(context))
        assert held.interrupted
        assert decisions(store) == ["aborted"]
        is_consistent(node, store)
        assert isinstance(node.opened(ask(node, context, query)).outcome, Release)
    assert decisions(store) == ["aborted", "permit"]


def test_whoever_comes_while_abandoned_work_stops_gets_an_answer_of_their_own(
    node: NodeHome, store: Path, held: HeldEngine
) -> None:
    query = node.signed(node.query())

    async def come_back(context: NodeContext) -> Envelope:
        async with pipeline_over(context) as pipeline:
            attempt = asyncio.create_task(pipeline.ask(query, node.credential))
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            await gone(attempt)
            return (await pipeline.ask(query, node.credential)).envelope

    with node.context(store) as context:
        answer = asyncio.run(come_back(context))
    assert isinstance(node.opened(answer).outcome, Release)
    assert decisions(store) == ["aborted", "permit"]


def test_one_of_two_callers_who_gives_up_stops_nothing(node: NodeHome, store: Path, held: HeldEngine) -> None:
    """A hedge: the same signed bytes come twice, and one of the two is cancelled when the other has its answer."""
    query = node.signed(node.query())

    async def hedge(context: NodeContext) -> Envelope:
        async with pipeline_over(context) as pipeline:
            first, second = (asyncio.create_task(pipeline.ask(query, node.credential)) for _ in range(2))
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            async with asyncio.timeout(DEADLINE_S):
                while [flight.waiting for flight in pipeline._flights._flights.values()] != [2]:
                    await asyncio.sleep(0.01)
            await gone(first)
            held.go_on.set()
            return (await second).envelope

    with node.context(store) as context:
        answer = asyncio.run(hedge(context))
    assert not held.interrupted
    assert isinstance(node.opened(answer).outcome, Release)
    assert decisions(store) == ["permit"]


@pytest.mark.parametrize("end", ["deadline", "cancel", "loss of the stream"])
def test_over_an_attached_stream_the_deadline_and_the_cancel_reach_the_engine(
    node: NodeHome, store: Path, held: HeldEngine, end: str
) -> None:
    deadline_s = 3.0 if end == "deadline" else DEADLINE_S  # enough to reach the engine on a busy machine
    call = CityCall(
        city=CITY,
        kind=CallKind.ASK,
        query=node.signed(node.query()),
        credential=node.credential,
        deadline_s=deadline_s,
    )

    async def leave(context: NodeContext) -> bool:
        async with Workers.opened(steps=2, engines=2) as workers:
            calls = node_calls(node, context, workers, Admission(8))
            attachment = Attachment(CITY, NodeAnswerer(CITY, calls))
            attachment.heard(call_to_wire(1, call))
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            if end == "cancel":
                attachment.heard(AttachServiceAttachResponse(cancel=Cancel(call_id=1)))
            elif end == "loss of the stream":
                await attachment.abandon()
            await calls.all_answered()
            await asyncio.sleep(0)
            return attachment.outgoing.empty()

    with node.context(store) as context:
        said_nothing = asyncio.run(leave(context))
    assert held.interrupted
    assert said_nothing == (end != "deadline")
    assert decisions(store) == ["aborted"]
    is_consistent(node, store)


def test_a_full_node_says_when_to_come_back_and_goes_on(node: NodeHome, store: Path, held: HeldEngine) -> None:
    first, second = (node.signed(node.query()) for _ in range(2))

    async def crowd(context: NodeContext) -> tuple[Answered, Answered]:
        async with Workers.opened(steps=2, engines=2) as workers:
            calls = node_calls(node, context, workers, Admission(1))
            attempt = asyncio.create_task(calls.ask(first, node.credential))
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            with pytest.raises(BusyError, match="try again in 1 s"):
                await calls.ask(second, node.credential)
            with pytest.raises(BusyError):
                await calls.describe()
            held.go_on.set()
            return await attempt, await calls.ask(second, node.credential)

    with node.context(store) as context:
        answers = asyncio.run(crowd(context))
    assert all(isinstance(node.opened(answer.envelope).outcome, Release) for answer in answers)


def test_a_dry_run_that_meets_a_failing_store_says_so_or_stops_the_node_as_a_question_does(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What a dry run reads of the store, once something has a price, may fail as anything else of it."""
    dry = node.signed(node.query(), payload_types.DRY_RUN)

    async def meets(context: NodeContext, failure: Exception) -> None:
        def fail(*_: object) -> Envelope:
            raise failure

        monkeypatch.setattr(ask_module, "dry_run", fail)
        async with Workers.opened(steps=2, engines=2) as workers:
            await node_calls(node, context, workers, Admission(1)).dry_run(dry, node.credential)

    with node.context(store) as context:
        with pytest.raises(RefusedError, match="cannot look at its decisions now") as refused:
            asyncio.run(meets(context, StoreUnavailableError(f"{SECRET}: the disk is full")))
        assert (refused.value.code, SECRET in str(refused.value)) == ("unavailable", False)
        context.stop.raise_error()  # nothing has stopped the node
        with pytest.raises(StoreCorruptError):
            asyncio.run(meets(context, StoreCorruptError("a release is not what was written")))
        with pytest.raises(StoreCorruptError, match="not what was written"):
            context.stop.raise_error()


def test_cheap_steps_never_wait_behind_the_engines(node: NodeHome, store: Path, held: HeldEngine) -> None:
    """Every place at the engines is taken, and more wait for one; stored answers and refusals come all the same."""
    first = node.signed(node.query())
    plans = [replace(BY_MODE, aggregates=(*BY_MODE.aggregates, Aggregate(kind, "minutes"))) for kind in KINDS]

    async def crowd(context: NodeContext) -> None:
        async with Workers.opened(steps=2, engines=8) as workers:
            pipeline = AskPipeline(context, workers, EngineQueue(1))
            held.go_on.set()
            before = await pipeline.ask(first, node.credential)
            held.go_on.clear()
            held.going.clear()
            queries = [node.signed(node.query(plan)) for plan in plans]
            waiting = [asyncio.create_task(pipeline.ask(query, node.credential)) for query in queries]
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            assert await pipeline.ask(first, node.credential) == before
            recalled = await pipeline.ask(node.signed(node.query()), node.credential)
            assert isinstance(node.opened(recalled.envelope).outcome, Release)
            refused = await pipeline.ask(node.signed(node.query(purpose="curiosity")), node.credential)
            assert isinstance(node.opened(refused.envelope).outcome, Refusal)
            held.go_on.set()
            await asyncio.gather(*waiting)

    with node.context(store) as context:
        asyncio.run(crowd(context))


def test_a_question_that_is_put_off_reserves_nothing(node: NodeHome, store: Path, held: HeldEngine) -> None:
    now_s = [0.0]

    async def crowd(context: NodeContext) -> None:
        async with Workers.opened(steps=2, engines=2) as workers:
            pipeline = AskPipeline(context, workers, EngineQueue(1, lambda: now_s[0]))
            first = asyncio.create_task(pipeline.ask(node.signed(node.query()), node.credential))
            assert await asyncio.to_thread(held.going.wait, DEADLINE_S)
            now_s[0] = 10.0  # so long does the first one take, and as long again it may
            other = node.signed(node.query(replace(BY_MODE, keys=())))
            with pytest.raises(BusyError) as busy:
                await pipeline.ask(other, node.credential, deadline_s=9.0)
            assert busy.value.retry_after_s == 10.0
            assert hansa_test_node.open_reservations(store) == 1
            dry = node.signed(node.query(), payload_types.DRY_RUN)
            with pytest.raises(BusyError):
                await pipeline.dry_run(dry, node.credential, deadline_s=9.0)
            held.go_on.set()
            await first

    with node.context(store) as context:
        asyncio.run(crowd(context))
    assert decisions(store) == ["permit"]


@pytest.mark.produces("too_costly")
def test_a_question_that_is_too_costly_is_a_signed_refusal(node: NodeHome, store: Path) -> None:
    noted = Column("note")
    cube = replace(BY_MODE, keys=(Column("mode"), noted), aggregates=COSTLY, totals=((), (0,), (1,)))
    with node.context(store) as context:
        assert isinstance(node.opened(ask(node, context, node.signed(node.query(cube)))).outcome, Release)
        monstrous = replace(cube, keys=MANY_KEYS, totals=ALL_TOTALS)
        refused = node.opened(ask(node, context, node.signed(node.query(monstrous)))).outcome
    assert isinstance(refused, Refusal)
    assert refused.code == "too_costly"
    assert decisions(store) == ["permit", "refuse"]


def killed_at(step: str, node: NodeHome, store: Path, folder: Path) -> int:
    """Run one question in a process that is killed with SIGKILL when it reaches `step`; its return code."""
    folders = [str(ROOT / name) for name in ("core", "protos", "node", "client", "tests/support", "tests/node")]
    environment = {**os.environ, "PYTHONPATH": ":".join(folders)}
    arguments = [step, str(node.league), str(store), str(folder / "query.json")]
    code = "import sys; from test_pipeline_faults import ask_and_die; ask_and_die(*sys.argv[1:])"
    done = subprocess.run([sys.executable, "-c", code, *arguments], env=environment, capture_output=True, check=False)
    assert not done.stdout, done.stdout
    return done.returncode


def ask_and_die(step: str, league: str, store: str, query: str) -> None:
    """The process of `killed_at`."""
    from hansa_core.signing.envelope_json import envelope_from_json
    from hansa_test_node import existing_node

    def die(*_: object, **__: object) -> None:
        os.kill(os.getpid(), signal.SIGKILL)

    def commit_and_die(*arguments: Any, **named: Any) -> None:
        commit(*arguments, **named)
        die()

    places: dict[str, tuple[object, str, object]] = {
        "after commit": (release_module, "commit", commit_and_die),
        "making of the receipt": (Sealed, "receipt", die),
    }
    node = existing_node(Path(league))
    with node.context(Path(store)) as context:
        setattr(*(places[step] if step in places else (PLACES[step], step, die)))
        ask(node, context, envelope_from_json(Path(query).read_bytes()))


@pytest.mark.produces("unavailable")
def test_what_the_store_cannot_record_is_told_as_unavailable_and_names_no_file(
    node: NodeHome, store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As from outside, where another process is that node: here it is seen where the code is given."""

    def full(*_: object, **__: object) -> None:
        raise StoreUnavailableError(f"{store}: the disk is full")

    async def call(context: NodeContext) -> None:
        async with Workers.opened(steps=2, engines=2) as workers:
            await node_calls(node, context, workers, Admission(8)).ask(node.signed(node.query()), node.credential)

    with node.context(store) as context:
        monkeypatch.setattr(context.store, "charge", full)
        with pytest.raises(RefusedError) as refused:
            asyncio.run(call(context))
    assert refused.value.code == "unavailable"
    assert str(store) not in str(refused.value)
