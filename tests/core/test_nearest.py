"""The remedy for a misspelt name."""

from __future__ import annotations

import pytest

from hansa_core.nearest import nearest


@pytest.mark.parametrize(("name", "known"), [("SEATLE", "seattle"), ("seatle", "SEATTLE"), ("seattle", "Seattle")])
def test_case_does_not_keep_a_name_from_being_the_nearest(name: str, known: str) -> None:
    assert nearest(name, [known, "bremen"]) == f"did you mean {known}?"


def test_where_none_is_near_all_are_named_in_order() -> None:
    assert nearest("x", ["seattle", "bremen"]) == "known are: bremen, seattle"
