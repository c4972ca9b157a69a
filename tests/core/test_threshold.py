"""When does a cell stand on enough contributors?"""

from __future__ import annotations

import pytest

from hansa_core.protection.threshold import Contributors, ThresholdRule


def who(units: int, entities: int | None = None) -> Contributors:
    return Contributors(units=units, entities=units if entities is None else entities)


RULE = ThresholdRule(min_units=10, min_entities=None)


def test_a_cell_at_the_threshold_is_safe_and_one_below_it_is_not() -> None:
    assert RULE.is_safe(who(10), [])
    assert not RULE.is_safe(who(9), [])


def test_a_cell_without_anybody_is_unsafe() -> None:
    assert not RULE.is_safe(who(0), [])


def test_a_measure_with_too_few_values_makes_the_whole_cell_unsafe() -> None:
    assert RULE.is_safe(who(50), [who(10), who(50)])
    assert not RULE.is_safe(who(50), [who(50), who(9)])


def test_many_units_of_two_entities_are_not_enough() -> None:
    rule = ThresholdRule(min_units=10, min_entities=3)
    assert not rule.is_safe(who(100, 2), [])
    assert rule.is_safe(who(100, 3), [])
    assert not rule.is_safe(who(100, 3), [who(100, 2)])


def test_where_the_unit_is_the_entity_only_units_count() -> None:
    assert RULE.holds(Contributors(units=10, entities=1))


@pytest.mark.parametrize(("units", "entities"), [(2, None), (10, 2)])
def test_a_rule_below_three_protects_nobody_and_is_refused(units: int, entities: int | None) -> None:
    with pytest.raises(ValueError, match="the least is 3"):
        ThresholdRule(min_units=units, min_entities=entities)
