"""Every option of a question, through every way to ask one, down to the query."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from dataclasses import fields
from pathlib import Path
from typing import Any, NoReturn

import pyarrow as pa
import pytest
from pyarrow import csv
from typer.testing import CliRunner

import hansa
from hansa.answering.coverage import Outcome
from hansa.asking.session import AnalystSession
from hansa.cli import app
from hansa.question.options import AskOptions
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_simulated_city import Fault, SimulatedLeague

COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"
JOINED = (
    "WITH q AS (SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind) "
    "SELECT kind, n * crew AS sailors FROM q JOIN crews USING (kind) ORDER BY kind"
)
CREWS = pa.table({"kind": ["cog", "hulk"], "crew": [12, 30]})

VALUES: dict[str, Any] = {
    "purpose": "research",
    "min_cities": 2,
    "partial": True,
    "tables": {"crews": CREWS},
    "params": {"kind": "cog"},
    "deadline_s": 7.0,
    "level": Level.CONTROLLED,
}
"""One value of each option, none of them its default. `epsilon` is refused wherever it is set."""

OPTIONS = {
    "purpose": ("--purpose", "research"),
    "min_cities": ("--min-cities", "2"),
    "partial": ("--partial",),
    "tables": ("--table", "crews=crews.csv"),
    "params": ("--param", "kind=cog"),
    "deadline_s": ("--deadline", "7"),
    "level": ("--level", "controlled"),
    "epsilon": ("--epsilon", "0.5"),
}

Ask = Callable[[SimulatedLeague, Any], Any]


def blocking(ask: Callable[..., Any]) -> Ask:
    def asked(cities: SimulatedLeague, options: Any) -> Any:
        with hansa.connect(cities.profile) as league:
            return ask(league, **options)

    return asked


def in_asyncio(ask: Callable[..., Awaitable[Any]]) -> Ask:
    async def asked(cities: SimulatedLeague, options: Any) -> Any:
        async with await hansa.connect_async(cities.profile) as league:
            return await ask(league, **options)

    return lambda cities, options: asyncio.run(asked(cities, options))


def table_of(league: Any) -> Any:
    return league.table("harbour.ships").agg(n=hansa.count())


ENTRY_POINTS: dict[str, Ask] = {
    "League.sql": blocking(lambda league, **options: league.sql(COUNT, **options)),
    "League.dry_run": blocking(lambda league, **options: league.dry_run(COUNT, **options)),
    "League.explain": blocking(lambda league, **options: league.explain(COUNT, **options)),
    "AsyncLeague.sql": in_asyncio(lambda league, **options: league.sql(COUNT, **options)),
    "AsyncLeague.dry_run": in_asyncio(lambda league, **options: league.dry_run(COUNT, **options)),
    "AsyncLeague.explain": in_asyncio(lambda league, **options: league.explain(COUNT, **options)),
    "Table.ask": blocking(lambda league, **options: table_of(league).ask(**options)),
    "Table.dry_run": blocking(lambda league, **options: table_of(league).dry_run(**options)),
    "Table.explain": blocking(lambda league, **options: table_of(league).explain(**options)),
    "AsyncTable.ask": in_asyncio(lambda league, **options: table_of(league).ask(**options)),
    "AsyncTable.dry_run": in_asyncio(lambda league, **options: table_of(league).dry_run(**options)),
    "AsyncTable.explain": in_asyncio(lambda league, **options: table_of(league).explain(**options)),
}
FIELDS = [each.name for each in fields(AskOptions)]


class CapturedError(Exception):
    """Raised where a question would be read and signed, with what came that far."""


@pytest.fixture
def captured(monkeypatch: pytest.MonkeyPatch) -> list[AskOptions]:
    """The options of each question or dry run that would be read and signed; none is."""
    came: list[AskOptions] = []

    def capture(session: AnalystSession, statement: str, options: AskOptions) -> NoReturn:
        assert "COUNT(*)" in statement
        came.append(options)
        raise CapturedError

    monkeypatch.setattr(AnalystSession, "question", capture)
    monkeypatch.setattr(AnalystSession, "dry_run", capture)
    return came


@pytest.mark.parametrize("name", [name for name in FIELDS if name != "epsilon"])
@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_every_way_to_ask_hands_on_every_option(
    served: SimulatedLeague, captured: list[AskOptions], entry_point: str, name: str
) -> None:
    given = {name: VALUES[name]}
    with pytest.raises(CapturedError):
        ENTRY_POINTS[entry_point](served, given)
    assert captured == [AskOptions(**given)]
    assert captured != [AskOptions()]


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_the_signature_that_a_prompt_shows_names_every_option_with_its_default(entry_point: str) -> None:
    class_, _, method = entry_point.partition(".")
    shown = inspect.signature(getattr(getattr(hansa, class_), method)).parameters
    default = AskOptions()
    assert {name: shown[name].default for name in FIELDS} == {name: getattr(default, name) for name in FIELDS}
    assert "options" not in shown


@pytest.mark.parametrize("dry_run", [(), ("--dry-run",)], ids=["query", "dry run"])
@pytest.mark.parametrize("name", [name for name in FIELDS if name != "epsilon"])
def test_the_command_hands_on_every_option(
    served: SimulatedLeague, captured: list[AskOptions], name: str, dry_run: tuple[str, ...]
) -> None:
    arguments = ["query", COUNT, *OPTIONS[name], *dry_run, "--profile", str(served.profile)]
    assert isinstance(CliRunner().invoke(app, arguments).exception, CapturedError)
    value: Any = {"crews": Path("crews.csv")} if name == "tables" else VALUES[name]
    assert captured == [AskOptions(**{name: value})]


@pytest.mark.produces("epsilon_not_available")
@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_epsilon_is_refused_by_every_way_to_ask_while_no_query_can_carry_it(
    cities: SimulatedLeague, entry_point: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        ENTRY_POINTS[entry_point](cities, {"epsilon": 0.5})
    assert refused.value.code == "epsilon_not_available"
    assert not any(city.asked for city in cities.cities.values())


def test_epsilon_is_refused_by_the_command_too(cities: SimulatedLeague) -> None:
    done = CliRunner().invoke(app, ["query", COUNT, *OPTIONS["epsilon"], "--profile", str(cities.profile)])
    assert done.exit_code == 2
    assert "epsilon_not_available" in done.stderr


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [("deadline", "deadline_s"), ("timeout", "deadline_s"), ("table", "tables"), ("min_city", "min_cities")],
)
@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_an_unknown_option_says_so_with_the_nearest_name(
    cities: SimulatedLeague, entry_point: str, wrong: str, meant: str
) -> None:
    with pytest.raises(TypeError, match=f"'{wrong}' is no option of a question; did you mean {meant}"):
        ENTRY_POINTS[entry_point](cities, {wrong: 1})
    assert not any(city.asked for city in cities.cities.values())


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_a_level_may_be_given_by_its_name_and_a_wrong_one_names_the_nearest(
    served: SimulatedLeague, captured: list[AskOptions], entry_point: str
) -> None:
    with pytest.raises(CapturedError):
        ENTRY_POINTS[entry_point](served, {"level": "controlled"})
    assert captured == [AskOptions(level=Level.CONTROLLED)]
    with pytest.raises(RefusedError, match="did you mean controlled"):
        ENTRY_POINTS[entry_point](served, {"level": "control"})


@pytest.mark.parametrize("entry_point", ENTRY_POINTS)
def test_more_cities_than_are_addressed_are_refused_by_a_dry_run_as_by_the_question(
    cities: SimulatedLeague, entry_point: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        ENTRY_POINTS[entry_point](cities, {"min_cities": 4})
    assert refused.value.code == "min_cities"
    assert not any(city.asked for city in cities.cities.values())


@pytest.mark.parametrize("dry_run", [False, True])
def test_purpose_level_and_deadline_stand_in_the_signed_query(cities: SimulatedLeague, *, dry_run: bool) -> None:
    options: Any = {"level": Level.OPEN, "purpose": "statistics"}
    with hansa.connect(cities.profile) as league:
        for deadline_s in (10.0, 110.0):
            (league.dry_run if dry_run else league.sql)(COUNT, deadline_s=deadline_s, **options)
    short, long = cities.cities["bremen"].queries
    assert (short.level, short.purpose) == (Level.OPEN, "statistics")
    assert 95 < (long.expires_at - short.expires_at).total_seconds() < 160


def test_an_option_that_is_left_out_leaves_the_query_as_it_was(cities: SimulatedLeague) -> None:
    with hansa.connect(cities.profile) as league:
        league.sql(COUNT)
    (query,) = cities.cities["bremen"].queries
    assert (query.level, query.purpose) == (None, "statistics")


@pytest.mark.produces("wrong_level")
def test_a_city_that_answers_at_another_level_than_was_asked_for_is_not_trusted(cities: SimulatedLeague) -> None:
    cities.cities["bremen"].level = Level.CONTROLLED
    with hansa.connect(cities.profile) as league:
        answer = league.sql(COUNT, level="open", partial=True)
    assert [(report.state, report.code) for report in answer.cities] == [
        (Outcome.UNTRUSTED, "wrong_level"),
        (Outcome.ANSWERED, ""),
        (Outcome.ANSWERED, ""),
    ]
    assert answer.table.to_pydict() == {"n": [902]}


@pytest.mark.parametrize("partial", [False, True])
def test_partial_and_the_least_number_of_cities_shape_what_a_built_question_gives(
    cities: SimulatedLeague, *, partial: bool
) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    with hansa.connect(cities.profile) as league:
        answer = table_of(league).ask(partial=partial, min_cities=2)
    assert answer.table.to_pydict() == {"n": [903 if partial else None]}
    assert answer.min_cities == 2


def test_an_own_table_is_kept_with_the_evidence_of_a_built_question(cities: SimulatedLeague) -> None:
    with hansa.connect(cities.profile) as league:
        kept = table_of(league).ask(tables={"crews": CREWS}).evidence.tables
    assert kept.keys() == {"crews"}


def test_a_table_of_the_commands_is_joined_by_its_file(cities: SimulatedLeague, tmp_path: Path) -> None:
    csv.write_csv(CREWS, tmp_path / "crews.csv")
    with hansa.connect(cities.profile) as league:
        answer = league.sql(JOINED, tables={"crews": tmp_path / "crews.csv"})
    assert answer.table.to_pydict() == {"kind": ["cog", "hulk"], "sailors": [36, 27060]}


def test_a_dry_run_of_the_command_ends_as_its_options_demand(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    arguments = ["query", COUNT, "--dry-run", "--profile", str(cities.profile)]
    assert CliRunner().invoke(app, [*arguments, "--partial"]).exit_code == 0
    assert CliRunner().invoke(app, [*arguments, "--min-cities", "3"]).exit_code == 3
    assert CliRunner().invoke(app, [*arguments, "--min-cities", "4"]).exit_code == 2


@pytest.mark.parametrize("arguments", [("query", COUNT), ("catalogue",)])
@pytest.mark.parametrize("wrong", [("--timeout", "3"), ("--timeout=3",), ("--deadline-s", "3")])
def test_a_deadline_by_another_name_is_told_its_own_on_the_command_line(
    arguments: tuple[str, ...], wrong: tuple[str, ...]
) -> None:
    done = CliRunner().invoke(app, [*arguments, *wrong])
    assert done.exit_code == 2
    assert "the option is --deadline" in done.stderr


def test_what_is_published_is_asked_with_the_same_deadline_and_another_name_is_told_so(cities: SimulatedLeague) -> None:
    async def published(league: hansa.AsyncLeague) -> None:
        await league.published(timeout=3)

    for ask in (blocking(lambda league: league.published(deadline=3)), in_asyncio(published)):
        with pytest.raises(TypeError, match=r"is no option here; did you mean deadline_s\?"):
            ask(cities, {})
