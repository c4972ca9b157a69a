"""A warm question to four cities: how long it takes end to end, where the time goes, and how many bytes travel.

The reference is a health check of the coordinator over the same mutual TLS: the price of one round trip without Hansa.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import combinations, islice
from pathlib import Path
from time import perf_counter
from typing import Any

import grpc
from grpc_health.v1 import health_pb2, health_pb2_grpc

import hansa
from hansa_core.plan.canonical import plan_hash
from hansa_core.sql.split import parse_statement
from hansa_demo.league import running_league
from hansa_local.profile import load_profile
from hansa_wire.rpc.tls import dial_sync
from report import figure, heading, row

RUNS = 200
SQL = """
SELECT city, applied_year, COUNT(*) AS submitted, COUNT(days_to_issue) AS issued, ROUND(AVG(days_to_issue), 1) AS days
FROM housing.permits WHERE applied_year >= {year} AND project IN ({projects}) GROUP BY city, applied_year ORDER BY 1, 2
"""
REPEATED = SQL.format(year=2018, projects="'adu', 'habitable-room'")


def measure(directory: Path) -> None:
    """Print the section. `directory` holds a demo league that is not running."""
    with running_league(directory), hansa.connect(directory / "profile.toml") as league:
        for _ in range(20):
            league.sql(REPEATED)
        round_trip = _timed(_health_check(directory, league), RUNS)

        heading(f"warm question to four cities, {RUNS} runs")
        row("reference: one round trip, mutual TLS", round_trip)
        row("asked before: the stored release", _timed(lambda: league.sql(REPEATED), RUNS), reference=round_trip)
        fresh = fresh_statements()
        row("never asked before", _timed(lambda: league.sql(next(fresh)), RUNS), reference=round_trip)

        heading("where the time goes (asked before)")
        spans = _Spans()
        with _followed(league, spans):
            whole = _timed(lambda: league.sql(REPEATED), RUNS)
        row("SDK: parse, split, canonicalise, hash", _timed(lambda: _read(league, REPEATED), RUNS))
        row("coordinator and cities, as the SDK waits", spans.calls)
        own = [total - call for total, call in zip(whole, spans.calls, strict=True)]
        row("SDK: all its own work", own)

        heading("bytes on the wire, one question to four cities")
        figure("signed query and credential", spans.query_bytes, "bytes")
        figure("each city's signed answer, mean", spans.answer_bytes / max(1, spans.answers), "bytes")


def _timed(call: Callable[[], object], runs: int) -> list[float]:
    samples = []
    for _ in range(runs):
        started = perf_counter()
        call()
        samples.append(perf_counter() - started)
    return samples


def _read(league: hansa.League, statement: str) -> bytes:
    return plan_hash(parse_statement(statement, league.contracts, league.roster.cities).plan)


def fresh_statements() -> Iterator[str]:
    """Statements with plans that no node has seen: each addresses another set of years."""
    years = range(1990, 2027)
    for chosen in islice(combinations(years, 4), 0, None, 7):
        listed = ", ".join(map(str, chosen))
        yield (
            "SELECT city, applied_year, COUNT(*) AS submitted, COUNT(days_to_issue) AS issued,"
            f" AVG(days_to_issue) AS days FROM housing.permits WHERE applied_year IN ({listed})"
            " GROUP BY city, applied_year ORDER BY 1, 2"
        )


def _health_check(directory: Path, league: hansa.League) -> Callable[[], object]:
    profile = load_profile(directory / "profile.toml")
    entry = league.roster.coordinator(None)
    channel: grpc.Channel = dial_sync(
        entry.host,
        entry.port,
        ca_pem=entry.ca_pem,
        server_name=entry.server_name,
        cert_pem=profile.tls_cert.read_bytes(),
        key_pem=profile.tls_key.read_bytes(),
    )
    stub = health_pb2_grpc.HealthStub(channel)
    return lambda: stub.Check(health_pb2.HealthCheckRequest())


class _Spans:
    """What a followed coordinator client saw."""

    def __init__(self) -> None:
        self.calls: list[float] = []
        self.query_bytes = 0
        self.answer_bytes = 0
        self.answers = 0


class _FollowedCoordinator:
    """Stands between the SDK and the real client, and takes times and sizes."""

    def __init__(self, inner: Any, spans: _Spans) -> None:
        self._inner = inner
        self._spans = spans

    def ask(self, query: Any, credential: Any, *, deadline_s: float) -> Iterator[Any]:
        self._spans.query_bytes = len(query.payload) + len(credential.payload)
        started = perf_counter()
        for event in self._inner.ask(query, credential, deadline_s=deadline_s):
            if event.answer is not None:
                self._spans.answer_bytes += len(event.answer.payload)
                self._spans.answers += 1
            yield event
        self._spans.calls.append(perf_counter() - started)


@contextmanager
def _followed(league: hansa.League, spans: _Spans) -> Iterator[None]:
    inner = league._connection._coordinator
    league._connection._coordinator = _FollowedCoordinator(inner, spans)  # type: ignore[assignment]
    try:
        yield
    finally:
        league._connection._coordinator = inner
