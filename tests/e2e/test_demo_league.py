"""Questions asked of the running demo league, the way an analyst asks them."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from hansa_demo.league import CITIES, node_home
from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")

BY_CITY = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city ORDER BY city"
TOGETHER = "SELECT COUNT(*) AS n FROM housing.permits"


def test_four_cities_answer_one_question(demo: RunningLeague) -> None:
    answer = demo.league.sql(BY_CITY)
    assert answer.to_arrow().to_pydict() == {"city": list(CITIES), "n": [31150, 26273, 4886, 2118]}


def test_the_cities_together_hold_every_published_record(demo: RunningLeague) -> None:
    assert demo.league.sql(TOGETHER).to_arrow().to_pydict() == {"n": [64427]}


def test_no_process_but_its_own_node_holds_a_citys_files_open(demo: RunningLeague) -> None:
    demo.league.sql(BY_CITY)
    holders: dict[str, set[str]] = {city: set() for city in CITIES}
    for name, process in demo.processes.items():
        for descriptor in Path(f"/proc/{process.pid}/fd").iterdir():
            try:
                target = Path(os.readlink(descriptor))
            except FileNotFoundError:
                continue
            for city in CITIES:
                if target.is_relative_to(node_home(demo.directory, city)):
                    holders[city].add(name)
    assert holders == {city: {city} for city in CITIES}


def test_a_nodes_folder_is_closed_to_others(demo: RunningLeague) -> None:
    for city in CITIES:
        assert stat.S_IMODE(node_home(demo.directory, city).stat().st_mode) == 0o700
