"""The Merkle tree: one root for one list, and no proof but the right one."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Sequence

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    grow,
    inclusion_proof,
    leaf_hash,
    node_hash,
    root_of,
    root_of_leaves,
)
from hansa_core.tlog.merkle_checks import check_consistency, check_inclusion
from hansa_tlog_values import LEAVES, VECTORS, flipped, read_hash
from hansa_whole_trees import tree_hashes

SIZES = st.integers(min_value=0, max_value=len(LEAVES))
OTHER = bytes(32)


# The reference: RFC 6962, 2.1, in its own recursive words.


def split(size: int) -> int:
    k = 1
    while k * 2 < size:
        k *= 2
    return k


def mth(leaves: Sequence[bytes]) -> bytes:
    if not leaves:
        return hashlib.sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    k = split(len(leaves))
    return hashlib.sha256(b"\x01" + mth(leaves[:k]) + mth(leaves[k:])).digest()


def path(m: int, leaves: Sequence[bytes]) -> list[bytes]:
    if len(leaves) == 1:
        return []
    k = split(len(leaves))
    if m < k:
        return [*path(m, leaves[:k]), mth(leaves[k:])]
    return [*path(m - k, leaves[k:]), mth(leaves[:k])]


def subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = split(len(leaves))
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


def test_hashes_are_those_of_the_published_vectors() -> None:
    figures = VECTORS["rfc6962"]
    assert EMPTY_ROOT.hex() == figures["empty_root"]
    assert leaf_hash(b"").hex() == figures["empty_leaf"]
    assert leaf_hash(b"L123456").hex() == figures["leaf_L123456"]
    assert node_hash(b"N123", b"N456").hex() == figures["node_N123_N456"]
    assert leaf_hash(b"hello world") == base64.b64decode(VECTORS["leaf_hash_of_hello_world"])


def test_roots_are_those_of_the_published_vectors() -> None:
    leaves = [leaf_hash(bytes.fromhex(leaf)) for leaf in VECTORS["rfc6962"]["leaves"]]
    roots = [Frontier().extend(leaves[:size]).root.hex() for size in range(1, 9)]
    assert roots == VECTORS["rfc6962"]["roots"]


@given(SIZES)
def test_every_way_to_the_root_is_that_of_the_reference(size: int) -> None:
    leaves = LEAVES[:size]
    frontier = Frontier()
    for leaf in leaves:
        frontier = frontier.append(leaf)
    assert frontier.root == Frontier().extend(leaves).root == root_of_leaves(leaves) == root_of(size, read_hash)
    assert frontier.root == mth(leaves)
    assert frontier == Frontier.of(size, read_hash)


@given(SIZES, SIZES)
def test_growing_in_batches_makes_every_complete_subtree_once(first: int, second: int) -> None:
    first, second = sorted((first, second))
    frontier, made = grow(Frontier(), LEAVES[:first])
    frontier, more = grow(frontier, LEAVES[first:second])
    levels = tree_hashes(LEAVES[:second])
    complete = {(level, index): value for level, row in enumerate(levels) for index, value in enumerate(row)}
    assert len(made) + len(more) == len(complete) == (2 * second - second.bit_count() if second else 0)
    assert {(level, index): value for level, index, value in (*made, *more)} == complete
    assert frontier == Frontier.of(second, read_hash)


@given(st.integers(min_value=1, max_value=len(LEAVES)), st.data())
def test_inclusion_proofs_are_those_of_the_reference_and_are_believed(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    proof = inclusion_proof(index, size, read_hash)
    assert list(proof) == path(index, LEAVES[:size])
    check_inclusion(LEAVES[index], index, size, proof, mth(LEAVES[:size]))


@given(SIZES, SIZES)
def test_consistency_proofs_are_those_of_the_reference_and_are_believed(old: int, new: int) -> None:
    old, new = sorted((old, new))
    proof = consistency_proof(old, new, read_hash)
    assert list(proof) == ([] if old == 0 else subproof(old, LEAVES[:new], True))
    check_consistency(old, new, proof, mth(LEAVES[:old]), mth(LEAVES[:new]))


@given(st.integers(min_value=1, max_value=len(LEAVES)), st.data())
def test_no_bit_of_an_inclusion_proof_can_be_changed(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(min_value=0, max_value=size - 1))
    root = root_of(size, read_hash)
    parts = [LEAVES[index], root, *inclusion_proof(index, size, read_hash)]
    which = data.draw(st.integers(min_value=0, max_value=len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(min_value=0, max_value=255)))
    leaf, root, *proof = parts
    with pytest.raises(PeerError):
        check_inclusion(leaf, index, size, proof, root)


@given(SIZES, SIZES, st.data())
def test_no_bit_of_a_consistency_proof_can_be_changed(old: int, new: int, data: st.DataObject) -> None:
    old, new = sorted((old, new))
    assume(old > 0)
    parts = [root_of(old, read_hash), root_of(new, read_hash), *consistency_proof(old, new, read_hash)]
    which = data.draw(st.integers(min_value=0, max_value=len(parts) - 1))
    parts[which] = flipped(parts[which], data.draw(st.integers(min_value=0, max_value=255)))
    old_root, new_root, *proof = parts
    with pytest.raises(PeerError):
        check_consistency(old, new, proof, old_root, new_root)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 13])
def test_an_inclusion_proof_fits_its_own_leaf_and_position_only(size: int) -> None:
    root = root_of(size, read_hash)
    for index in range(size):
        proof = inclusion_proof(index, size, read_hash)
        for other in range(size):
            if other != index:
                with pytest.raises(PeerError, match="proof"):
                    check_inclusion(LEAVES[index], other, size, proof, root)


@pytest.mark.parametrize("size", [1, 2, 3, 6, 7, 8, 13])
def test_an_inclusion_proof_of_another_length_is_refused(size: int) -> None:
    root = root_of(size, read_hash)
    for index in range(size):
        proof = inclusion_proof(index, size, read_hash)
        with pytest.raises(PeerError, match="too long"):
            check_inclusion(LEAVES[index], index, size, [*proof, OTHER], root)
        if proof:
            with pytest.raises(PeerError, match="too short"):
                check_inclusion(LEAVES[index], index, size, proof[:-1], root)


@pytest.mark.parametrize(("old", "new"), [(1, 2), (3, 7), (4, 7), (6, 8), (7, 8), (8, 13), (128, 300)])
def test_a_consistency_proof_of_another_length_is_refused(old: int, new: int) -> None:
    roots = root_of(old, read_hash), root_of(new, read_hash)
    proof = consistency_proof(old, new, read_hash)
    with pytest.raises(PeerError, match="too long"):
        check_consistency(old, new, [*proof, OTHER], *roots)
    with pytest.raises(PeerError, match=r"too short|empty"):
        check_consistency(old, new, proof[:-1], *roots)


@pytest.mark.parametrize(("index", "size"), [(0, 0), (1, 1), (7, 7), (8, 7), (-1, 7), (0, -1), (0, 2**63)])
def test_a_leaf_beyond_its_tree_is_in_no_proof(index: int, size: int) -> None:
    with pytest.raises(PeerError, match="no such leaf"):
        check_inclusion(LEAVES[0], index, size, [], LEAVES[0])


@pytest.mark.parametrize(("old", "new"), [(8, 7), (1, 0), (-1, 7)])
def test_a_log_that_shrinks_is_refused(old: int, new: int) -> None:
    with pytest.raises(PeerError, match="never shrinks"):
        check_consistency(old, new, [], OTHER, OTHER)


@pytest.mark.parametrize(("old", "new"), [(0, 0), (0, 7), (7, 7)])
def test_where_nothing_needs_proof_a_proof_is_refused(old: int, new: int) -> None:
    roots = root_of(old, read_hash), root_of(new, read_hash)
    check_consistency(old, new, [], *roots)
    with pytest.raises(PeerError, match="must be empty"):
        check_consistency(old, new, [OTHER], *roots)


def test_an_empty_tree_with_another_root_is_refused() -> None:
    with pytest.raises(PeerError, match="empty tree"):
        check_consistency(0, 7, [], OTHER, root_of(7, read_hash))


def test_two_roots_at_one_size_are_a_fork() -> None:
    with pytest.raises(PeerError, match="forked"):
        check_consistency(7, 7, [], root_of(7, read_hash), OTHER)


@pytest.mark.parametrize("wrong", [b"", bytes(31), bytes(33)])
def test_what_is_no_hash_is_in_no_proof(wrong: bytes) -> None:
    root = root_of(2, read_hash)
    for leaf, proof, at in [(wrong, [LEAVES[1]], root), (LEAVES[0], [wrong], root), (LEAVES[0], [LEAVES[1]], wrong)]:
        with pytest.raises(PeerError, match="32"):
            check_inclusion(leaf, 0, 2, proof, at)


def test_a_proof_beyond_the_tree_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="does not lie"):
        inclusion_proof(7, 7, read_hash)
    with pytest.raises(ValueError, match="cannot begin"):
        consistency_proof(8, 7, read_hash)


@pytest.mark.parametrize(("size", "hashes"), [(1, ()), (3, (OTHER,)), (1, (b"",)), (-1, ())])
def test_a_right_edge_that_fits_no_tree_is_never_made(size: int, hashes: tuple[bytes, ...]) -> None:
    with pytest.raises(ValueError, match=r"size|leaves"):
        Frontier(size, hashes)
