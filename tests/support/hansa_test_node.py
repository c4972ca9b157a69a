"""One real city's node on disk for tests: a league, two ingested datasets, an analyst, and a store when asked for."""

from __future__ import annotations

import asyncio
import itertools
import os
import sqlite3
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from hansa_core.contract.ids import ContractId
from hansa_core.league.roster import Roster, roster_payload
from hansa_core.partial.answer import Release, SignedAnswer
from hansa_core.partial.partial import read_partial, rows_of
from hansa_core.plan.expression import Column
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign, verify
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_league.founding.create import create_league
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_local.trust_anchor import load_roster
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import NodeConfig, read_config
from hansa_node.app.declared import read_all_declared
from hansa_node.app.identity import member_of, read_identity
from hansa_node.app.init import init_node
from hansa_node.app.policy_file import read_policy
from hansa_node.app.start import record_start
from hansa_node.context import NodeContext
from hansa_node.current_league import CurrentLeague
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log.identity import log_identity
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.ask import AskPipeline
from hansa_node.pipeline.engine_queue import EngineQueue
from hansa_node.pipeline.workers import Workers
from hansa_wire.codec.answer_codec import decode_answer
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.query_codec import encode_query

CITY, OTHER_CITY = "bremen", "luebeck"
TRIPS, PERMITS = ContractId("town.trips", 1), ContractId("town.permits", 1)
COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
BY_MODE = Plan(TRIPS, None, (Column("mode"),), (COUNT,))
BY_KIND = Plan(PERMITS, None, (Column("kind"),), (COUNT,))

_CONTRACT = """
contract: {contract}
title: {title}
unit: {unit}
entity: {unit}
unit_scope: city
max_cities_per_unit: 1
least_level: {level}
columns:
  {unit}: {{type: text, meaning: its number, identifier: true, required: true}}
  {key}: {{type: text, meaning: what it is, required: true, domain: [{domain}]}}
  minutes: {{type: integer, meaning: how long it took, unit: minutes, quantum: 1, lower: 0, upper: 600}}
  note: {{type: text, meaning: whatever was noted}}
"""
_MANIFEST = """
contract: {contract}
population: {population}
level: {level}
{tables}
source: {{format: csv, path: ../source/{name}.csv}}
mapping:
  {unit}: {{from: {unit}}}
  {key}: {{from: {key}}}
  minutes: {{from: minutes, unit: minutes}}
  note: {{from: note}}
"""
_DATASETS: tuple[dict[str, str], ...] = (
    {
        "contract": "town.trips/1",
        "name": "town.trips",
        "title": "Trips",
        "unit": "trip_id",
        "level": "open",
        "key": "mode",
        "domain": "bike, car, walk",
        "population": "travellers",
        "tables": "",
    },
    {
        "contract": "town.permits/1",
        "name": "town.permits",
        "title": "Permits",
        "unit": "permit_id",
        "level": "controlled",
        "key": "kind",
        "domain": "house, shed, tower",
        "population": "applicants",
        "tables": "protection: primary\ntables: [{name: by_kind, dimensions: [kind], measures: []}]",
    },
)
# 60 of the first value, 50 of the second and 2 of the third: a cell below every threshold.
_ROWS = tuple(itertools.chain(itertools.repeat(0, 60), itertools.repeat(1, 50), itertools.repeat(2, 2)))


_DECISIONS = """
CREATE TEMP VIEW decisions AS
SELECT idx, iif(said ->> 'type' = 'query.aborted', 'aborted', said ->> 'decision') AS decision, said ->> 'code' AS code,
    coalesce(said ->> 'recalled', 0) AS recalled, said ->> 'dataset' AS dataset, said ->> 'purpose' AS purpose,
    said ->> 'level' AS level, said ->> 'organisation' AS organisation, said ->> 'data_version' AS data_version
FROM (SELECT idx, CAST(leaf AS TEXT) AS said FROM log_entries WHERE log = 0)
WHERE said ->> 'type' LIKE 'query.%'
"""


@dataclass(frozen=True)
class NodeHome:
    """A node's folder within a league's, ready to serve."""

    league: Path
    home: Path
    config: NodeConfig
    roster: Roster
    credential: Envelope
    query_signer: Ed25519Signer

    def query(self, plan: Plan = BY_MODE, **changes: Any) -> Query:
        """A query that the node permits, but for `changes`; each with a fresh nonce."""
        query = Query(
            plan=plan,
            purpose="statistics",
            league="hanse",
            cities=(CITY, OTHER_CITY),
            expires_at=utc_now() + timedelta(minutes=5),
            nonce=os.urandom(16),
        )
        return replace(query, **changes)

    def signed(self, query: Query, payload_type: str = payload_types.QUERY) -> Envelope:
        """The query as the analyst signs it."""
        return sign(payload_type, encode_query(query), self.query_signer)

    def opened(self, answer: Envelope) -> SignedAnswer:
        """The answer, if the city signed it."""
        return decode_answer(verify(answer, payload_types.ANSWER, (self.roster.member(CITY).answer_key,)))

    @contextmanager
    def context(self, store: Path, **changes: Any) -> Iterator[NodeContext]:
        """What the node's steps stand on, over a store of the test's own."""
        member = member_of(self.roster, self.config)
        identity = read_identity(self.config, member)
        opened = NodeStore.open(store, log_identity(member, identity.log_signer))
        context = NodeContext(
            city=CITY,
            league=CurrentLeague(LeagueInForce(city=CITY, roster=self.roster)),
            policy=opened.published_policy(read_policy(self.config.policy)),
            signer=identity.answer_signer,
            datasets=ServedDatasets(read_all_declared(self.config, self.roster)),
            store=opened,
            clock=utc_now,
            fresh_nonce=lambda: os.urandom(16),
        )
        try:
            record_start(context)
            yield replace(context, **changes)
        finally:
            context.datasets.close()
            opened.close()


