"""Mutation tests: a seeded sample of changed lines, each of which some test must find: `make mutants`.

The tree is copied, so that nothing is changed in place. Each area has the tests that guard it; a mutant is killed when
one of them fails. The sample is as large as the time allows; the survivors are printed, with what was changed.
"""

from __future__ import annotations

import argparse
import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.modules import find_modules
from cosmic_ray.mutating import mutate_and_test
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import TestOutcome, WorkItem

ROOT = Path(__file__).parents[1]
AREAS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "core/policy": (
        ("core/hansa_core/policy",),
        "tests/core/test_decide.py tests/core/test_policy.py tests/core/test_hashes.py",
    ),
    "core/signing": (
        ("core/hansa_core/signing",),
        "tests/core/test_dsse.py tests/core/test_roster.py tests/core/test_credential.py",
    ),
    "core/tlog": (("core/hansa_core/tlog",), "tests/core/test_tlog_*.py"),
    "wire pins": (("protos/hansa_wire/rpc/pins.py", "protos/hansa_wire/rpc/share.py"), "tests/wire"),
    "node pipeline": (
        ("node/hansa_node/pipeline",),
        "tests/node/test_pipeline_ask.py tests/node/test_charges.py tests/node/test_datasets.py",
    ),
    "client verify": (
        ("client/hansa/answering/verify.py",),
        "tests/client/test_verify.py tests/client/test_ask.py tests/client/test_receipts.py",
    ),
}
# Annotations are not run, and a decorator that is gone is no line that a test could guard.
_LEFT_OUT = ("core/ReplaceBinaryOperator_BitOr", "core/RemoveDecorator")
_MUTANT_S = 180


def main() -> None:
    """Draw, mutate, test and print until the time is up."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of the sample; the same one draws the same mutants")
    parser.add_argument("--minutes", type=float, default=30, help="after which no further mutant is begun")
    parser.add_argument("--most", type=int, default=1000, help="mutants at most")
    chosen = parser.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    with tempfile.TemporaryDirectory(prefix="hansa-mutants-") as temporary:
        tree = Path(temporary, "tree")
        ignored = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=ignored)
        os.chdir(tree)
        sampled = killed = 0
        for area, item in _drawn(Path(temporary), random.Random(chosen.seed), chosen.most):
            if time.monotonic() > until:
                break
            sampled += 1
            result = mutate_and_test(item.mutations, _tests(area), _MUTANT_S)
            if result.test_outcome is TestOutcome.SURVIVED:
                print(f"survived in {area}: {item.mutations[0].operator_name}\n{result.diff}", flush=True)
            else:
                killed += 1
    print(f"{sampled} sampled, {killed} killed, {sampled - killed} survived (seed {chosen.seed})")


def _drawn(folder: Path, dice: random.Random, most: int) -> Iterator[tuple[str, WorkItem]]:
    """Mutants of all areas in turn, each area's in an order of chance."""
    decks = {
        area: _mutants(paths, folder / f"{number}.sqlite") for number, (area, (paths, _)) in enumerate(AREAS.items())
    }
    for deck in decks.values():
        dice.shuffle(deck)
    left = most
    while left and any(decks.values()):
        for area, deck in decks.items():
            if deck and left:
                left -= 1
                yield area, deck.pop()


def _mutants(paths: tuple[str, ...], database: Path) -> list[WorkItem]:
    modules = find_modules([Path(path) for path in paths])
    with use_db(str(database), WorkDB.Mode.create) as work:
        init(modules, work, {})
        return [
            item
            for item in sorted(work.work_items, key=lambda each: str(each.mutations))
            if not item.mutations[0].operator_name.startswith(_LEFT_OUT)
        ]


def _tests(area: str) -> str:
    _, tests = AREAS[area]
    named = " ".join(sorted(str(path) for pattern in tests.split() for path in Path().glob(pattern)))
    return f"{sys.executable} -m pytest -q -x -p no:cacheprovider --hypothesis-seed=1 {named}"


if __name__ == "__main__":
    subprocess.run([sys.executable, "-c", "import hansa_core"], check=True)
    main()
