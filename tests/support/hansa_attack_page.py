"""The page of a run of the red team in which everything happened that can."""

from __future__ import annotations

from pathlib import Path

from hansa_redteam.attacks.attack import Attack, AttackMeasure
from hansa_redteam.attacks.catalogue import all_classes
from hansa_redteam.profile import QUICK
from hansa_redteam.report.page import write_page
from hansa_redteam.running_attacks import Attempted, ClassVerdict, Side


def attack_page(path: Path) -> Path:
    """Every class; the first fails as it should, the second succeeds on the node, the third could not be tried."""
    verdicts = []
    for place, attack in enumerate(all_classes().values()):
        if not isinstance(attack, Attack):
            verdicts.append(ClassVerdict(attack=attack, outcomes=[]))
            continue
        success = 1.0 if place == 1 else attack.bound
        node = Attempted(side=Side.NODE, measured=AttackMeasure(success=success, told="64 wards"), seconds=3.2)
        if place == 2:
            node = Attempted(side=Side.NODE, measured=None, broke="OSError: no port is free")
        strawman = Attempted(side=Side.STRAWMAN, measured=AttackMeasure(success=1.0, told="64 wards"), seconds=4.0)
        verdicts.append(ClassVerdict(attack=attack, outcomes=[node, strawman]))
    write_page(path, verdicts, tuple(Side), QUICK)
    return path
