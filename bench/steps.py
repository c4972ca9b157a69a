"""Time of a new question, step by step: the analyst's and one city's, in one process and without a wire.

In a running league the cities work side by side: so the steps show what a question costs, and do not add up to how
long it takes.
"""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Callable, Generator, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from statistics import median
from time import perf_counter
from types import ModuleType
from typing import Any
from unittest.mock import patch

import hansa
import hansa.asking.session
import hansa.league
from hansa.answering.outer import OuterEngine
from hansa_core.partial import merge_again
from hansa_core.signing.dsse import Envelope
from hansa_demo.league import node_home
from hansa_local.clock import utc_now
from hansa_local.trust_anchor import load_roster
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import read_config
from hansa_node.app.declared import read_all_declared
from hansa_node.app.identity import member_of, read_identity
from hansa_node.app.policy_file import read_policy
from hansa_node.app.start import record_start
from hansa_node.clock import fresh_nonce
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.engines.sql import cells as sql_cells
from hansa_node.engines.sql import statement as sql_statement
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.identity import log_identity
from hansa_node.node_stop import task_group
from hansa_node.node_store import NodeStore
from hansa_node.pipeline import ask, commit, release, settle
from hansa_node.pipeline.engine_queue import EngineQueue
from hansa_node.pipeline.workers import Workers
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.rpc.clocks import HeardClock
from report import figure, heading

QUESTIONS = 40
WARM_UP = 5
_STEPS: tuple[tuple[ModuleType | type, str, str], ...] = (
    (hansa.asking.session, "read_question", "SDK: parse, split, canonicalise, check"),
    (hansa.asking.session, "sign_query", "SDK: sign"),
    (ask, "verify", "node: verify"),
    (settle, "recall_answer", "node: recall the answer"),
    (settle, "bind_and_decide", "node: bind and decide"),
    (settle, "recall_release", "node: recall the release"),
    (NodeStore, "charge", "node: charge"),
    (sql_statement, "compile_plan", "node: execute, of it the SQL text"),
    (sql_cells, "partial_from_columns", "node: execute, of it the partial"),
    (release, "execute", "node: execute"),
    (release, "protect", "node: protect"),
    (commit, "seal", "node: seal"),
    (release, "commit", "node: seal and commit"),
    (ask, "settle", "node: all before the charge"),
    (ask, "release", "node: all from the charge on"),
    (hansa.asking.session, "verify_answer", "SDK: verify and read one answer"),
    (merge_again, "merge", "SDK: merge and finalise"),
    (OuterEngine, "run", "SDK: outer SQL"),
    (hansa.league.League, "sql", "all of it"),
)

Times = dict[str, list[float]]


def measure(directory: Path, city: str, questions: Iterator[str], what: str) -> None:
    """Print the section. `directory` holds a league that is not running; `questions` are new ones, all alike."""
    heading(f"steps of {what}, asked of {city} alone; medians of {QUESTIONS} new questions")
    times: Times = defaultdict(list)
    with _followed(times), _node(directory, city) as node, hansa.connect(directory / "profile.toml") as league:
        league._connection._coordinator = node  # type: ignore[assignment]
        for number in range(WARM_UP + QUESTIONS):
            if number == WARM_UP:
                times.clear()
            if league.sql(next(questions), min_cities=1, partial=True).exit_code:
                raise RuntimeError(f"{city} did not answer")
    for step, took in times.items():
        figure(step, 1000 * median(took), "ms")


class _OneCity:
    """Stands where the coordinator's client stands: one city in this process, and no other."""

    def __init__(self, context: NodeContext, steps: Executor, engines: Executor) -> None:
        self._context = context
        self._steps = steps
        self._engines = engines
        self._runner = asyncio.Runner()

    def ask(
        self, query: Envelope, credential: Envelope, *, deadline_s: float, heard: HeardClock | None = None
    ) -> Generator[CityEvent, None, None]:
        del deadline_s, heard
        given = self._runner.run(self._ask(query, credential))
        yield CityEvent(city=self._context.city, state=CityState.ANSWERED, answer=given.envelope, receipt=given.receipt)

    async def _ask(self, query: Envelope, credential: Envelope) -> Answered:
        async with task_group() as tasks:
            workers = Workers(steps=self._steps, engines=self._engines, tasks=tasks)
            return await ask.AskPipeline(self._context, workers, EngineQueue(1)).ask(query, credential)


@contextmanager
def _node(directory: Path, city: str) -> Iterator[_OneCity]:
    """The city's node, as `hansa node serve` puts it together, without a server."""
    config = read_config(node_home(directory, city) / "node.toml")
    roster = load_roster(config, utc_now())
    member = member_of(roster, config)
    identity = read_identity(config, member)
    with (
        closing(ServedDatasets(read_all_declared(config, roster))) as datasets,
        closing(NodeStore.open(config.store, log_identity(member, identity.log_signer))) as store,
        ThreadPoolExecutor(max_workers=1) as executor,
        ThreadPoolExecutor(max_workers=1) as engines,
    ):
        context = NodeContext(
            city=city,
            league=CurrentLeague(LeagueInForce(city=city, roster=roster)),
            policy=store.published_policy(read_policy(config.policy)),
            signer=identity.answer_signer,
            datasets=datasets,
            store=store,
            clock=utc_now,
            fresh_nonce=fresh_nonce,
        )
        record_start(context)
        yield _OneCity(context, executor, engines)


@contextmanager
def _followed(times: Times) -> Iterator[None]:
    """Take the time of every step while the block runs."""
    with ExitStack() as stack:
        for owner, name, step in _STEPS:
            stack.enter_context(patch.object(owner, name, _timed(getattr(owner, name), step, times)))
        yield


def _timed(call: Callable[..., Any], step: str, times: Times) -> Callable[..., Any]:
    def timed(*arguments: Any, **named: Any) -> Any:
        started = perf_counter()
        try:
            return call(*arguments, **named)
        finally:
            times[step].append(perf_counter() - started)

    return timed
