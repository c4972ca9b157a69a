"""Peers' clocks: a daemon says in its log whose clock is wrong when that begins, and when it is right again."""

from __future__ import annotations

import logging
from collections.abc import Callable
from datetime import datetime, timedelta
from threading import Lock

from hansa_core.clock_skew import FAR, ClockSkew, in_words, judge_clocks

log = logging.getLogger(__name__)

OWN = "this machine"
_SET_IT = "set the clock, and let NTP keep it"


class PeerClocks:
    """The own clock, and how far each peer's was ahead of it when it was last heard. Any thread may call.

    `clock`: naive UTC.
    """

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self.now = clock
        self._ahead: dict[str, timedelta] = {}
        self._told: dict[str, timedelta] = {}
        self._is_sure = False  # whether what was told was more than that clocks differ
        self._lock = Lock()

    def heard(self, peer: str, says: datetime | None) -> None:
        """Take in what the peer's clock says at this moment; None: the peer does not say."""
        if says is None:
            return
        ahead = says - self.now()
        with self._lock:
            known = self._ahead.get(peer)
            if known is None or abs(ahead - known) > FAR / 2:  # what differs by less changes no judgement
                self._ahead[peer] = ahead
                self._tell(judge_clocks(self._ahead))

    def _tell(self, skew: ClockSkew) -> None:
        wrong = dict(skew.peers) | ({OWN: -skew.own} if skew.own else {})
        is_surer = skew.is_sure and not self._is_sure
        for whose, by in wrong.items():
            if is_surer or whose not in self._told or abs(by - self._told[whose]) > FAR:
                remedy = _remedy(whose, skew)
                direction = "fast" if by > timedelta() else "slow"
                fields = {"whose": whose, "by": f"{in_words(by)} {direction}", "remedy": remedy}
                log.warning("clock is wrong" if skew.is_sure else "clocks differ", extra=fields)
        for whose in self._told.keys() - wrong.keys():
            log.info("clock agrees", extra={"whose": whose})
        self._told, self._is_sure = wrong, skew.is_sure


def _remedy(whose: str, skew: ClockSkew) -> str:
    if whose == OWN:
        return f"{_SET_IT} on {OWN}"
    if skew.is_sure:
        return f"the operator of {whose} has to {_SET_IT}"
    return f"{whose} is the only clock to compare with: look at the one of {OWN} first, then ask its operator"
