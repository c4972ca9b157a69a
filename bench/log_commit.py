"""Decisions a second through the real commit path and the disk, and what one more decision adds.

The reference is what SQLite itself takes for rows of the same size: one insert each, one wait for the disk per batch.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import tempfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path
from time import perf_counter, process_time

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.log_entries import NodeStarted
from hansa_core.partial.answer import Refusal
from hansa_core.signing.dsse import Ed25519Signer
from hansa_node.log.identity import LogIdentity
from hansa_node.log.records import Commitment, QueryRecord
from hansa_node.node_store import NodeStore
from hansa_node.pipeline.commit import seal
from report import figure, heading, row

BATCHES = (1, 64, 256)
_AIMS = {1: 250, 64: 4_000, 256: 6_000}  # decisions per second
SECONDS = 3.0
NOW = datetime(2026, 5, 1, 12, 0, 0)
QUERY = "q" * 900  # a signed question of ordinary length, as its opening keeps it
POLICY, ROSTER = PolicyRef(id="bench.policy", version=1), RosterRef(version=1, hash="ab" * 32)
REFUSAL = Refusal(code="not_published", rule="no declared table fits", remedy="group by kind", field="keys")


def measure() -> None:
    """Print the section."""
    heading(f"log: decisions made durable, {SECONDS:g} s for each batch size")
    for batch in BATCHES:
        with tempfile.TemporaryDirectory(prefix="hansa-bench-") as temporary:
            floor = _sqlite_alone(Path(temporary) / "floor.sqlite", batch)
            store_path = Path(temporary) / "store.sqlite"
            rate, waits, receipt, cpu_s = _committed(store_path, batch)
            size = store_path.stat().st_size
        figure(f"reference, {batch} at once: SQLite's inserts", floor, "per second")
        figure(
            f"{batch} at once: decisions", rate, f"per second (aim {_AIMS[batch]:,}), {rate / floor:.2f} × reference"
        )
        figure(f"{batch} at once: processor time of one", 1e6 * cpu_s, "µs" + " (aim 300)" * (batch == 1))
        row(f"{batch} at once: what one waits", waits)
        figure(f"{batch} at once: disk for one", size / len(waits), "bytes, with its answer and opening")
        figure(f"{batch} at once: receipt", receipt, "bytes")


def _committed(path: Path, callers: int) -> tuple[float, list[float], int, float]:
    """Entries per second from as many callers at once, how long each waited, the size of the last receipt, and the
    processor seconds of one."""
    signer = Ed25519Signer(secrets.token_bytes(32))
    identity = LogIdentity(
        city="bench",
        origin="node.bench/log",
        signer=Ed25519Signer(secrets.token_bytes(32)),
        software="0.0.0",
        fresh_salt=lambda: secrets.token_bytes(16),
    )
    store = NodeStore.open(path, identity, commit_max_batch=callers)
    waits: list[float] = []
    with closing(store):
        store.begin((), NodeStarted(policy=POLICY, roster=ROSTER), now=NOW)
        end, spent = perf_counter() + SECONDS, process_time()
        receipts = _at_once(callers, lambda: _commit_until(end, store, signer, waits))
        cpu_s = (process_time() - spent) / len(waits)
    return len(waits) / SECONDS, waits, len(receipts[-1]), cpu_s


def _commit_until(end: float, store: NodeStore, signer: Ed25519Signer, waits: list[float]) -> bytes:
    receipt = b""
    while perf_counter() < end:
        query_hash = os.urandom(32)
        start = perf_counter()
        answer = seal(REFUSAL, query_hash, city="bench", signer=signer, nonce=os.urandom(16), now=NOW)
        receipt = store.commit(
            Commitment(
                asked=_asked(query_hash, signer.keyid),
                nonce=os.urandom(16),
                decided_at=NOW,
                code=REFUSAL.code,
                recalled=False,
                answer=answer,
                after_expiry=False,
                release=None,
                causes={},
                reservation=None,
            )
        )
        waits.append(perf_counter() - start)
    return receipt


def _asked(query_hash: bytes, key_id: str) -> QueryRecord:
    return QueryRecord(
        query_hash=query_hash,
        query=QUERY,
        credential=QUERY,
        key_id=key_id,
        subject="analyst.bench",
        organisation="bench",
        purpose="statistics",
        dataset=ContractId("town.permits", 1),
        level=Level.CONTROLLED,
        data_version=1,
        policy=POLICY,
        roster=ROSTER,
        policy_hash="cd" * 32,
        manifest_hash="ef" * 32,
    )


def _sqlite_alone(path: Path, batch: int) -> float:
    """Inserts per second of what one decision writes, as one blob, with the store's own settings."""
    inserted = 0
    with closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("CREATE TABLE entries (idx INTEGER PRIMARY KEY, leaf BLOB NOT NULL)")
        end = perf_counter() + SECONDS
        while perf_counter() < end:
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(batch):
                connection.execute("INSERT INTO entries (leaf) VALUES (?)", (os.urandom(2000),))
            connection.execute("COMMIT")
            inserted += batch
    return inserted / SECONDS


def _at_once(callers: int, work: Callable[[], bytes]) -> list[bytes]:
    with ThreadPoolExecutor(callers) as executor:
        return [future.result() for future in [executor.submit(work) for _ in range(callers)]]


if __name__ == "__main__":
    measure()
