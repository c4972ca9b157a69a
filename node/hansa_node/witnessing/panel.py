"""Witness panel: those whom the league in force names as witnesses of the own log, and how many have to cosign."""

from __future__ import annotations

from concurrent.futures import Executor
from dataclasses import dataclass
from pathlib import Path

import aiohttp

from hansa_core.league.members import Member
from hansa_core.league.witnesses import quorum_of, witness_vkey, witnesses_of
from hansa_local.peer_clocks import PeerClocks
from hansa_node.current_league import CurrentLeague
from hansa_node.log.own_log import OwnLog
from hansa_node.witnessing.cosigning import Cosigning
from hansa_node.witnessing.peer import WitnessPeer


@dataclass(frozen=True, slots=True, kw_only=True)
class WitnessDialler:
    """Gives each witness its connection. `certificate`, `key`: files that the own node shows. `executor`: for what
    blocks. `clocks`: hears the time of each cosignature."""

    own_log: OwnLog
    session: aiohttp.ClientSession
    certificate: Path
    key: Path
    executor: Executor
    clocks: PeerClocks

    def cosigning(self, witness: Member) -> Cosigning:
        """The witness as a cosigner of the own log."""
        peer = WitnessPeer(witness, self.session, certificate=self.certificate, key=self.key)
        return Cosigning(peer, witness_vkey(witness), self.own_log, self.executor, self.clocks)


class WitnessPanel:
    """Follows `league`. A witness whose entry stays the same keeps its Cosigning, others get one from `dialler`."""

    def __init__(self, league: CurrentLeague, dialler: WitnessDialler) -> None:
        self._league = league
        self._dialler = dialler
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
            seated.append(earlier if earlier is not None and stays else self._dialler.cosigning(member))
        self.witnesses, self.quorum = tuple(seated), quorum_of(league.roster, league.city)
