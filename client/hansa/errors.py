"""The errors that an analyst's program can catch."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import ConfigError, HansaError, PeerError, RefusedError

__all__ = [
    "ConfigError",
    "CoordinatorError",
    "HansaError",
    "PeerError",
    "RefusedError",
    "TrustError",
    "UnreachableError",
]


@dataclass(eq=False)
class TrustError(PeerError):
    """Something that was given in a city's or the league's name does not verify: nothing of it may be used.

    `code`: stable, snake_case, e.g. `signature_invalid`. `text`: what was demanded and not met; free of values.
    """

    code: str
    text: str

    def __str__(self) -> str:
        return f"{self.code}: {self.text}"


class CoordinatorError(HansaError):
    """The coordinator cannot be reached, or turned the call away; no city was heard."""


class UnreachableError(HansaError):
    """A city's log service, and every mirror of it, cannot be reached or cannot answer now."""
