"""`hansa demo` from its first line to its exit code."""

from __future__ import annotations

import csv
import io
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

pytestmark = pytest.mark.xdist_group("demo command")


def test_stay_keeps_the_league_up_until_interrupted(tmp_path: Path) -> None:
    home = tmp_path / "league"
    # A shell's background job ignores interrupts, and would hand that on to the demo.
    interruptible = ["env", "--default-signal=INT", sys.executable]
    command = [*interruptible, "-m", "hansa", "demo", "--stay", "--dir", str(home)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as demo:
        assert demo.stdout is not None
        how = next((line for line in demo.stdout if line.startswith("HANSA_PROFILE=")), "")
        try:
            assert how.startswith(f"HANSA_PROFILE={home}/profile.toml hansa query ")
            asked = subprocess.run(
                [sys.executable, "-m", "hansa", "query", how.split('"')[1], "--format", "csv"],
                env=os.environ | {"HANSA_PROFILE": str(home / "profile.toml")},
                capture_output=True,
                text=True,
                timeout=60,
                check=False,
            )
            assert asked.returncode == 0, asked.stderr
            assert {"city": "los-angeles", "n": "31150"} in csv.DictReader(io.StringIO(asked.stdout))
        finally:
            demo.send_signal(signal.SIGINT)
            try:
                assert demo.wait(timeout=30) == 0
            finally:
                demo.kill()
    assert not _running(home)


def _running(home: Path) -> list[int]:
    """Processes that still name the league's folder on their command line."""
    time.sleep(0.2)
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit() and int(entry.name) != os.getpid():
            try:
                command = (entry / "cmdline").read_bytes()
            except OSError:
                continue
            if str(home).encode() in command:
                found.append(int(entry.name))
    return found
