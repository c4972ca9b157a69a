"""The log as one transaction left it, with the hashes that prove each of its new entries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hansa_core.tlog.merkle import Frontier, HashReader, inclusion_proof, node_hash
from hansa_core.tlog.proof import TlogProof, encode_proof, write_proof

Node = tuple[int, int]
"""Level and index: the root of leaves `index * 2**level` up to, not including, `(index + 1) * 2**level`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The right edge of the tree, and the time of its last entry: an earlier one may not follow."""

    frontier: Frontier
    time_unix_s: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """The log as one transaction left it. `leaves`: those that it appended. `note`: the checkpoint over them.

    `hashes`: the nodes that their proofs are made of: the edge of the tree as it was, and all that grew on it.
    """

    head: Head
    note: bytes
    leaves: Sequence[bytes]
    hashes: Mapping[Node, bytes]
    _whole: Mapping[Node, bytes] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_whole", dict(self.hashes) | _last_nodes(self.head.frontier.size, self.hashes))

    def receipt(self, index: int) -> bytes:
        """The receipt of an entry that this transaction appended."""
        leaf = self.leaves[index - (self.head.frontier.size - len(self.leaves))]
        return write_proof(index, self.proof(index), self.note, leaf)

    def proof(self, index: int) -> tuple[bytes, ...]:
        """What `inclusion_proof` gives, without searching: the hash beside the path at each level that has one."""
        last = self.head.frontier.size - 1
        beside = ((level, index >> level ^ 1) for level in range(last.bit_length()))
        return tuple(self._whole[level, at] for level, at in beside if at <= last >> level)


def receipt_of(index: int, size: int, leaf: bytes, note: bytes, read: HashReader) -> bytes:
    """A tlog-proof of the entry against the checkpoint of `size` in `note`, with the leaf itself as extra."""
    return encode_proof(
        TlogProof(index=index, hashes=inclusion_proof(index, size, read), checkpoint_note=note, extra=leaf)
    )


def edge_hashes(frontier: Frontier) -> dict[Node, bytes]:
    """The frontier's subtrees: all that lies left of a new entry's path to the root."""
    found: dict[Node, bytes] = {}
    start = 0
    for level in range(frontier.size.bit_length() - 1, -1, -1):
        if frontier.size >> level & 1:
            found[level, start >> level] = frontier.hashes[len(found)]
            start += 1 << level
    return found


def _last_nodes(size: int, hashes: Mapping[Node, bytes]) -> dict[Node, bytes]:
    """The last node of each level, where it is incomplete: what lies right of every other path."""
    found: dict[Node, bytes] = {}
    last = size - 1
    value = hashes[0, last]
    for level in range(last.bit_length()):
        at = last >> level
        if at & 1:
            value = node_hash(hashes[level, at - 1], value)
        found[level + 1, at >> 1] = value  # of an even one, RFC 6962 carries the hash up unchanged
    return {node: each for node, each in found.items() if node not in hashes}
