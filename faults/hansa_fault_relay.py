"""A TCP relay whose connections can be made half-open: they stand, and nothing passes on them any more."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Relay:
    """Carries bytes from its own port to another port of loopback. Lives on one event loop."""

    def __init__(self, to_port: int) -> None:
        self._to_port = to_port
        self._carrying: set[asyncio.Task[None]] = set()
        self._writers: set[asyncio.StreamWriter] = set()
        self._server: asyncio.Server | None = None

    async def listen(self, port: int = 0) -> int:
        """Listen; the port, which the system chooses where `port` is 0."""
        self._server = await asyncio.start_server(self._meet, "127.0.0.1", port)
        return int(self._server.sockets[0].getsockname()[1])

    async def freeze(self) -> None:
        """Carry nothing any more on the connections that stand; new ones are carried."""
        carrying = tuple(self._carrying)
        for task in carrying:
            task.cancel()
        await asyncio.gather(*carrying, return_exceptions=True)

    async def close(self) -> None:
        """Hang up everywhere."""
        assert self._server is not None
        self._server.close()
        await self.freeze()
        for writer in self._writers:
            writer.close()

    async def _meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        try:
            other_reader, other_writer = await asyncio.open_connection("127.0.0.1", self._to_port)
        except OSError:
            writer.close()
            return
        self._writers.add(other_writer)
        for source, sink in ((reader, other_writer), (other_reader, writer)):
            task = asyncio.create_task(_carry(source, sink))
            self._carrying.add(task)
            task.add_done_callback(self._carrying.discard)


async def _carry(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    try:
        while data := await source.read(2**16):
            sink.write(data)
            await sink.drain()
    except OSError:
        pass
    sink.close()  # not where it is frozen: then it neither ends nor goes on


@contextmanager
def relay_in_thread(port: int, to_port: int) -> Iterator[RelayThread]:
    """A relay that runs beside the caller, listening on `port`."""
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever, daemon=True)
    thread.start()
    relay = Relay(to_port)
    asyncio.run_coroutine_threadsafe(relay.listen(port), loop).result()
    try:
        yield RelayThread(relay, loop)
    finally:
        asyncio.run_coroutine_threadsafe(relay.close(), loop).result()
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


class RelayThread:
    """The same for callers that have no event loop."""

    def __init__(self, relay: Relay, loop: asyncio.AbstractEventLoop) -> None:
        self._relay = relay
        self._loop = loop

    def freeze(self) -> None:
        """As `Relay.freeze`."""
        asyncio.run_coroutine_threadsafe(self._relay.freeze(), self._loop).result()
