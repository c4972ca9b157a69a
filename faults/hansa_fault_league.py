"""A running demo league whose processes can be killed, stopped, started again and replaced by impostors."""

from __future__ import annotations

import asyncio
import signal
import subprocess
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import grpc
import grpc.aio

import hansa
from hansa_core.league.roster import Roster
from hansa_demo.league import services_in
from hansa_demo.processes import Service, await_up, start
from hansa_league.files.league_layout import LeagueLayout
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import server_credentials


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
    def coordinator(self) -> str:
        return self.roster.coordinator().name

    @contextmanager
    def killed(self, name: str) -> Iterator[None]:
        """The process is killed, and started again at the end."""
        self.processes[name].kill()
        self.processes[name].wait()
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

    def stop(self) -> None:
        """End every process, those that were started anew too."""
        for process in self.processes.values():
            process.terminate()
        for process in self.processes.values():
            process.wait()

    def _start(self, name: str) -> None:
        process = start(self.services[name])
        self.processes[name] = process
        await_up(self.services[name], process)


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
