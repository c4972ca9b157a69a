"""Mutation tests: a seeded sample of changed lines, each of which some test must find: `make mutants`.

The tree is copied, so that nothing is changed in place, and the tests run in an environment of their own that finds the
copy and never the original, in processes which they start as well. Each area has the tests that guard it. A mutant is
killed when one of them fails or does not end, and incompetent when they cannot even be run. The sample is as large as
the time allows; the survivors are printed, with what was changed.
"""

from __future__ import annotations

import argparse
import difflib
import os
import random
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path

from cosmic_ray.commands import init
from cosmic_ray.modules import find_modules
from cosmic_ray.mutating import use_mutation
from cosmic_ray.plugins import get_operator
from cosmic_ray.work_db import WorkDB, use_db
from cosmic_ray.work_item import MutationSpec

ROOT = Path(__file__).parents[1]
AREAS: Mapping[str, tuple[tuple[str, ...], str]] = {
    "core/policy": (
        ("core/hansa_core/policy",),
        "tests/core/test_decide.py tests/core/test_policy.py tests/core/test_published_rules.py",
    ),
    "core/signing": (
        ("core/hansa_core/signing",),
        "tests/core/test_dsse.py tests/core/test_roster.py tests/core/test_credential.py",
    ),
    "core/tlog": (("core/hansa_core/tlog",), "tests/core/test_tlog_*.py"),
    "wire pins": (("protos/hansa_wire/rpc/pins.py", "protos/hansa_wire/rpc/share.py"), "tests/wire"),
    "node pipeline": (
        ("node/hansa_node/pipeline",),
        "tests/node/test_pipeline_ask.py tests/node/test_charges.py tests/node/test_datasets.py "
        "tests/node/test_engine_queue.py tests/node/test_pipeline_faults.py",
    ),
    "client verify": (
        ("client/hansa/answering/verify.py",),
        "tests/client/test_verify.py tests/client/test_ask.py tests/client/test_receipts.py",
    ),
}
# Annotations are not run, and a decorator that is gone is no line that a test could guard.
_LEFT_OUT = ("core/ReplaceBinaryOperator_BitOr", "core/RemoveDecorator")
_FAILED, _PASSED = 1, 0  # pytest's exit codes; with any other one no test was run to its end


class Fate(Enum):
    """What became of a mutant."""

    KILLED = "killed"
    SURVIVED = "survived"
    INCOMPETENT = "incompetent"