def make_node(league: Path, *, now: datetime | None = None, base_port: int = 7400) -> NodeHome:
    """Make the league under `league`, and in it the node of one of its two cities with both datasets ingested."""
    written = []
    for dataset in _DATASETS:
        path = league.with_name(f"{dataset['name']}.1.yaml")
        path.write_text(_CONTRACT.format(**dataset))
        written.append(path)
    create_league(
        league,
        name="hanse",
        cities=[CITY, OTHER_CITY],
        contracts=written,
        now=now,
        base_port=base_port,
        witness_threshold=0,  # the other city does not run
    )
    home = league / "nodes" / CITY
    list(init_node(home, league=league, city=CITY))
    (home / "source").mkdir()
    config = read_config(home / "node.toml")
    roster = load_roster(config, now or utc_now())
    for dataset in _DATASETS:
        (home / "manifests" / f"{dataset['name']}.yaml").write_text(_MANIFEST.format(**dataset))
        write_source(home, dataset["name"])
    for dataset in _DATASETS:
        ingest(config, roster, ContractId(dataset["name"], 1))
    return existing_node(league, now=now)


def existing_node(league: Path, *, now: datetime | None = None) -> NodeHome:
    """The node that `make_node` made."""
    home = league / "nodes" / CITY
    config = read_config(home / "node.toml")
    roster = load_roster(config, now or utc_now())
    analyst = league / "analysts" / CITY
    return NodeHome(
        league=league,
        home=home,
        config=config,
        roster=roster,
        credential=envelope_from_json((analyst / "credential.json").read_bytes()),
        query_signer=read_signer(analyst / "query.key"),
    )


def write_source(home: Path, name: str, *, extra: int = 0) -> None:
    """The city's own file, with `extra` more rows of the first value; every row has a note of its own."""
    dataset = next(each for each in _DATASETS if each["name"] == name)
    values = dataset["domain"].split(", ")
    lines = [f"{dataset['unit']},{dataset['key']},minutes,note"]
    places = (*_ROWS, *itertools.repeat(0, extra))
    lines += [f"u{at},{values[place]},{at % 90},note {at}" for at, place in enumerate(places)]
    (home / "source" / f"{name}.csv").write_text("\n".join(lines) + "\n")


def ingest(config: NodeConfig, roster: Roster, contract: ContractId) -> None:
    """The next version of the dataset."""
    declared = read_all_declared(config, roster)[contract]
    ingest_dataset(config.datasets[contract], declared.contract, config.data_dir)


@asynccontextmanager
async def pipeline_over(context: NodeContext) -> AsyncIterator[AskPipeline]:
    """The pipeline with workers of its own."""
    async with Workers.opened(steps=4, engines=8) as workers:
        yield AskPipeline(context, workers, EngineQueue(4))


def ask_as(context: NodeContext, query: Envelope, credential: Envelope) -> Answered:
    """What whoever sends the query with that credential gets. Raises as the pipeline does."""

    async def one() -> Answered:
        async with pipeline_over(context) as pipeline:
            return await pipeline.ask(query, credential)

    return asyncio.run(one())


def ask_with_receipts(node: NodeHome, context: NodeContext, *queries: Envelope) -> list[Answered]:
    """Ask one query after the other."""

    async def one_by_one() -> list[Answered]:
        async with pipeline_over(context) as pipeline:
            return [await pipeline.ask(query, node.credential) for query in queries]

    return asyncio.run(one_by_one())


def ask(node: NodeHome, context: NodeContext, *queries: Envelope) -> list[Envelope]:
    """Ask one query after the other, and leave the receipts aside."""
    return [answered.envelope for answered in ask_with_receipts(node, context, *queries)]


def decisions(store: Path, columns: str = "decision, code, recalled") -> list[Any]:
    """What the log says about queries, in its order; of one that was aborted, `decision` is `aborted`."""
    connection = sqlite3.connect(store)
    try:
        connection.execute(_DECISIONS)
        return connection.execute(f"SELECT {columns} FROM decisions ORDER BY idx").fetchall()
    finally:
        connection.close()


def open_reservations(store: Path) -> int:
    """How many charges have found no end yet."""
    connection = sqlite3.connect(store)
    try:
        ((count,),) = connection.execute("SELECT count(*) FROM reservations")
        return int(count)
    finally:
        connection.close()


def cells(node: NodeHome, context: NodeContext, answer: Envelope, plan: Plan) -> list[Any]:
    """The cells of a released answer."""
    outcome = node.opened(answer).outcome
    assert isinstance(outcome, Release)
    dataset = context.datasets.current(plan.source)
    assert dataset is not None
    return list(rows_of(read_partial(outcome.partial_ipc, plan, dataset.contract)))


def publish_roster(node: NodeHome, **changes: Any) -> Roster:
    """Put a changed roster, signed by all governors, in the place of the node's."""
    roster = replace(node.roster, **changes)
    signers = [read_signer(path) for path in sorted((node.league / "governance").glob("*.key"))]
    write_roster(node, envelope_to_json(sign(payload_types.ROSTER, roster_payload(roster), *signers)))
    return roster


def write_roster(node: NodeHome, content: bytes) -> None:
    new = node.config.roster.with_suffix(".new")
    new.write_bytes(content)
    os.replace(new, node.config.roster)
