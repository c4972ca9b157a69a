"""`hansa coordinator serve`: how it starts, and how it ends."""

from __future__ import annotations

import re
import resource
import signal
import subprocess
import sys
from pathlib import Path

from hansa_new_league import CITIES, new_coordinator_config

COMMAND = [sys.executable, "-m", "hansa", "coordinator", "serve", "--config"]


def test_it_says_where_it_listens_and_ends_cleanly_on_a_signal(tmp_path: Path) -> None:
    command = [*COMMAND, str(new_coordinator_config(tmp_path))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        assert "INFO coordinator started coordinator=coordinator host=127.0.0.1 port=" in serving.stderr.readline()
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
        assert "Traceback" not in serving.stderr.read()


def test_it_warns_of_what_expires_and_says_who_replaces_it(tmp_path: Path) -> None:
    command = [*COMMAND, str(new_coordinator_config(tmp_path, valid_days=6))]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        said = [serving.stderr.readline() for _ in range(4 + len(CITIES))]
        serving.terminate()
        serving.wait(20)
    warned = [line for line in said if "WARNING expires soon" in line and "within_days=7" in line]
    for what in ("the TLS certificate of coordinator", "the roster of hanse", "the CA certificate of bremen"):
        assert any(what in line and "remedy=" in line for line in warned), said


def test_a_wrong_configuration_ends_it_with_words_and_no_traceback(tmp_path: Path) -> None:
    config = new_coordinator_config(tmp_path)
    text = config.read_text(encoding="utf-8")
    config.write_text(re.sub(r"(?m)^\[listen\].*$", r"\g<0>\nprot = 1", text), encoding="utf-8")
    done = subprocess.run([*COMMAND, str(config)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (2, "")
    assert "listen.prot is no known key; did you mean port?" in done.stderr
    assert "Traceback" not in done.stderr


def test_it_may_hold_a_connection_to_each_city_of_a_large_league(tmp_path: Path) -> None:
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    with subprocess.Popen(
        ["sh", "-c", 'ulimit -Sn 256; exec "$@"', "sh", *COMMAND, str(new_coordinator_config(tmp_path))],
        stderr=subprocess.PIPE,
        text=True,
    ) as serving:
        assert serving.stderr is not None
        assert "coordinator started" in serving.stderr.readline()
        assert resource.prlimit(serving.pid, resource.RLIMIT_NOFILE) == (most, most)
        serving.terminate()
        serving.wait(20)
