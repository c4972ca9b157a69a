"""`hansa attack`: what it prints, writes and ends with."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import html5lib
import pytest
from typer.testing import CliRunner

from hansa_redteam import cli
from hansa_redteam.attacks.attack import Attack, AttackMeasure
from hansa_redteam.attacks.catalogue import all_classes
from hansa_redteam.profile import QUICK
from hansa_redteam.report.page import page_of
from hansa_redteam.running_attacks import Attempted, ClassVerdict, Side
from hansa_redteam.words import all_as_claimed, summary


def hansa_attack(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hansa", "attack", *arguments],
        env=os.environ | {"COLUMNS": "120"},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def verdicts(node: float, strawman: float) -> Sequence[ClassVerdict]:
    """Class 7 with these measures, and a class that is not tried."""
    outcomes = [
        Attempted(side=Side.NODE, measured=AttackMeasure(success=node, told="<b>64 wards</b>")),
        Attempted(side=Side.STRAWMAN, measured=AttackMeasure(success=strawman, told="64 wards")),
    ]
    classes = all_classes()
    return [ClassVerdict(attack=classes["7"], outcomes=outcomes), ClassVerdict(attack=classes["2"], outcomes=[])]


def test_it_says_what_was_tried_and_how_it_ended(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    done = hansa_attack("--class", "7", "--class", "2", "--class", "p13", "--report", str(page))
    assert (done.returncode, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert lines[-1] == "2 of 2 attacks failed, 2 of 2 strawmen fell"
    assert "     needs level private; not counted" in lines
    assert "     Metric: share of secret bits guessed." in lines
    assert any("node: attack failed: 0.5, at most 0.6875" in line for line in lines)
    html5lib.HTMLParser(strict=True).parse(page.read_text(encoding="utf-8"))


def test_one_side_alone_is_counted_alone() -> None:
    done = hansa_attack("--class", "P13", "--against", "strawman")
    assert (done.returncode, done.stdout.splitlines()[-1]) == (0, "1 of 1 strawmen fell")


def test_an_attack_that_succeeds_ends_it_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    found = verdicts(1.0, 1.0)
    monkeypatch.setattr("hansa_redteam.running_attacks.run", lambda *arguments, **options: iter(found))
    done = CliRunner().invoke(cli.app, ["--class", "7"])
    assert done.exit_code == 1
    assert "node: ATTACK SUCCEEDED" in done.output
    assert done.output.splitlines()[-1] == "0 of 1 attacks failed, 1 of 1 strawmen fell"


@pytest.mark.parametrize(("node", "strawman", "is_good"), [(0.5, 1.0, True), (0.7, 1.0, False), (0.5, 0.9, False)])
def test_a_node_must_hold_and_a_strawman_must_fall(node: float, strawman: float, is_good: bool) -> None:
    assert all_as_claimed(verdicts(node, strawman)) is is_good


def test_what_could_not_be_tried_proves_nothing() -> None:
    broken = Attempted(side=Side.NODE, measured=None, broke="OSError: no port")
    found = [ClassVerdict(attack=all_classes()["7"], outcomes=[broken])]
    assert not all_as_claimed(found)
    assert summary(found, (Side.NODE,)) == "0 of 1 attacks failed"
    assert "OSError: no port" in page_of(found, (Side.NODE,), QUICK)
    assert not all_as_claimed([])


@pytest.mark.parametrize(
    ("arguments", "told"),
    [(["--class", "99"], "'99' is no class"), (["--report", "nowhere/page.html"], "is no folder")],
)
def test_a_wrong_argument_is_told_before_anything_runs(arguments: list[str], told: str) -> None:
    done = CliRunner().invoke(cli.app, arguments)
    assert done.exit_code == 2
    assert told in done.output


def test_the_page_escapes_and_names_every_class() -> None:
    page = page_of(verdicts(0.5, 1.0), tuple(Side), QUICK)
    assert "<b>64 wards</b>" not in page
    assert "2. Averaging: needs level private" in page
    attack = all_classes()["7"]
    assert isinstance(attack, Attack)
    assert attack.does in page


def test_the_commands_sides_are_those_that_are_run() -> None:
    assert [side.value for side in cli.Against] == [side.value for side in Side]
