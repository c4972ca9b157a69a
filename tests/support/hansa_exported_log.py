"""A log that a node's store really wrote, cosigned by witnesses and laid out as files for others' tools."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path

from hansa_core.documents.canonical_json import JsonValue
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import LogGenesis
from hansa_core.evidence.opening import encode_disclosure
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.note import COSIGNATURE_V1, ED25519, VerifierKey, read_note
from hansa_core.tlog.policy import PolicyGroup, PolicyLog, PolicyWitness, TlogPolicy
from hansa_core.tlog.policy_text import policy_text
from hansa_log_entries import BEGINNING, CITY, NOON, ONE_OF_EACH, refusal_of
from hansa_node.clock import fresh_nonce
from hansa_node.log.batch import Batch
from hansa_node.log.identity import LogIdentity
from hansa_node.node_store import NodeStore
from hansa_whole_trees import tiles_of
from hansa_wire.codec.query_codec import encode_query
from hansa_wire_values import a_query

LOG, *WITNESSES = (Ed25519Signer(bytes([seed]) * 32) for seed in (21, 22, 23))
ANALYST = Ed25519Signer(bytes([24]) * 32)
ORIGIN = "hamburg.example:7405/log"
NAMES = ("node.bremen/witness", "node.luebeck/witness")
LOG_VKEY = VerifierKey(ORIGIN, ED25519, LOG.public_key)
WITNESS_VKEYS = tuple(
    VerifierKey(name, COSIGNATURE_V1, witness.public_key) for name, witness in zip(NAMES, WITNESSES, strict=True)
)
QUORUM = len(WITNESSES)
POLICY = TlogPolicy(
    logs=(PolicyLog(key=LOG_VKEY),),
    witnesses=tuple(PolicyWitness(name=key.name, key=key) for key in WITNESS_VKEYS),
    groups=(PolicyGroup(name="all", threshold=QUORUM, members=NAMES),),
    quorum="all",
)
OPENED = len(ONE_OF_EACH)
"""The first entry whose opening the store holds."""
_DISTINCT = 500


@dataclass(frozen=True)
class ExportedLog:
    """A folder as `hansa audit fetch` lays it out, with evidence: receipts, and disclosed fields of entries."""

    folder: Path
    receipts: tuple[Path, ...] = ()
    disclosures: tuple[Path, ...] = ()

    @property
    def files(self) -> tuple[Path, ...]:
        """All evidence."""
        return (*self.receipts, *self.disclosures)


def written_store(path: Path, sizes: Sequence[int]) -> NodeStore:
    """A store whose log has a checkpoint, cosigned by every witness, at each of the sizes.

    It begins with one entry of each type, each a batch of its own; then decisions come, and their openings.
    """
    identity = LogIdentity(city=CITY, origin=ORIGIN, signer=LOG, software="0.1.0", fresh_salt=fresh_nonce)
    store = NodeStore.open(path, identity)
    now = datetime.fromtimestamp(NOON, UTC).replace(tzinfo=None)
    for body in (LogGenesis(origin=ORIGIN, log_key=LOG.public_key.hex()), *ONE_OF_EACH[1:]):
        store.log.append(body, now=now)
    for size in sizes:
        store._writer.run(partial(_decide, size=size, now=now))
    for size in sizes:
        note = store.log.checkpoint(size)
        assert note is not None
        lines = [
            cosign(read_note(note).text, witness, name, NOON) for witness, name in zip(WITNESSES, NAMES, strict=True)
        ]
        store.log.add_cosignatures(size, lines, complete_at=now)
    return store


def exported(store: NodeStore, size: int, folder: Path, *, receipts: Sequence[int] = ()) -> ExportedLog:
    """The log as it was at that size. `receipts`: of which entries."""
    tree, note = store.log.tree, store.log.checkpoint(size)
    assert note is not None
    _put(folder / "checkpoint", note)
    _put(folder / "vkeys.txt", "".join(f"{key.text}\n" for key in (LOG_VKEY, *WITNESS_VKEYS)).encode())
    _put(folder / "policy.txt", policy_text(POLICY))
    for tile in tiles_of(size):
        _put(folder / tile.path, tree.tile(tile))
        if tile.level == 0:
            _put(folder / tile.entries_path, tree.bundle(tile))
    opening = store.log.opening(OPENED)
    shown = () if opening is None or size <= OPENED else opening.disclosures
    return ExportedLog(
        folder,
        receipts=tuple(_put(folder / "receipts" / str(index), store.log.receipt(index)) for index in receipts),
        disclosures=tuple(
            _put(folder / "openings" / f"{OPENED}.{each.field}.json", encode_disclosure(each)) for each in shown
        ),
    )


def _decide(batch: Batch, size: int, now: datetime) -> None:
    """Entries up to that size, all in one transaction: refusals with their openings, then the same bytes again."""
    query = sign(payload_types.QUERY, encode_query(replace(a_query(), purpose="statistics")), ANALYST)
    says: dict[str, JsonValue] = {
        "query": envelope_to_json(query).decode(),
        "analyst": {"subject": "ann", "key_id": query.signatures[0].keyid},
    }
    asked = hashlib.sha256(query.payload).hexdigest()
    for number in range(batch.size, min(size, batch.size + _DISTINCT)):
        opening = batch.conceal(says)
        body = refusal_of(f"question {number}", "not_published")
        if number == OPENED:
            body = replace(body, query_hash=asked)
        batch.append(replace(body, opening=opening.digests), opening, now=now)
    said = encode_entry(Entry(time_unix_s=NOON, node=CITY, software="0.1.0", body=BEGINNING[-1]))
    while batch.size < size:
        batch.add_leaf(said, NOON)


def _put(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path
