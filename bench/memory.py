"""Memory of each process of a running league: idle after its start, and idle after questions.

Arrow imports pandas and NumPy where they are installed, as they are for development; an operator's install lacks them.
"""

from __future__ import annotations

import time
from importlib.util import find_spec
from itertools import islice
from pathlib import Path

import psutil

import hansa
from hansa_demo.league import running_league
from question import REPEATED, RUNS, fresh_statements
from report import figure, heading

IDLE_S = 3.0
QUESTIONS = 200


def measure(directory: Path) -> None:
    """Print the section. `directory` holds a demo league that is not running."""
    if find_spec("pandas"):
        print("\npandas is installed here: Arrow imports it with NumPy into a node at its first new question")
    with running_league(directory) as processes, hansa.connect(directory / "profile.toml") as league:
        pids = {name: process.pid for name, process in processes.items()}
        _print_resident("idle memory (RSS) after the start", pids)
        for statement in islice(fresh_statements(), RUNS, RUNS + QUESTIONS):
            league.sql(REPEATED)
            league.sql(statement)
        _print_resident(f"idle memory (RSS) after {2 * QUESTIONS} questions, half of them new", pids)


def _print_resident(text: str, pids: dict[str, int]) -> None:
    time.sleep(IDLE_S)
    heading(text)
    for name, pid in pids.items():
        figure(name, psutil.Process(pid).memory_info().rss / 2**20, "MiB")
