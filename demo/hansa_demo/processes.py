"""The processes of a demo league: started together, awaited until they listen, stopped together."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

STOP_TIMEOUT_S = 10.0
_POLL_S = 0.02


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """One process to start: `arguments` follow the `hansa` command; `log` takes its output.

    `host`, `port`: where it listens; None both: it dials out. `says`: events that its log tells once it is up.
    """

    name: str
    arguments: tuple[str, ...]
    host: str | None
    port: int | None
    log: Path
    says: tuple[str, ...] = ()

    @property
    def is_up(self) -> bool:
        if self.host is not None and self.port is not None and not listens(self.host, self.port):
            return False
        told = self.log.read_text(errors="replace")
        return all(f" INFO {event} " in told for event in self.says)


class ServiceFailedError(Exception):
    """A process ended before it was up; the text carries the end of its log."""


def run_hansa(*arguments: str) -> None:
    """Run one `hansa` command in a process of its own. Raises ServiceFailedError with what it printed."""
    done = subprocess.run(_command(arguments), capture_output=True, text=True, check=False)  # noqa: S603  our own command
    if done.returncode != 0:
        raise ServiceFailedError(
            f"hansa {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )


@contextmanager
def running(services: Sequence[Service]) -> Iterator[dict[str, subprocess.Popen[bytes]]]:
    """Start the services, wait until each listens, and stop what was started on the way out."""
    processes: dict[str, subprocess.Popen[bytes]] = {}
    try:
        for service in services:
            processes[service.name] = start(service)
        for service in services:
            await_up(service, processes[service.name])
        yield processes
    finally:
        _stop(processes.values())


def start(service: Service) -> subprocess.Popen[bytes]:
    """Start the service; its log begins anew. See `await_up`."""
    with service.log.open("wb") as log:
        return subprocess.Popen(  # noqa: S603  our own command
            _command(service.arguments), stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT
        )


def await_up(service: Service, process: subprocess.Popen[bytes]) -> None:
    """Wait until the service is up. Raises ServiceFailedError if its process ends before.

    As long as the process lives: on a busy machine a start may take minutes, and Ctrl-C ends the wait.
    """
    while not service.is_up:
        if process.poll() is not None:
            raise ServiceFailedError(f"{service.name} ended with {process.returncode}:\n{_tail(service.log)}")
        time.sleep(_POLL_S)


def _command(arguments: Sequence[str]) -> list[str]:
    return [sys.executable, "-m", "hansa", *arguments]


def listens(host: str, port: int) -> bool:
    """Whether somebody accepts connections there."""
    try:
        with socket.create_connection((host, port), timeout=1.0):
            return True
    except OSError:
        return False


def _tail(log: Path, lines: int = 20) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-lines:])


def _stop(processes: Iterable[subprocess.Popen[bytes]]) -> None:
    started = list(processes)
    for process in started:
        process.terminate()
    deadline = time.monotonic() + STOP_TIMEOUT_S
    for process in started:
        try:
            process.wait(timeout=max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
