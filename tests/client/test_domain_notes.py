"""A value that no city can have is named with the nearest, in place of a plausible 0."""

from __future__ import annotations

import pytest

import hansa
from hansa_simulated_city import Fault, SimulatedLeague


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT COUNT(*) AS n FROM harbour.ships WHERE kind = 'Hulk'",
        "SELECT COUNT(*) AS n FROM harbour.ships WHERE 'Hulk' <> kind",
        "SELECT COUNT(*) AS n FROM harbour.ships WHERE kind IN ('cog', 'Hulk')",
        "SELECT COUNT(*) FILTER (WHERE kind = 'Hulk') AS n FROM harbour.ships",
        "SELECT SUM(CASE WHEN kind = 'Hulk' THEN 1 ELSE 0 END) AS n FROM harbour.ships",
    ],
)
def test_a_value_that_is_misspelt_is_told_with_the_nearest(cities: SimulatedLeague, asked: str) -> None:
    with hansa.connect(cities.profile) as league:
        assert "kind is never 'Hulk' in any city: did you mean 'hulk'?" in league.sql(asked).notes
        assert not [note for note in league.sql(asked.replace("Hulk", "hulk")).notes if "never" in note]


def test_a_value_that_is_near_none_is_told_with_the_list(cities: SimulatedLeague) -> None:
    with hansa.connect(cities.profile) as league:
        notes = league.sql("SELECT COUNT(*) AS n FROM harbour.ships WHERE kind = 'zeppelin'").notes
    assert "kind is never 'zeppelin' in any city: its values are cog, hulk, holk." in notes


@pytest.mark.parametrize(
    "asked",
    [
        "SELECT COUNT(*) AS n FROM harbour.ships WHERE quay = 'Schlacht'",
        "SELECT SUM(tons) AS n FROM harbour.ships WHERE quay = 'Schlacht'",
        "SELECT COUNT(*) AS n, COUNT(*) FILTER (WHERE quay = 'Schlacht') AS m FROM harbour.ships",
        "SELECT kind, COUNT(*) AS n FROM harbour.ships WHERE quay = 'Schlacht' GROUP BY kind",
    ],
)
def test_a_value_of_a_citys_own_that_no_row_has_is_told(cities: SimulatedLeague, asked: str) -> None:
    with hansa.connect(cities.profile) as league:
        (note,) = [note for note in league.sql(asked).notes if note.startswith("quay is 'Schlacht' in no row")]
        assert "SELECT city, quay, COUNT(*) FROM harbour.ships GROUP BY city, quay" in note
        assert not [note for note in league.sql(asked.replace("Schlacht", "Schlachte")).notes if "in no row" in note]


def test_a_city_that_is_missing_may_have_the_value(cities: SimulatedLeague) -> None:
    cities.cities["luebeck"].fault = Fault.REFUSE
    with hansa.connect(cities.profile) as league:
        answer = league.sql("SELECT COUNT(*) AS n FROM harbour.ships WHERE quay = 'Trave'")
        assert not [note for note in answer.notes if "in no row" in note]
