"""aics-tlog accepts our logs and receipts and rejects tampered ones; it needs Python 3.12: `make test-pythons`."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aics_tlog import FileSystemTileReader, parse_note, parse_vkey, verify_checkpoint, verify_leaf_inclusion
from aics_tlog.note import b64_decode
from aics_tlog.verified import audit_tiles

from hansa_audit.folder.held_log import open_log
from hansa_core.tlog.proof import encode_proof
from hansa_exported_log import OPENED, QUORUM, ExportedLog, exported, written_store
from hansa_node.node_store import NodeStore
from hansa_tlog_values import flipped

SIZES = (OPENED + 1, 256, 300, 600)


class RejectedError(Exception):
    """It found fault."""


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[NodeStore]:
    opened = written_store(tmp_path_factory.mktemp("store") / "store.sqlite", SIZES)
    yield opened
    opened.close()


def check_with_aics(log: ExportedLog) -> None:
    """Log, cosignatures of the quorum, every tile and bundle, and receipts; of openings it knows nothing."""
    size, root = _signed(log, (log.folder / "checkpoint").read_bytes(), QUORUM)
    audit_tiles(FileSystemTileReader(log.folder), size, root)
    for path in log.receipts:
        check_proof(log, path.read_bytes(), quorum=0)  # a receipt comes with the answer, before any witness was asked


def check_proof(log: ExportedLog, proof: bytes, *, quorum: int) -> None:
    head, _, note = proof.partition(b"\n\n")
    size, root = _signed(log, note, quorum)
    kind, extra, index, *way = head.decode().split("\n")
    if kind != "c2sp.org/tlog-proof@v1":
        raise RejectedError("it is no proof")
    entry, number = b64_decode(extra.removeprefix("extra ")), int(index.removeprefix("index "))
    if not verify_leaf_inclusion(entry, number, size, [b64_decode(each) for each in way], root):
        raise RejectedError("the proof does not lead to the root")


def _signed(log: ExportedLog, note: bytes, quorum: int) -> tuple[int, bytes]:
    """Size and root of a checkpoint that the log and so many of its witnesses signed."""
    log_key, *witnesses = map(parse_vkey, (log.folder / "vkeys.txt").read_text().splitlines())
    result = verify_checkpoint(parse_note(note), log_key, witnesses, quorum, expected_origin=log_key.name)
    if not result.ok or result.size is None or result.root is None:
        raise RejectedError(result.error)
    return result.size, result.root


@pytest.mark.parametrize("size", SIZES)
def test_it_accepts_our_log_its_cosignatures_and_receipts(store: NodeStore, tmp_path: Path, size: int) -> None:
    check_with_aics(exported(store, size, tmp_path, receipts=sorted({0, OPENED, size - 1})))


def test_it_accepts_a_proof_of_ours_at_the_quorum_of_witnesses(store: NodeStore, tmp_path: Path) -> None:
    log = exported(store, 300, tmp_path)
    for index in (0, OPENED, 255, 256, 299):
        check_proof(log, encode_proof(open_log(tmp_path).proof(index)), quorum=QUORUM)


@pytest.mark.parametrize("kind", ["checkpoint", "tile/0/", "tile/1/", "tile/entries/", "receipts/"])
def test_it_rejects_flipped_bits_and_what_is_cut_emptied_or_deleted(
    store: NodeStore, tmp_path: Path, kind: str
) -> None:
    log = exported(store, 300, tmp_path, receipts=(OPENED, 299))
    tampered = [path for path in tmp_path.rglob("*") if str(path.relative_to(tmp_path)).startswith(kind)]
    for path in filter(Path.is_file, tampered):
        content = path.read_bytes()
        bits = sorted({len(content) * 8 * share // 40 for share in range(40)})
        for wrong in (*(flipped(content, bit) for bit in bits), content[:-10], b""):
            path.write_bytes(wrong)
            assert_rejected(log)
        path.unlink()
        assert_rejected(log)
        path.write_bytes(content)
    check_with_aics(log)


def assert_rejected(log: ExportedLog) -> None:
    with pytest.raises((RejectedError, ValueError, OSError)):  # its own errors are ValueError and OSError
        check_with_aics(log)
