"""The league in asyncio, over real gRPC and mutual TLS: the same answers, side by side, and nothing left behind."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

import pyarrow as pa
import pytest

import hansa
from hansa.answering.city_words import VerifiedRelease
from hansa.answering.coverage import ExitCode, Outcome
from hansa.asking.async_league_connection import AsyncLeagueConnection
from hansa.asking.follow import Gathering, gather_async
from hansa.asking.sign import SignedQuery
from hansa.evidence.replay import replay_folder
from hansa_core.contract.level import Level
from hansa_core.league.members import Member
from hansa_local.clock import utc_now
from hansa_simulated_city import CITIES, Fault, SimulatedLeague
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState
from hansa_wire.rpc.clocks import HeardClock

BY_KIND = "SELECT kind, COUNT(*) AS n, SUM(tons) AS tons FROM harbour.ships GROUP BY kind ORDER BY kind"
COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"

T = TypeVar("T")


def asked(cities: SimulatedLeague, work: Callable[[hansa.AsyncLeague], Awaitable[T]]) -> T:
    """What `work` gets from a league of its own."""

    async def connected() -> T:
        async with await hansa.connect_async(cities.profile) as league:
            return await work(league)

    return asyncio.run(connected())


def test_an_awaited_question_has_the_answer_of_the_blocking_one(cities: SimulatedLeague) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    awaited = asked(cities, lambda league: league.sql(BY_KIND, partial=True))
    with hansa.connect(cities.profile) as league:
        blocking = league.sql(BY_KIND, partial=True)
    assert awaited.table == blocking.table
    assert awaited.partial == blocking.partial
    assert [(report.city, report.state) for report in awaited.cities] == [
        (report.city, report.state) for report in blocking.cities
    ]


def test_a_closed_league_says_so(cities: SimulatedLeague) -> None:
    async def ask_too_late() -> None:
        async with await hansa.connect_async(cities.profile) as league:
            pass
        for ask in (league.published, lambda: league.sql(COUNT), lambda: league.dry_run(COUNT)):
            with pytest.raises(hansa.CoordinatorError, match="was closed; connect again"):
                await ask()

    asyncio.run(ask_too_late())


def test_an_own_table_is_joined_explained_and_sent_to_nobody(cities: SimulatedLeague) -> None:
    sql = """
        WITH q AS (SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city)
        SELECT city, n / berths AS share FROM q JOIN quays USING (city)"""
    tables = {"quays": pa.table({"city": ["bremen", "hamburg"], "berths": [3, 1]})}

    async def all_three(league: hansa.AsyncLeague) -> tuple[hansa.Answer, str, list[str]]:
        answer = await league.sql(sql, tables=tables)
        foreseen = await league.explain(sql, tables=tables)
        verdicts = await league.dry_run(sql, tables=tables)
        return answer, repr(foreseen), [verdict.report.city for verdict in verdicts]

    answer, foreseen, told = asked(cities, all_three)
    with hansa.connect(cities.profile) as league:
        blocking = league.sql(sql, tables=tables)
        assert repr(league.explain(sql, tables=tables)) == foreseen
        assert [verdict.report.city for verdict in league.dry_run(sql, tables=tables)] == told
    assert answer.table == blocking.table
    assert answer.table.column("city").to_pylist() == ["bremen", "hamburg"]
    assert "Your own table quays is joined to them here" in foreseen
    assert "quays" not in answer.plan_sql


def test_many_questions_are_under_way_at_once(cities: SimulatedLeague) -> None:
    years = range(1400, 1412)

    async def each_year(league: hansa.AsyncLeague) -> list[hansa.Answer]:
        return await asyncio.gather(*(league.sql(f"{COUNT} WHERE year = {year}") for year in years))

    answers = asked(cities, each_year)
    assert [answer.table_rows[0]["n"] for answer in answers] == [302, 302, 301] + 9 * [0]
    assert len({answer.query_hash for answer in answers}) == len(answers)


def test_cancelling_the_task_cancels_the_work_of_a_city(cities: SimulatedLeague) -> None:
    slow = cities.cities["hamburg"]
    slow.fault = Fault.SLOW

    async def given_up(league: hansa.AsyncLeague) -> None:
        answers = asyncio.Event()

        def told(event: CityEvent) -> None:
            if event.state is CityState.ANSWERED:
                answers.set()

        task = asyncio.create_task(league.sql(COUNT, deadline_s=60, on_progress=told))
        async with asyncio.timeout(20):
            await answers.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asked(cities, given_up)
    assert slow.cancelled.wait(20)


def test_the_loop_stays_free_while_a_city_is_slow(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.SLOW

    async def both(league: hansa.AsyncLeague) -> tuple[hansa.Answer, hansa.Answer]:
        late = asyncio.create_task(league.sql(COUNT, deadline_s=2))
        early = await league.sql(f"{COUNT} WHERE city = 'bremen'")
        assert not late.done()
        return early, await late

    early, late = asked(cities, both)
    assert early.exit_code is ExitCode.ENOUGH
    assert {report.state for report in late.cities} == {Outcome.ANSWERED, Outcome.TIMED_OUT}


@pytest.mark.parametrize("is_coroutine", [False, True])
def test_progress_goes_to_a_function_or_a_coroutine_function(cities: SimulatedLeague, is_coroutine: bool) -> None:
    for slow in cities.cities.values():
        slow.fault = Fault.LATE
    events: list[CityEvent] = []

    async def awaited(event: CityEvent) -> None:
        await asyncio.sleep(0)
        events.append(event)

    asked(cities, lambda league: league.sql(COUNT, on_progress=awaited if is_coroutine else events.append))
    for city in CITIES:
        assert [event.state for event in events if event.city == city] == [CityState.ASKED, CityState.ANSWERED]


def test_the_stages_of_a_question_are_told_in_the_loop(cities: SimulatedLeague) -> None:
    stages: list[str] = []

    def reached(stage: str) -> None:
        asyncio.get_running_loop()  # raises outside of it
        stages.append(stage)

    asked(cities, lambda league: league.sql(COUNT, on_stage=reached))
    assert stages == ["asked", "answered", "merging", "shaping"]


def test_a_question_is_built_and_awaited(cities: SimulatedLeague) -> None:
    async def built(league: hansa.AsyncLeague) -> tuple[hansa.Answer, list[Outcome]]:
        ships = league.table("harbour.ships")
        question = ships.where(ships.c.kind == "cog").group_by("city").agg(n=hansa.count()).order_by("city")
        assert repr(await question.explain()) == repr(await league.explain(question.sql))
        return await question.ask(), [verdict.report.state for verdict in await question.dry_run()]

    answer, verdicts = asked(cities, built)
    assert {row["city"]: row["n"] for row in answer.table_rows} == {"bremen": 2, "hamburg": 1, "luebeck": 0}
    assert verdicts == [Outcome.ANSWERED] * 3


def test_a_forged_answer_is_not_trusted_in_asyncio_either(cities: SimulatedLeague) -> None:
    cities.cities["luebeck"].fault = Fault.TAMPERED
    assert asked(cities, lambda league: league.sql(COUNT)).exit_code is ExitCode.UNTRUSTED
    words = asked(cities, lambda league: league.published())
    assert [word.report.state for word in words] == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.UNTRUSTED]


@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.NO_RECEIPT, "receipt_missing"),
        (Fault.FOREIGN_LOG, "receipt_invalid"),
        (Fault.OTHER_DECISION, "receipt_invalid"),
    ],
)
def test_an_answer_without_a_receipt_that_proves_it_is_not_used_in_asyncio_either(
    cities: SimulatedLeague, fault: Fault, code: str
) -> None:
    cities.cities["bremen"].fault = fault
    answer = asked(cities, lambda league: league.sql(COUNT, partial=True))
    assert [(report.state, report.code) for report in answer.cities] == [
        (Outcome.UNTRUSTED, code),
        (Outcome.ANSWERED, ""),
        (Outcome.ANSWERED, ""),
    ]
    assert answer.evidence.answers.keys() == {"hamburg", "luebeck"}
    assert answer.exit_code is ExitCode.UNTRUSTED


def told_otherwise(
    cities: SimulatedLeague, lie: Callable[[CityEvent], CityEvent], monkeypatch: pytest.MonkeyPatch
) -> hansa.Answer:
    """The answer where the coordinator tells what `lie` makes of each city's end; the cities answer one by one."""
    honest = AsyncLeagueConnection._send

    async def lying(
        connection: AsyncLeagueConnection, signed: SignedQuery, deadline_s: float, heard: HeardClock
    ) -> AsyncGenerator[CityEvent, None]:
        events = [event async for event in honest(connection, signed, deadline_s, heard)]
        for event in sorted(events, key=lambda event: event.city):
            yield event if event.answer is None else lie(event)

    monkeypatch.setattr(AsyncLeagueConnection, "_send", lying)
    return asked(cities, lambda league: league.sql(COUNT, partial=True))


