"""Freshness of a fetched log: when witnesses last saw it as the newest, and when it was read."""

from __future__ import annotations

from dataclasses import dataclass

from hansa_core.errors import PeerError
from hansa_core.tlog.note import read_note
from hansa_core.tlog.policy import TlogPolicy


@dataclass(frozen=True, slots=True, kw_only=True)
class Freshness:
    """`seen_at_unix_s`: the latest time at which a quorum of witnesses knew nothing newer; None: no witness said so.

    `entry_at_unix_s`: the time of the newest entry, by the city alone; None: there is none that can be read.
    """

    seen_at_unix_s: int | None
    entry_at_unix_s: int | None

    @property
    def as_of_unix_s(self) -> int | None:
        """The time for which the log speaks: by its witnesses, and without any by its newest entry; None: no time."""
        return self.entry_at_unix_s if self.seen_at_unix_s is None else self.seen_at_unix_s

    @property
    def known_until_unix_s(self) -> int:
        """Up to when there are no other entries: times never go back in a log, and witnesses know its newest state."""
        return max(self.seen_at_unix_s or 0, self.entry_at_unix_s or 0)

    def age_s(self, now_unix_s: int) -> int | None:
        """How old it is. A time to come counts as now."""
        return None if self.as_of_unix_s is None else max(0, now_unix_s - self.as_of_unix_s)

    def is_stale(self, now_unix_s: int, max_age_s: int) -> bool:
        """Whether it is older than allowed, or says no time at all."""
        age_s = self.age_s(now_unix_s)
        return age_s is None or age_s > max_age_s


def freshness_of(note: bytes, policy: TlogPolicy, entry_at_unix_s: int | None) -> Freshness:
    """Of a checkpoint, by the witnesses whose cosignatures hold. A wrong one makes the others count for nothing."""
    try:
        seen_at_unix_s = policy.seen_at(read_note(note))
    except PeerError:
        seen_at_unix_s = None
    return Freshness(seen_at_unix_s=seen_at_unix_s, entry_at_unix_s=entry_at_unix_s)
