"""Primary suppression: which cells are unsafe by themselves, for which rule, and how uncertain they must stay."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.protection.concentration import Concentration, DominanceRule, PercentRule
from hansa_core.protection.facts import CellFacts, MeasureFacts, no_facts
from hansa_core.protection.primary import Cause, PrimaryRules, Uncertainty, primary_rules
from hansa_core.protection.threshold import Contributors, ThresholdRule
from hansa_published import SHOPS, shops_manifest

RULES = PrimaryRules(
    threshold=ThresholdRule(min_units=10, min_entities=3),
    dominance=DominanceRule(largest=2, share=Fraction(17, 20)),
    percent=PercentRule(share=Fraction(1, 10)),
)


def spread(*parts: int) -> Concentration:
    """How parts, one for each entity, are spread."""
    ordered = sorted(parts, reverse=True)
    return Concentration(total=sum(parts), largest=tuple(part for part in ordered if part)[:5])


EVEN = spread(*[10] * 12)
MANY = Contributors(units=120, entities=12)


def measure(**changes: object) -> MeasureFacts:
    facts = MeasureFacts(contributors=MANY, count=120, total=120, spread_of_count=EVEN, spreads=(EVEN,) * 3)
    return replace(facts, **changes)  # type: ignore[arg-type]


def cell(*measures: MeasureFacts, **changes: object) -> CellFacts:
    facts = CellFacts(contributors=MANY, rows=120, spread=EVEN, measures=measures)
    return replace(facts, **changes)  # type: ignore[arg-type]


def test_a_cell_of_many_even_contributors_is_safe() -> None:
    assert RULES.cause(cell(measure(), measure())) is None


@pytest.mark.parametrize(
    ("unsafe", "cause"),
    [
        (no_facts(0), Cause.THRESHOLD),
        (cell(contributors=Contributors(units=9, entities=9)), Cause.THRESHOLD),
        (cell(contributors=Contributors(units=120, entities=2)), Cause.THRESHOLD),
        (cell(measure(), measure(contributors=Contributors(units=9, entities=9))), Cause.THRESHOLD),
        (cell(spread=spread(86, 1, *[1] * 13)), Cause.DOMINANCE),
        (cell(measure(spread_of_count=spread(86, 1, *[1] * 13))), Cause.DOMINANCE),
        (cell(measure(spreads=(spread(86, 1, *[1] * 13), EVEN, EVEN))), Cause.DOMINANCE),
        (cell(measure(spreads=(EVEN, spread(86, 1, *[1] * 13), EVEN))), Cause.DOMINANCE),
        (cell(measure(), measure(spreads=(EVEN, EVEN, spread(86, 1, *[1] * 13)))), Cause.DOMINANCE),
    ],
)
def test_a_cell_is_unsafe_if_any_of_its_figures_is(unsafe: CellFacts, cause: Cause) -> None:
    assert RULES.cause(unsafe) is cause


def test_p_percent_bites_where_dominance_does_not() -> None:
    loose = replace(RULES, dominance=DominanceRule(largest=2, share=Fraction(99, 100)))
    unsafe = cell(measure(spreads=(spread(1000, 60, 50, 49), EVEN, EVEN)))
    assert loose.cause(unsafe) is Cause.P_PERCENT
    assert loose.cause(cell(measure(spreads=(spread(1000, 60, 50, 50), EVEN, EVEN)))) is None


def test_the_second_largest_can_tell_the_largest_to_within_what_the_others_hold() -> None:
    rule = PercentRule(share=Fraction(1, 10))
    assert rule.level(spread(1000, 500, 99)) == 1
    assert rule.level(spread(1000, 500, 100)) == 0
    assert rule.level(spread(1000)) == 100


def test_exactly_the_share_is_not_more_than_the_share() -> None:
    rule = DominanceRule(largest=1, share=Fraction(17, 20))
    assert rule.level(spread(85, 15)) == 0
    assert rule.level(spread(86, 14)) == 2


@given(st.lists(st.integers(0, 1000), max_size=8), st.integers(1, 5), st.fractions("1/20", "19/20"))
def test_a_total_is_dominated_exactly_where_few_hold_more_than_the_share(
    parts: list[int], largest: int, share: Fraction
) -> None:
    held = sum(sorted(parts, reverse=True)[:largest])
    assert (DominanceRule(largest=largest, share=share).level(spread(*parts)) > 0) is (held > share * sum(parts))


def test_few_contributors_need_a_threshold_of_rows_and_a_range_of_sums() -> None:
    few = cell(measure(), contributors=Contributors(units=9, entities=9))
    assert RULES.of_rows(few) == Uncertainty(width=10)
    assert RULES.of_count(few, few.measures[0]) == Uncertainty(width=10)
    assert RULES.of_total(few, few.measures[0], 7) == Uncertainty(width=7)
    assert RULES.of_total_by_count(few, few.measures[0], 7) == Uncertainty(width=420)


def test_two_entities_need_a_distance_from_either_side_and_a_width() -> None:
    two = spread(70, 50)
    few = cell(measure(spreads=(two, EVEN, EVEN)), contributors=Contributors(units=120, entities=2), spread=two)
    assert RULES.of_rows(few) == Uncertainty(width=10, either_side=22)
    assert RULES.of_total(few, few.measures[0], 7) == Uncertainty(width=7, either_side=22)


def test_a_dominated_figure_needs_a_distance_from_either_side_alone() -> None:
    unsafe = cell(measure(spreads=(spread(86, *[1] * 14), EVEN, EVEN)))
    assert RULES.of_rows(unsafe) == Uncertainty()
    assert RULES.of_total(unsafe, unsafe.measures[0], 7) == Uncertainty(either_side=3)
    assert RULES.of_total_by_count(unsafe, unsafe.measures[0], 7) == Uncertainty(either_side=3)


def test_entities_are_counted_only_where_they_are_not_the_units() -> None:
    manifest = shops_manifest(threshold=4, dominance={"largest": 1, "share": 0.5}, p_percent=0.2)
    assert primary_rules(SHOPS, manifest) == PrimaryRules(
        threshold=ThresholdRule(min_units=4, min_entities=3),
        dominance=DominanceRule(largest=1, share=Fraction(1, 2)),
        percent=PercentRule(share=Fraction(1, 5)),
    )
    assert primary_rules(replace(SHOPS, entity=SHOPS.unit), manifest).threshold.min_entities is None


@pytest.mark.parametrize("wrong", [{"largest": (1, 2)}, {"largest": (3, -1)}, {"largest": (2,), "total": 1}])
def test_parts_that_are_no_parts_of_a_total_are_no_concentration(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="largest"):
        Concentration(**{"total": 5, **wrong})  # type: ignore[arg-type]
