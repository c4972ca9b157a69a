"""Unreadable data: rows that are declared and prepared, and cannot be read at this moment."""

from __future__ import annotations

from hansa_core.errors import HansaError


class DataUnavailableError(HansaError):
    """The operator has to act: a data file cannot be opened or read. The text names file and remedy; it is not public.

    It says nothing about the question: the same one is answered as soon as the file is readable again.
    """
