"""A running demo league whose processes can be killed, stopped, started again and replaced by impostors."""

from __future__ import annotations

import asyncio
import resource
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import grpc
import grpc.aio
import tomlkit

import hansa
from hansa_core.league.roster import Roster
from hansa_demo.league import free_ports, node_home, services_in
from hansa_demo.processes import Service, await_up, start
from hansa_fault_relay import relay_in_thread
from hansa_fault_strangers import strangers
from hansa_league.files.league_layout import LeagueLayout
from hansa_local.clock import utc_now
from hansa_local.expiry import expiry_of
from hansa_renewed_certificate import renewed
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import server_credentials

_PATIENCE_S = 60.0
_SHORT = timedelta(seconds=20)  # long enough to start and to attach
_CORRUPT_EXIT = 2
_SKEWED = """
import sys
from datetime import timedelta
import hansa_local.clock as clock
right, ahead = clock.utc_now, timedelta(seconds=int(sys.argv.pop(1)))
clock.utc_now = lambda: right() + ahead
from hansa.cli import main
main()
"""
"""Sets the one clock of a process before anything takes it, then runs its command."""


@dataclass(frozen=True)
class FaultLeague:
    """`processes`: by the names of cities and coordinators; one that is started anew takes the place of the old one."""

    directory: Path
    processes: dict[str, subprocess.Popen[bytes]]
    services: Mapping[str, Service] = field(init=False)
    roster: Roster = field(init=False)

    def __post_init__(self) -> None:
        services = {service.name: service for group in services_in(self.directory) for service in group}
        object.__setattr__(self, "services", services)
        with self.connected() as league:
            object.__setattr__(self, "roster", league.roster)

    def connected(self) -> hansa.League:
        """A connection of the first city's analyst."""
        return hansa.connect(self.directory / "profile.toml")

    @property
    def listening_city(self) -> str:
        """The first city whose node listens."""
        return next(member.city for member in self.roster.members if member.host is not None)

    @property
    def other_listening_city(self) -> str:
        """The next one, of whose log the first is a witness."""
        return [member.city for member in self.roster.members if member.host is not None][1]

    @property
    def attached_city(self) -> str:
        """The first city whose node only dials out."""
        return next(member.city for member in self.roster.members if member.host is None)

    @property
    def coordinator(self) -> str:
        return self.roster.coordinator().name

    @contextmanager
    def killed(self, name: str) -> Iterator[None]:
        """The process is killed, and started again at the end."""
        self._end(name)
        try:
            yield
        finally:
            self._start(name)

    @contextmanager
    def halted(self, name: str) -> Iterator[None]:
        """The process neither runs nor ends: its connections stay open, and nothing comes back on them."""
        self.processes[name].send_signal(signal.SIGSTOP)
        try:
            yield
        finally:
            self.processes[name].send_signal(signal.SIGCONT)

    @contextmanager
    def replaced(self, city: str, reply: bytes) -> Iterator[None]:
        """Somebody with the city's keys answers every call at its address with `reply`."""
        with self.killed(city), _impostor(self.directory, self.roster, city, reply):
            yield

    @contextmanager
    def flipped(self, city: str) -> Iterator[None]:
        """One bit of every release in the city's store is flipped: its node stops by itself, and the bit is put back.

        Raises RuntimeError where the node has not stopped with the exit code for its operator.
        """
        flip_releases(self._home(city) / "state" / "store.sqlite")
        try:
            yield
            code = self.processes[city].wait(_PATIENCE_S)
        finally:
            self._end(city)
            flip_releases(self._home(city) / "state" / "store.sqlite")
            self._start(city)
        if code != _CORRUPT_EXIT:
            raise RuntimeError(f"the node of {city} ended with {code}, not with {_CORRUPT_EXIT}")

    @contextmanager
    def without_data(self, city: str) -> Iterator[None]:
        """The node starts while its data files are moved away; at the end they are back, and nobody starts it anew."""
        files = sorted(self._home(city).glob("data/*/*.duckdb"))
        with self.killed(city):
            for path in files:
                path.rename(path.with_suffix(".away"))
        try:
            yield
        finally:
            for path in files:
                path.with_suffix(".away").rename(path)

    @contextmanager
    def skewed(self, city: str, ahead: timedelta) -> Iterator[None]:
        """The node runs by a clock that is `ahead`; at the end by the right one again."""
        self._end(city)
        service = self.services[city]
        with service.log.open("wb") as log:
            command = (sys.executable, "-c", _SKEWED, str(int(ahead.total_seconds())), *service.arguments)
            self.processes[city] = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        await_up(service, self.processes[city])
        try:
            yield
        finally:
            self._end(city)
            self._start(city)

    @contextmanager
    def expiring(self, city: str) -> Iterator[None]:
        """The city's certificate expires while its node is attached; at the end the old one is back."""
        path = self._home(city) / "keys" / "tls.pem"
        old = path.read_bytes()
        self._end(city)
        path.write_bytes(renewed(path, LeagueLayout(self.directory).city(city), valid_for=_SHORT))
        try:
            self._start(city)
            await_expiry(path)
            yield
        finally:
            self._end(city)
            path.write_bytes(old)
            self._start(city)

    @contextmanager
    def full_disk(self, city: str) -> Iterator[None]:
        """No file of the node can grow, as on a full disk; its process goes on."""
        limits = resource.prlimit(self.processes[city].pid, resource.RLIMIT_FSIZE)
        resource.prlimit(self.processes[city].pid, resource.RLIMIT_FSIZE, (1, limits[1]))
        try:
            yield
        finally:
            resource.prlimit(self.processes[city].pid, resource.RLIMIT_FSIZE, limits)

    @contextmanager
    def flooded(self, city: str) -> Iterator[None]:
        """Strangers fill the ports of the city's node and the coordinator's, and come again when they are sent away."""
        member, hub = self.roster.member(city), self.roster.coordinator()
        assert member.host is not None
        ports = [(member.host, port) for port in (member.port, member.log_port) if port is not None]
        with strangers([*ports, (hub.host, hub.port)]):
            yield

    @contextmanager
    def half_open(self, city: str) -> Iterator[None]:
        """The coordinator's connection to the node stands, and nothing passes on it any more; a new one would work."""
        path, member = self._home(city) / "node.toml", self.roster.member(city)
        assert member.port is not None
        before = path.read_text(encoding="utf-8")
        self._end(city)
        try:
            with relay_in_thread(member.port, _listen_elsewhere(path)) as relay:
                self._start(city)
                self._await_answer_of(city)
                relay.freeze()
                yield
                self._end(city)
        finally:
            path.write_text(before, encoding="utf-8")
            self._end(city)
            self._start(city)

    @contextmanager
    def without_witness(self, city: str, other: str) -> Iterator[None]:
        """One city is down, and the node of an `other`, whose log it witnesses, has to start without it."""
        with self.killed(city):
            self._end(other)
            self._start(other)
            yield

    def stop(self) -> None:
        """End every process, those that were started anew too."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait()

    def _await_answer_of(self, city: str) -> None:
        with self.connected() as league:
            end = time.monotonic() + _PATIENCE_S
            while not any(each.report.city == city and each.word is not None for each in league.published()):
                if time.monotonic() > end:
                    raise RuntimeError(f"the node of {city} is not reached behind the relay")
                time.sleep(0.2)

    def _home(self, city: str) -> Path:
        return node_home(self.directory, city)

    def _end(self, name: str) -> None:
        self.processes[name].kill()
        self.processes[name].wait()

    def _start(self, name: str) -> None:
        process = start(self.services[name])
        self.processes[name] = process
        await_up(self.services[name], process)


def _listen_elsewhere(config: Path) -> int:
    """Let the node listen on another port than the roster says; that port."""
    (port,) = free_ports(1)
    document = tomlkit.parse(config.read_text(encoding="utf-8"))
    document["listen"]["port"] = port
    config.write_text(tomlkit.dumps(document), encoding="utf-8")
    return port


def flip_releases(store: Path) -> None:
    """Change the lowest bit of every release's last byte; done twice, nothing has changed."""
    with closing(sqlite3.connect(store, timeout=_PATIENCE_S)) as connection, connection:
        for row, content in connection.execute("SELECT rowid, partial_ipc FROM releases").fetchall():
            flipped = content[:-1] + bytes([content[-1] ^ 1])
            connection.execute("UPDATE releases SET partial_ipc = ? WHERE rowid = ?", (flipped, row))


