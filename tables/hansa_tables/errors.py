"""Unreadable tables: where reading stopped, what stands there, and which key mends it."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import HansaError

_LONGEST_SHOWN = 80


@dataclass(eq=False)
class UnreadableTableError(HansaError):
    """A table cannot be read as what it is declared to be. The text may quote the table: it is for its owner only.

    `place`: file, and line and column where they are known. `rule`: what is wrong there, from its verb on. `remedy`:
    what would be read. `key`: the declaration that mends it, such as `encoding`. `value`: what to declare there, where
    that is known.
    """

    place: str
    rule: str
    remedy: str
    key: str = "path"
    value: str | None = None

    def __str__(self) -> str:
        return f"{self.place} {self.rule}; {self.remedy}"


def quoted(text: str) -> str:
    """What stands somewhere, in quotes and cut to a length that an error can carry."""
    return repr(text if len(text) <= _LONGEST_SHOWN else text[:_LONGEST_SHOWN] + "…")
