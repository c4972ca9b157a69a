"""The quick part of `make faults`: a fault costs its own city's figures and nothing else."""

from __future__ import annotations

import pytest

from hansa_demo.leagues.permits import PERMITS
from hansa_fault_league import FaultLeague
from hansa_fault_table import End, Fault, run_fault, truth_of
from hansa_faults import QUICK
from hansa_running_league import RunningLeague, eventually

pytestmark = pytest.mark.xdist_group("league")

QUESTIONS = 3


@pytest.mark.parametrize("fault", QUICK, ids=lambda fault: fault.name)
def test_a_fault_of_one_city_leaves_the_others_answers_right_and_passes(demo: RunningLeague, fault: Fault) -> None:
    eventually(demo.all_answer)
    league = FaultLeague(demo.directory, demo.processes)
    truth = truth_of(league, PERMITS.question)
    row = run_fault(fault, league, PERMITS.question, truth, questions=QUESTIONS)
    assert row.holds, row
    assert row.ends[End.PARTIAL] >= QUESTIONS
    assert row.ends[End.ANSWERED] == 1
