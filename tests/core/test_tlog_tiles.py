"""Tiles: the paths and contents that any tlog-tiles client expects."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import Frontier, inclusion_proof, leaf_hash, root_of
from hansa_core.tlog.spelling import MAX_NUMBER
from hansa_core.tlog.tiles import (
    MAX_ENTRY_BYTES,
    TILE_WIDTH,
    Tile,
    TileHashes,
    decode_bundle,
    encode_bundle,
    new_tiles,
    tile_at,
)
from hansa_tlog_values import ENTRIES, LEAVES, VECTORS, flipped, read_hash
from hansa_whole_trees import tile_bytes, tiles_of, tree_hashes

TILES = st.builds(
    Tile,
    st.integers(min_value=0, max_value=63),
    st.integers(min_value=0, max_value=MAX_NUMBER),
    st.integers(min_value=1, max_value=TILE_WIDTH),
)
BUNDLES = st.lists(st.binary(max_size=40), min_size=1, max_size=TILE_WIDTH)


@pytest.mark.parametrize(("level", "index", "width", "path"), VECTORS["tile_paths"])
def test_paths_are_those_of_the_specification(level: int, index: int, width: int, path: str) -> None:
    assert Tile(level, index, width).path == path
    assert Tile.parse(path) == Tile(level, index, width)


def test_a_tree_has_the_tiles_that_the_specification_counts() -> None:
    counted = Counter((tile.level, tile.is_full) for tile in tiles_of(70_000))
    figures = VECTORS["tiles_of_70000"]
    assert counted[0, True] == figures["level0_full"]
    assert counted[1, True] == figures["level1_full"]
    assert counted[2, True] == 0
    partial = {tile.level: tile.width for tile in tiles_of(70_000) if not tile.is_full}
    assert [partial[level] for level in range(3)] == [figures[f"level{level}_partial"] for level in range(3)]


def test_a_full_tile_is_a_hash_of_the_level_above() -> None:
    assert list(tiles_of(256)) == [Tile(0, 0, 256), Tile(1, 0, 1)]


@given(TILES)
def test_a_path_leads_back_to_its_tile(tile: Tile) -> None:
    assert Tile.parse(tile.path) == tile


@given(TILES.filter(lambda tile: tile.level == 0) | st.builds(Tile, st.just(0), st.integers(0, MAX_NUMBER)))
def test_the_path_of_a_bundle_leads_back_to_the_tile_that_hashes_it(tile: Tile) -> None:
    assert tile.entries_path == tile.path.replace("tile/0/", "tile/entries/")
    assert Tile.parse_entries(tile.entries_path) == tile


@pytest.mark.parametrize(
    "path",
    [
        "",
        "tile/0",
        "tile/0/0",
        "tile/0/00",
        "tile/0/0000",
        "tile/00/000",
        "tile/+1/000",
        "tile/-1/000",
        "tile/64/000",
        "tile/entries/000",
        "tile/0/x000/001",
        "tile/0/x001/x234/67",
        "tile/0/x001/234/067",
        "tile/0/001/234",
        "tile/0/x001",
        "tile/0/X001/067",
        "tile/0/000.p/0",
        "tile/0/000.p/01",
        "tile/0/000.p/256",
        "tile/0/000.p/",
        "tile/0/000.p",
        "tile/0/000.p/1/",
        "tile/0/000/",
        "/tile/0/000",
        "tile/0/000\n",
        "tile/0/٠٠٠",
        "tile/0/" + "x999/" * 6 + "999",
        "tile/0/" + "x001/" * 4000 + "001",
    ],
)
def test_a_path_in_any_other_spelling_is_refused(path: str) -> None:
    with pytest.raises(PeerError):
        Tile.parse(path)


def test_the_path_of_hashes_is_no_path_of_entries() -> None:
    with pytest.raises(PeerError, match="tile/entries"):
        Tile.parse_entries("tile/0/000")


@given(st.integers(0, 70_000), st.integers(0, 70_000))
def test_what_a_tree_has_and_its_beginning_had_not_is_new(old: int, new: int) -> None:
    old, new = sorted((old, new))
    assert set(new_tiles(old, new)) == set(tiles_of(new)) - set(tiles_of(old))


@given(st.integers(1, len(LEAVES)), st.data())
def test_proofs_from_tiles_are_those_from_the_tree(size: int, data: st.DataObject) -> None:
    stored = {tile: tile_bytes(tile, read_hash) for tile in tiles_of(size)}
    from_tiles = TileHashes(size, stored.__getitem__)
    assert root_of(size, from_tiles) == root_of(size, read_hash)
    index = data.draw(st.integers(0, size - 1))
    assert inclusion_proof(index, size, from_tiles) == inclusion_proof(index, size, read_hash)


def test_a_tree_of_three_levels_of_tiles_is_read_from_them() -> None:
    leaves = [leaf_hash(number.to_bytes(4, "big")) for number in range(66_000)]
    levels = tree_hashes(leaves)
    stored = {tile: tile_bytes(tile, lambda level, index: levels[level][index]) for tile in tiles_of(len(leaves))}
    assert max(tile.level for tile in stored) == 2
    assert root_of(len(leaves), TileHashes(len(leaves), stored.__getitem__)) == Frontier().extend(leaves).root


@pytest.mark.parametrize("content", [b"", bytes(32 * 6), bytes(32 * 7 + 1), bytes(32 * 8)])
def test_a_tile_of_another_length_is_refused(content: bytes) -> None:
    with pytest.raises(PeerError, match="7 hashes"):
        root_of(7, TileHashes(7, lambda tile: content))


def test_a_tile_that_the_tree_has_not_is_our_own_mistake() -> None:
    with pytest.raises(ValueError, match="no tile"):
        tile_at(0, 1, 256)


@given(BUNDLES)
def test_a_bundle_gives_back_its_entries(entries: list[bytes]) -> None:
    assert decode_bundle(encode_bundle(entries), len(entries)) == tuple(entries)


def test_a_bundle_is_laid_out_as_the_specification_says() -> None:
    assert encode_bundle([b"ab", b""]) == b"\x00\x02ab\x00\x00"
    longest = bytes(MAX_ENTRY_BYTES)
    assert decode_bundle(encode_bundle([longest]), 1) == (longest,)


@given(BUNDLES, st.integers(min_value=0))
def test_no_bit_of_a_bundle_can_be_changed_unnoticed(entries: list[bytes], bit: int) -> None:
    changed = flipped(encode_bundle(entries), bit)
    try:
        read = decode_bundle(changed, len(entries))
    except PeerError:
        return
    assert encode_bundle(read) == changed
    assert [leaf_hash(entry) for entry in read] != [leaf_hash(entry) for entry in entries]


@pytest.mark.parametrize(
    ("content", "width"), [(b"", 1), (b"\x00", 1), (b"\x00\x02a", 1), (b"\x00\x00", 2), (b"\x00\x00\x00\x00", 1)]
)
def test_a_bundle_that_is_cut_or_runs_on_is_refused(content: bytes, width: int) -> None:
    with pytest.raises(PeerError, match="bundle"):
        decode_bundle(content, width)


@pytest.mark.parametrize("entries", [[], [b""] * 257, [bytes(MAX_ENTRY_BYTES + 1)]])
def test_what_fits_no_bundle_is_our_own_mistake(entries: list[bytes]) -> None:
    with pytest.raises(ValueError, match=r"bundle|entry"):
        encode_bundle(entries)


def test_the_entries_of_the_example_log_hash_to_its_tiles() -> None:
    for tile in tiles_of(len(ENTRIES)):
        if tile.level == 0:
            entries = ENTRIES[tile.start : tile.start + tile.width]
            assert b"".join(leaf_hash(entry) for entry in entries) == tile_bytes(tile, read_hash)
