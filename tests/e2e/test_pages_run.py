"""The blocks of README and tutorial run as they are written, in a fresh process and in a Jupyter kernel."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest

from hansa_notebook import Shown, run_in_kernel
from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")

ROOT = Path(__file__).parents[2]
_BLOCK = re.compile(r"```python\n(.*?)```\n(?:\n```text\n(.*?)```\n)?", re.DOTALL)
_NONCE_MADE = re.compile(r"\bquery (?:[0-9a-f]{64}|…)")  # the hash of a signed query is another one each time
_POPULATION = "city,people\nlos-angeles,3898747\nsan-diego,1386932\nsan-francisco,873965\nseattle,737015\n"


def blocks_of(page: str) -> list[tuple[str, str]]:
    """The Python of each block, and the text that stands below it."""
    return _BLOCK.findall((ROOT / page).read_text(encoding="utf-8"))


@pytest.fixture(scope="module")
def tutorial(demo: RunningLeague) -> list[tuple[str, str, Shown]]:
    """Each block of the tutorial, the text below it, and what a kernel shows."""
    blocks = blocks_of("docs/tutorial.md")
    shown = run_in_kernel([code for code, _ in blocks], demo.directory)
    return [(code, text, cell) for (code, text), cell in zip(blocks, shown, strict=True)]


@pytest.fixture
def readers(demo: RunningLeague) -> Path:
    """Where the README's reader stands: beside the profile, with a table of their own."""
    (demo.directory / "population.csv").write_text(_POPULATION, encoding="utf-8")
    return demo.directory


def test_the_readme_runs_in_a_fresh_process(readers: Path) -> None:
    code = "\n".join(code for code, _ in blocks_of("README.md"))
    called = f"{code}\nprint([len(answer) for answer in asyncio.run(both())])\n"
    ran = subprocess.run(
        [sys.executable, "-c", called], cwd=readers, capture_output=True, text=True, check=False, timeout=120
    )
    assert (ran.stdout, ran.stderr) == ("[1, 1]\n", "")


def test_the_readme_runs_in_a_kernel(readers: Path) -> None:
    cells = run_in_kernel([*(code for code, _ in blocks_of("README.md")), "await both()"], readers)
    assert [cell.errors for cell in cells] == [[]] * len(cells)
    assert len(cells[-1].results) == 1


def test_the_tutorial_shows_in_a_kernel_what_the_page_says(tutorial: list[tuple[str, str, Shown]]) -> None:
    for code, text, cell in tutorial:
        assert cell.errors == [], code
        told = cell.printed + "".join(one["text/plain"] for one in cell.results if "image/svg+xml" not in one)
        told = "\n".join(line.rstrip() for line in told.splitlines())
        assert _NONCE_MADE.sub("query …", told) == _NONCE_MADE.sub("query …", text.rstrip("\n")), code


def test_what_a_cell_shows_is_there_once_as_text_too(tutorial: list[tuple[str, str, Shown]]) -> None:
    assert max(len(cell.results) for _, _, cell in tutorial) == 1
    assert all(one["text/plain"].strip() for _, _, cell in tutorial for one in cell.results)
    assert any("text/html" in one for _, _, cell in tutorial for one in cell.results)


def test_a_chart_stays_in_the_notebook_and_loads_nothing(tutorial: list[tuple[str, str, Shown]]) -> None:
    charts = [one for _, _, cell in tutorial for one in cell.results if "image/svg+xml" in one]
    assert len(charts) == 2
    for chart in charts:
        assert "text/html" not in chart
        assert "<script" not in chart["image/svg+xml"]
        assert set(re.findall(r'(?:href|src)="', chart["image/svg+xml"])) == set()
        assert re.search(r"\d of \d cities answered", chart["text/plain"])


def test_a_typo_is_a_few_lines_in_a_kernel(demo: RunningLeague) -> None:
    typo = 'league.sql("SELECT CONT(*) FROM housing.permits")'
    _, cell = run_in_kernel(['import hansa\nleague = hansa.connect("profile.toml")', typo], demo.directory)
    (error,) = cell.errors
    assert "did you mean count?" in error
    assert "parser" not in error
    assert len(error.splitlines()) < 15
