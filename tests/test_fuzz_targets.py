"""The fuzzers' targets hold for their own seeds and for seeds with a few bits flipped; `make fuzz` goes further."""

from __future__ import annotations

import pytest

from hansa_fuzz_targets import TARGETS
from hansa_tlog_values import flipped


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_its_seeds(name: str) -> None:
    seeds = list(TARGETS[name].seeds())
    assert seeds
    for seed in seeds:
        TARGETS[name](seed)


@pytest.mark.parametrize("name", TARGETS)
def test_a_target_takes_flipped_seeds(name: str) -> None:
    for number, seed in enumerate(TARGETS[name].seeds()):
        for bit in range(0, len(seed) * 8, len(seed) * 2 + 1):
            TARGETS[name](flipped(seed, bit + number))
