"""COUNT(DISTINCT x), MODE, and MIN and MAX of text: one value in several cities is one, and a missing cell counts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pyarrow as pa
import pytest

import hansa
from hansa.answering.gaps import mask_gaps
from hansa.answering.marks import Marks, find_marks
from hansa.answering.outer import OuterEngine
from hansa.answering.statement_cells import StatementCells
from hansa.question.builder_select import Item, Select
from hansa.view.explain import explain_answer
from hansa_answers import answer_of
from hansa_core.contract.column_names import key_column, moment_column
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome
from hansa_core.plan.check import check_plan
from hansa_core.plan.plan import AggregateFunction, Plan
from hansa_core.sql.split import parse_statement
from hansa_node.engines.reference import ReferenceEngine
from hansa_statements import permits
from hansa_strategies import TRIPS

BLANK = dict.fromkeys(TRIPS.columns) | {"rider": "r", "zone": 1, "mode": "bus"}
CITIES: Mapping[str, Sequence[Mapping[str, Any]]] = {
    "a": [BLANK, {**BLANK, "mode": "tram", "remark": "z"}, {**BLANK, "zone": 2, "remark": "é", "paid": True}],
    "b": [{**BLANK, "remark": "Z"}, {**BLANK, "mode": "bike", "rider": "s"}, {**BLANK, "mode": "tram", "paid": False}],
    "c": [],
}


def answered(
    sql: str,
    *,
    partial: bool = False,
    withheld: Mapping[str, Sequence[str]] | None = None,
    silent: Sequence[str] = (),
) -> tuple[list[dict[str, Any]], Marks]:
    """The rows and the marks. `withheld`: by city, the modes that it suppresses. `silent`: who did not answer."""
    asked = parse_statement(sql, {TRIPS.id: TRIPS}, list(CITIES))
    check_plan(asked.plan, TRIPS, Level.OPEN)
    outcomes: dict[str, CityOutcome] = {
        city: _partial(asked.plan, city, (withheld or {}).get(city, ())) for city in CITIES
    }
    outcomes |= {city: CityMissing(city=city, reason="timed_out") for city in silent}
    cells = StatementCells()
    cells.add(asked.questions[0], TRIPS, outcomes, partial=partial)
    masks = mask_gaps(cells)
    with OuterEngine() as engine:
        table, hidden = engine.run(asked.outer, cells.tables[0], gaps=masks.of_rows, partial=partial)
    return table.to_pylist(), find_marks(table, hidden, asked.outer, cells, masks)


def _partial(plan: Plan, city: str, withheld: Sequence[str]) -> CityAnswer:
    parts = [ReferenceEngine(TRIPS, CITIES[city]).aggregate(part, max_cells=99) for part in plain_plans(plan)]
    table = stack(plan, TRIPS, parts)
    modes = [key_column(place) for place, key in enumerate(plan.keys) if getattr(key, "name", "") == "mode"]
    if modes:
        hides = [value in withheld for value in table.column(modes[0]).to_pylist()]
        for place, name in enumerate(table.column_names):
            if name.startswith(moment_column(0)[0]):
                values = [
                    None if hidden else value
                    for hidden, value in zip(hides, table.column(name).to_pylist(), strict=True)
                ]
                table = table.set_column(
                    place, table.schema.field(name), pa.array(values, table.schema.field(name).type)
                )
    return CityAnswer(city=city, level=Level.OPEN, table=table)


@pytest.mark.parametrize(
    ("statistic", "value"),
    [
        ("COUNT(DISTINCT mode)", 3),
        ("COUNT(DISTINCT remark)", 3),
        ("COUNT(DISTINCT lower(remark))", 2),
        ("COUNT(DISTINCT fare)", 0),
        ("COUNT(DISTINCT mode) FILTER (WHERE paid IS NOT NULL)", 2),
        ("COUNT(DISTINCT mode) FILTER (WHERE zone = 4)", 0),
        ("COUNT(DISTINCT CASE WHEN mode = 'bike' THEN rider END)", 1),
        ("COUNT(DISTINCT rider) FILTER (WHERE zone = 1)", 3),
        ("MIN(remark)", "Z"),
        ("MAX(remark)", "é"),
        ("MIN(remark) FILTER (WHERE zone = 1 AND paid IS NULL)", "Z"),
        ("MAX(remark) FILTER (WHERE zone = 4)", None),
        ("MAX(paid)", True),
        ("MODE(mode)", "bus"),
        ("MODE() WITHIN GROUP (ORDER BY mode)", "bus"),
        ("MODE(remark)", "Z"),
        ("MODE(zone) FILTER (WHERE mode <> 'bus')", 1),
        ("COUNT(DISTINCT mode) * 10 + COUNT(*)", 36),
    ],
)
def test_a_statistic_of_values_is_that_of_all_cities_together(statistic: str, value: object) -> None:
    rows, marks = answered(f"SELECT {statistic} AS v FROM demo.trips")
    assert rows == [{"v": value}]
    assert not marks.suppressed
    assert not marks.partial


def test_totals_other_aggregates_and_conditions_stand_beside_it() -> None:
    rows, _ = answered(
        "SELECT zone, COUNT(DISTINCT mode) AS d, COUNT(*) AS n, MODE(mode) AS m FROM demo.trips "
        "GROUP BY ROLLUP (zone) HAVING COUNT(DISTINCT mode) > 0 ORDER BY d DESC, n"
    )
    assert rows == [
        {"zone": 1, "d": 3, "n": 5, "m": "bus"},
        {"zone": None, "d": 3, "n": 6, "m": "bus"},
        {"zone": 2, "d": 1, "n": 1, "m": "bus"},
    ]


def test_a_key_that_is_rolled_up_is_counted_in_its_total() -> None:
    rows, _ = answered("SELECT mode, COUNT(DISTINCT mode) AS d FROM demo.trips GROUP BY ROLLUP (mode) ORDER BY d, mode")
    assert rows == [{"mode": one, "d": 1} for one in ("bike", "bus", "tram")] + [{"mode": None, "d": 3}]


def test_cities_that_are_kept_apart_have_their_own() -> None:
    rows, _ = answered("SELECT city, COUNT(DISTINCT mode) AS d, MAX(remark) AS m FROM demo.trips GROUP BY city")
    assert rows == [{"city": "a", "d": 2, "m": "é"}, {"city": "b", "d": 3, "m": "Z"}, {"city": "c", "d": 0, "m": None}]


def test_a_withheld_cell_withholds_what_is_told_of_all_values() -> None:
    sql = "SELECT COUNT(DISTINCT mode) AS d, MODE(mode) AS m, MIN(mode) AS least FROM demo.trips"
    rows, marks = answered(sql, withheld={"b": ["bike"]})
    assert rows == [{"d": None, "m": None, "least": None}]
    assert [(mark.column, mark.gaps) for mark in marks.suppressed] == [
        (name, {"b": "suppressed"}) for name in ("d", "m", "least")
    ]


def test_with_partial_the_values_that_came_are_counted_and_said_to_be_some() -> None:
    sql = "SELECT COUNT(DISTINCT mode) AS d, MODE(mode) AS m FROM demo.trips"
    rows, marks = answered(sql, partial=True, withheld={"b": ["bike"]})
    assert rows == [{"d": 2, "m": "bus"}]
    assert {mark.column for mark in marks.partial} == {"d", "m"}
    assert [(name, one.is_count) for name, one in marks.of_some] == [("d", True), ("m", False)]
    assert marks.covered_up == ()


@pytest.mark.parametrize("silent", [["c"], ["b"], ["a", "b", "c"]])
def test_a_city_that_did_not_answer_withholds_it(silent: list[str]) -> None:
    rows, marks = answered(
        "SELECT COUNT(DISTINCT remark) AS d, COUNT(DISTINCT fare) AS f FROM demo.trips", silent=silent
    )
    assert rows == [{"d": None, "f": None}]
    assert {mark.column for mark in marks.suppressed} == {"d", "f"}


def test_without_a_city_the_others_are_counted_where_that_was_asked_for() -> None:
    rows, marks = answered("SELECT COUNT(DISTINCT mode) AS d FROM demo.trips", partial=True, silent=["b"])
    assert rows == [{"d": 2}]
    assert [mark.gaps for mark in marks.partial] == [{"b": "timed_out"}]


def test_the_cities_group_by_the_key_and_by_nothing_that_was_not_asked() -> None:
    asked = parse_statement("SELECT zone, COUNT(DISTINCT mode) FROM demo.trips GROUP BY zone", {TRIPS.id: TRIPS}, "a")
    assert {len(kept) for kept in asked.plan.groupings} == {1, 2}
    assert [one.function for one in asked.plan.aggregates] == [AggregateFunction.COUNT_ROWS]


def test_a_key_that_is_only_counted_is_not_shown() -> None:
    with pytest.raises(RefusedError, match="mode is neither a key nor inside an aggregate"):
        parse_statement("SELECT mode, COUNT(DISTINCT mode) FROM demo.trips", {TRIPS.id: TRIPS}, "a")


def test_below_open_only_what_may_be_a_key_is_counted() -> None:
    (contract,) = permits().values()
    sql = "SELECT COUNT(DISTINCT {}) FROM housing.permits"
    check_plan(parse_statement(sql.format("project"), permits(), "a").plan, contract, Level.CONTROLLED)
    with pytest.raises(RefusedError) as refused:
        check_plan(parse_statement(sql.format("days_to_issue"), permits(), "a").plan, contract, Level.CONTROLLED)
    assert refused.value.code == "not_a_key"


@pytest.mark.parametrize(
    ("measure", "sql"),
    [
        (hansa.count_distinct("mode"), "COUNT(DISTINCT mode)"),
        (hansa.mode("mode").filter(hansa.col("zone") == 1), "MODE(mode) FILTER (WHERE zone = 1)"),
        (hansa.min("remark"), "MIN(remark)"),
    ],
)
def test_the_builder_says_the_same(measure: hansa.Measure, sql: str) -> None:
    built = Select(source=TRIPS.id, measures=(Item(value=measure),)).sql()
    plans = [parse_statement(one, {TRIPS.id: TRIPS}, "a").plan for one in (built, f"SELECT {sql} FROM demo.trips")]
    assert plans[0] == plans[1]
    assert plans[0].totals == ((),)


def test_an_explanation_says_where_the_values_are_counted() -> None:
    asked = answer_of("SELECT COUNT(DISTINCT project) * 2 AS n FROM housing.permits", {"n": [4]})
    told = str(explain_answer(asked))
    assert "x0 is COUNT(DISTINCT project), told here from the cells that keep its values apart" in told
    assert "n: COUNT(DISTINCT project) * 2, measured." in told
    assert "__" not in told
