"""Fuzzes every target, for so many seconds in all: `fuzz_all.py SECONDS [TARGET...]`. Ends with 1 on a finding."""

from __future__ import annotations

import hashlib
import os
import re
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import atheris

STARTED = time.monotonic()

with atheris.instrument_imports(include=["hansa_core", "hansa_wire"]):
    from hansa_fuzz_targets import TARGETS

CORPUS = Path(__file__).parents[1] / ".fuzz"  # seeds and what earlier runs found worth keeping; free to delete
MAX_INPUT_BYTES = 4096
SHOWN_BYTES = 4000
_RUNS = re.compile(rb"stat::number_of_executed_units: ([0-9]+)")


def sow(name: str) -> None:
    """Put the target's seeds into its corpus."""
    folder = CORPUS / name
    folder.mkdir(parents=True, exist_ok=True)
    for seed in TARGETS[name].seeds():
        (folder / hashlib.sha256(seed).hexdigest()[:16]).write_bytes(seed)


def fuzz(name: str, seconds: int) -> None:
    """Hand the target to libFuzzer, which ends the process: this runs in one of its own, and speaks into a file."""
    log = os.open(CORPUS / f"{name}.log", os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(log, 1)
    os.dup2(log, 2)
    options = {
        "max_total_time": seconds,
        "max_len": MAX_INPUT_BYTES,
        "artifact_prefix": f"{CORPUS / name}-",
        "timeout": 10,
        "print_final_stats": 1,
    }
    atheris.Setup(
        [name, *(f"-{option}={value}" for option, value in options.items()), str(CORPUS / name)], TARGETS[name]
    )
    atheris.Fuzz()


def fork(name: str, seconds: int) -> int:
    """The process that fuzzes the target. It leaves by the ordinary way out, where libFuzzer keeps what it found."""
    process = os.fork()
    if process == 0:
        fuzz(name, seconds)
        sys.exit(1)
    return process


def tell(name: str, status: int) -> bool:
    """Whether the target held; prints so, or what it said."""
    said = (CORPUS / f"{name}.log").read_bytes()
    runs = _RUNS.search(said)
    if status == 0 and runs:
        print(f"{name}: held over {int(runs[1]):,} inputs", flush=True)
        return True
    lines = [line for line in said.decode("utf-8", "replace").splitlines() if not line.startswith(("#", "INFO"))]
    print("\n".join([f"{name}: FOUND something", *lines])[-SHOWN_BYTES:], flush=True)
    return False


def main(seconds: int, chosen: Sequence[str]) -> int:
    """Fuzz the targets, as many at once as there are cores. They fork from here: the imports are paid for once."""
    for name in chosen:
        sow(name)
    at_once = os.cpu_count() or 1
    rounds = [chosen[start : start + at_once] for start in range(0, len(chosen), at_once)]
    share = max(1, int(seconds - (time.monotonic() - STARTED)) // len(rounds))
    held = []
    for names in rounds:
        running = [(name, fork(name, share)) for name in names]
        held += [tell(name, os.waitpid(process, 0)[1]) for name, process in running]
    return 0 if all(held) else 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1]), sys.argv[2:] or list(TARGETS)))
