"""A release key tells apart all that was protected differently, and none that was not."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from hansa_core.contract.level import Level
from hansa_core.partial.release_key import ReleaseKey

KEY = ReleaseKey(plan_hash=bytes(32), level=Level.OPEN, data_version=1, protection_version=1)


@pytest.mark.parametrize(
    "change",
    [
        {"plan_hash": b"x" * 32},
        {"level": Level.CONTROLLED},
        {"parameters": '{"epsilon":1}'},
        {"data_version": 2},
        {"protection_version": 2},
    ],
)
def test_each_field_makes_another_key(change: dict[str, Any]) -> None:
    assert replace(KEY, **change) not in {KEY}
    assert replace(KEY) in {KEY}


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"plan_hash": b"x" * 31}, "plan_hash has 31 bytes"),
        ({"data_version": 0}, "versions 0 and 1 must count from 1"),
        ({"protection_version": 0}, "versions 1 and 0 must count from 1"),
    ],
)
def test_a_key_that_no_release_can_have_is_not_born(change: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        replace(KEY, **change)
