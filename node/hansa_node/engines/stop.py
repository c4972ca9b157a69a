"""Stop signal: tells work in another thread that nobody waits for it any more."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class AbandonedError(Exception):
    """Everybody who asked has gone away, or is out of time: the work has stopped, and nobody is there to be told."""


class Stop:
    """One piece of work's stop. `now` may be called from any thread, and more than once."""

    def __init__(self) -> None:
        self._asked = threading.Event()
        self._lock = threading.Lock()
        self._interrupts: list[Callable[[], None]] = []

    def now(self) -> None:
        """Stop the work, or keep it from starting.

        Call it again until the work has ended: DuckDB forgets an interrupt that comes just before its query starts.
        """
        self._asked.set()
        with self._lock:
            for interrupt in self._interrupts:
                interrupt()

    def check(self) -> None:
        """Raises AbandonedError once the work is to stop."""
        if self._asked.is_set():
            raise AbandonedError

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        """While the body works, `interrupt` is how it is stopped. Raises AbandonedError if it is to stop already."""
        with self._lock:
            self._interrupts.append(interrupt)
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._interrupts.remove(interrupt)
