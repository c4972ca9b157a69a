"""The tutorial shows what its own blocks come to."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")

DOCS = Path(__file__).parents[2] / "docs"


def tutorial(option: str, page: Path, league: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, str(DOCS / "generate_tutorial.py"), option, str(page), "--league", str(league)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)


def test_the_page_and_its_pictures_are_what_a_run_comes_to(demo: RunningLeague) -> None:
    done = tutorial("--check", DOCS / "tutorial.md", demo.directory)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_page_or_a_picture_that_tells_something_else_is_found(demo: RunningLeague, tmp_path: Path) -> None:
    page, images = tmp_path / "tutorial.md", tmp_path / "images"
    images.mkdir()
    page.write_text((DOCS / "tutorial.md").read_text(encoding="utf-8").replace("190.5", "190.6"), encoding="utf-8")
    for picture in (DOCS / "images").glob("tutorial-*.svg"):
        drawn = picture.read_text(encoding="utf-8").replace("174.5", "174.6")
        (images / picture.name).write_text(drawn, encoding="utf-8")
    found = tutorial("--check", page, demo.directory)
    assert found.returncode == 1
    assert "tutorial.md and tutorial-1.svg: a run comes to something else" in found.stderr
