"""Runs attacks: each on a league of its own, against the node as it is shipped and against its strawman."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from dataclasses import dataclass
from enum import StrEnum

from hansa_redteam.attacks.attack import Attack, AttackMeasure
from hansa_redteam.attacks.catalogue import NotTried, all_classes
from hansa_redteam.profile import AttackProfile
from hansa_redteam.running.stage import staged


class Side(StrEnum):
    """What is attacked."""

    NODE = "node"
    STRAWMAN = "strawman"


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempted:
    """What came of an attack on one side. `broke`: the harness could not try it, and why; it then proves nothing."""

    side: Side
    measured: AttackMeasure | None
    broke: str = ""
    seconds: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ClassVerdict:
    """A class with its outcomes. A class that is not tried has none."""

    attack: Attack | NotTried
    outcomes: Sequence[Attempted]

    def is_as_claimed(self, outcome: Attempted) -> bool:
        """Whether the node held, or the strawman fell."""
        if isinstance(self.attack, NotTried) or outcome.measured is None:
            return False
        if outcome.side is Side.NODE:
            return outcome.measured.success <= self.attack.bound
        return outcome.measured.success >= self.attack.falls_at


def run(keys: Sequence[str], sides: Sequence[Side], profile: AttackProfile, *, jobs: int) -> Iterator[ClassVerdict]:
    """Each class's verdict in order, as soon as it is there. `jobs`: how many leagues run at once.

    A strawman is a node with something replaced in its process, so each league that runs has a process to itself.
    """
    classes = all_classes()
    context = multiprocessing.get_context("spawn")  # gRPC's threads do not survive a fork
    with ProcessPoolExecutor(max_workers=jobs, mp_context=context) as pool:
        under_way: dict[str, list[Future[Attempted]]] = {
            key: [pool.submit(attempt, key, side, profile) for side in sides]
            for key in keys
            if isinstance(classes[key], Attack)
        }
        try:
            for key in keys:
                yield ClassVerdict(attack=classes[key], outcomes=[each.result() for each in under_way.get(key, ())])
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def attempt(key: str, side: Side, profile: AttackProfile) -> Attempted:
    """One class on one side, in this process."""
    attack = all_classes()[key]
    assert isinstance(attack, Attack)
    started = time.monotonic()
    try:
        with staged(attack.setting(profile), attack.strawman.removals if side is Side.STRAWMAN else ()) as stage:
            measured = attack.measure(stage, profile)
    except Exception as failure:  # noqa: BLE001  the other classes are still tried
        broke = f"{type(failure).__name__}: {failure}"
        return Attempted(side=side, measured=None, broke=broke, seconds=time.monotonic() - started)
    return Attempted(side=side, measured=measured, seconds=time.monotonic() - started)
