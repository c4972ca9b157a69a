"""Backoff: how long a peer waits before it dials again."""

from __future__ import annotations

FIRST_S = 0.5
LONGEST_S = 15.0
STEADY_S = 10.0
"""Seconds that a connection has to last for the next loss to count as the first one."""


def wait_before(attempt: int, share: float) -> float:
    """Seconds before attempt 1, 2, …: doubling up to LONGEST_S, of which `share` picks a place in the upper half.

    `share`: random, 0 to 1, so that a thousand nodes do not come back to one coordinator in the same instant.
    """
    if attempt < 1:
        raise ValueError(f"attempt is {attempt}; attempts count from 1")
    if not 0 <= share <= 1:
        raise ValueError(f"share is {share}; it must be 0 to 1")
    most = min(LONGEST_S, FIRST_S * 2.0 ** min(attempt - 1, 32))
    return most * (1 + share) / 2
