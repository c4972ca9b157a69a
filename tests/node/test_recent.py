"""What was found lately: remembered within a bound, and never in place of an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hansa_node.recent import Recent


class _Search:
    """Finds a value of a length, and counts how often it had to."""

    def __init__(self, length: int = 1) -> None:
        self.length = length
        self.times = 0

    def __call__(self) -> str:
        self.times += 1
        return "x" * self.length


@pytest.fixture
def recent() -> Recent[str, str]:
    return Recent(capacity=10, weigh=len)


def test_what_was_found_is_not_looked_for_again(recent: Recent[str, str]) -> None:
    search = _Search()
    assert recent.get("a", search) == recent.get("a", search) == "x"
    assert search.times == 1


def test_the_least_recently_used_is_forgotten_first(recent: Recent[str, str]) -> None:
    first, second, third = _Search(4), _Search(4), _Search(4)
    recent.get("a", first)
    recent.get("b", second)
    recent.get("a", first)
    recent.get("c", third)
    recent.get("a", first)
    recent.get("b", second)
    assert (first.times, second.times) == (1, 2)


def test_what_is_too_heavy_to_remember_pushes_nothing_out(recent: Recent[str, str]) -> None:
    small, huge = _Search(), _Search(11)
    recent.get("a", small)
    assert recent.get("b", huge) == recent.get("b", huge) == "x" * 11
    recent.get("a", small)
    assert (small.times, huge.times) == (1, 2)


def test_what_cannot_be_found_is_looked_for_again(recent: Recent[str, str]) -> None:
    def fail() -> str:
        raise LookupError

    failing: Callable[[], str] = fail
    with pytest.raises(LookupError):
        recent.get("a", failing)
    assert recent.get("a", _Search()) == "x"
