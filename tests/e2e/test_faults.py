"""What an analyst sees when a city fails: the others' answers, and the reason in the gap."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from hansa.errors import CoordinatorError
from hansa_running_league import TOGETHER, RunningLeague, eventually

pytestmark = pytest.mark.xdist_group("league")

BY_CITY = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city ORDER BY city"
GONE = "seattle"  # dials out


@contextmanager
def without(demo: RunningLeague, city: str) -> Iterator[None]:
    """Kill a city's node, and start it again at the end."""
    demo.stop(city)
    try:
        yield
    finally:
        demo.start(city)
        eventually(demo.all_answer)


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
    assert demo.all_answer()


@pytest.mark.parametrize(
    ("deadline_s", "state"),
    [
        (2.5, "timed_out"),  # no ping is missed for less than three seconds
        (60.0, "unreachable"),  # and none for more than six, so that nobody waits for the deadline
    ],
)
def test_a_stopped_node_is_timed_out_and_does_not_hold_the_others(
    demo: RunningLeague, deadline_s: float, state: str
) -> None:
    process = demo.processes[GONE]
    process.send_signal(signal.SIGSTOP)
    try:
        answer = demo.league.sql(BY_CITY, deadline_s=deadline_s)
        states = {report.city: report.state.value for report in answer.cities}
        assert states[GONE] == state
        assert [state for city, state in states.items() if city != GONE] == ["answered"] * 3
    finally:
        process.send_signal(signal.SIGCONT)


def test_a_coordinator_that_is_killed_and_started_again_finds_the_node_that_dials_out(demo: RunningLeague) -> None:
    assert demo.league.roster.member(GONE).host is None
    entry = demo.league.roster.coordinator()
    demo.stop(entry.name)
    with pytest.raises(CoordinatorError):
        demo.league.sql(TOGETHER)
    demo.start(entry.name)
    eventually(lambda: answers_again(demo))


def answers_again(demo: RunningLeague) -> bool:
    try:
        return demo.all_answer()
    except CoordinatorError:
        return False
