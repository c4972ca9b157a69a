"""The catalogue: what can be asked about, known without asking anybody."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from typer.testing import CliRunner

import hansa
from hansa.answering.coverage import Outcome
from hansa.catalogue import Catalogue
from hansa.cli import app
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import DataType
from hansa_simulated_city import CITIES, Fault, SimulatedLeague
from hansa_statements import permits


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


@pytest.fixture
def housing(served: SimulatedLeague) -> Catalogue:
    """Two versions of the real contract, and a dataset of the same name under another topic."""
    (contract,) = permits().values()
    renamed = [ContractId("housing.permits", 2), ContractId("traffic.permits", 1), ContractId("housing.permits.old", 1)]
    contracts: dict[ContractId, Contract] = {id_: replace(contract, id=id_) for id_ in renamed}
    return Catalogue({contract.id: contract} | contracts, served.roster)


def test_names_lead_to_a_dataset_and_its_columns(league: hansa.League) -> None:
    ships = league.catalogue.harbour.ships
    assert ships is league.catalogue["harbour.ships"]
    assert ships is league.catalogue["harbour.ships/1"]
    assert (ships.title, ships.unit, ships.least_level) == ("Ships that called at a harbour", "ship", Level.OPEN)
    assert ships.cities == CITIES
    tons = ships.columns.tons
    assert (tons.type, tons.unit, tons.meaning) == (DataType.NUMBER, "t", "Its load")
    assert (tons.lower, tons.upper, tons.required) == (0, 500, False)
    assert ships.columns["kind"].values == ("cog", "hulk", "holk")
    assert ships.columns.quay.per_city


def test_every_name_completes(league: hansa.League) -> None:
    assert "harbour" in dir(league.catalogue)
    assert "ships" in dir(league.catalogue.harbour)
    assert {"kind", "tons", "year"} <= set(dir(league.catalogue.harbour.ships.columns))
    assert league.catalogue._ipython_key_completions_() == ["harbour.ships", "harbour.ships/1"]


def test_a_wrong_name_names_the_nearest_and_is_absent_to_pythons_own_tools(league: hansa.League) -> None:
    for wrong in ("harbour.ship", "harbour.ships/2"):
        with pytest.raises(hansa.RefusedError, match=r"did you mean harbour\.ships"):
            league.catalogue[wrong]
    with pytest.raises(hansa.RefusedError, match="did you mean harbour"):
        league.catalogue.harbor  # noqa: B018
    with pytest.raises(hansa.RefusedError, match="did you mean kind"):
        league.catalogue.harbour.ships.columns.knd  # noqa: B018
    assert not hasattr(league.catalogue, "harbor")
    assert not hasattr(league.catalogue.harbour.ships.columns, "__wrapped__")
    assert league.catalogue.harbour.get("ship") is None
    assert "harbour.ship" not in league.catalogue


def test_the_newest_version_is_meant_and_each_can_be_named(housing: Catalogue) -> None:
    assert housing.housing.permits.id == housing["housing.permits"].id == ContractId("housing.permits", 2)
    assert housing["housing.permits/1"].id.version == 1
    assert housing.housing["permits.old"].id.name == "housing.permits.old"
    assert [str(dataset.id) for dataset in housing] == [
        "housing.permits/2",
        "housing.permits.old/1",
        "traffic.permits/1",
    ]
    assert len(housing) == 3


def test_a_column_says_how_it_may_be_a_key(housing: Catalogue) -> None:
    columns = housing.housing.permits.columns
    assert columns.project.keys == ("project",)
    assert columns.applied_on.keys == ("date_trunc('month', applied_on)",)
    assert columns.permit_id.is_naming
    assert not columns.permit_id.is_key
    assert columns.mature_cohort.is_key


def test_a_dataset_is_shown_as_text_and_as_html_with_every_text_escaped(league: hansa.League) -> None:
    ships = league.catalogue.harbour.ships
    for shown in (repr(ships), ships._repr_html_()):
        for text in ("harbour.ships/1", "Ships that called", "cog, hulk, holk", "each city", "0 to 500", "may be NULL"):
            assert text in shown
    hostile = replace(ships, title="<script>\x1b[2J")
    assert "<script>" not in hostile._repr_html_()
    assert "\x1b" not in repr(hostile)
    assert "harbour.ships/1" in repr(league.catalogue)
    assert "<td>bremen, hamburg, luebeck</td>" in league.catalogue._repr_html_()


def test_the_catalogue_asks_nobody_and_published_asks_every_city(cities: SimulatedLeague, league: hansa.League) -> None:
    cities.cities["hamburg"].fault = Fault.CRASH
    assert repr(league.catalogue)
    words = league.published()
    assert [word.report.state for word in words] == [Outcome.ANSWERED, Outcome.FAILED, Outcome.ANSWERED]
    assert words[0].word is not None
    assert [str(dataset.contract) for dataset in words[0].word.datasets] == ["harbour.ships/1"]


def test_the_command_describes_a_dataset_without_asking_a_city(cities: SimulatedLeague) -> None:
    cities.run(cities.stop_coordinator())
    try:
        profile = ("--profile", str(cities.profile))
        table = CliRunner().invoke(app, ["catalogue", "harbour.ships", *profile])
        csv = CliRunner().invoke(app, ["catalogue", "harbour.ships/1", "--format", "csv", *profile])
        wrong = CliRunner().invoke(app, ["catalogue", "harbour.ship", *profile])
    finally:
        cities.run(cities.start_coordinator())
    assert table.exit_code == 0
    assert [line.split()[0] for line in table.stdout.splitlines()[2:]] == ["ship", "kind", "quay", "year", "tons"]
    assert "served by bremen, hamburg, luebeck, at level open or stricter" in table.stderr
    assert csv.stdout.startswith('"column","type","unit","values","group_by","meaning"')
    assert wrong.exit_code == 2
    assert "did you mean harbour.ships" in wrong.stderr
