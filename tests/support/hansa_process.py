"""`hansa` as a process of its own, in an environment that hides nothing of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import IO

CLEAN = {"PATH": os.environ["PATH"]}
"""Without PYTHONUNBUFFERED, and whatever else is set where the tests run."""
ENVIRONMENTS = {"buffered": CLEAN, "unbuffered": CLEAN | {"PYTHONUNBUFFERED": "1"}}


def run_hansa(
    *arguments: object, stdout: IO[bytes] | int, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "hansa", *map(str, arguments)]
    return subprocess.run(command, stdout=stdout, stderr=subprocess.PIPE, text=True, check=False, env=env or CLEAN)


def assert_full_disk_is_told(*arguments: object, env: dict[str, str] | None = None) -> None:
    """The command says in one line that standard output is full, and ends with the code that is documented."""
    with Path("/dev/full").open("wb") as full:
        done = run_hansa(*arguments, stdout=full, env=env)
    assert done.returncode == 2, done.stderr
    assert "standard output: cannot be written (No space left on device)" in done.stderr
    assert "Traceback" not in done.stderr
    assert "Exception ignored" not in done.stderr
