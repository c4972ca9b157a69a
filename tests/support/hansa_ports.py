"""Ports of loopback for the servers of tests that must know their port before they listen."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from itertools import count

# Below those that Linux gives to outgoing connections (from 32,768 on), any of which may take a port that is free just
# now before its server listens there. Each worker of a run has its own share, in which no port comes twice in a row.
_FIRST = 10_000
_OF_A_WORKER = 1_000
_WORKERS = 20


def free_ports(wanted: int) -> list[int]:
    """Ports that nobody listens on, and that nobody else in this run of the tests is given."""
    return [next(_free) for _ in range(wanted)]


def _candidates() -> Iterator[int]:
    worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw")) % _WORKERS
    first = _FIRST + worker * _OF_A_WORKER
    begins = os.getpid()  # two runs on one machine seldom walk side by side
    return (first + number % _OF_A_WORKER for number in count(begins))


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


_free = filter(_is_free, _candidates())
