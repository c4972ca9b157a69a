"""Merging with gaps: what is missing is never hidden and never counted as zero."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_add_partials import add_partials
from hansa_core.contract.contract import Contract, Scope
from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.errors import RefusedError
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome, merge
from hansa_core.partial.merged_table import Mark, MergedTable, _numbered
from hansa_core.partial.partial import partial_from_rows, rows_of, write_partial
from hansa_core.plan.expression import Call, Column, Expression, Op, literal
from hansa_core.plan.moments import MAX_ROWS, moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_merged_cells import cells_of
from hansa_strategies import TRIPS

COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
SUM = Aggregate(AggregateFunction.SUM, "duration")  # in quanta of 5
UNITS = Aggregate(AggregateFunction.COUNT_DISTINCT, "rider")
MODE = Column("mode")
OPEN, CONTROLLED = Level.OPEN, Level.CONTROLLED


def plan(*aggregates: Aggregate, keys: Sequence[Expression] = (MODE,)) -> Plan:
    return Plan(TRIPS.id, None, tuple(keys), aggregates or (COUNT,))


def answer(asked: Plan, city: str, *rows: tuple[Value | None, ...], level: Level = OPEN) -> CityAnswer:
    return CityAnswer(city=city, level=level, table=partial_from_rows(asked, TRIPS, rows))


def merged(
    asked: Plan, *outcomes: CityOutcome, by_city: bool = False, partial: bool = False, contract: Contract = TRIPS
) -> MergedTable:
    return merge(asked, contract, {o.city: o for o in outcomes}, by_city=by_city, partial=partial)


def rows(table: MergedTable) -> list[tuple[object, ...]]:
    return [tuple(row.values()) for row in table.to_arrow().to_pylist()]


def test_cells_of_all_cities_add_up_in_domain_order() -> None:
    asked = plan(COUNT, SUM)  # moments: count(duration), rows, sum(duration)
    table = merged(
        asked, answer(asked, "b", ("bus", 2, 3, 10), ("tram", 1, 1, 4)), answer(asked, "a", ("bus", 1, 1, 1))
    )
    assert table.to_arrow().column_names == ["k0", "a0", "a1"]
    assert rows(table) == [("tram", 1, 20), ("bus", 4, 55)]
    assert table.cities(1) == ("a", "b")
    assert table.notes == frozenset()


def test_at_open_a_cell_that_a_city_does_not_list_is_zero_there() -> None:
    asked = plan()
    table = merged(asked, answer(asked, "a", ("bus", 5)), answer(asked, "b"))
    assert rows(table) == [("bus", 5)]
    assert (table.reason(0, 0), table.cities(0)) == (None, ("a", "b"))


@pytest.mark.parametrize("reason", ["timed_out", "unreachable", "failed", "denied"])
def test_a_missing_city_withholds_every_value_with_its_reason(reason: str) -> None:
    asked = plan()
    table = merged(asked, answer(asked, "a", ("bus", 5)), CityMissing(city="b", reason=reason))
    assert rows(table) == [("bus", None)]
    assert table.reason(0, 0) == reason
    assert table.gaps(0, 0) == {"b": reason}
    assert table.cities(0) == ("a",)


def test_partial_gives_the_value_over_the_others_and_marks_it() -> None:
    asked = plan()
    table = merged(asked, answer(asked, "a", ("bus", 5)), CityMissing(city="b", reason="timed_out"), partial=True)
    assert rows(table) == [("bus", 5)]
    assert table.marks(0, 0) == {Mark.PARTIAL}
    assert (table.reason(0, 0), table.gaps(0, 0)) == (None, {"b": "timed_out"})


def test_partial_over_nobody_is_withheld() -> None:
    asked = plan(keys=())
    table = merged(asked, CityMissing(city="a", reason="denied"), CityMissing(city="b", reason="failed"), partial=True)
    assert rows(table) == [(None,)]
    assert (table.reason(0, 0), table.marks(0, 0)) == ("denied", frozenset())


def test_a_suppressed_value_withholds_only_the_aggregates_that_need_it() -> None:
    asked = plan(COUNT, SUM)
    suppressed = answer(asked, "a", ("bus", None, 7, None), level=CONTROLLED)
    table = merged(asked, suppressed, answer(asked, "b", ("bus", 1, 1, 2), level=CONTROLLED))
    assert rows(table) == [("bus", 8, None)]
    assert (table.reason(0, 0), table.reason(0, 1)) == (None, "suppressed")
    assert table.cities(0) == ("b",)


def test_a_sum_over_no_value_is_null_without_a_reason() -> None:
    asked = plan(SUM, keys=())
    table = merged(asked, answer(asked, "a", (0, 0)), CityMissing(city="b", reason="failed"), partial=True)
    assert rows(table) == [(None,)]
    assert table.reason(0, 0) is None
    assert table.marks(0, 0) == {Mark.PARTIAL}


def test_at_controlled_a_cell_outside_a_citys_domain_is_not_zero() -> None:
    asked = plan()
    table = merged(asked, answer(asked, "a", ("bus", 5), level=CONTROLLED), answer(asked, "b", level=CONTROLLED))
    assert (rows(table), table.reason(0, 0)) == ([("bus", None)], "not_in_domain")


@pytest.mark.parametrize("key", [Column("line"), Call(Op.COALESCE, (Column("line"), literal("none")))])
def test_at_controlled_another_citys_own_code_is_a_structural_zero(key: Expression) -> None:
    asked = plan(keys=(key,))
    table = merged(
        asked, answer(asked, "a", ("a1", 5), level=CONTROLLED), answer(asked, "b", ("b1", 3), level=CONTROLLED)
    )
    assert rows(table) == [("a1", 5), ("b1", 3)]


def test_a_structural_zero_is_not_assumed_of_a_missing_city() -> None:
    asked = plan(keys=(Column("line"),))
    table = merged(asked, answer(asked, "a", ("a1", 5), level=CONTROLLED), CityMissing(city="b", reason="timed_out"))
    assert table.reason(0, 0) == "timed_out"


def test_cities_at_different_levels_are_never_summed() -> None:
    asked = plan()
    outcomes = answer(asked, "a", ("bus", 5)), answer(asked, "b", ("bus", 5), level=CONTROLLED)
    with pytest.raises(RefusedError) as refused:
        merged(asked, *outcomes, partial=True)
    assert refused.value.code == "mixed_levels"
    assert "GROUP BY city" in refused.value.remedy
    assert "controlled: b; open: a" in refused.value.rule  # or a city that lies about its level stays unfound
    assert rows(merged(asked, *outcomes, by_city=True)) == [("a", "bus", 5), ("b", "bus", 5)]


def test_by_city_keeps_cells_apart_and_gives_a_missing_city_one_row() -> None:
    asked = plan(COUNT, keys=(MODE, Column("zone")))
    table = merged(
        asked,
        answer(asked, "c", ("tram", 1, None), ("bus", 2, 4)),
        CityMissing(city="b", reason="unreachable"),
        answer(asked, "a", ("bus", 1, 5)),
        by_city=True,
    )
    assert table.to_arrow().column_names == ["city", "k0", "k1", "a0"]
    assert rows(table) == [("a", "bus", 1, 5), ("b", None, None, None), ("c", "tram", 1, None), ("c", "bus", 2, 4)]
    assert [table.reason(row, 0) for row in range(4)] == [None, "unreachable", "suppressed", None]
    assert [table.cities(row) for row in range(4)] == [("a",), (), (), ("c",)]


def test_a_plan_without_keys_has_one_cell_whoever_answers() -> None:
    asked = plan(keys=())
    missing = CityMissing(city="b", reason="denied")
    assert rows(merged(asked, missing)) == [(None,)]
    assert rows(merged(asked, missing, answer(asked, "a", (3,)), by_city=True)) == [("a", 3), ("b", None)]


def test_grouped_cells_are_unknown_if_nobody_answers() -> None:
    assert rows(merged(plan(), CityMissing(city="a", reason="denied"))) == []


@pytest.mark.parametrize(("scope", "marks"), [(Scope.CITY, set()), (Scope.GLOBAL, {Mark.NOT_DEDUPLICATED})])
def test_units_of_several_cities_add_up_and_say_if_they_may_repeat(scope: Scope, marks: set[Mark]) -> None:
    asked = plan(UNITS)
    contract = replace(TRIPS, unit_scope=scope)
    outcomes = answer(asked, "a", ("bus", 5)), answer(asked, "b", ("bus", 2))
    table = merged(asked, *outcomes, contract=contract)
    assert rows(table) == [("bus", 7)]
    assert table.marks(0, 0) == marks
    assert merged(asked, *outcomes, contract=contract, by_city=True).notes == frozenset()


def test_a_city_that_claims_impossibly_many_rows_spoils_no_other_citys_sum() -> None:
    asked = plan()
    outcomes = answer(asked, "a", ("bus", MAX_ROWS)), answer(asked, "b", ("bus", 1), ("tram", 2))
    withheld = merged(asked, *outcomes)
    assert rows(withheld) == [("tram", 2), ("bus", None)]
    assert cells_of(withheld)[1].values[0].gaps == {"a": "too_many_rows"}
    assert rows(merged(asked, *outcomes, partial=True)) == [("tram", 2), ("bus", 1)]


def test_a_withheld_value_leaves_nothing_behind_its_null() -> None:
    asked = plan(SUM)
    table = merged(asked, answer(asked, "a", ("bus", 1, 77)), CityMissing(city="b", reason="failed")).to_arrow()
    assert table["a0"].chunk(0).buffers()[1].to_pybytes()[:8] == bytes(8)


def test_the_columns_have_the_types_of_keys_and_aggregates() -> None:
    asked = plan(COUNT, Aggregate(AggregateFunction.AVG, "fare"), keys=(Column("day"),))
    types = [pa.string(), pa.date32(), pa.int64(), pa.float64()]
    assert merged(asked, CityMissing(city="a", reason="denied"), by_city=True).to_arrow().schema.types == types


PARTIALS = st.dictionaries(
    st.sampled_from(["tram", "bus", "bike"]),
    st.tuples(*[st.one_of(st.none(), st.integers(0, 2**50))] * 2),
).map(lambda cells: partial_from_rows(plan(COUNT, UNITS), TRIPS, [(key, *moments) for key, moments in cells.items()]))


@given(st.lists(PARTIALS, max_size=6), st.data())
def test_adding_partials_in_any_order_and_grouping_is_one_sum(tables: list[pa.Table], data: st.DataObject) -> None:
    asked = plan(COUNT, UNITS)
    at_once = write_partial(add_partials(asked, TRIPS, tables))
    shuffled = data.draw(st.permutations(tables))
    cut = data.draw(st.integers(0, len(tables)))
    hubs = [add_partials(asked, TRIPS, part) for part in (shuffled[:cut], shuffled[cut:])]
    assert write_partial(add_partials(asked, TRIPS, hubs)) == at_once


def test_the_sum_of_no_partials_is_the_partial_of_no_rows() -> None:
    assert list(rows_of(add_partials(plan(COUNT, SUM, keys=()), TRIPS, []))) == [(0, 0, 0)]
    assert add_partials(plan(), TRIPS, []).num_rows == 0


def test_a_city_whose_bins_are_all_suppressed_is_a_gap_in_a_median() -> None:
    asked = Plan(TRIPS.id, None, (), (Aggregate(AggregateFunction.QUANTILE_CONT, "duration", quantile=0.5),))
    order = moments_of(asked, TRIPS)
    shown = [{(0, 2): 3, (0, 6): 3}.get(moment.bin or (0, 2), 0) for moment in order]
    hidden = [3 if moment.bin is None else None for moment in order]
    answers = {
        city: CityAnswer(city=city, level=Level.CONTROLLED, table=partial_from_rows(asked, TRIPS, [row]))
        for city, row in (("a", shown), ("b", hidden))
    }
    ((whole,),) = (cell.values for cell in cells_of(merge(asked, TRIPS, answers, by_city=False, partial=False)))
    assert (whole.value, whole.interval, dict(whole.gaps)) == (None, None, {"b": "suppressed"})
    ((rest,),) = (cell.values for cell in cells_of(merge(asked, TRIPS, answers, by_city=False, partial=True)))
    assert (rest.interval, rest.cities, rest.marks) == ((0.0, 10.0), ("a",), frozenset({Mark.PARTIAL}))


@given(st.lists(st.lists(st.integers(0, 2**16), min_size=3, max_size=3), min_size=1, max_size=9))
def test_rows_of_any_number_of_facts_are_numbered_as_they_differ(columns: list[list[int]]) -> None:
    numbers = _numbered([np.array(column) for column in columns])
    rows = list(zip(*columns, strict=True))
    for one in range(3):
        for other in range(3):
            assert (numbers[one] == numbers[other]) == (rows[one] == rows[other])
