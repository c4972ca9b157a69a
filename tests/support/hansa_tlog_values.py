"""A small log with its keys, witnesses and one valid example of each text: for tests and as seeds of the fuzzers."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.checkpoint import Checkpoint, add_signatures, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.merkle import consistency_proof, inclusion_proof, leaf_hash, root_of_leaves
from hansa_core.tlog.note import COSIGNATURE_V1, ED25519, VerifierKey
from hansa_core.tlog.policy import PolicyGroup, PolicyLog, PolicyWitness, TlogPolicy
from hansa_core.tlog.proof import TlogProof
from hansa_core.tlog.witness import AddCheckpoint
from hansa_whole_trees import tree_hashes

VECTORS: Mapping[str, Any] = json.loads(
    (Path(__file__).parents[1] / "golden" / "tlog_vectors.json").read_text(encoding="utf-8")
)

ORIGIN = "node.hamburg/log"
NOON = 1_767_225_600
LOG, EVE, *WITNESSES = (Ed25519Signer(bytes([seed]) * 32) for seed in range(1, 6))
WITNESS_NAMES = ("node.bremen/witness", "node.luebeck/witness", "node.wismar/witness")
LOG_KEY = VerifierKey(ORIGIN, ED25519, LOG.public_key)
WITNESS_KEYS = tuple(
    VerifierKey(name, COSIGNATURE_V1, signer.public_key) for name, signer in zip(WITNESS_NAMES, WITNESSES, strict=True)
)

ENTRIES = tuple(b'{"v":1,"number":%d}' % number for number in range(300))
LEAVES = tuple(leaf_hash(entry) for entry in ENTRIES)
_LEVELS = tree_hashes(LEAVES)


def read_hash(level: int, index: int, /) -> bytes:
    """The HashReader of the example log."""
    return _LEVELS[level][index]


def checkpoint_at(size: int) -> Checkpoint:
    return Checkpoint(ORIGIN, size, root_of_leaves(LEAVES[:size]))


def note_at(size: int, *, cosigned_by: int = 0) -> bytes:
    """The signed checkpoint, with the cosignatures of the first witnesses."""
    checkpoint = checkpoint_at(size)
    note = sign_checkpoint(checkpoint, LOG)
    for signer, name in list(zip(WITNESSES, WITNESS_NAMES, strict=True))[:cosigned_by]:
        note = add_signatures(note, cosign(checkpoint.text, signer, name, NOON))
    return note


def proof_at(index: int, size: int, *, extra: bytes = b"", cosigned_by: int = 0) -> TlogProof:
    return TlogProof(
        index=index,
        hashes=inclusion_proof(index, size, read_hash),
        checkpoint_note=note_at(size, cosigned_by=cosigned_by),
        extra=extra,
    )


def request_at(old: int, size: int) -> AddCheckpoint:
    return AddCheckpoint(old_size=old, proof=consistency_proof(old, size, read_hash), checkpoint_note=note_at(size))


POLICY = TlogPolicy(
    logs=(PolicyLog(key=LOG_KEY, url="https://hamburg.example:9443/"),),
    witnesses=tuple(PolicyWitness(name=f"w{number}", key=key) for number, key in enumerate(WITNESS_KEYS, start=1)),
    groups=(PolicyGroup(name="peers", threshold=2, members=("w1", "w2", "w3")),),
    quorum="peers",
)


def flipped(content: bytes, bit: int) -> bytes:
    """The bytes with one bit changed."""
    bit %= len(content) * 8
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << (bit % 8)
    return bytes(changed)
