"""From nothing: how long until a node's first answer, and until the SDK can be asked.

The references are Python processes: one that imports gRPC, Arrow and DuckDB and ends, and one that only ends.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from time import perf_counter

import hansa
from hansa_demo.league import node_home, running_league
from hansa_demo.processes import listens
from report import heading, row

CITY = "los-angeles"
STARTS = 5
SQL = f"SELECT applied_year, COUNT(*) AS n FROM housing.permits WHERE city = '{CITY}' GROUP BY applied_year"


def measure(directory: Path) -> None:
    """Print the section. `directory` holds a demo league that is not running."""
    heading(f"a node's cold start, {STARTS} starts")
    imports = _seconds_of_imports("grpc, pyarrow, duckdb")
    row("reference: import gRPC, Arrow and DuckDB", imports)
    with running_league(directory) as processes, hansa.connect(directory / "profile.toml") as league:
        port = league.roster.member(CITY).port
        assert port is not None
        league.sql(SQL)
        _stop(processes[CITY])
        row(
            "node: exec to first answer",
            [_first_answer(directory, league, port) for _ in range(STARTS)],
            reference=imports,
        )
    heading(f"the SDK's start, {STARTS} starts")
    bare = _seconds_of_imports("sys")
    row("reference: a Python process", bare)
    row("import hansa", _seconds_of_imports("hansa"), reference=bare)
    row(
        "import all that a question needs",
        _seconds_of_imports("hansa.asking.connect, hansa.answering.shape, hansa_core.sql.split"),
        reference=bare,
    )


def _first_answer(directory: Path, league: hansa.League, port: int) -> float:
    config = str(node_home(directory, CITY) / "node.toml")
    started = perf_counter()
    node = subprocess.Popen(
        [sys.executable, "-m", "hansa", "node", "serve", "--config", config],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not listens("127.0.0.1", port):
            time.sleep(0.005)
        while league.sql(SQL).exit_code != 0:
            time.sleep(0.005)
        return perf_counter() - started
    finally:
        _stop(node)


def _seconds_of_imports(modules: str) -> list[float]:
    samples = []
    for _ in range(STARTS):
        started = perf_counter()
        subprocess.run([sys.executable, "-c", f"import {modules}"], check=True)
        samples.append(perf_counter() - started)
    return samples


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
