"""Verification of a whole log: entries a second, and what an entry takes on the auditor's disk.

The reference is SHA-256 alone over the same entries: no reader of the log can do with less. One log has decisions that
differ in hashes and times alone, the other one those of twelve organisations with six purposes, refusals and costs.
"""

from __future__ import annotations

import hashlib
import secrets
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import count, islice
from pathlib import Path
from random import Random
from time import process_time
from typing import Any

from hansa_audit.folder.rebuilt_tree import RebuiltTree
from hansa_audit.folder.trusted_keys import vkeys_text
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.evidence.body import Body, Charge, PolicyRef, RosterRef
from hansa_core.evidence.entry import Entry, encode_entry
from hansa_core.evidence.log_entries import LogGenesis
from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.evidence.rule_entries import (
    BudgetCreated,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
)
from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.note import ED25519, VerifierKey
from hansa_core.tlog.policy import PolicyLog, TlogPolicy
from hansa_core.tlog.tiles import TILE_WIDTH, Tile, encode_bundle
from report import figure, heading

ENTRIES = 50_000
ORIGIN, DATASET = "node.bench/log", "town.permits/1"
POLICY, ROSTER = PolicyRef(id="bench.policy", version=1), RosterRef(version=1, hash="ab" * 32)
DIGEST = "cd" * 32
LIMIT = 10**12


def measure() -> None:
    """Print the section."""
    signer = Ed25519Signer(secrets.token_bytes(32))
    heading(f"audit: a log of {ENTRIES:,} decisions verified")
    _measure(_leaves(signer, _alike()), signer)
    heading(f"audit: a log of {ENTRIES:,} decisions of many kinds verified")
    _measure(_leaves(signer, _mixed(Random(0))), signer)


def _measure(leaves: Sequence[bytes], signer: Ed25519Signer) -> None:
    with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
        folder = Path(temporary)
        _write(folder, leaves, signer)
        floor = _per_second(lambda: [hashlib.sha256(leaf).digest() for leaf in leaves])
        root = _per_second(lambda: _root(leaves, lambda tile, hashes: None))
        verified = _per_second(lambda: _verified(folder))
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    figure("reference: SHA-256 over the entries", floor, "entries per second of a core")
    figure("root rebuilt from the entries", root, f"entries per second, {root / floor:.2f} × reference")
    figure("verified with all checks", verified, f"entries per second, {verified / floor:.3f} × reference")
    figure("an entry", sum(map(len, leaves)) / len(leaves), "bytes")
    figure("disk for an entry", size / len(leaves), "bytes, with its share of the tiles")


def _verified(folder: Path) -> None:
    verdict = verify_folder(folder)
    assert verdict.holds, verdict.findings[:3]


def _root(leaves: Sequence[bytes], take: Callable[[Tile, Sequence[bytes]], None]) -> bytes:
    tree = RebuiltTree(take)
    for start in range(0, len(leaves), TILE_WIDTH):
        tree.extend([leaf_hash(leaf) for leaf in leaves[start : start + TILE_WIDTH]])
    return tree.finish()


def _per_second(work: Callable[[], object]) -> float:
    """Per second of one core, whatever else runs on the machine."""
    start = process_time()
    work()
    return ENTRIES / (process_time() - start)


def _leaves(signer: Ed25519Signer, decisions: Iterator[QueryDecision]) -> list[bytes]:
    beginning: list[Body] = [
        LogGenesis(origin=ORIGIN, log_key=signer.public_key.hex()),
        RosterAccepted(roster=ROSTER),
        PolicyPublished(policy=POLICY, policy_hash=DIGEST, opening={"deny": DIGEST}),
        DatasetRegistered(dataset=DATASET, level="open", manifest_hash=DIGEST, contract_hash=DIGEST),
        DataVersion(dataset=DATASET, data_version=1),
        BudgetCreated(ledger="residents", unit="microrho", limit=LIMIT),
    ]
    asked = islice(decisions, ENTRIES - len(beginning))
    return [
        encode_entry(Entry(time_unix_s=1_767_225_600 + number, node="bench", software="0.0.0", body=body))
        for number, body in enumerate((*beginning, *asked))
    ]


def _alike() -> Iterator[QueryDecision]:
    for number in count(1):
        yield _decision(cost=1, spent=number)


def _mixed(random: Random) -> Iterator[QueryDecision]:
    spent = 0
    organisations = [f"organisation {'x' * random.randint(1, 20)} {number}" for number in range(12)]
    purposes = [f"purpose-{'y' * random.randint(1, 9)}" for _ in range(6)]
    yield _decision(cost=0, spent=0)
    while True:
        kind = random.choices(("permit", "recalled", "refuse"), (65, 20, 15))[0]
        cost = random.choice((1, 10, 250, 5000, random.randint(1, 10**6))) if kind == "permit" else 0
        spent += cost
        decision = _decision(cost=cost, spent=spent)
        said: dict[str, Any] = {"organisation": random.choice(organisations), "purpose": random.choice(purposes)}
        if kind != "permit":
            said["opening"] = {name: digest for name, digest in decision.opening.items() if name != "causes"}
        if kind == "recalled":
            said["recalled"] = True
        if kind == "refuse":
            said |= {"decision": "refuse", "code": random.choice(("purpose_not_allowed", "denied")), "ledgers": ()}
        yield replace(decision, **said)


def _decision(*, cost: int, spent: int) -> QueryDecision:
    return QueryDecision(
        query_hash=secrets.token_hex(32),
        organisation="bench",
        purpose="statistics",
        dataset=DATASET,
        level="open",
        data_version=1,
        policy=POLICY,
        policy_hash=DIGEST,
        manifest_hash=DIGEST,
        roster=ROSTER,
        decision="permit",
        ledgers=(Charge(ledger="residents", unit="microrho", cost=cost, spent=spent, limit=LIMIT),),
        result_hash=secrets.token_hex(32),
        opening={field: secrets.token_hex(32) for field in ("query", "analyst", "causes")},
    )


def _write(folder: Path, leaves: Sequence[bytes], signer: Ed25519Signer) -> None:
    def take(tile: Tile, hashes: Sequence[bytes]) -> None:
        _file(folder / tile.path, b"".join(hashes))
        if tile.level == 0:
            _file(folder / tile.entries_path, encode_bundle(leaves[tile.start : tile.start + tile.width]))

    root = _root(leaves, take)
    policy = TlogPolicy(logs=(PolicyLog(key=VerifierKey(ORIGIN, ED25519, signer.public_key)),))
    _file(folder / "checkpoint", sign_checkpoint(Checkpoint(ORIGIN, len(leaves), root), signer))
    _file(folder / "vkeys.txt", vkeys_text(policy))


def _file(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


if __name__ == "__main__":
    measure()