@pytest.mark.parametrize(("share", "code"), [(0.0, "receipt_missing"), (0.5, "receipt_invalid")])
def test_receipts_that_a_coordinator_strips_or_cuts_leave_nothing_to_trust_in_asyncio_either(
    cities: SimulatedLeague, monkeypatch: pytest.MonkeyPatch, share: float, code: str
) -> None:
    def cut(event: CityEvent) -> CityEvent:
        return replace(event, receipt=event.receipt[: int(share * len(event.receipt))])

    answer = told_otherwise(cities, cut, monkeypatch)
    assert {(report.state, report.code) for report in answer.cities} == {(Outcome.UNTRUSTED, code)}
    assert answer.table_rows == [{"n": None}]


def test_receipts_swapped_between_cities_are_not_trusted_in_asyncio_either(
    cities: SimulatedLeague, monkeypatch: pytest.MonkeyPatch
) -> None:
    kept: list[bytes] = []

    def swap(event: CityEvent) -> CityEvent:
        kept.append(event.receipt)
        return replace(event, receipt=kept[0])

    answer = told_otherwise(cities, swap, monkeypatch)
    assert [report.code for report in answer.cities] == ["", "receipt_invalid", "receipt_invalid"]
    assert answer.table_rows == [{"n": 3}]


def test_an_awaited_answer_is_derived_again_from_its_evidence(cities: SimulatedLeague, tmp_path: Path) -> None:
    async def kept(league: hansa.AsyncLeague) -> hansa.Answer:
        ships = league.table("harbour.ships")
        return await ships.group_by("kind").agg(n=hansa.count()).order_by("kind").ask()

    answer = asked(cities, kept)
    answer.save_evidence(tmp_path / "kept")
    replayed = replay_folder(tmp_path / "kept").answer
    assert replayed.table.equals(answer.table)
    assert replayed.cities == answer.cities