def main() -> None:
    """Draw, mutate, test and print until the time is up; fails where the tests fail without any mutant."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, help="of the sample; the same one draws the same mutants")
    parser.add_argument("--minutes", type=float, default=30, help="after which nothing runs any more")
    parser.add_argument("--most", type=int, default=1000, help="mutants at most")
    parser.add_argument("--area", choices=AREAS, action="append", help="only this one; may be given several times")
    chosen = parser.parse_args()
    until = time.monotonic() + 60 * chosen.minutes
    with tempfile.TemporaryDirectory(prefix="hansa-mutants-") as temporary:
        tree, folder = Path(temporary, "tree"), Path(temporary)
        ignored = shutil.ignore_patterns(".git", ".venv", ".*_cache", "__pycache__", ".hypothesis")
        shutil.copytree(ROOT, tree, ignore=ignored)
        os.chdir(tree)
        python = _environment(folder / "environment", tree)
        patience = {area: _unmutated(area, python, until) for area in chosen.area or AREAS}
        fates = Counter[Fate]()
        for area, mutant in _drawn(folder, tuple(patience), random.Random(chosen.seed), chosen.most):
            fate, diff = _fate(mutant, area, python, min(patience[area], until - time.monotonic()))
            if time.monotonic() > until:
                break
            fates[fate] += 1
            if fate is Fate.SURVIVED:
                print(f"survived in {area}: {mutant.operator_name}\n{diff}", flush=True)
    told = ", ".join(f"{fates[fate]} {fate.value}" for fate in (Fate.KILLED, Fate.SURVIVED, Fate.INCOMPETENT))
    print(f"{fates.total()} sampled, {told} (seed {chosen.seed})")


def _environment(folder: Path, tree: Path) -> Path:
    """A Python that finds this project in `tree`, whatever its environment variables say, and all else where it is."""
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(folder)], check=True)
    tools = tomllib.loads((tree / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
    roots = [str(tree / root) for root in tools["pytest"]["ini_options"]["pythonpath"]]
    [packages] = folder.glob("lib/python*/site-packages")
    (packages / "tree.pth").write_text("\n".join([*roots, sysconfig.get_path("purelib"), ""]), encoding="utf-8")
    python = folder / "bin" / "python"
    names = "hansa, hansa_audit, hansa_core, hansa_league, hansa_local, hansa_node, hansa_wire"
    script = f"import {names}, sys; print(*(each.__file__ for each in ({names})), sep='\\n')"
    told = subprocess.run([python, "-c", script], check=True, stdout=subprocess.PIPE, text=True, cwd="/").stdout
    if not all(Path(file).is_relative_to(tree) for file in told.splitlines()):
        sys.exit(f"the tests would load the original:\n{told}")
    return python


def _unmutated(area: str, python: Path, until: float) -> float:
    """How long a mutant of the area may take, by what its tests take without one."""
    began = time.monotonic()
    code = _tested(area, python, until - began)
    took = time.monotonic() - began
    if code != _PASSED:
        sys.exit(f"{area}: its tests do not pass without a mutant, or the time is up")
    print(f"{area}: its tests take {took:.0f} s", flush=True)
    return 60 + 5 * took


def _drawn(folder: Path, areas: tuple[str, ...], dice: random.Random, most: int) -> Iterator[tuple[str, MutationSpec]]:
    """Mutants of all areas in turn, each area's in an order of chance."""
    decks = {area: _mutants(AREAS[area][0], folder / f"{number}.sqlite") for number, area in enumerate(areas)}
    for deck in decks.values():
        dice.shuffle(deck)
    left = most
    while left and any(decks.values()):
        for area, deck in decks.items():
            if deck and left:
                left -= 1
                yield area, deck.pop()


def _mutants(paths: tuple[str, ...], database: Path) -> list[MutationSpec]:
    modules = find_modules([Path(path) for path in paths])
    with use_db(str(database), WorkDB.Mode.create) as work:
        init(modules, work, {})
        mutants = [mutant for item in work.work_items for mutant in item.mutations]
    return [each for each in sorted(mutants, key=str) if not each.operator_name.startswith(_LEFT_OUT)]


def _fate(mutant: MutationSpec, area: str, python: Path, patience_s: float) -> tuple[Fate, str]:
    """What the tests say of it, and what was changed."""
    operator = get_operator(mutant.operator_name)(**mutant.operator_args)
    with use_mutation(mutant.module_path, operator, mutant.occurrence) as (before, after):
        if after is None:
            return Fate.INCOMPETENT, str(mutant)
        code = _tested(area, python, patience_s)
    changed = difflib.unified_diff(before.splitlines(), after.splitlines(), str(mutant.module_path), "", lineterm="")
    fates = {_PASSED: Fate.SURVIVED, _FAILED: Fate.KILLED, None: Fate.KILLED}
    return fates.get(code, Fate.INCOMPETENT), "\n".join(changed)


def _tested(area: str, python: Path, patience_s: float) -> int | None:
    """pytest's exit code; None where it did not end in time, which is what an endless loop looks like."""
    patterns = AREAS[area][1].split()
    missing = [pattern for pattern in patterns if not any(Path().glob(pattern))]
    if missing:
        sys.exit(f"{area}: there are no tests {', '.join(missing)}")
    named = sorted(str(path) for pattern in patterns for path in Path().glob(pattern))
    command = [str(python), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", "--hypothesis-seed=1", *named]
    # Without compiled files, since two changes within the same second would look like one.
    environment = os.environ | {"PYTHONDONTWRITEBYTECODE": "1"}
    running = subprocess.Popen(
        command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    try:
        return running.wait(max(patience_s, 1))
    except subprocess.TimeoutExpired:
        return None
    finally:
        with suppress(ProcessLookupError):
            os.killpg(running.pid, signal.SIGKILL)  # with every process that a test has started and left
        running.wait()


if __name__ == "__main__":
    main()
