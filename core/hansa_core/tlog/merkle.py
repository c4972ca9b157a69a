"""Merkle trees (RFC 6962): root hashes, and the proofs that whoever has the tree can make."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from hansa_core.tlog.spelling import HASH_BYTES, MAX_NUMBER

_LEAF = b"\x00"  # RFC 6962, 2.1: keeps a leaf from ever passing for a node
_NODE = b"\x01"
EMPTY_ROOT = hashlib.sha256(b"").digest()
_sha256 = hashlib.sha256


def leaf_hash(entry: bytes) -> bytes:
    """The hash of an entry as a leaf."""
    return _sha256(_LEAF + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node over two subtrees."""
    return _sha256(_NODE + left + right).digest()


class HashReader(Protocol):
    """Knows the hashes of the complete subtrees of one tree."""

    def __call__(self, level: int, index: int, /) -> bytes:
        """The root of leaves `index * 2**level` up to `(index + 1) * 2**level`, all of which the tree has."""


@dataclass(frozen=True, slots=True)
class Frontier:
    """The right edge of a tree: all that appending and the root need.

    `hashes`: the roots of the complete subtrees that `size` falls into, the largest (leftmost) first.
    """

    size: int = 0
    hashes: tuple[bytes, ...] = ()

    def __post_init__(self) -> None:
        if not 0 <= self.size <= MAX_NUMBER:
            raise ValueError(f"size is {self.size}; it must lie from 0 to 2^63 - 1")
        if len(self.hashes) != self.size.bit_count() or any(len(each) != HASH_BYTES for each in self.hashes):
            raise ValueError(
                f"a tree of {self.size} leaves ends in {self.size.bit_count()} hashes of {HASH_BYTES} bytes"
            )

    @classmethod
    def of(cls, size: int, read: HashReader) -> Frontier:
        """The right edge of the tree that `read` knows."""
        return cls(size, tuple(read(level, index) for level, index in _complete_subtrees(size)))

    def append(self, leaf: bytes) -> Frontier:
        """The right edge after one more leaf. `leaf`: its leaf hash."""
        return self.extend((leaf,))

    def extend(self, leaves: Iterable[bytes]) -> Frontier:
        """The right edge after more leaves. `leaves`: their leaf hashes."""
        frontier, _ = grow(self, leaves)
        return frontier

    @property
    def root(self) -> bytes:
        """The root hash of the tree."""
        if not self.hashes:
            return EMPTY_ROOT
        root = self.hashes[-1]
        for left in self.hashes[-2::-1]:
            root = node_hash(left, root)
        return root


def grow(frontier: Frontier, leaves: Iterable[bytes]) -> tuple[Frontier, list[tuple[int, int, bytes]]]:
    """The right edge after more leaves, and each complete subtree that they made: (level, index, hash), leaves too.

    `leaves`: leaf hashes. What comes back is what a HashReader must know from now on.
    """
    stack = list(frontier.hashes)
    size = frontier.size
    made: list[tuple[int, int, bytes]] = []
    for leaf in leaves:
        made.append((0, size, leaf))
        value, level, index = leaf, 0, size
        while index & 1:
            value = _sha256(_NODE + stack.pop() + value).digest()
            level += 1
            index >>= 1
            made.append((level, index, value))
        stack.append(value)
        size += 1
    return Frontier(size, tuple(stack)), made


def root_of_leaves(leaves: Sequence[bytes]) -> bytes:
    """The root over these leaf hashes, from nothing but them: the fast way to check a whole log."""
    row = list(leaves)
    if not row:
        return EMPTY_ROOT
    while len(row) > 1:
        above = [_sha256(_NODE + left + right).digest() for left, right in zip(row[::2], row[1::2], strict=False)]
        if len(row) % 2:  # RFC 6962 hashes the last, incomplete subtree one level up, unchanged
            above.append(row[-1])
        row = above
    return row[0]


def root_of(size: int, read: HashReader) -> bytes:
    """The root of the first `size` leaves."""
    return Frontier.of(size, read).root


def inclusion_proof(index: int, size: int, read: HashReader) -> tuple[bytes, ...]:
    """Proves that leaf `index` lies in the tree of `size` leaves: RFC 6962, 2.1.1. Raises ValueError unless it does."""
    if not 0 <= index < size:
        raise ValueError(f"leaf {index} does not lie in a tree of {size} leaves")
    proof: list[bytes] = []
    start, end = 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            proof.append(_range_hash(middle, end, read))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    return tuple(reversed(proof))


def consistency_proof(old: int, new: int, read: HashReader) -> tuple[bytes, ...]:
    """Proves that the tree of `old` leaves begins that of `new`: RFC 6962, 2.1.2. Empty where old is 0 or new.

    Raises ValueError unless 0 <= old <= new.
    """
    if not 0 <= old <= new:
        raise ValueError(f"a tree of {old} leaves cannot begin one of {new}")
    if old in (0, new):
        return ()
    proof: list[bytes] = []
    start, end = 0, new
    while old != end:
        middle = start + _split(end - start)
        if old <= middle:
            proof.append(_range_hash(middle, end, read))
            end = middle
        else:
            proof.append(_range_hash(start, middle, read))
            start = middle
    if start != 0:  # else the old root itself would be the proof's first hash, which the verifier has
        proof.append(_range_hash(start, end, read))
    return tuple(reversed(proof))


def _split(width: int) -> int:
    """The largest power of two below `width` (>= 2)."""
    return 1 << ((width - 1).bit_length() - 1)


def _complete_subtrees(size: int) -> Iterable[tuple[int, int]]:
    """Level and index of the complete subtrees that `size` leaves fall into, the largest first."""
    return ((level, (size >> level) - 1) for level in reversed(range(size.bit_length())) if size >> level & 1)


def _range_hash(start: int, end: int, read: HashReader) -> bytes:
    """The root over leaves start up to end; start is a multiple of the least power of two >= end - start."""
    width = end - start
    hashes = [read(level, (start >> level) + index) for level, index in _complete_subtrees(width)]
    return Frontier(width, tuple(hashes)).root