def test_a_question_that_breaks_a_rule_is_refused_before_anything_is_sent(cities: SimulatedLeague) -> None:
    with pytest.raises(hansa.RefusedError, match="unknown_column"):
        asked(cities, lambda league: league.sql("SELECT knd, COUNT(*) FROM harbour.ships GROUP BY knd"))
    assert not any(city.asked for city in cities.cities.values())


def test_without_its_coordinator_an_async_league_says_so(cities: SimulatedLeague) -> None:
    cities.run(cities.stop_coordinator())
    try:
        with pytest.raises(hansa.CoordinatorError):
            asked(cities, lambda league: league.sql(COUNT, deadline_s=2))
        with pytest.raises(hansa.CoordinatorError):
            asked(cities, lambda league: league.published(deadline_s=2))
    finally:
        cities.run(cities.start_coordinator())


def test_a_stream_that_is_cut_keeps_what_had_come_and_is_closed(cities: SimulatedLeague) -> None:
    closed = []

    async def events() -> AsyncGenerator[CityEvent, None]:
        try:
            yield CityEvent(city="bremen", state=CityState.REFUSED, code="denied")
            raise TimeoutError
        finally:
            closed.append(True)

    def check(given: Answered, member: Member) -> VerifiedRelease:
        return VerifiedRelease(level=Level.OPEN, data_version=1, answered_at=utc_now(), table=None)

    gathering = Gathering(("bremen", "hamburg"), cities.roster, check)
    words = asyncio.run(gather_async(events(), gathering))
    assert [word.report.state for word in words.values()] == [Outcome.REFUSED, Outcome.TIMED_OUT]
    assert closed


def test_the_async_league_knows_its_league_without_asking(cities: SimulatedLeague) -> None:
    async def look(league: hansa.AsyncLeague) -> tuple[str, int, int]:
        return repr(league), len(league.contracts), len(league.catalogue)

    assert asked(cities, look) == ("<AsyncLeague hanse: bremen, hamburg, luebeck>", 1, 1)
    assert not any(city.asked for city in cities.cities.values())
