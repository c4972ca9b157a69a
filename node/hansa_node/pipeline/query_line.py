"""Query line: what the log file says of one query at its end: ids and sizes, never values."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager

from hansa_core.errors import BusyError, StoreCorruptError
from hansa_core.partial.answer import Refusal, Release
from hansa_node.engines.stop import AbandonedError
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.log.announcements import LeagueChangedError
from hansa_node.pipeline.settle import Ended
from hansa_node.pipeline.verify import VerifiedQuery
from hansa_node.store.errors import StoreUnavailableError

log = logging.getLogger(__name__)


class QueryLine:
    """The fields of a query's one line."""

    def __init__(self, verified: VerifiedQuery) -> None:
        self._started = time.monotonic()
        self._ids = {"query_id": verified.query_hash.hex()[:16], "key_id": verified.asker.key_id[:16]}

    def answered(self, ended: Ended) -> None:
        """It has its answer."""
        match ended.outcome:
            case None:
                self._write("query answered again")
            case Refusal() as refusal:
                self._write("query refused", rule=refusal.code)
            case Release() as release:
                self._write("query answered", dataset=release.contract, bytes=len(release.partial_ipc))

    def failed(self, failure: BaseException) -> None:
        """It has none."""
        match failure:
            case AbandonedError():
                self._write("query abandoned")
            case BusyError():
                self._write("query put off", retry_after_s=failure.retry_after_s)
            case LeagueChangedError():
                self._write("query starts again under a newer roster")
            case StoreUnavailableError() | StoreCorruptError() | DataUnavailableError():
                # What these say names a file and a remedy.
                self._write("query failed", logging.ERROR, error=type(failure).__name__, remedy=str(failure))
            case _:
                # The type alone: an engine's message may carry a value.
                self._write("query failed", logging.ERROR, error=type(failure).__name__)

    def _write(self, event: str, level: int = logging.INFO, **fields: object) -> None:
        ms = round((time.monotonic() - self._started) * 1000)
        log.log(level, event, extra=self._ids | fields | {"ms": ms})


@contextmanager
def told_where_it_fails(verified: VerifiedQuery) -> Iterator[QueryLine]:
    """The line of the query that the body answers, written here if the body raises."""
    line = QueryLine(verified)
    try:
        yield line
    except BaseException as failure:
        line.failed(failure)
        raise
