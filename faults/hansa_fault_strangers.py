"""Strangers who connect to ports in hundreds, say nothing, and come again."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager, suppress

_AT_ONCE = 600  # at each port
_STAY_S = 1.0

Address = tuple[str, int]


@contextmanager
def strangers(addresses: Sequence[Address]) -> Iterator[None]:
    """They are there from the beginning of the block, and gone at its end."""
    are_there, is_over = threading.Event(), threading.Event()
    thread = threading.Thread(target=_come_again, args=(addresses, are_there, is_over), daemon=True)
    thread.start()
    try:
        are_there.wait()
        yield
    finally:
        is_over.set()
        thread.join()


def _come_again(addresses: Sequence[Address], are_there: threading.Event, is_over: threading.Event) -> None:
    while not is_over.is_set():
        with ExitStack() as connections:
            for address in addresses:
                for _ in range(_AT_ONCE):
                    with suppress(OSError):  # nobody takes them in as fast as that
                        connections.enter_context(socket.create_connection(address, timeout=_STAY_S))
            are_there.set()
            is_over.wait(_STAY_S)
