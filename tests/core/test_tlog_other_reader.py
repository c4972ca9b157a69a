"""A third-party reader, PyPI's tlog-scales, sees in our log what we see, and the other way round."""

from __future__ import annotations

from pathlib import Path

import pytest
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import PlainEd25519Signer, Vkey, VkeySet
from tlog_scales.tlog import ConsistencyProof, InclusionProof
from tlog_scales.writer import TilesWriter

from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.merkle import consistency_proof, inclusion_proof, root_of
from hansa_core.tlog.merkle_checks import check_consistency, check_inclusion
from hansa_core.tlog.note import VerifierKey
from hansa_core.tlog.tiles import TileHashes, decode_bundle, encode_bundle
from hansa_tlog_values import (
    ENTRIES,
    LEAVES,
    LOG_KEY,
    WITNESS_KEYS,
    checkpoint_at,
    note_at,
    read_hash,
)
from hansa_whole_trees import tile_bytes, tiles_of

SIZE = len(ENTRIES)
PAIRS = [(1, SIZE), (7, 256), (128, 200), (255, 256), (256, 257), (299, SIZE), (SIZE, SIZE)]


@pytest.fixture
def reader(tmp_path: Path) -> TilesReader:
    """The other reader, over our log laid out as files."""
    files = {"checkpoint": note_at(SIZE, cosigned_by=2)}
    for tile in tiles_of(SIZE):
        files[tile.path] = tile_bytes(tile, read_hash)
        if tile.level == 0:
            files[tile.entries_path] = encode_bundle(ENTRIES[tile.start : tile.start + tile.width])
    for path, content in files.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(content)
    return TilesReader(LocalBackend(tmp_path))


def test_the_other_reader_finds_our_root_and_our_entries(reader: TilesReader) -> None:
    checkpoint = reader.get_checkpoint()
    assert (checkpoint.origin, checkpoint.size) == (LOG_KEY.name, SIZE)
    assert reader.calculate_root_hash() == checkpoint.root_hash == checkpoint_at(SIZE).root
    assert [reader.get_entry(index) for index in range(SIZE)] == list(ENTRIES)


def test_the_other_reader_verifies_our_signature_and_our_cosignatures(reader: TilesReader) -> None:
    checkpoint = reader.get_checkpoint()
    keys = VkeySet(*(Vkey.from_string(key.text) for key in (LOG_KEY, *WITNESS_KEYS)))
    assert {key.name for key, _ in keys.verify(checkpoint.signatures, checkpoint)} == {
        LOG_KEY.name,
        WITNESS_KEYS[0].name,
        WITNESS_KEYS[1].name,
    }


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_both_make_and_believe_the_same_proofs(reader: TilesReader, old: int, new: int) -> None:
    reader.get_checkpoint()
    roots = checkpoint_at(old).root, checkpoint_at(new).root
    consistency = reader.get_consistency_proof(old, new).node_hashes
    check_consistency(old, new, consistency, *roots)
    ConsistencyProof(old, new, list(consistency_proof(old, new, read_hash))).check(*roots)
    inclusion = reader.get_inclusion_proof(old - 1, new).node_hashes
    check_inclusion(LEAVES[old - 1], old - 1, new, inclusion, roots[1])
    InclusionProof(old - 1, new, list(inclusion_proof(old - 1, new, read_hash))).check(LEAVES[old - 1], roots[1])


def test_we_read_a_log_that_the_other_one_wrote(tmp_path: Path) -> None:
    signer = PlainEd25519Signer("other.example/log", bytes(range(32)))
    writer = TilesWriter.create(tmp_path / "log", signer.vkey.name)
    for size in (100, SIZE):
        for entry in ENTRIES[writer.size : size]:
            writer.add_leaf(entry)
        writer.commit([signer])
    key = VerifierKey.parse(signer.vkey.serialize())  # type: ignore[no-untyped-call]
    checkpoint = open_checkpoint((tmp_path / "log" / "checkpoint").read_bytes(), key)
    assert checkpoint == Checkpoint(key.name, SIZE, checkpoint_at(SIZE).root)
    assert root_of(SIZE, TileHashes(SIZE, lambda tile: (tmp_path / "log" / tile.path).read_bytes())) == checkpoint.root
    for tile in tiles_of(SIZE):
        if tile.level == 0:
            bundle = (tmp_path / "log" / tile.entries_path).read_bytes()
            assert decode_bundle(bundle, tile.width) == ENTRIES[tile.start : tile.start + tile.width]
