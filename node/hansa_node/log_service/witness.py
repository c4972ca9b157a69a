"""Witness: this city cosigns a checkpoint that continues the last one it cosigned, and stores it first."""

from __future__ import annotations

import logging
from datetime import datetime, timedelta
from threading import Lock

from hansa_core.errors import PeerError
from hansa_core.evidence.log_entries import PeerHead
from hansa_core.instants import seconds_of
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.note import NoteSigner, read_note
from hansa_core.tlog.witness import SIZE_TYPE, AddCheckpoint, Judgement, judge
from hansa_node.clock import Clock
from hansa_node.log.own_log import OwnLog
from hansa_node.log.peer_logs import PeerLogs
from hansa_node.log_service.disclosures import LogStatus
from hansa_node.log_service.log_league import LogLeague

log = logging.getLogger(__name__)


class Witness:
    """Judges the checkpoints of the logs of `league`, and cosigns as `name`.

    `status`: of the own log; until that is confirmed a peer's head is not recorded. Blocking: for a thread.
    """

    def __init__(
        self,
        *,
        name: str,
        signer: NoteSigner,
        league: LogLeague,
        peers: PeerLogs,
        own_log: OwnLog,
        status: LogStatus,
        head_every_s: int,
        clock: Clock,
    ) -> None:
        self._name = name
        self._signer = signer
        self._league = league
        self._peers = peers
        self._own_log = own_log
        self._status = status
        self._head_every = timedelta(seconds=head_every_s)
        self._clock = clock
        self._heads_told: dict[str, datetime] = {}
        self._told_lock = Lock()  # requests come in several threads

    def add_checkpoint(self, body: bytes) -> Judgement:
        """The reply to a request. Raises StoreUnavailableError where the new head cannot be kept: nothing is signed."""
        try:
            request = AddCheckpoint.parse(body)
        except PeerError as broken:
            return Judgement(status=400, body=f"{broken}\n".encode())
        origin = request.claimed.origin
        before = self._peers.cosigned(origin)
        known = None if before is None else Checkpoint(origin, *before)
        judgement = judge(request, log_key=self._league.now.log_keys.get(origin), known=known)
        if judgement.accepted is None:
            if judgement.status in (409, 422) and judgement.content_type != SIZE_TYPE:  # signed; a size is no offence
                log.warning("checkpoint not cosigned", extra={"origin": origin, "status": judgement.status})
            return judgement
        head = judgement.accepted
        if not self._peers.put_cosigned(origin, before=before, size=head.size, root=head.root):
            return self.add_checkpoint(body)  # another request was first: judge it against what that one left
        if before != (head.size, head.root):  # asked anew about the same head, a witness has no news to log
            self._record(head)
        line = cosign(read_note(request.checkpoint_note).text, self._signer, self._name, seconds_of(self._clock()))
        return Judgement(status=200, body=line)

    def _record(self, head: Checkpoint) -> None:
        """Put the peer's head into the own log now and then: at every one, two logs would feed each other for ever."""
        now = self._clock()
        with self._told_lock:
            told = self._heads_told.get(head.origin)
            if not self._status.is_confirmed or (told is not None and now - told < self._head_every):
                return
            self._own_log.append(PeerHead(origin=head.origin, size=head.size, root=head.root.hex()), now=now)
            self._heads_told[head.origin] = now
