"""Clock skew: whose clock is wrong, given how far each peer's clock is ahead of the own one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta

FAR = timedelta(seconds=60)
"""Clocks that differ by less are as good as equal: messages travel, and times are whole seconds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSkew:
    """`own`: how far the own clock is behind, negative: ahead; zero where it is right, or nobody can tell.

    `peers`: how far the clock of each peer that is wrong is ahead of the right time. `is_sure`: false with one peer
    alone, where either of the two clocks may be the wrong one.
    """

    own: timedelta = timedelta()
    peers: Mapping[str, timedelta] = field(default_factory=dict)
    is_sure: bool = True


def judge_clocks(ahead: Mapping[str, timedelta], unsigned: Mapping[str, timedelta] | None = None) -> ClockSkew:
    """Whose clock is wrong: the own one, if more than half of at least two peers agree on another time than it has.

    `ahead`: how far each peer's clock is ahead of the own one, by the peer's name. `unsigned`: the same of those that
    are asked only where the others do not agree.
    """
    everybody = {**ahead, **(unsigned or {})}
    agreed = _agreed(sorted(ahead.values())) or _agreed(sorted(everybody.values())) or timedelta()
    own = agreed if abs(agreed) > FAR else timedelta()
    wrong = {peer: by - own for peer, by in everybody.items() if abs(by - own) > FAR}
    return ClockSkew(own=own, peers=wrong, is_sure=len(everybody) > 1)


def in_words(by: timedelta) -> str:
    """An amount of time as people say it: `10 minutes`, `3 hours`, `365 days`."""
    minutes = round(abs(by) / timedelta(minutes=1))
    if minutes < 120:
        return f"{minutes} minute{'' if minutes == 1 else 's'}"
    hours = round(minutes / 60)
    return f"{hours} hours" if hours < 48 else f"{round(hours / 24)} days"


def _agreed(ahead: list[timedelta]) -> timedelta | None:
    """By how much more than half of at least two peers are ahead, as one; None where there is no such half."""
    if len(ahead) < 2:
        return None
    middle = ahead[len(ahead) // 2]  # whatever more than half agree on lies around the middle one
    alike = sum(abs(by - middle) <= FAR for by in ahead)
    return middle if alike > len(ahead) / 2 else None
