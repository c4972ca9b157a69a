"""A demo league that is up, as end-to-end tests see it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import hansa


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
