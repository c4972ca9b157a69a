"""A store that is killed while many commit, twenty times over."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from hansa_killed_commits import CALLERS
from hansa_killed_commits import __file__ as script

ROUNDS = 20


def test_no_kill_at_any_moment_loses_or_contradicts_what_got_out(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, script, str(tmp_path / "store.sqlite"), str(ROUNDS)],
        env={"PYTHONPATH": ":".join(path for path in sys.path if path)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > ROUNDS * CALLERS
