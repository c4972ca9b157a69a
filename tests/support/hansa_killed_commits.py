"""A node's store is killed at work again and again, at moments nobody chose; what it let out must stand in its log.

Run as `python hansa_killed_commits.py STORE ROUNDS`: it forks, so it must have no threads of its own. It prints how
many receipts got out, or ends with what does not hold.
"""

from __future__ import annotations

import os
import random
import signal
import sys
import threading
import time
from contextlib import closing
from dataclasses import replace
from hashlib import sha256
from itertools import count
from pathlib import Path

from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.tlog.checkpoint import open_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_core.tlog.proof import decode_proof
from hansa_log_checks import entries, leaves, rows
from hansa_node.node_store import NodeStore
from hansa_store_values import IDENTITY, NOW, begun, refusal, reserved

CALLERS = 8
FEWEST_RECEIPTS, MOST_RECEIPTS = CALLERS + 1, 6 * CALLERS
"""So many get out of a life at least, and so many are waited for at most, however fast the machine is."""
LONGEST_REST_S = 0.02


def main(path: Path, rounds: int) -> None:
    begun(path).close()
    got_out: dict[int, str] = {}
    for life in range(rounds):
        first = 1_000_000 * (life + 1)
        of_this_life = _lived(path, first, receipts=random.randint(FEWEST_RECEIPTS, MOST_RECEIPTS))
        got_out |= of_this_life
        with closing(begun(path)) as store:
            _check_receipts(store, of_this_life if life < rounds - 1 else got_out)
        _check_file(path)
    sys.stdout.write(f"{len(got_out)}\n")


def _lived(path: Path, first: int, *, receipts: int) -> dict[int, str]:
    """Questions whose receipt got out of a process that is killed some moment after so many, and the receipt's hash."""
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        try:
            _work(path, first, writing)
        finally:
            os._exit(1)
    os.close(writing)
    with open(reading, "rb") as told:
        assert told.read(1) == b"."
        lines = [told.readline() for _ in range(receipts)]
        time.sleep(random.uniform(0, LONGEST_REST_S))
        os.kill(child, signal.SIGKILL)
        lines += told.readlines()
    _, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status), "the process ended by itself"
    return {int(number): receipt for number, receipt in (line.decode().split() for line in lines)}


def _work(path: Path, first: int, writing: int) -> None:
    """Decide on new questions, many at a time; half of them reserve first."""
    store = begun(path)
    numbers = count(first)
    os.write(writing, b".")

    def call() -> None:
        while True:
            number = next(numbers)
            commitment = refusal(number)
            if number % 2:
                assert commitment.nonce is not None
                taken = reserved(store, commitment.asked, commitment.nonce, now=NOW)
                commitment = replace(commitment, reservation=taken)
            receipt = store.commit(commitment)
            os.write(writing, f"{number} {sha256(receipt).hexdigest()}\n".encode())  # whole, whoever else writes

    threads = [threading.Thread(target=call) for _ in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _check_receipts(store: NodeStore, got_out: dict[int, str]) -> None:
    """Every receipt that got out is given out again, in the same bytes, and proves its entry."""
    for number, digest in got_out.items():
        asked = refusal(number).asked
        answered = store.answer(asked.query_hash, asked.key_id, after_expiry=False)
        assert answered is not None, f"question {number} got a receipt and has no answer"
        assert sha256(answered.receipt).hexdigest() == digest, f"question {number} has another receipt now"
        proof = decode_proof(answered.receipt)
        proof.verify(proof.extra, IDENTITY.vkey)


def _check_file(path: Path) -> None:
    """One history under every checkpoint, and each question that was taken has one end."""
    hashes = [leaf_hash(leaf) for leaf in leaves(path)]
    checkpoints = rows(path, "SELECT size, note FROM checkpoints ORDER BY size")
    for size, note in (*random.sample(checkpoints, min(len(checkpoints), 10)), checkpoints[-1]):
        assert open_checkpoint(note, IDENTITY.vkey).root == root_of_leaves(hashes[:size])
    assert checkpoints[-1][0] == len(hashes)
    assert rows(path, "SELECT count(*) FROM reservations") == [(0,)]
    bodies = [entry.body for entry in entries(path)]
    ends = sorted(body.query_hash for body in bodies if isinstance(body, QueryDecision | QueryAborted))
    assert ends == sorted(claimed.hex() for (claimed,) in rows(path, "SELECT query_hash FROM nonces"))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
