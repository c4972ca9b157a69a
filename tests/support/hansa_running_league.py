"""A demo league that is up, as end-to-end tests see it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import hansa
from hansa_demo.league import node_home

TOGETHER = "SELECT COUNT(*) AS n FROM housing.permits"
PATIENCE_S = 120.0


@dataclass(frozen=True)
class RunningLeague:
    """A league's folder, its processes by name, and a connection to it."""

    directory: Path
    processes: dict[str, subprocess.Popen[bytes]]
    league: hansa.League

    @property
    def profile(self) -> Path:
        return self.directory / "profile.toml"

    def run(self, *arguments: str, timeout_s: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run `hansa` with the first analyst's profile, in a pipe, as a script would."""
        return subprocess.run(
            [sys.executable, "-m", "hansa", *arguments],
            env=os.environ | {"HANSA_PROFILE": str(self.profile), "COLUMNS": "120"},
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def node_config(self, city: str) -> Path:
        return node_home(self.directory, city) / "node.toml"

    def stop(self, name: str, how: signal.Signals = signal.SIGKILL) -> None:
        """End a node or a coordinator."""
        self.processes[name].send_signal(how)
        self.processes[name].wait()

    def start(self, name: str) -> None:
        """Start a node or a coordinator that was stopped."""
        if name in self.league.roster.cities:
            arguments = ["node", "serve", "--config", str(self.node_config(name))]
        else:
            arguments = ["coordinator", "serve", "--config", str(self.directory / "coordinator" / "coordinator.toml")]
        self.processes[name] = subprocess.Popen(
            [sys.executable, "-m", "hansa", *arguments], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )

    def all_answer(self) -> bool:
        return self.league.sql(TOGETHER).exit_code == 0


def eventually(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
