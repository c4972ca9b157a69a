"""Every class of attacks, in the quick profile: it fails on a node of this release, and its strawman falls to it."""

from __future__ import annotations

import pytest

from hansa_redteam.attacks.attack import Attack
from hansa_redteam.attacks.catalogue import NotTried, all_classes
from hansa_redteam.profile import QUICK
from hansa_redteam.running_attacks import ClassVerdict, Side, attempt

CLASSES = all_classes()
TRIED = [key for key, attack in CLASSES.items() if isinstance(attack, Attack)]


@pytest.mark.parametrize("side", Side)
@pytest.mark.parametrize("key", TRIED)
def test_the_attack_fails_on_the_node_and_the_strawman_falls_to_it(key: str, side: Side) -> None:
    attempted = attempt(key, side, QUICK)
    verdict = ClassVerdict(attack=CLASSES[key], outcomes=[attempted])
    assert attempted.broke == ""
    assert verdict.is_as_claimed(attempted), attempted


def test_every_class_of_the_definition_is_tried_or_says_why_not() -> None:
    numbers = {key.removesuffix("V") for key in CLASSES if not key.startswith("P")}
    assert numbers == {str(number) for number in range(1, 25)}
    untried = {key: each.why for key, each in CLASSES.items() if isinstance(each, NotTried)}
    assert all(untried.values())
    assert {key for key, why in untried.items() if why == "needs level private"} == {
        "2", "4", "6", "9", "13", "14", "15", "16", "17", "22", "24", "P14",
    }  # fmt: skip


def test_every_strawman_lacks_something_and_no_node_does() -> None:
    for key in TRIED:
        attack = CLASSES[key]
        assert isinstance(attack, Attack)
        assert attack.strawman.removals
        assert attack.bound < attack.falls_at  # or one measure could be both
