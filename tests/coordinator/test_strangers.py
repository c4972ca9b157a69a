"""Strangers at a coordinator's port: they connect in any number, and harm nobody."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import pytest

from hansa_local.coordinator_config import load_config
from hansa_new_league import new_coordinator_config

Address = tuple[str, int]


@contextmanager
def coordinator(folder: Path) -> Iterator[tuple[subprocess.Popen[str], Address]]:
    """A coordinator's process, and where it listens."""
    config = new_coordinator_config(folder)
    command = [sys.executable, "-m", "hansa", "coordinator", "serve", "--config", str(config)]
    at = load_config(config).listen
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as serving:
        assert serving.stderr is not None
        assert "coordinator started" in serving.stderr.readline()
        try:
            yield serving, (at.host, at.port)
        finally:
            serving.kill()


def come_and_go(address: Address, *, rounds: int, at_once: int) -> None:
    """Connect, say nothing, and hang up."""
    for _ in range(rounds):
        with ExitStack() as strangers:
            for _ in range(at_once):
                strangers.enter_context(socket.create_connection(address))


def test_thousands_that_come_and_go_do_not_end_it(tmp_path: Path) -> None:
    with coordinator(tmp_path) as (serving, address):
        try:
            come_and_go(address, rounds=50, at_once=100)
        except OSError:
            pytest.fail(f"the coordinator ended with {serving.wait(20)}")
        serving.send_signal(signal.SIGTERM)
        assert serving.wait(20) == 0
