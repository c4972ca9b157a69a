"""Checks of Merkle proofs by whoever has roots and no tree (RFC 9162)."""

from __future__ import annotations

from collections.abc import Sequence

from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import EMPTY_ROOT, node_hash
from hansa_core.tlog.spelling import MAX_NUMBER, check_hash


def check_inclusion(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> None:
    """Raise PeerError unless `proof` leads from a leaf hash at `index` to the root of `size`. RFC 9162, 2.1.3.2."""
    check_hash(leaf, "the leaf hash")
    _check_hashes(proof, root)
    if not 0 <= index < size <= MAX_NUMBER:
        raise PeerError(f"the inclusion proof is for leaf {index} of a tree of {size} leaves, which has no such leaf")
    node, last = index, size - 1
    value = leaf
    for sibling in proof:
        if last == 0:
            raise PeerError(f"the inclusion proof is too long: {len(proof)} hashes for leaf {index} of {size}")
        if node & 1 or node == last:
            value = node_hash(sibling, value)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            value = node_hash(value, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise PeerError(f"the inclusion proof is too short: {len(proof)} hashes for leaf {index} of {size}")
    if value != root:
        raise PeerError(f"the inclusion proof for leaf {index} of {size} does not lead to the root")


def check_consistency(old: int, new: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    """Raise PeerError unless `proof` shows that the tree of `old` leaves begins that of `new`. RFC 9162, 2.1.4.2."""
    check_hash(old_root, "the old root")
    _check_hashes(proof, new_root)
    if not 0 <= old <= new <= MAX_NUMBER:
        raise PeerError(f"the consistency proof is from {old} to {new} leaves; a log never shrinks")
    if old in (0, new):
        _check_trivial(old, proof, old_root, new_root)
        return
    hashes = list(proof)
    if old & (old - 1) == 0:  # a complete tree: its root is the first hash, left out of the proof
        hashes.insert(0, old_root)
    if not hashes:
        raise PeerError(f"the consistency proof from {old} to {new} leaves is empty")
    node, last = old - 1, new - 1
    while node & 1:
        node >>= 1
        last >>= 1
    before = after = hashes[0]
    for sibling in hashes[1:]:
        if last == 0:
            raise PeerError(f"the consistency proof is too long: {len(proof)} hashes from {old} to {new} leaves")
        if node & 1 or node == last:
            before = node_hash(sibling, before)
            after = node_hash(sibling, after)
            while not node & 1 and node:
                node >>= 1
                last >>= 1
        else:
            after = node_hash(after, sibling)
        node >>= 1
        last >>= 1
    if last != 0:
        raise PeerError(f"the consistency proof is too short: {len(proof)} hashes from {old} to {new} leaves")
    if before != old_root:
        raise PeerError(f"the consistency proof from {old} to {new} leaves does not lead to the old root")
    if after != new_root:
        raise PeerError(f"the consistency proof from {old} to {new} leaves does not lead to the new root")


def _check_trivial(old: int, proof: Sequence[bytes], old_root: bytes, new_root: bytes) -> None:
    if proof:
        raise PeerError("a consistency proof from size 0, or between equal sizes, must be empty")
    if old == 0 and old_root != EMPTY_ROOT:
        raise PeerError("the old root is not that of the empty tree")
    if old != 0 and old_root != new_root:
        raise PeerError(f"two different roots at {old} leaves: the log forked")


def _check_hashes(proof: Sequence[bytes], root: bytes) -> None:
    check_hash(root, "the root")
    for position, value in enumerate(proof):
        check_hash(value, f"hash {position} of the proof")
