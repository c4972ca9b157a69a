"""An event loop in a thread of its own, for servers that tests talk to."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Thread


@contextmanager
def loop_in_thread() -> Iterator[asyncio.AbstractEventLoop]:
    """A loop that runs for the body, and ends as `asyncio.run` does: a server that was stopped without grace leaves
    handlers behind that have yet to hear of it, and none is thrown away unfinished."""
    loop = asyncio.new_event_loop()

    def run() -> None:
        with asyncio.Runner(loop_factory=lambda: loop) as runner:
            runner.get_loop().run_forever()

    thread = Thread(target=run)
    thread.start()
    try:
        yield loop
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
