"""Demo leagues are found by name, and a folder says which league is in it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hansa.cli import app
from hansa_core.errors import ConfigError
from hansa_core.sql.split import parse_statement
from hansa_demo.cli import LeagueName
from hansa_demo.demo_league import DemoLeague
from hansa_demo.league import league_in
from hansa_demo.leagues import REAL, league_called
from hansa_demo.leagues.synthetic import synthetic
from hansa_mapped_cities import contracts_of
from hansa_node.ingest.manifest_file import read_manifest, read_manifest_file

ALL = (*REAL.values(), synthetic(1_000))


@pytest.mark.parametrize("league", ALL, ids=lambda league: league.name)
def test_every_league_is_found_by_its_name(league: DemoLeague) -> None:
    found = league_called(league.name)
    assert (found.name, found.cities, found.contracts) == (league.name, league.cities, league.contracts)


@pytest.mark.parametrize("league", ALL, ids=lambda league: league.name)
def test_every_city_has_a_manifest_that_its_contract_takes(league: DemoLeague, tmp_path: Path) -> None:
    for contract in contracts_of(league).values():
        for city in league.cities:
            manifest = tmp_path / f"{city}.yaml"
            manifest.write_text(league.manifest(contract.id, city), encoding="utf-8")
            assert read_manifest(manifest, contract).contract == contract.id
            assert read_manifest_file(manifest, contract).mapping.columns.keys() == contract.columns.keys()


@pytest.mark.parametrize("league", ALL, ids=lambda league: league.name)
def test_the_first_question_is_one(league: DemoLeague) -> None:
    assert parse_statement(league.question, contracts_of(league), league.cities).by_city


def test_the_command_offers_the_leagues_of_real_data() -> None:
    assert [name.value for name in LeagueName] == list(REAL)


def test_a_league_that_is_none_is_named_with_those_that_are() -> None:
    with pytest.raises(
        ValueError, match="'flihgts' is no demo league; known are permits, flights, charging and synthetic-N"
    ):
        league_called("flihgts")


def test_only_a_city_of_the_league_dials_out() -> None:
    with pytest.raises(ValueError, match="outbound"):
        replace(REAL["permits"], outbound=("boston",))


def test_a_folder_says_which_league_is_in_it(tmp_path: Path) -> None:
    assert league_in(tmp_path) is None
    (tmp_path / ".demo-complete").write_text("flights")
    assert league_in(tmp_path) is REAL["flights"]
    (tmp_path / ".demo-complete").write_text("")
    with pytest.raises(ConfigError, match="make the league anew"):
        league_in(tmp_path)


def test_a_folder_with_another_league_is_not_started(tmp_path: Path) -> None:
    (tmp_path / ".demo-complete").write_text("flights")
    done = CliRunner().invoke(app, ["demo", "--dir", str(tmp_path), "--league", "permits"])
    assert done.exit_code == 1
    assert "holds the league flights, not permits" in " ".join(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--synthetic", "5"], "give 1,000 to 100,000,000 trips"),
        (["--synthetic", "5000", "--league", "flights"], "keep one of them"),
        (["--league", "fligths"], "flights"),
    ],
)
def test_a_league_that_cannot_be_made_is_a_usage_error(arguments: list[str], said: str) -> None:
    done = CliRunner().invoke(app, ["demo", *arguments], env={"COLUMNS": "200"})
    assert done.exit_code == 2
    assert said in done.stderr
