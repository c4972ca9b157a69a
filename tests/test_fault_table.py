"""What the fault table counts: an answer that is wrong or lost is never taken for one that is partial or refused."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from hansa_fault_table import End, Row, end_of, heading, line
from hansa_faults import ALL

PAGE = Path(__file__).parents[1] / "docs" / "faults.md"

TRUTH = {"bremen": 3, "luebeck": 900}
WELL = {"bremen": "answered", "luebeck": "answered"}


@pytest.mark.parametrize(
    ("figures", "reasons", "end"),
    [
        (TRUTH, WELL, End.ANSWERED),
        ({"bremen": 3, "luebeck": None}, WELL | {"luebeck": "timed_out"}, End.PARTIAL),
        ({"bremen": 3}, WELL | {"luebeck": "timed_out"}, End.PARTIAL),
        ({"bremen": None, "luebeck": None}, {"bremen": "unreachable", "luebeck": "denied"}, End.REFUSED),
        ({"bremen": 3, "luebeck": 901}, WELL, End.WRONG),
        ({"bremen": 0, "luebeck": None}, WELL | {"luebeck": "timed_out"}, End.WRONG),
        ({"bremen": 3, "luebeck": 900, "hamburg": 1}, WELL, End.WRONG),
        ({"bremen": 3, "luebeck": None}, {"bremen": "answered", "luebeck": ""}, End.LOST),
        ({}, {}, End.LOST),
    ],
)
def test_an_answer_is_held_against_the_truth(figures: dict[str, object], reasons: dict[str, str], end: End) -> None:
    assert end_of(figures, reasons, TRUTH) is end


@pytest.mark.parametrize(
    ("ends", "recovered_s", "holds"),
    [
        ({End.PARTIAL: 9, End.REFUSED: 1, End.ANSWERED: 1}, 0.5, True),
        ({End.WRONG: 1, End.ANSWERED: 9}, 0.5, False),
        ({End.LOST: 1, End.ANSWERED: 9}, 0.5, False),
        ({End.PARTIAL: 9}, None, False),
    ],
)
def test_a_fault_breaks_a_promise_by_one_wrong_or_lost_answer_or_for_ever(
    ends: dict[End, int], recovered_s: float | None, holds: bool
) -> None:
    row = Row(fault="a node is killed", ends=Counter(ends), recovered_s=recovered_s)
    assert row.holds is holds
    assert len(line(row)) == len(heading())
    assert line(row).split()[4] == str(sum(ends.values()))


def test_the_page_of_faults_shows_every_fault_that_the_command_makes_and_no_broken_promise() -> None:
    rows = re.findall(
        r"^\| (\w.*?) \| \d+ \| \d+ \| \d+ \| \d+ \| (\d+) \| (\d+) \| [\d.]+ s \|$", PAGE.read_text(), re.MULTILINE
    )
    assert [fault for fault, _, _ in rows] == [fault.name for fault in ALL]
    assert all((wrong, lost) == ("0", "0") for _, wrong, lost in rows)
