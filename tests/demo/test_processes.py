"""The demo waits for a node for as long as its process lives, and tells why one ended."""

from __future__ import annotations

import itertools
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from hansa_demo import processes
from hansa_demo.processes import Service, ServiceFailedError, running

HOUR_S = 3600.0


def service(program: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Service:
    """One whose process is that Python program; it is up once its log tells of `served`."""

    def command(_: Sequence[str]) -> list[str]:
        return [sys.executable, "-u", "-c", program]

    monkeypatch.setattr(processes, "_command", command)
    return Service(name="node", arguments=(), host=None, port=None, log=folder / "node.log", says=("served",))


def test_a_node_that_takes_long_to_start_is_awaited(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hours = itertools.count(step=HOUR_S)
    monkeypatch.setattr(time, "monotonic", lambda: next(hours))
    slow = service("import time; time.sleep(0.3); print(' INFO served '); time.sleep(60)", tmp_path, monkeypatch)
    with running([slow]) as started:
        assert started["node"].poll() is None
        assert slow.is_up


def test_a_node_that_ends_is_told_with_the_end_of_its_log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = service("import sys; print('no such folder'); sys.exit(3)", tmp_path, monkeypatch)
    with pytest.raises(ServiceFailedError, match=r"node ended with 3:\nno such folder"), running([broken]):
        pytest.fail("it is not up")