def await_expiry(certificate: Path) -> None:
    """Wait until the certificate in the file has expired, and a moment longer."""
    end = expiry_of(certificate.read_bytes()) + timedelta(seconds=2)
    while utc_now() < end:
        time.sleep(0.2)


class _Reply(grpc.GenericRpcHandler):
    """Answers every call of every service with the same bytes."""

    def __init__(self, reply: bytes) -> None:
        self._reply = reply

    def service(self, details: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_unary_rpc_method_handler(self._answer)

    async def _answer(self, request: bytes, context: object) -> bytes:
        return self._reply


@contextmanager
def _impostor(directory: Path, roster: Roster, city: str, reply: bytes) -> Iterator[None]:
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    server = asyncio.run_coroutine_threadsafe(_serve(directory, roster, city, reply), loop).result()
    try:
        yield
    finally:
        asyncio.run_coroutine_threadsafe(server.stop(None), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


async def _serve(directory: Path, roster: Roster, city: str, reply: bytes) -> grpc.aio.Server:
    keys, member = LeagueLayout(directory).city(city), roster.member(city)
    if member.host is None or member.port is None:
        raise ValueError(f"{city} listens nowhere; an impostor needs an address")
    server = new_server(max_concurrent_calls=64)
    server.add_generic_rpc_handlers((_Reply(reply),))
    callers = [roster.coordinator().ca_pem]
    credentials = server_credentials((keys / "tls.pem").read_bytes(), (keys / "tls.key").read_bytes(), callers)
    listen(server, member.host, member.port, credentials)
    await server.start()
    return server
