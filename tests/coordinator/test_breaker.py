"""A circuit: it opens after failures in a row, lets one probe through, and closes after one success."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_coordinator.breaker import Breaker, BreakerRule, Circuit

RULE = BreakerRule(failures=3, first_open_s=2.0, longest_open_s=10.0)


def failed(times: int, breaker: Breaker | None = None, now: float = 0.0) -> Breaker:
    breaker = breaker or Breaker(rule=RULE)
    for _ in range(times):
        breaker = breaker.failed(now)
    return breaker


def test_failures_in_a_row_open_it_and_fewer_do_not() -> None:
    assert failed(2).circuit(0) is Circuit.CLOSED
    assert failed(3).circuit(0) is Circuit.OPEN
    assert not failed(3).permits(1.9)
    assert failed(2, failed(2).succeeded()).circuit(0) is Circuit.CLOSED


def test_a_half_open_circuit_lets_one_probe_through() -> None:
    opened = failed(3)
    assert opened.circuit(2) is Circuit.HALF_OPEN
    probing = opened.asked(2, 30)
    assert not probing.permits(3)
    assert probing.wait_s(3) == 29
    assert probing.permits(32)  # a probe that never ended keeps nobody out for ever
    assert probing.let_go().permits(3)
    assert probing.succeeded() == Breaker(rule=RULE)


def test_each_probe_that_fails_doubles_the_wait_up_to_the_longest() -> None:
    breaker, now, waits = failed(3), 0.0, []
    for _ in range(5):
        waits.append(breaker.wait_s(now))
        now += breaker.wait_s(now)
        breaker = breaker.asked(now, 1).failed(now)
    assert waits == [2, 4, 8, 10, 10]


def test_failures_of_calls_from_before_it_opened_do_not_prolong_it() -> None:
    assert failed(20).wait_s(0) == 2


@given(st.lists(st.tuples(st.sampled_from(["ask", "fail", "succeed", "let go"]), st.floats(0, 20)), max_size=60))
def test_it_never_shuts_a_city_out_for_longer_than_the_longest_wait(steps: list[tuple[str, float]]) -> None:
    breaker, now, deadline_s = Breaker(rule=RULE), 0.0, 5.0
    for step, passed in steps:
        now += passed
        match step:
            case "ask":
                breaker = breaker.asked(now, deadline_s) if breaker.permits(now) else breaker
            case "fail":
                breaker = breaker.failed(now)
            case "succeed":
                breaker = breaker.succeeded()
                assert breaker.permits(now)
            case _:
                breaker = breaker.let_go()
        assert breaker.permits(now) == (breaker.wait_s(now) == 0)
        longest_s = max(RULE.longest_open_s, deadline_s) + 1e-9  # a sum of times and its difference are rounded
        assert breaker.wait_s(now) <= longest_s
        assert breaker.permits(now + longest_s)


@pytest.mark.parametrize(
    "wrong", [{"failures": 0}, {"first_open_s": 0.0}, {"first_open_s": 2.0, "longest_open_s": 1.0}]
)
def test_a_rule_that_could_not_hold_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError):
        BreakerRule(**wrong)  # type: ignore[arg-type]
