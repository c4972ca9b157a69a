"""The end of a running node: asked for by a signal, or forced by the first fatal error of any of its tasks."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Iterator
from concurrent.futures import Future
from contextlib import AbstractAsyncContextManager, contextmanager
from threading import Lock
from typing import Any

from hansa_core.errors import HansaError, StoreCorruptError
from hansa_local.task_groups import plain_task_group


class ForkError(HansaError):
    """The operator has to act: a witness cosigned a log that this store's does not begin or continue.

    Signing anything now would show two histories.
    """


FATAL = (StoreCorruptError, ForkError)
"""After one of these nothing more may be signed: the operator has to act first."""


class NodeStop:
    """The one owner of a node's end. Tasks report to it, and whoever runs the node waits for it.

    Every method but `wait` may be called from any thread.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._stopped: Future[None] = Future()
        self._stopped.set_running_or_notify_cancel()  # a waiter that is cancelled does not cancel it for others
        self._error: BaseException | None = None

    def request(self) -> None:
        """End the node in order."""
        with self._lock:
            if not self._stopped.done():
                self._stopped.set_result(None)

    def fail(self, error: BaseException) -> None:
        """End the node because of this error, unless of an earlier one; an end that was asked for fails with it."""
        with self._lock:
            self._error = self._error or error
        self.request()

    @contextmanager
    def fatal_errors(self) -> Iterator[None]:
        """Report a fatal error of the body, and let it go on to the caller; other errors are the caller's alone."""
        try:
            yield
        except FATAL as error:
            self.fail(error)
            raise

    async def guard(self, work: Coroutine[Any, Any, None]) -> None:
        """Do what the node needs for as long as it runs: whatever ends it but a cancellation ends the node."""
        try:
            await work
        except Exception as error:  # noqa: BLE001  raised by `raise_error`, as it is
            self.fail(error)

    async def wait(self) -> None:
        """Return when the node has to end."""
        await asyncio.wrap_future(self._stopped)

    def raise_error(self) -> None:
        """Raise the error that ended the node, in its own type; nothing where the end was asked for."""
        if self._error is not None:
            raise self._error


def task_group() -> AbstractAsyncContextManager[asyncio.TaskGroup]:
    """A TaskGroup whose error leaves it in its own type: a fatal one before others, else the first."""
    return plain_task_group(*FATAL)
