"""Files that DuckDB cannot read at this moment, told from statements that failed."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import duckdb

from hansa_node.engines.unreadable import DataUnavailableError

_FILE_FAILED = (
    duckdb.IOException,
    duckdb.FatalException,  # after it, the file is closed to every statement
    duckdb.InternalException,
    duckdb.SerializationException,
    duckdb.ConnectionException,  # closed meanwhile, because another question could not read it
)


@contextmanager
def readable(path: Path) -> Iterator[None]:
    """Raise DataUnavailableError where DuckDB cannot open or read the file. Its own text may quote what is stored."""
    try:
        yield
    except duckdb.Error as failure:
        if not is_unreadable(failure):
            raise
        raise DataUnavailableError(f"{path}: {_remedy(path)}") from None


def is_unreadable(failure: duckdb.Error) -> bool:
    """Whether the file failed, rather than the statement: damage comes as the plain class."""
    return isinstance(failure, _FILE_FAILED) or type(failure) is duckdb.Error


def _remedy(path: Path) -> str:
    """What the operator has to do about a file that DuckDB does not read."""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as failure:
        if failure.errno in (errno.EMFILE, errno.ENFILE):
            return "no file descriptor is left to open it; raise the limit of open files (`LimitNOFILE`, `ulimit -n`)"
        return f"cannot be opened ({failure.strerror}); put it back, readable for the node's user"
    return "is no intact dataset file; check the disk, and run `hansa node ingest` again, or put an intact copy back"
