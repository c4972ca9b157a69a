"""Tools that are not ours accept our logs and receipts, reject every tampered one, and we read theirs."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of, root_of_leaves
from hansa_core.tlog.note import VerifierKey
from hansa_core.tlog.proof import decode_proof, encode_proof
from hansa_core.tlog.tiles import TileHashes, decode_bundle
from hansa_exported_log import LOG_VKEY, OPENED, ExportedLog, exported, written_store
from hansa_go_verifier import GoVerifier
from hansa_log_verifiers import (
    RejectedError,
    check_with_go,
    check_with_metamorphic,
    check_with_ours,
    check_with_tlog_scales,
)
from hansa_node.node_store import NodeStore
from hansa_tlog_values import flipped
from hansa_whole_trees import tiles_of

pytestmark = pytest.mark.xdist_group("other tools")

TAMPERED_SIZE = 300
SIZES = (OPENED + 1, 255, 256, 257, TAMPERED_SIZE, 512, 65_536, 65_800)
LARGE = 10_000


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeStore]:
    opened = written_store(tmp_path_factory.mktemp("store") / "store.sqlite", SIZES)
    yield opened
    opened.close()


@pytest.mark.parametrize("size", SIZES)
def test_every_reader_accepts_our_log_its_cosignatures_and_receipts(
    store: NodeStore, go: GoVerifier, tmp_path: Path, size: int
) -> None:
    indexes = {0, OPENED, size // 2, size - 2, size - 1}
    log = exported(store, size, tmp_path, receipts=sorted(indexes))
    check_with_go(log, go)
    if size < LARGE:
        check_with_ours(log)
        check_with_tlog_scales(log)
        check_with_metamorphic(log)


def test_the_others_command_line_reads_our_folder_and_proves_what_we_prove(store: NodeStore, tmp_path: Path) -> None:
    size, index = SIZES[-1], SIZES[-1] - 10
    log = exported(store, size, tmp_path)
    leaf = tlog_tiles("get-leaf", "--check", str(log.folder), str(index))
    assert [leaf] == store.log.tree.entries(index, index + 1)
    proof = decode_proof(tlog_tiles("gen-proof", str(log.folder), str(index)))
    assert proof.verify(leaf, LOG_VKEY).size == size
    assert proof == replace(decode_proof(store.log.receipt(index)), checkpoint_note=proof.checkpoint_note, extra=b"")
    (tmp_path / "tile/2/000.p/1").write_bytes(b"\1" * 32)
    with pytest.raises(subprocess.CalledProcessError):
        tlog_tiles("get-leaf", "--check", str(log.folder), str(index))


@pytest.mark.parametrize("kind", ["checkpoint", "tile/0/", "tile/1/", "tile/entries/", "receipts/", "openings/"])
def test_one_flipped_bit_anywhere_is_rejected_by_every_reader_and_ours_says_where(
    store: NodeStore, go: GoVerifier, tmp_path: Path, kind: str
) -> None:
    log = exported(store, TAMPERED_SIZE, tmp_path, receipts=(OPENED, TAMPERED_SIZE - 1))
    names = [str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file()]
    tampered = [name for name in names if name.startswith(kind)]
    assert tampered
    for name in tampered:
        content = (tmp_path / name).read_bytes()
        for bit in sampled_bits(content):
            (tmp_path / name).write_bytes(flipped(content, bit))
            with pytest.raises(RejectedError):
                check_with_go(log, go)
            with pytest.raises(RejectedError, match=None if name == "checkpoint" else f"(?m)^{name}"):
                check_with_ours(log)
            if kind != "openings/":  # of which tlog-scales knows nothing
                assert_tlog_scales_rejects(log)
            if kind in ("tile/0/", "tile/entries/", "receipts/"):
                with pytest.raises(RejectedError):
                    check_with_metamorphic(log)
        (tmp_path / name).write_bytes(content)


def test_our_own_reader_takes_a_log_that_go_wrote(go: GoVerifier, tmp_path: Path) -> None:
    size = 700
    go.write(tmp_path, size)
    key = VerifierKey.parse((tmp_path / "vkeys.txt").read_text().rstrip("\n"))
    checkpoint = open_checkpoint((tmp_path / "checkpoint").read_bytes(), key)
    assert (checkpoint.origin, checkpoint.size) == (key.name, size)
    entries = [
        entry
        for tile in tiles_of(size)
        if tile.level == 0
        for entry in decode_bundle((tmp_path / tile.entries_path).read_bytes(), tile.width)
    ]
    assert entries == [b"entry %d" % index for index in range(size)]
    assert root_of_leaves([leaf_hash(entry) for entry in entries]) == checkpoint.root
    assert root_of(size, TileHashes(size, lambda tile: (tmp_path / tile.path).read_bytes())) == checkpoint.root
    for index, entry in enumerate(entries):
        receipt = (tmp_path / "receipts" / str(index)).read_bytes()
        proof = decode_proof(receipt)
        assert (proof.index, proof.extra, encode_proof(proof)) == (index, entry, receipt)
        assert proof.verify(entry, key) == checkpoint


def sampled_bits(content: bytes) -> list[int]:
    """Some of the bits: in text three of each line and one of its end, elsewhere twenty-four."""
    try:
        lines = content.decode().splitlines(keepends=True)
    except UnicodeDecodeError:
        lines = []
    if len(lines) < 3:
        positions = {len(content) * share // 24 for share in range(24)} | {len(content) - 1}
    else:
        positions, start = set(), 0
        for line in lines:
            width = len(line.encode())
            positions |= {start, start + width // 2, start + max(width - 2, 0), start + width - 1}
            start += width
    return [8 * position + position % 8 for position in sorted(positions)]


def assert_tlog_scales_rejects(log: ExportedLog) -> None:
    try:
        check_with_tlog_scales(log)
    except Exception:  # noqa: BLE001  its own errors, whatever they are
        return
    pytest.fail("tlog-scales accepts it")


def tlog_tiles(*arguments: str) -> bytes:
    """What the command of tlog-scales prints."""
    command = [sys.executable, "-m", "tlog_scales.cli", *arguments]
    return subprocess.run(command, capture_output=True, check=True, timeout=60).stdout
