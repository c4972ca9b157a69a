"""From SQL to a table, over real gRPC and mutual TLS: what a broken city or a lying coordinator can do to it."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Generator, Iterator
from dataclasses import replace

import pytest

import hansa
from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa.answering.coverage import ExitCode, Outcome
from hansa.asking.follow import Gathering, gather
from hansa_core.contract.level import Level
from hansa_core.league.members import Member
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_local.clock import utc_now
from hansa_simulated_city import CITIES, Fault, SimulatedLeague
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.progress import CityEvent, CityState

TOGETHER = "SELECT kind, COUNT(*) AS n, SUM(tons) AS tons FROM harbour.ships GROUP BY kind ORDER BY kind"
BY_CITY = "SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city ORDER BY city"
COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


def state_of(answer: hansa.Answer, city: str) -> Outcome:
    return next(report.state for report in answer.cities if report.city == city)


def test_the_cities_values_are_merged_exactly(cities: SimulatedLeague, league: hansa.League) -> None:
    answer = league.sql(TOGETHER)
    assert answer.to_arrow().to_pydict() == {
        "kind": ["cog", "hulk"],
        "n": [3, 902],
        "tons": [(100 + 200 + 301) / 2, (40 + sum(range(900))) / 2],
    }
    assert answer.is_complete
    assert answer.exit_code is ExitCode.ENOUGH
    assert {report.level for report in answer.cities} == {Level.OPEN}
    assert {report.data_version for report in answer.cities} == {7}
    assert all(report.proven for report in answer.cities)


def test_where_on_city_asks_that_city_alone(cities: SimulatedLeague, league: hansa.League) -> None:
    answer = league.sql("SELECT COUNT(*) AS n FROM harbour.ships WHERE city = 'bremen'")
    assert answer.table_rows == [{"n": 3}]
    assert [city.asked for city in cities.cities.values()] == [1, 0, 0]


def test_a_refusal_withholds_what_needs_the_city_and_says_why(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(BY_CITY)
    assert answer.to_arrow().to_pydict() == {"city": list(CITIES), "n": [None, 2, 900]}
    (cell,) = answer.suppressed
    assert (cell.row, cell.column, cell.reason) == (0, "n", "not_published")
    assert answer.exit_code is ExitCode.REFUSED
    assert league.sql(COUNT).table_rows == [{"n": None}]


def test_partial_gives_the_value_over_the_others_and_marks_it(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(COUNT, partial=True)
    assert answer.table_rows == [{"n": 902}]
    (cell,) = answer.partial
    assert dict(cell.gaps) == {"bremen": "not_published"}
    assert answer.exit_code is ExitCode.ENOUGH


def test_min_cities_decides_what_is_enough(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    assert league.sql(COUNT, min_cities=2).exit_code is ExitCode.ENOUGH
    assert league.sql(COUNT, min_cities=3, partial=True).exit_code is ExitCode.REFUSED
    cities.cities["hamburg"].fault = Fault.CRASH
    assert league.sql(COUNT, min_cities=2).exit_code is ExitCode.INCOMPLETE


@pytest.mark.parametrize("wrong", [0, 4])
def test_a_min_cities_that_no_answer_could_meet_is_refused(league: hansa.League, wrong: int) -> None:
    with pytest.raises(hansa.RefusedError, match="min_cities"):
        league.sql(COUNT, min_cities=wrong)


def test_a_suppressed_cell_is_null_with_its_reason(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["hamburg"].fault = Fault.SUPPRESSED
    answer = league.sql(TOGETHER)
    assert answer.table_rows[0] == {"kind": "cog", "n": None, "tons": None}
    assert {(cell.row, cell.column, cell.reason) for cell in answer.suppressed} == {
        (0, "n", "suppressed"),
        (0, "tons", "suppressed"),
    }
    assert answer.exit_code is ExitCode.ENOUGH


@pytest.mark.produces(param="code")
@pytest.mark.parametrize(
    ("fault", "code"),
    [
        (Fault.TAMPERED, "signature_invalid"),
        (Fault.WRONG_KEY, "signature_invalid"),
        (Fault.WRONG_CITY, "wrong_city"),
        (Fault.WRONG_QUERY, "wrong_query"),
        (Fault.WRONG_PLAN, "wrong_plan"),
        (Fault.BAD_PARTIAL, "malformed_answer"),
        (Fault.NO_RECEIPT, "receipt_missing"),
        (Fault.FOREIGN_LOG, "receipt_invalid"),
        (Fault.OTHER_DECISION, "receipt_invalid"),
    ],
)
def test_nothing_of_an_answer_that_does_not_verify_is_used(
    cities: SimulatedLeague, league: hansa.League, fault: Fault, code: str
) -> None:
    cities.cities["luebeck"].fault = fault
    answer = league.sql(COUNT, partial=True)
    report = next(report for report in answer.cities if report.city == "luebeck")
    assert (report.state, report.code, report.proven) == (Outcome.UNTRUSTED, code, False)
    assert answer.table_rows == [{"n": 5}]
    assert dict(answer.partial[0].gaps) == {"luebeck": "untrusted"}
    assert answer.exit_code is ExitCode.UNTRUSTED


@pytest.mark.parametrize("fault", [Fault.TAMPERED, Fault.WRONG_KEY])
def test_a_forged_dry_run_or_description_is_not_trusted(
    cities: SimulatedLeague, league: hansa.League, fault: Fault
) -> None:
    cities.cities["luebeck"].fault = fault
    for words in (league.dry_run(COUNT), league.published()):
        states = [word.report.state for word in words]
        assert states == [Outcome.ANSWERED, Outcome.ANSWERED, Outcome.UNTRUSTED]
        assert words[-1].word is None


def test_a_slow_city_is_named_and_the_answer_is_not_late(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.SLOW
    answer = league.sql(BY_CITY, deadline_s=0.5)
    assert state_of(answer, "bremen") is Outcome.TIMED_OUT
    assert answer.exit_code is ExitCode.INCOMPLETE


def test_a_refusal_that_nobody_signed_is_shown_as_unproven(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REJECT
    answer = league.sql(COUNT)
    assert (answer.cities[0].state, answer.cities[0].proven) == (Outcome.REFUSED, False)
    assert "not signed by the city" in repr(answer)


@pytest.mark.produces("mixed_levels")
def test_cities_at_different_levels_are_shown_side_by_side_and_never_summed(
    cities: SimulatedLeague, league: hansa.League
) -> None:
    cities.cities["bremen"].level = Level.CONTROLLED
    with pytest.raises(hansa.RefusedError, match="mixed_levels"):
        league.sql(COUNT)
    assert "different levels" in league.sql(BY_CITY).notes[0]


def test_a_distinct_count_over_cities_says_that_it_is_not_deduplicated(league: hansa.League) -> None:
    answer = league.sql("SELECT COUNT(DISTINCT ship) AS ships FROM harbour.ships")
    assert answer.table_rows == [{"ships": 905}]
    assert "counts once in each" in answer.notes[0]


def test_a_key_with_values_of_each_citys_own_says_that_it_is_not_comparable(league: hansa.League) -> None:
    answer = league.sql("SELECT quay, COUNT(*) FROM harbour.ships GROUP BY quay")
    assert "not comparable across cities" in answer.notes[0]


def test_a_value_that_covers_up_a_missing_one_says_so(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql("SELECT COALESCE(COUNT(*), 0) AS n FROM harbour.ships")
    assert answer.table_rows == [{"n": 0}]
    assert dict(answer.partial[0].gaps) == {"bremen": "not_published"}
    assert "computed from missing values" in answer.notes[0]


def test_a_row_that_is_dropped_for_want_of_its_value_is_said(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["hamburg"].fault = Fault.SUPPRESSED
    answer = league.sql("SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind HAVING n > 0")
    assert not answer.suppressed
    assert not answer.is_complete
    assert "HAVING n > 0: decides without values of" in answer.notes[-1]
    assert "not shown" in repr(answer)


def test_a_sum_over_the_cities_that_lacks_one_says_so(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(f"WITH q AS ({BY_CITY.removesuffix(' ORDER BY city')}) SELECT SUM(n) AS n FROM q")
    assert answer.table_rows == [{"n": 902}]
    assert dict(answer.partial[0].gaps) == {"bremen": "not_published"}
    assert "replaces or skips" in answer.notes[0]


def test_marks_follow_a_value_through_order_and_arithmetic(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    answer = league.sql(
        "SELECT 2 * COUNT(*) AS twice, city, kind FROM harbour.ships GROUP BY city, kind ORDER BY twice DESC, kind"
    )
    assert answer.to_arrow().column("city").to_pylist() == ["luebeck", "hamburg", "hamburg", "bremen"]
    assert {(cell.row, cell.column) for cell in answer.suppressed} == {(3, "twice"), (3, "kind")}


@pytest.mark.parametrize(
    ("sql", "code"),
    [
        ("SELECT knd, COUNT(*) FROM harbour.ships GROUP BY knd", "unknown_column"),
        ("SELECT COUNT(*) FROM harbour.boats", "unknown_contract"),
        ("SELECT * FROM harbour.ships", "rows_requested"),
        ("SELECT COUNT(*) FROM harbour.ships WHERE city = 'atlantis'", "unknown_city"),
    ],
)
def test_a_question_that_breaks_a_rule_is_refused_before_anything_is_sent(
    cities: SimulatedLeague, league: hansa.League, sql: str, code: str
) -> None:
    with pytest.raises(hansa.RefusedError) as refused:
        league.sql(sql)
    assert refused.value.code == code
    assert not any(city.asked for city in cities.cities.values())


def test_a_purpose_that_the_league_does_not_know_is_refused_with_those_it_knows(league: hansa.League) -> None:
    with pytest.raises(hansa.RefusedError, match="statistics"):
        league.sql(COUNT, purpose="curiosity")


def test_progress_is_told_for_each_city(cities: SimulatedLeague, league: hansa.League) -> None:
    for slow in cities.cities.values():
        slow.fault = Fault.LATE
    events: list[CityEvent] = []
    league.sql(COUNT, on_progress=events.append)
    for city in CITIES:
        assert [event.state for event in events if event.city == city] == [CityState.ASKED, CityState.ANSWERED]


def test_by_city_a_city_where_nothing_matches_has_a_row_of_zero_and_by_another_key_none(league: hansa.League) -> None:
    nothing = "FROM harbour.ships WHERE tons > 100000"
    by_city = league.sql(f"SELECT city, COUNT(*) AS n, SUM(tons) AS tons {nothing} GROUP BY city ORDER BY city")
    assert by_city.table_rows == [{"city": city, "n": 0, "tons": None} for city in sorted(CITIES)]
    assert by_city.is_complete
    assert league.sql(f"SELECT city, kind, COUNT(*) AS n {nothing} GROUP BY city, kind").table_rows == []
    kept = league.sql(f"SELECT city, COUNT(*) AS n {nothing} GROUP BY city HAVING COUNT(*) > 0")
    assert kept.table_rows == []


def test_the_stages_of_a_question_are_told_in_order(league: hansa.League) -> None:
    stages: list[str] = []
    league.sql(COUNT, on_stage=stages.append)
    league.table("harbour.ships").agg(n=hansa.count()).ask(on_stage=stages.append)
    assert stages == ["asked", "answered", "merging", "shaping"] * 2


def test_a_first_answer_does_not_load_pandas(served: SimulatedLeague) -> None:
    script = (
        "import sys, hansa; league = hansa.connect(sys.argv[1]);"
        "league.sql('SELECT kind, COUNT(*), AVG(tons) / 2 AS half FROM harbour.ships GROUP BY kind').table_rows;"
        "league.close(); print('pandas' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(served.profile)], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "False"


def test_two_questions_alike_are_two_queries(league: hansa.League) -> None:
    first, second = league.sql(COUNT), league.sql(COUNT)
    assert first.query_hash != second.query_hash
    assert first.plan_hash == second.plan_hash


def test_a_closed_league_says_so(cities: SimulatedLeague) -> None:
    with hansa.connect(cities.profile) as league:
        pass
    for ask in (league.published, lambda: league.sql(COUNT), lambda: league.dry_run(COUNT)):
        with pytest.raises(hansa.CoordinatorError, match="was closed; connect again"):
            ask()


def test_a_league_that_is_closed_while_it_answers_starts_no_engine_any_more(cities: SimulatedLeague) -> None:
    league = hansa.connect(cities.profile)
    session = league._connection.session
    with pytest.raises(hansa.CoordinatorError, match="was closed; connect again"):
        league.sql(COUNT, on_progress=lambda _: session.close())
    assert session._engine is None
    league.close()


def test_without_its_coordinator_a_league_says_so(cities: SimulatedLeague) -> None:
    cities.run(cities.stop_coordinator())
    try:
        with hansa.connect(cities.profile) as lonely, pytest.raises(hansa.CoordinatorError):
            lonely.sql(COUNT, deadline_s=2)
    finally:
        cities.run(cities.start_coordinator())


def events(*told: CityEvent, then: Exception | None = None) -> Generator[CityEvent, None, None]:
    yield from told
    if then is not None:
        raise then


def gathered(cities: SimulatedLeague, stream: Generator[CityEvent, None, None]) -> dict[str, CityWord[VerifiedRelease]]:
    def check(given: Answered, member: Member) -> VerifiedRelease:
        return VerifiedRelease(
            level=Level.OPEN, data_version=len(given.envelope.payload), answered_at=utc_now(), table=None
        )

    return gather(stream, Gathering(("bremen", "hamburg"), cities.roster, check))


def answered(city: str, payload: bytes = b"1") -> CityEvent:
    sealed = sign("answer", payload, Ed25519Signer(bytes(32)))
    return CityEvent(city=city, state=CityState.ANSWERED, answer=sealed)


def test_only_the_first_end_of_a_city_counts(cities: SimulatedLeague) -> None:
    late = CityEvent(city="bremen", state=CityState.REFUSED, code="denied")
    words = gathered(cities, events(answered("bremen"), answered("bremen", b"22"), late, answered("hamburg")))
    assert words["bremen"].report.data_version == 1


def test_a_city_that_was_not_asked_is_passed_over(cities: SimulatedLeague) -> None:
    words = gathered(cities, events(answered("luebeck"), answered("bremen")))
    assert list(words) == ["bremen", "hamburg"]


def test_a_city_that_the_coordinator_never_mentions_has_failed(cities: SimulatedLeague) -> None:
    assert gathered(cities, events(answered("bremen")))["hamburg"].report.state is Outcome.FAILED


@pytest.mark.parametrize(
    ("cut", "state"),
    [
        (TimeoutError(), Outcome.TIMED_OUT),
        (ConnectionError("gone"), Outcome.UNREACHABLE),
        (hansa.PeerError("nonsense"), Outcome.FAILED),
    ],
)
def test_a_stream_that_is_cut_keeps_what_had_come(cities: SimulatedLeague, cut: Exception, state: Outcome) -> None:
    words = gathered(cities, events(answered("bremen"), then=cut))
    assert words["bremen"].report.state is Outcome.ANSWERED
    assert words["hamburg"].report.state is state


def test_a_stream_that_is_cut_before_any_word_is_the_coordinators_failure(cities: SimulatedLeague) -> None:
    with pytest.raises(hansa.CoordinatorError):
        gathered(cities, events(then=ConnectionError("refused")))


def test_a_signed_refusal_goes_before_what_the_coordinator_claims(
    cities: SimulatedLeague, league: hansa.League, monkeypatch: pytest.MonkeyPatch
) -> None:
    cities.cities["bremen"].fault = Fault.REFUSE
    honest = league._connection._send

    def lying(*call: object) -> Generator[CityEvent, None, None]:
        for event in honest(*call):  # type: ignore[arg-type]
            claim = event.state is CityState.REFUSED
            yield replace(event, state=CityState.ANSWERED, code="") if claim else event

    monkeypatch.setattr(league._connection, "_send", lying)
    report = league.sql(COUNT).cities[0]
    assert (report.state, report.code, report.proven) == (Outcome.REFUSED, "not_published", True)
