"""Raises the limit of open files to what a connection to each city of a large league needs."""

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
