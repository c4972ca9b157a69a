"""What an analyst sees when a city fails: the others' answers, and the reason in the gap."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from hansa.errors import CoordinatorError
from hansa_demo.league import node_home
from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")

BY_CITY = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city ORDER BY city"
TOGETHER = "SELECT COUNT(*) AS n FROM housing.permits"
GONE = "seattle"  # dials out


@contextmanager
def without(demo: RunningLeague, city: str) -> Iterator[None]:
    """Kill a city's node, and start it again at the end."""
    demo.processes[city].kill()
    demo.processes[city].wait()
    try:
        yield
    finally:
        config = str(node_home(demo.directory, city) / "node.toml")
        demo.processes[city] = subprocess.Popen(
            [sys.executable, "-m", "hansa", "node", "serve", "--config", config],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        eventually(lambda: all_answer(demo))


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + 120
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)


def all_answer(demo: RunningLeague) -> bool:
    return demo.league.sql(TOGETHER).exit_code == 0


def test_a_killed_node_leaves_its_cells_missing_and_the_others_shown(demo: RunningLeague) -> None:
    with without(demo, GONE):
        by_city = demo.league.sql(BY_CITY)
        assert dict(zip(*by_city.to_arrow().to_pydict().values(), strict=True)) == {
            "los-angeles": 31150,
            "san-diego": 26273,
            "san-francisco": 4886,
            GONE: None,
        }
        together = demo.league.sql(TOGETHER)
        assert together.to_arrow().to_pydict() == {"n": [None]}
        assert demo.league.sql(TOGETHER, partial=True).to_arrow().to_pydict() == {"n": [31150 + 26273 + 4886]}
        script = demo.run("query", TOGETHER)
        assert script.returncode == 4
        assert GONE in script.stdout + script.stderr
    assert all_answer(demo)


def test_a_stopped_node_is_timed_out_and_does_not_hold_the_others(demo: RunningLeague) -> None:
    process = demo.processes[GONE]
    process.send_signal(signal.SIGSTOP)
    try:
        answer = demo.league.sql(BY_CITY, deadline_s=4.0)
        states = {report.city: report.state.value for report in answer.cities}
        assert states[GONE] == "timed_out"
        assert [state for city, state in states.items() if city != GONE] == ["answered"] * 3
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_coordinator_that_is_killed_and_started_again_finds_the_node_that_dials_out(demo: RunningLeague) -> None:
    assert demo.league.roster.member(GONE).host is None
    entry = demo.league.roster.coordinator()
    demo.processes[entry.name].kill()
    demo.processes[entry.name].wait()
    with pytest.raises(CoordinatorError):
        demo.league.sql(TOGETHER)
    demo.processes[entry.name] = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "hansa",
            "coordinator",
            "serve",
            "--config",
            str(demo.directory / "coordinator" / "coordinator.toml"),
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    eventually(lambda: answers_again(demo))


def answers_again(demo: RunningLeague) -> bool:
    try:
        return all_answer(demo)
    except CoordinatorError:
        return False
