"""Witness panel: those whom the league in force names as witnesses of the own log, and how many have to cosign."""

from __future__ import annotations

from collections.abc import Callable

from hansa_core.league.members import Member
from hansa_core.league.witnesses import quorum_of, witnesses_of
from hansa_node.current_league import CurrentLeague
from hansa_node.witnessing.cosigning import Cosigning


class WitnessPanel:
    """Follows `league`. A witness whose entry stays the same keeps its Cosigning, others get one from `cosigning`."""

    def __init__(self, league: CurrentLeague, cosigning: Callable[[Member], Cosigning]) -> None:
        self._league = league
        self._cosigning = cosigning
        self.witnesses: tuple[Cosigning, ...] = ()
        self.quorum = 0
        self._seat()

    def follow(self) -> bool:
        """Take the league in force; whether witnesses or quorum have changed."""
        before = (self.witnesses, self.quorum)
        if self._league.now is not self._taken:
            self._seat()
        return before != (self.witnesses, self.quorum)

    def _seat(self) -> None:
        self._taken = league = self._league.now
        known = {witness.peer.member.city: witness for witness in self.witnesses}
        seated = []
        for member in witnesses_of(league.roster, league.city):
            earlier = known.get(member.city)
            stays = earlier is not None and earlier.peer.member == member
            seated.append(earlier if earlier is not None and stays else self._cosigning(member))
        self.witnesses, self.quorum = tuple(seated), quorum_of(league.roster, league.city)
