"""Mirror: this city keeps entries of other logs, and the rules that they name, for when their city is not reached."""

from __future__ import annotations

from hansa_core.errors import PeerError
from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.note import read_note
from hansa_core.tlog.policy import TlogPolicy
from hansa_core.tlog.witness import SIZE_TYPE, Judgement
from hansa_node.log.mirror_request import AddEntries
from hansa_node.log.peer_logs import PeerLogs


def add_entries(body: bytes, *, policy: TlogPolicy, peers: PeerLogs, max_entries: int) -> Judgement:
    """The reply to a request of the policy's log: 200, or 409 with how many entries lie here. Blocking.

    `max_entries`: how many the mirror may hold. Raises StoreUnavailableError.
    """
    log_key = policy.logs[0].key
    origin = log_key.name
    try:
        request = AddEntries.parse(body)
        open_checkpoint(request.note, log_key)
        is_cosigned = not policy.missing(read_note(request.note))
    except PeerError as broken:
        return Judgement(status=400, body=f"{broken}\n".encode())
    mirrored = peers.mirrored(origin)
    size = 0 if mirrored is None else mirrored[0]
    if request.start != size:
        return Judgement(status=409, body=b"%d\n" % size, content_type=SIZE_TYPE)
    if request.checkpoint.size > max_entries:
        return Judgement(status=507, body=b"this mirror is full; its operator may raise log.max_mirrored_entries\n")
    try:
        peers.mirror_append(origin, request.start, request.entries, request.note, is_cosigned=is_cosigned)
    except PeerError as broken:
        return Judgement(status=422, body=f"{broken}\n".encode())
    return Judgement(status=200)


def add_rules(document: bytes, index: int, *, policy: TlogPolicy, peers: PeerLogs) -> Judgement:
    """The reply where the policy's log hands over the rules that its entry `index` names. Blocking.

    Raises StoreUnavailableError.
    """
    try:
        was_kept = peers.put_rules(policy.logs[0].key.name, index, document)
    except PeerError as broken:
        return Judgement(status=422, body=f"{broken}\n".encode())
    return Judgement(status=200) if was_kept else Judgement(status=507, body=b"this mirror keeps no more rules\n")
