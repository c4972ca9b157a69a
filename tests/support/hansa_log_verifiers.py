"""Readers of one log: Go's packages, tlog-scales, metamorphic-log, and ours. Each raises at what does not hold."""

from __future__ import annotations

from pathlib import Path

import metamorphic_log
from tlog_scales.backend import LocalBackend
from tlog_scales.reader import TilesReader
from tlog_scales.signing import Vkey, VkeySet
from tlog_scales.tiles import leaf_hash as their_leaf_hash
from tlog_scales.tlog import Checkpoint as TheirCheckpoint
from tlog_scales.utils import b64enc

from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import PeerError
from hansa_core.tlog.merkle import inclusion_proof, leaf_hash
from hansa_core.tlog.proof import decode_proof
from hansa_core.tlog.tiles import TILE_WIDTH, TileHashes, decode_bundle, tile_at
from hansa_exported_log import QUORUM, ExportedLog
from hansa_go_verifier import GoVerifier


class RejectedError(Exception):
    """A reader that is no Python, or no verifier by itself, found fault."""


def check_with_go(log: ExportedLog, go: GoVerifier) -> None:
    """Everything: log, cosignatures, receipts and disclosures."""
    complaint = go.complaint(log.folder, log.files, quorum=QUORUM)
    if complaint is not None:
        raise RejectedError(complaint)


def check_with_tlog_scales(log: ExportedLog) -> None:
    """Log, cosignatures and receipts; of openings it knows nothing.

    Its parsers are lenient, so what it read must also be what it would write.
    """
    reader = TilesReader(LocalBackend(log.folder))
    checkpoint = reader.get_checkpoint()
    vkeys = [Vkey.from_string(line) for line in (log.folder / "vkeys.txt").read_text().splitlines()]
    if checkpoint.serialize().encode() != (log.folder / "checkpoint").read_bytes():
        raise RejectedError("the checkpoint is spelled loosely")
    if {key.name for key, _ in VkeySet(*vkeys).verify(checkpoint.signatures, checkpoint)} != {k.name for k in vkeys}:
        raise RejectedError("a signature is missing")
    if reader.calculate_root_hash() != checkpoint.root_hash:
        raise RejectedError("the tiles do not lead to the root")
    for index in range(checkpoint.size):
        if reader.mth(index, index + 1) != their_leaf_hash(reader.get_entry(index)):
            raise RejectedError(f"tile/0 and tile/entries differ about entry {index}")
    last = checkpoint.size - 1
    for index in {*range(0, last, TILE_WIDTH), *range(TILE_WIDTH - 1, last, TILE_WIDTH), last}:
        _prove(reader, checkpoint, index)  # an entry's path takes in every hash of its tile but its own
    for path in log.receipts:
        _check_receipt(reader, path.read_bytes(), vkeys[0])


def check_with_metamorphic(log: ExportedLog) -> None:
    """The log's own signature, and each entry and receipt against it; cosignatures are of a type that it leaves out.

    It reads no files: it is given each entry out of the bundles, with the way to the root that the tiles show.
    """
    note, log_key = _text(log.folder / "checkpoint"), _text(log.folder / "vkeys.txt").splitlines()[0]
    try:
        size = metamorphic_log.checkpoint_verify(note, [log_key]).size
        hashes = TileHashes(size, lambda tile: (log.folder / tile.path).read_bytes())
        for number in range(-(-size // TILE_WIDTH)):
            tile = tile_at(0, number, size)
            entries = decode_bundle((log.folder / tile.entries_path).read_bytes(), tile.width)
            for index, entry in enumerate(entries, start=tile.start):
                way = list(inclusion_proof(index, size, hashes))
                metamorphic_log.checkpoint_verify_inclusion(note, [log_key], index, leaf_hash(entry), way)
        for path in log.receipts:
            receipt = decode_proof(path.read_bytes())
            metamorphic_log.checkpoint_verify_inclusion(
                receipt.checkpoint_note.decode(),
                [log_key],
                receipt.index,
                leaf_hash(receipt.extra or b""),
                list(receipt.hashes),
            )
    except (metamorphic_log.VerifyError, PeerError) as broken:
        raise RejectedError(str(broken)) from broken


def check_with_ours(log: ExportedLog) -> None:
    """Everything: log, cosignatures, entries, receipts and disclosures. It says where."""
    try:
        verdict = verify_folder(log.folder)
    except PeerError as broken:
        raise RejectedError(str(broken)) from broken
    if not verdict.holds:
        raise RejectedError("\n".join(f"{finding.file}: {finding.text}" for finding in verdict.findings))
    assert (verdict.receipts, verdict.openings) == (len(log.receipts), len(log.disclosures))


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError as broken:
        raise RejectedError(f"{path.name} is no text") from broken


def _prove(reader: TilesReader, checkpoint: TheirCheckpoint, index: int) -> list[bytes]:
    proof = reader.get_inclusion_proof(index, checkpoint.size)
    proof.check(their_leaf_hash(reader.get_entry(index)), checkpoint.root_hash)
    return list(proof.node_hashes)


def _check_receipt(reader: TilesReader, receipt: bytes, log_key: Vkey) -> None:
    """The receipt is the one that its own tools write for the entry, under a checkpoint that the log signed."""
    head, _, note = receipt.decode().partition("\n\n")
    checkpoint = TheirCheckpoint.from_text(note)
    checkpoint.verify(log_key)
    index = int(head.splitlines()[2].removeprefix("index "))
    hashes = _prove(reader, checkpoint, index)
    lines = ["c2sp.org/tlog-proof@v1", f"extra {b64enc(reader.get_entry(index))}", f"index {index}"]
    lines += [*map(b64enc, hashes), "", checkpoint.serialize()]
    if "\n".join(lines).encode() != receipt:
        raise RejectedError("the receipt is not the one of that entry")
