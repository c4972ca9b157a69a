"""One writer: many callers share one transaction, and so one wait for the disk."""

from __future__ import annotations

import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from itertools import pairwise
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from hansa_node.store.errors import StoreUnavailableError, sorted_errors
from hansa_node.store.wal import Wal

_ResultT = TypeVar("_ResultT")
_BatchT = TypeVar("_BatchT")
_SealedT = TypeVar("_SealedT")


class Batches(Protocol[_BatchT, _SealedT]):
    """What every transaction carries beside its callers' rows: the log's entries, and the checkpoint over them."""

    def open(self, cursor: sqlite3.Cursor) -> _BatchT:
        """What the writes of one transaction are given. Called anew for each attempt."""

    def seal(self, batch: _BatchT) -> _SealedT | None:
        """Write what has to stand at the end of the transaction; None where the writes added nothing to it."""

    def committed(self, sealed: _SealedT | None) -> None:
        """The transaction is durable. Not called after one that failed, which may have persisted all the same."""


class _Job(Generic[_BatchT, _SealedT]):
    """A caller's write, and how it ended."""

    def __init__(self, write: Callable[[_BatchT], Any]) -> None:
        self.write = write
        self.result: Any = None
        self.error: BaseException | None = None
        self.sealed: _SealedT | None = None
        self.is_done = False
        self.next: _Job[_BatchT, _SealedT] | None = None
        self.called = threading.Lock()  # let go of when the job is done, or when it has to lead
        self.called.acquire()

    def end(self, sealed: _SealedT | None = None, error: BaseException | None = None) -> None:
        self.sealed = sealed
        self.error = error
        self.is_done = True


class Writer(Generic[_BatchT, _SealedT]):
    """The store's one writer. The first caller to come commits for all who came meanwhile.

    `window_s`: how long the first one waits for others. `max_batch`: the most callers of one transaction.
    """

    def __init__(
        self,
        connection: sqlite3.Connection,
        path: Path,
        batches: Batches[_BatchT, _SealedT],
        wal: Wal,
        *,
        window_s: float,
        max_batch: int,
    ) -> None:
        self._connection = connection
        self._path = path
        self._batches = batches
        self._wal = wal
        self._window_s = window_s
        self._max_batch = max_batch
        self._waiting: deque[_Job[_BatchT, _SealedT]] = deque()
        self._is_led = False
        self._queue = threading.Lock()
        self._file = threading.Lock()

    def run(self, write: Callable[[_BatchT], _ResultT]) -> tuple[_ResultT, _SealedT | None]:
        """The result of `write`, once it is durable, and what its transaction was sealed with (None: nothing).

        What `write` raises undoes its own rows and nobody else's: theirs are written again without it, so a write may
        run more than once. Raises StoreUnavailableError where the disk fails: then nothing was promised and nothing
        signed has left, though the file may have it all the same.
        """
        job: _Job[_BatchT, _SealedT] = _Job(write)
        with self._queue:
            self._waiting.append(job)
            leads, self._is_led = not self._is_led, True
        if not leads:
            job.called.acquire()
        if not job.is_done:
            self._lead()
        if job.next is not None:
            job.next.called.release()
        if job.error is not None:
            raise job.error
        return job.result, job.sealed

    def close(self) -> None:
        """Wait for the transaction under way, and close the file."""
        with self._file:
            self._connection.close()

    def _lead(self) -> None:
        """Commit for those who wait, this caller first, and call the next one to lead while they wake."""
        if self._window_s:
            time.sleep(self._window_s)
        with self._queue:
            jobs = [self._waiting.popleft() for _ in range(min(len(self._waiting), self._max_batch))]
        with self._file:
            self._commit(list(jobs))
            if any(isinstance(job.error, StoreUnavailableError) for job in jobs):
                self._wal.give_back()
        with self._queue:
            self._is_led = bool(self._waiting)
            if self._waiting:
                self._waiting[0].called.release()
        # One wakes the next: were all called at once, they would push each other off the interpreter for long.
        for job, following in pairwise(jobs):
            job.next = following

    def _commit(self, jobs: list[_Job[_BatchT, _SealedT]]) -> None:
        """End every job, one way or another."""
        try:
            with sorted_errors(self._path):
                while jobs:
                    jobs = self._attempt(jobs)
        except BaseException as error:  # noqa: BLE001  it is the callers', each of whom gets it
            for job in jobs:
                job.end(error=error)

    def _attempt(self, jobs: list[_Job[_BatchT, _SealedT]]) -> list[_Job[_BatchT, _SealedT]]:
        """One transaction; whoever has to try again because another's write failed."""
        self._roll_back()  # an earlier one, if even that failed
        cursor = self._connection.cursor()
        batch = self._batches.open(cursor)
        cursor.execute("BEGIN IMMEDIATE")
        try:
            for job in jobs:
                if not self._write(job, batch):
                    self._roll_back()
                    return [each for each in jobs if each is not job]
            sealed = self._batches.seal(batch)
            cursor.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):  # the error that led here is the one to tell
                self._roll_back()
            raise
        self._batches.committed(sealed)
        self._wal.bound()
        for job in jobs:
            job.end(sealed)
        return []

    def _write(self, job: _Job[_BatchT, _SealedT], batch: _BatchT) -> bool:
        """Whether the write went well. A savepoint would spare the others a second run, and cost each one its pages."""
        try:
            with sorted_errors(self._path):
                job.result = job.write(batch)
        except Exception as error:  # noqa: BLE001  it is the caller's, who gets it
            job.end(error=error)
            return False
        return True

    def _roll_back(self) -> None:
        if self._connection.in_transaction:  # SQLite has done it by itself where the disk was full
            self._connection.execute("ROLLBACK")
