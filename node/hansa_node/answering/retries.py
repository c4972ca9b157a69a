"""Retries of what could not be opened: ever more seldom while nothing changes, at once when something has."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable
from dataclasses import dataclass

_FIRST_S = 0.5
_LONGEST_S = 60.0


@dataclass(frozen=True, slots=True)
class _Failure:
    """`found`: the state of what failed. `text`: why, for the operator. `again_at`: on the retries' clock."""

    found: Hashable
    text: str
    wait_s: float
    again_at: float


class Retries:
    """Failures by key. `clock`: seconds that never go back. The caller locks."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._failures: dict[Hashable, _Failure] = {}

    def trouble(self, key: Hashable, found: Hashable) -> str | None:
        """Why not to try now: the last failure's text; None where a try is due."""
        failure = self._failures.get(key)
        if failure is None or failure.found != found or self._clock() >= failure.again_at:
            return None
        return failure.text

    def failed(self, key: Hashable, found: Hashable, text: str) -> bool:
        """Note a failure; whether the operator has not heard of it yet."""
        before = self._failures.get(key)
        is_same = before is not None and before.found == found
        wait_s = min(_LONGEST_S, 2 * before.wait_s) if before is not None and is_same else _FIRST_S
        self._failures[key] = _Failure(found, text, wait_s, self._clock() + wait_s)
        return before is None or before.text != text

    def succeeded(self, key: Hashable) -> None:
        """Forget the failures of the key."""
        self._failures.pop(key, None)
