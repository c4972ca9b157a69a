"""A node from nothing: how long until its first answer, and what it holds in memory when idle.

The reference is a Python process that imports gRPC, Arrow and DuckDB and ends.
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path
from statistics import median
from time import perf_counter

import psutil

import hansa
from hansa_demo.league import node_home, running_league
from hansa_demo.processes import listens
from report import figure, heading, row

CITY = "los-angeles"
STARTS = 5
IDLE_S = 3.0
SQL = f"SELECT applied_year, COUNT(*) AS n FROM housing.permits WHERE city = '{CITY}' GROUP BY applied_year"


def measure(directory: Path) -> None:
    """Print the section. `directory` holds a demo league that is not running."""
    heading(f"a node's cold start, {STARTS} starts")
    imports = [_seconds_of([sys.executable, "-c", "import grpc, pyarrow, duckdb"]) for _ in range(STARTS)]
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
        time.sleep(IDLE_S)
        heading("idle memory (RSS)")
        for name, process in processes.items():
            if name != CITY:
                figure(name, psutil.Process(process.pid).memory_info().rss / 2**20, "MiB")
        figure(
            "median node",
            median(_rss(processes[name].pid) for name in processes if name not in (CITY, "coordinator")),
            "MiB",
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


def _rss(pid: int) -> float:
    return psutil.Process(pid).memory_info().rss / 2**20


def _seconds_of(command: list[str]) -> float:
    started = perf_counter()
    subprocess.run(command, check=True)
    return perf_counter() - started


def _stop(process: subprocess.Popen[bytes]) -> None:
    process.terminate()
    process.wait()
