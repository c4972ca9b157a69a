"""One witness of the own log: its cosignature under a checkpoint, and the entries and rules that it mirrors."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from concurrent.futures import Executor
from functools import partial
from typing import TypeVar

from hansa_core.errors import PeerError
from hansa_core.instants import instant_of_seconds
from hansa_core.tlog.checkpoint import Checkpoint
from hansa_core.tlog.merkle import consistency_proof
from hansa_core.tlog.note import VerifierKey, read_note
from hansa_core.tlog.witness import AddCheckpoint, read_conflict, read_cosignature
from hansa_local.peer_clocks import PeerClocks
from hansa_node.log.mirror_request import AddEntries
from hansa_node.log.own_log import OwnLog
from hansa_node.node_stop import ForkError
from hansa_node.witnessing.peer import WitnessPeer

log = logging.getLogger(__name__)

_ResultT = TypeVar("_ResultT")
_ENTRIES_AT_ONCE = 4096
_REMEDY = "nothing is signed: if this store comes from a backup, run `hansa node recover`"


class Cosigning:
    """One witness of the own log: what it cosigned last, and what it mirrors. `executor`: for what blocks.

    `clocks`: hears the time of each cosignature.
    """

    def __init__(
        self, peer: WitnessPeer, key: VerifierKey, log: OwnLog, executor: Executor, clocks: PeerClocks
    ) -> None:
        self.peer = peer
        self._key = key
        self._log = log
        self._executor = executor
        self._clocks = clocks
        self._cosigned_size = 0  # learnt from its first 409
        self._mirrored_size = 0
        self._mirror_refuses = False
        self._rules_given = 0  # those that earlier entries name

    async def cosign(self, note: bytes) -> bytes:
        """The witness's signature line over the checkpoint in `note`.

        Raises ForkError where it knows a later or another log, ConnectionError, TimeoutError, or PeerError where it
        says anything else.
        """
        text = read_note(note).text
        checkpoint = Checkpoint.parse(text)
        for _ in range(2):  # its size was unknown, or another request of ours was under way
            proof = await self._run(lambda: self._proof(checkpoint))
            request = AddCheckpoint(old_size=self._cosigned_size, proof=proof, checkpoint_note=note)
            reply = await self.peer.post("/add-checkpoint", request.body)
            match reply.status:
                case 200:
                    line, seconds = read_cosignature(reply.body, text, self._key)
                    self._clocks.heard(f"the node of {self.peer.member.city}", instant_of_seconds(seconds))
                    self._cosigned_size = checkpoint.size
                    return line
                case 409 if reply.is_size:
                    self._cosigned_size = self._known(read_conflict(reply.body), checkpoint.size)
                case 409 | 422:
                    raise ForkError(f"{self.peer.member.city} cosigned another log under this name; {_REMEDY}")
                case status:
                    raise PeerError(f"{self.peer.member.city} answers a checkpoint with {status}")
        raise PeerError(f"{self.peer.member.city} changes its mind about what it cosigned")

    async def cosign_mirrored(self, note: bytes, size: int) -> bytes:
        """The same of a checkpoint of `size`, after the peer got the entries up to it.

        In that order: what a witness knows of and nobody holds could not be recovered. A mirror that refuses entries,
        as when it is full, is told of once, and cosigns all the same.
        """
        try:
            await self._mirror(size)
        except PeerError as refused:
            if not self._mirror_refuses:
                log.warning("not mirrored", extra={"peer": self.peer.member.city, "reason": str(refused)})
            self._mirror_refuses = True
        else:
            self._mirror_refuses = False
        return await self.cosign(note)

    async def show(self, note: bytes, size: int) -> None:
        """Give the mirror the checkpoint of `size` with all its cosignatures, and the rules that its entries name.

        Raises as `cosign` does, no ForkError.
        """
        if self._mirrored_size == size:
            await self._send(AddEntries(start=size, note=note, entries=()))
            await self._hand_over_rules()

    async def _mirror(self, size: int) -> None:
        while (request := await self._run(lambda: self._next_entries(size))) is not None:
            await self._send(request)

    async def _hand_over_rules(self) -> None:
        """Give the mirror the rules that its entries name, for readers who cannot come here.

        What it refuses is not sent again.
        """
        end = self._mirrored_size
        for announced in await self._run(lambda: self._log.announced_rules.between(self._rules_given, end)):
            document = await self._run(partial(self._log.rules, announced.hash))
            if document is None:
                continue  # of a log that was recovered: its rules are announced again
            path = f"/mirror/{self._log.identity.city}/add-rules/{announced.index}"
            reply = await self.peer.post(path, document)
            if reply.status == 503:
                raise PeerError(f"{self.peer.member.city} answers rules with 503")
            if reply.status != 200:
                fields = {"peer": self.peer.member.city, "entry": announced.index, "status": reply.status}
                log.warning("rules not mirrored", extra=fields)
            self._rules_given = max(self._rules_given, announced.index)
        self._rules_given = max(self._rules_given, end)

    async def _send(self, request: AddEntries) -> None:
        reply = await self.peer.post(f"/mirror/{self._log.identity.city}/add-entries", request.body)
        match reply.status:
            case 200:
                self._mirrored_size = request.checkpoint.size
            case 409 if reply.is_size and read_conflict(reply.body) != self._mirrored_size:
                self._mirrored_size = read_conflict(reply.body)
            case status:
                raise PeerError(f"{self.peer.member.city} answers entries with {status}")

    def _known(self, known: int, size: int) -> int:
        if known > size:
            raise ForkError(
                f"{self.peer.member.city} cosigned {known} entries of this log, and here are {size}; {_REMEDY}"
            )
        return known

    def _proof(self, checkpoint: Checkpoint) -> tuple[bytes, ...]:
        return consistency_proof(self._cosigned_size, checkpoint.size, self._log.tree.hashes(checkpoint.size))

    def _next_entries(self, size: int) -> AddEntries | None:
        start = self._mirrored_size
        note = self._log.checkpoint_beyond(start, wanted=min(start + _ENTRIES_AT_ONCE, size)) if start < size else None
        if note is None:
            return None
        end = Checkpoint.parse(read_note(note).text).size
        return AddEntries(start=start, note=note, entries=self._log.tree.entries(start, end))

    async def _run(self, work: Callable[[], _ResultT]) -> _ResultT:
        return await asyncio.get_running_loop().run_in_executor(self._executor, work)
