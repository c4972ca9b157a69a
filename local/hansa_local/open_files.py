"""The limit of open files: raised at the start of a process, and shared out to connections from outside."""

from __future__ import annotations

import resource


def allow_many_open_files() -> None:
    """Raise the process's own limit of open files as far as the system lets it: each connection is one, and the usual
    1024 is kept only for programs that still call select()."""
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    except (OSError, ValueError):  # a system that says "unlimited" and means less: the limit stays as it was
        return


def open_files_limit() -> int:
    """How many files this process may have open at once."""
    limit, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return limit if limit != resource.RLIM_INFINITY else 2**31


def part_of_open_files(part: float, *, most: int) -> int:
    """How many connections one listener may hold: `part` (0 to 1) of the limit, at most `most` and at least one.

    Whoever shares the limit out so keeps descriptors for files of its own, however many strangers come.
    """
    return max(1, min(most, int(part * open_files_limit())))
