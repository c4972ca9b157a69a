"""A coordinator's place to attach to, for tests: real gRPC and TLS, and the attached peers as clients."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hansa_core.signing.dsse import Envelope
from hansa_local.clock import utc_now
from hansa_local.peer_clocks import PeerClocks
from hansa_thread_loop import loop_in_thread
from hansa_wire.attach.attach_rpc import add_attach_service
from hansa_wire.attach.line import Line
from hansa_wire.attach.messages import Attacher, CallKind, CityCall
from hansa_wire.codec.answered import Answered
from hansa_wire.rpc.server import listen, new_server
from hansa_wire.rpc.tls import server_credentials, spki_of

_ResultT = TypeVar("_ResultT")


@dataclass(frozen=True)
class LineClient:
    """An attached node with the methods of a NodeClient."""

    line: Line
    city: str

    async def ask(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Answered:
        return await self._call(CallKind.ASK, deadline_s, query, credential)

    async def dry_run(self, query: Envelope, credential: Envelope, *, deadline_s: float) -> Envelope:
        return (await self._call(CallKind.DRY_RUN, deadline_s, query, credential)).envelope

    async def describe(self, *, deadline_s: float) -> Envelope:
        return (await self._call(CallKind.DESCRIBE, deadline_s)).envelope

    async def _call(
        self, kind: CallKind, deadline_s: float, query: Envelope | None = None, credential: Envelope | None = None
    ) -> Answered:
        call = CityCall(city=self.city, kind=kind, query=query, credential=credential, deadline_s=deadline_s)
        return await self.line.ask(call)


@dataclass
class AttachPoint:
    """An AttachHandler that keeps the newest line of each peer; `run` runs a coroutine where they live."""

    loop: asyncio.AbstractEventLoop
    lines: dict[str, Line] = field(default_factory=dict)
    news: threading.Condition = field(default_factory=threading.Condition)

    def attached(self, line: Line) -> None:
        with self.news:
            self.lines[line.attacher.name] = line
            self.news.notify_all()

    def changed(self, line: Line) -> None:
        with self.news:
            self.news.notify_all()

    def detached(self, line: Line) -> None:
        with self.news:
            if self.lines.get(line.attacher.name) is line:
                del self.lines[line.attacher.name]
            self.news.notify_all()

    def wait(self, holds: Callable[[dict[str, Line]], bool], timeout_s: float = 60.0) -> None:
        """Wait until `holds` of the lines."""
        with self.news:
            assert self.news.wait_for(lambda: holds(self.lines), timeout_s)

    def client(self, name: str, city: str | None = None) -> LineClient:
        return LineClient(self.lines[name], city or name)

    def run(self, work: Coroutine[Any, Any, _ResultT]) -> _ResultT:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(90)


@contextmanager
def attach_point(
    name: str, *, port: int, cert_pem: bytes, key_pem: bytes, authorities: list[bytes], pins: Mapping[str, Attacher]
) -> Iterator[AttachPoint]:
    """Serve the coordinator `name` from a thread of its own."""

    async def serve() -> Any:
        server = new_server(max_concurrent_calls=64)
        add_attach_service(
            server, name, point, lambda caller: pins.get(spki_of(caller.certificate)), PeerClocks(utc_now)
        )
        listen(server, "127.0.0.1", port, server_credentials(cert_pem, key_pem, authorities))
        await server.start()
        return server

    with loop_in_thread() as loop:
        point = AttachPoint(loop)
        server = point.run(serve())
        try:
            yield point
        finally:
            point.run(server.stop(None))
