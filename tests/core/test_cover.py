"""From which published cells does a question follow?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.contract.types import DataType, Value
from hansa_core.errors import RefusedError
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.partial import rows_of
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.limits import MAX_CELLS
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.protection import effort, regions
from hansa_core.protection.coarser import coarser_tables
from hansa_core.protection.cover import Cover, find_cover, find_covers
from hansa_core.protection.effort import Effort
from hansa_core.protection.publish import Publication, publish, rules_of
from hansa_core.protection.tables import TableShape, shapes_of
from hansa_node.answering.published_tables import PublishedTables
from hansa_node.datasets.published_file import read_published, write_published
from hansa_node.engines.reference import ReferenceEngine
from hansa_published import SHOPS, Row, count_rows, shop_rows, shops_manifest, unprotected_moments

MANIFEST = shops_manifest()
SHAPES = shapes_of(SHOPS, MANIFEST)
ROWS = Aggregate(AggregateFunction.COUNT_ROWS)
UNITS = Aggregate(AggregateFunction.COUNT_DISTINCT, "firm")


def compare(op: Op, column: str, value: Value) -> Call:
    return Call(op, (Column(column), literal(value)))


def within(days: int) -> Call:
    return compare(Op.LE, "days", days)


def plan(*aggregates: Aggregate, keys: tuple[str | Expression, ...] = (), where: Expression | None = None) -> Plan:
    expressions = tuple(Column(key) if isinstance(key, str) else key for key in keys)
    return canonicalise(Plan(SHOPS.id, where, expressions, aggregates or (ROWS,)))


def cover_of(asked: Plan) -> Cover:
    return find_cover(asked, SHOPS, MANIFEST, Effort())


def table_of(cover: Cover) -> str:
    """The one table that a cover reads."""
    (table,) = cover.tables
    return table


def told(cover: Cover) -> dict[tuple[Value | None, ...], list[str]]:
    """Per key, the labels of the cells of the first moment."""
    shape = SHAPES[table_of(cover)]
    return {cell.key: sorted(label(shape, number) for number in cell.parts[0]) for cell in cover.cells}


def label(shape: TableShape, cell: int) -> str:
    pairs = zip(shape.dimensions, shape.nodes(cell), strict=True)
    return " × ".join(dimension.nodes[node].label for dimension, node in pairs)


def refusal(asked: Plan, **changes: Any) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        find_cover(asked, SHOPS, shops_manifest(**changes), Effort())
    return caught.value


def test_the_table_with_the_fewest_dimensions_answers() -> None:
    assert table_of(cover_of(plan())) == "whole"
    assert table_of(cover_of(plan(keys=("kind",)))) == "by_kind"
    assert table_of(cover_of(plan(keys=("kind", "zone")))) == "by_kind_and_zone"


def test_a_tie_is_broken_by_cells_and_then_by_name() -> None:
    tables = [
        {"name": "b", "dimensions": ["kind"]},
        {"name": "a", "dimensions": ["kind"]},
        {"name": "0", "dimensions": ["zone"]},
    ]
    tables[2]["name"] = "a0"
    manifest = shops_manifest(tables=tables)
    assert table_of(find_cover(plan(), SHOPS, manifest, Effort())) == "a"
    assert table_of(find_cover(plan(keys=("zone",)), SHOPS, manifest, Effort())) == "a0"


def test_every_key_of_the_public_domain_is_a_cell_whether_it_has_rows_or_not() -> None:
    cells = told(cover_of(plan(keys=("kind", "zone"))))
    assert set(cells) == {(kind, zone) for kind in ("bakery", "bar", "other") for zone in (1, 2, 3, 4, None)}
    assert cells["bar", 1] == ["bar × 1 × all"]


def test_a_structural_zero_is_a_cell_of_no_parts() -> None:
    assert told(cover_of(plan(keys=("zone",))))[(4,)] == []


def test_keys_that_where_makes_impossible_do_not_appear() -> None:
    cells = told(cover_of(plan(keys=("kind",), where=compare(Op.EQ, "kind", "bar"))))
    assert cells == {("bar",): ["bar × all"]}


def test_a_question_without_keys_has_one_cell_even_where_nothing_can_match() -> None:
    assert told(cover_of(plan(where=compare(Op.EQ, "kind", "hotel")))) == {(): []}


def test_an_asked_union_takes_the_coarsest_cells() -> None:
    assert told(cover_of(plan(where=within(20)))) == {(): ["all × ≤ 20"]}
    assert told(cover_of(plan(where=within(60)))) == {(): ["all × (20, 60]", "all × ≤ 20"]}
    known = Call(Op.NOT, (Call(Op.IS_NULL, (Column("days"),)),))
    assert told(cover_of(plan(where=known))) == {(): ["all × known"]}
    assert told(cover_of(plan(where=Call(Op.IS_NULL, (Column("days"),))))) == {(): ["all × unknown"]}


def test_a_filter_makes_a_moment_and_not_a_key() -> None:
    cover = cover_of(plan(Aggregate(AggregateFunction.COUNT_ROWS, None, within(20)), keys=("kind",)))
    assert told(cover)[("bar",)] == ["bar × ≤ 20"]


def test_for_whole_numbers_below_91_is_up_to_90() -> None:
    assert told(cover_of(plan(where=compare(Op.LT, "days", 21)))) == {(): ["all × ≤ 20"]}
    assert told(cover_of(plan(where=compare(Op.GE, "days", 21)))) == {(): ["all × > 20"]}


def test_a_cut_that_is_not_declared_is_refused_with_the_cuts_there_are() -> None:
    refused = refusal(plan(where=within(30)))
    assert refused.code == "not_published"
    assert "by_kind lacks a cut of days that the question needs (its cuts: 5, 20, 60)" in refused.rule


@pytest.mark.parametrize("value", [10, -10, 100])
def test_one_value_inside_a_bin_cannot_be_told_apart(value: int) -> None:
    assert refusal(plan(where=compare(Op.EQ, "days", value))).code == "not_published"


@pytest.mark.parametrize(("value", "cells"), [(101, []), (-11, [])])
def test_a_value_beyond_the_bounds_is_nowhere(value: int, cells: list[str]) -> None:
    assert told(cover_of(plan(where=compare(Op.EQ, "days", value)))) == {(): cells}


def test_arithmetic_on_a_binned_measure_is_refused() -> None:
    doubled = Call(Op.LE, (Call(Op.MUL, (Column("days"), literal(2))), literal(40)))
    assert refusal(plan(where=doubled)).code == "not_published"


def test_an_or_across_dimensions_becomes_disjoint_boxes() -> None:
    either = Call(Op.OR, (compare(Op.EQ, "kind", "bar"), within(20)))
    assert told(cover_of(plan(where=either))) == {(): ["bakery × ≤ 20", "bar × all", "other × ≤ 20"]}


def test_a_key_may_be_computed_from_cuts() -> None:
    fast = Call(Op.CASE, (within(20), literal("fast"), compare(Op.GT, "days", 20), literal("slow")))
    assert told(cover_of(plan(keys=(fast,)))) == {
        ("fast",): ["all × ≤ 20"],
        ("slow",): ["all × > 20"],
        (None,): ["all × unknown"],
    }


def test_a_count_of_a_dimension_is_its_rows_that_are_known() -> None:
    cover = cover_of(plan(Aggregate(AggregateFunction.COUNT, "zone"), keys=("kind",)))
    assert told(cover)[("bar",)] == ["bar × 1 × all", "bar × 2 × all", "bar × 3 × all"]
    assert table_of(cover_of(plan(Aggregate(AggregateFunction.COUNT, "kind")))) == "whole"


def test_a_median_asks_for_every_bin_of_every_level() -> None:
    cover = cover_of(plan(Aggregate(AggregateFunction.QUANTILE_CONT, "days", quantile=0.5), keys=("kind",)))
    bins = {"≤ 5", "(5, 20]", "(20, 60]", "> 60", "≤ 20", "> 20"}
    shape = SHAPES[table_of(cover)]
    (bar,) = (cell for cell in cover.cells if cell.key == ("bar",))
    asked = [[shape.dimensions[-1].nodes[shape.nodes(number)[-1]].label for number in parts] for parts in bar.parts]
    assert {labels[0] for labels in asked if len(labels) == 1} == bins | {"all"}  # and the count of days, over all
    assert len(asked) == len(bins) + 1


@pytest.mark.parametrize(
    ("asked", "lacks"),
    [
        (plan(keys=("street", "kind")), "by_kind lacks the dimension street"),
        (plan(Aggregate(AggregateFunction.SUM, "score"), keys=("kind",)), "by_kind lacks the measure score"),
        (plan(keys=("score",)), "by_score lacks a cut of score"),
        (plan(Aggregate(AggregateFunction.AVG, "zone")), "whole lacks the measure zone"),
        (plan(Aggregate(AggregateFunction.HISTOGRAM, "days"), keys=("street",)), "by_street lacks the bins of days"),
    ],
)
def test_a_refusal_names_the_nearest_tables_and_what_they_lack(asked: Plan, lacks: str) -> None:
    refused = refusal(asked)
    assert refused.code == "not_published"
    assert lacks in refused.rule


def test_distinct_units_are_those_of_one_declared_cell() -> None:
    assert told(cover_of(plan(UNITS, keys=("zone",))))[(1,)] == ["all × 1 × all"]
    assert told(cover_of(plan(UNITS, where=within(20)))) == {(): ["all × ≤ 20"]}


@pytest.mark.produces("distinct_union")
def test_distinct_units_add_up_only_over_columns_that_are_constant_per_unit() -> None:
    two_kinds = Call(Op.IN, (Column("kind"), literal("bar"), literal("other")))
    assert told(cover_of(plan(UNITS, where=two_kinds))) == {(): ["bar × all", "other × all"]}
    two_zones = Call(Op.IN, (Column("zone"), literal(1), literal(2)))
    refused = refusal(plan(UNITS, where=two_zones))
    assert refused.code == "distinct_union"
    assert "by_kind_and_zone" in refused.rule


def test_distinct_units_of_all_zones_are_one_cell_since_the_empty_one_is_free_to_join() -> None:
    zones = Call(Op.OR, (Call(Op.IS_NULL, (Column("zone"),)), compare(Op.LE, "zone", 3)))
    assert told(cover_of(plan(UNITS, where=zones))) == {(): ["all × all × all"]}


def test_a_condition_over_too_many_combinations_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MAX_STEPS", 10)
    either = Call(Op.OR, (compare(Op.EQ, "kind", "bar"), within(20)))
    assert refusal(plan(where=either)).code == "too_large"


def test_a_long_list_in_a_condition_over_many_columns_cannot_keep_the_planner_busy(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(effort, "MAX_STEPS", 10_000)

    def either(names: int) -> Plan:
        kinds = Call(Op.IN, (Column("kind"), literal("bar"), *(literal(f"kind {number}") for number in range(names))))
        return plan(where=Call(Op.OR, (kinds, within(20))))

    assert table_of(cover_of(either(3))) == "by_kind"
    assert refusal(either(1000)).code == "too_large"


def test_many_filters_over_many_keys_cannot_fill_the_planners_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(effort, "MAX_STEPS", 3_000)

    def filtered(filters: int) -> Plan:
        conditions = [compare(Op.NE, "zone", -number) for number in range(filters)]
        counts = (Aggregate(AggregateFunction.COUNT_ROWS, None, condition) for condition in conditions)
        return plan(*counts, keys=("kind", "zone"))

    assert len(cover_of(filtered(3)).figures) == 3
    assert refusal(filtered(60)).code == "too_large"


def test_the_tables_that_are_tried_share_one_effort(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = [{"name": f"t{number}", "dimensions": ["kind"], "bins": "days"} for number in range(40)]
    asked = plan(where=Call(Op.OR, (compare(Op.EQ, "kind", "bar"), compare(Op.LT, "days", 19))))
    assert refusal(asked, tables=tables).code == "not_published"
    monkeypatch.setattr(effort, "MAX_STEPS", 5_000)
    assert refusal(asked, tables=tables[:2]).code == "not_published"
    assert refusal(asked, tables=tables).code == "too_large"


def test_the_groupings_of_a_question_share_one_effort_and_its_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    rollup = replace(plan(keys=("kind", "zone")), totals=((), (0,)))
    asked = find_covers(rollup, SHOPS, MANIFEST)
    assert [table_of(cover) for cover in asked] == ["by_kind_and_zone", "whole", "by_kind"]
    for limit, most, code in (("MAX_STEPS", 180, "too_large"), ("MAX_PARTS", 15, "too_many_cells")):
        with monkeypatch.context() as patch:
            patch.setattr(effort, limit, most)
            assert [find_cover(cover.plan, SHOPS, MANIFEST, Effort()) for cover in asked] == list(asked)
            with pytest.raises(RefusedError, match=code):
                find_covers(rollup, SHOPS, MANIFEST)


def test_an_answer_of_too_many_cells_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(regions, "MAX_CELLS", 14)
    assert refusal(plan(keys=("kind", "zone"))).code == "too_many_cells"


def test_the_cover_does_not_depend_on_how_the_question_is_written() -> None:
    one = plan(where=Call(Op.AND, (within(20), compare(Op.EQ, "kind", "bar"))))
    other = plan(where=Call(Op.NOT, (Call(Op.OR, (compare(Op.NE, "kind", "bar"), Call(Op.NOT, (within(20),)))),)))
    assert cover_of(one) == replace(cover_of(other), plan=one)


# Generated questions: conditions and keys over the dimensions, mostly at declared cuts.


_CUTS = st.sampled_from([5, 20, 60, 100, 6, 21])
_ZONES = st.lists(st.integers(1, 5), min_size=1, max_size=3)


def _conditions(depth: int) -> st.SearchStrategy[Expression]:
    days = st.builds(
        compare,
        st.sampled_from([Op.LT, Op.LE, Op.GT, Op.GE]),
        st.just("days"),
        st.sampled_from([5, 20, 60, 100, 6, 21]),
    )
    flipped = days.map(lambda call: Call(call.op, tuple(reversed(call.args))))
    score = st.builds(compare, st.sampled_from([Op.LE, Op.GT]), st.just("score"), st.sampled_from([2.5, 5.0]))
    kind = st.builds(compare, st.sampled_from([Op.EQ, Op.NE, Op.LT]), st.just("kind"), st.sampled_from(["bar", "c"]))
    zone = st.builds(compare, st.sampled_from([Op.EQ, Op.LT, Op.GE]), st.just("zone"), st.integers(1, 4))
    zones = _ZONES.map(lambda items: Call(Op.IN, (Column("zone"), *map(literal, items))))
    computed = st.just(Call(Op.EQ, (Call(Op.ADD, (Column("zone"), literal(1))), literal(3))))
    null = st.sampled_from(["days", "zone", "licensed", "score"]).map(lambda name: Call(Op.IS_NULL, (Column(name),)))
    bare: list[Expression] = [Literal(None, DataType.BOOLEAN), Column("licensed")]
    leaf = st.one_of(days, days, flipped, score, kind, zone, zones, computed, null, st.sampled_from(bare))
    if depth == 0:
        return leaf
    below = _conditions(depth - 1)
    return st.one_of(
        leaf,
        st.tuples(st.sampled_from([Op.AND, Op.OR]), below, below).map(lambda drawn: Call(drawn[0], drawn[1:])),
        below.map(lambda condition: Call(Op.NOT, (condition,))),
    )


def _keys() -> st.SearchStrategy[Expression]:
    columns = st.sampled_from(["kind", "zone", "licensed", "street"]).map(Column)
    speed = _conditions(1).map(lambda when: Call(Op.CASE, (when, literal("yes"), literal("no"))))
    zone = st.just(Call(Op.COALESCE, (Column("zone"), literal(0))))
    return st.one_of(columns, columns, speed, zone, _conditions(0))


def _aggregates() -> st.SearchStrategy[Aggregate]:
    where = st.one_of(st.none(), _conditions(1))
    measured = [AggregateFunction.COUNT, AggregateFunction.SUM, AggregateFunction.AVG]
    return st.one_of(
        st.builds(Aggregate, st.just(AggregateFunction.COUNT_ROWS), st.none(), where),
        st.builds(Aggregate, st.sampled_from(measured), st.sampled_from(["days", "visits", "score"]), where),
        st.builds(Aggregate, st.just(AggregateFunction.COUNT), st.sampled_from(["zone", "kind", "licensed"]), where),
        st.builds(Aggregate, st.just(AggregateFunction.COUNT_DISTINCT), st.just("firm"), where),
        st.builds(Aggregate, st.just(AggregateFunction.HISTOGRAM), st.sampled_from(["days", "score"]), where),
        st.builds(Aggregate, st.just(AggregateFunction.QUANTILE_CONT), st.just("days"), where, quantile=st.just(0.9)),
    )


_WIDE = shops_manifest(
    tables=[
        {"name": "kinds", "dimensions": ["kind", "zone", "licensed"], "measures": ["days", "visits"], "bins": "days"},
        {"name": "scores", "dimensions": ["zone", "kind"], "measures": ["score", "visits"], "bins": "score"},
        {"name": "streets", "dimensions": ["street", "kind"], "measures": ["score", "days"], "bins": "days"},
    ]
)
_WIDE_SHAPES = shapes_of(SHOPS, _WIDE)


@settings(max_examples=300)
@given(
    where=st.one_of(st.none(), _conditions(2)),
    keys=st.lists(_keys(), max_size=2),
    aggregates=st.lists(_aggregates(), min_size=1, max_size=3),
    data=st.data(),
)
def test_unprotected_cells_of_a_cover_add_up_to_the_answer_over_rows(
    where: Expression | None,
    keys: list[Expression],
    aggregates: list[Aggregate],
    data: st.DataObject,
) -> None:
    asked = canonicalise(Plan(SHOPS.id, where, tuple(keys), tuple(aggregates)))
    cover = _covered(asked)
    if cover is None:
        return
    rows = data.draw(shop_rows())  # only here: most of the time would go into rows that no question reads
    totals = {name: count_rows(_WIDE_SHAPES[name], SHOPS, rows) for name in cover.tables}
    found = unprotected_moments(cover, _WIDE_SHAPES, totals)
    width = len(asked.keys)
    exact = {
        row[:width]: row[width:] for row in rows_of(ReferenceEngine(SHOPS, rows).aggregate(asked, max_cells=MAX_CELLS))
    }
    assert set(exact) <= set(found)
    assert found == {key: exact.get(key, (0,) * len(cover.figures)) for key in found}


def test_many_generated_questions_are_covered() -> None:
    """Otherwise the property above would hold for want of questions."""
    covered: list[bool] = []

    @settings(max_examples=200, database=None)
    @given(where=_conditions(2), keys=st.lists(_keys(), max_size=2), aggregate=_aggregates())
    def look(where: Expression, keys: list[Expression], aggregate: Aggregate) -> None:
        asked = canonicalise(Plan(SHOPS.id, where, tuple(keys), (aggregate,)))
        covered.append(_covered(asked) is not None)

    look()
    assert sum(covered) > len(covered) // 5


def _covered(asked: Plan) -> Cover | None:
    """The cover, or None where no table of the wide manifest fits."""
    try:
        return find_cover(asked, SHOPS, _WIDE, Effort())
    except RefusedError as refused:
        if refused.code in {"not_published", "distinct_union"}:
            return None
        raise


# Groups, cuts and figures of several tables.

_GROUPED = shops_manifest(
    hierarchies={
        "kind": {"food": ["bakery", "bar"], "rest": "rest"},
        "zone": {"west": {"near": [1], "far": [2, 3]}, "east": "rest"},
    },
    depth={"zone": 2},
    cuts={"days": [[20], [20, 60]]},
    tables=[
        {"name": "sums", "dimensions": ["kind", "zone"], "measures": ["days", "visits"]},
        {"name": "bins", "dimensions": ["kind", "zone"], "bins": "days", "depth": {"kind": 1}},
        {"name": "zones", "dimensions": ["zone"], "bins": "days", "cuts": [20], "depth": {"zone": 1}},
        {"name": "scores", "dimensions": ["street", "licensed"], "measures": ["score"]},
    ],
)
_GROUPED_SHAPES = shapes_of(SHOPS, _GROUPED)


def grouped(asked: Plan) -> Cover:
    return find_cover(asked, SHOPS, _GROUPED, Effort())


def told_grouped(cover: Cover, moment: int = 0) -> dict[tuple[Value | None, ...], list[str]]:
    covered = cover.figures[moment]
    assert covered is not None
    shape = _GROUPED_SHAPES[covered.table]
    return {cell.key: sorted(label(shape, number) for number in cell.parts[moment]) for cell in cover.cells}


def test_a_group_answers_for_its_values_and_never_for_one_of_them() -> None:
    food = Call(Op.IN, (Column("kind"), literal("bakery"), literal("bar")))
    asked = plan(keys=(Call(Op.CASE, (food, literal("food"), literal("rest"))),), where=within(20))
    assert told_grouped(grouped(asked)) == {("food",): ["food × all × ≤ 20"], ("rest",): ["rest × all × ≤ 20"]}
    refused = refusal_of_grouped(plan(keys=("kind",), where=within(20)))
    assert "bins lacks the values of kind apart that it publishes as food" in refused.rule


def test_null_goes_with_the_rest_where_no_group_names_it() -> None:
    east = Call(Op.OR, (Call(Op.IS_NULL, (Column("zone"),)), compare(Op.EQ, "zone", 4)))
    assert told_grouped(grouped(plan(where=east))) == {(): ["east × all"]}
    far = Call(Op.IN, (Column("zone"), literal(2), literal(3)))
    assert told_grouped(grouped(plan(where=far))) == {(): ["all × far"]}
    assert "as far" in refusal_of_grouped(plan(where=compare(Op.EQ, "zone", 2))).rule


def test_a_mean_and_a_share_come_from_two_tables() -> None:
    mean = Aggregate(AggregateFunction.AVG, "days")
    share = Aggregate(AggregateFunction.COUNT_ROWS, None, within(60))
    cover = grouped(plan(mean, share))
    assert set(cover.tables) == {"sums", "bins"}
    assert [f.figure.measure for f in cover.figures if f is not None and f.table == "sums"] == ["days", "days"]


def test_a_cut_that_one_table_leaves_out_is_read_from_the_other() -> None:
    assert grouped(plan(where=within(20))).tables == ("zones",)
    assert grouped(plan(where=within(60))).tables == ("bins",)
    assert "(its cuts: 20, 60)" in refusal_of_grouped(plan(where=within(5))).rule


def test_bins_that_no_table_publishes_are_withheld_and_the_others_answer() -> None:
    cover = grouped(plan(Aggregate(AggregateFunction.HISTOGRAM, "days")))
    bins = [moment.bin for moment in moments_of(cover.plan, SHOPS) if moment.bin is not None]
    without = {one for one, covered in zip(bins, cover.figures, strict=False) if covered is None}
    assert without == {(-10, 5), (6, 20)}
    assert cover.tables == ("bins",)


def test_a_histogram_of_which_no_bin_is_published_is_refused() -> None:
    refused = refusal_of_grouped(plan(Aggregate(AggregateFunction.HISTOGRAM, "score"), keys=("street",)))
    assert "scores lacks the bins of score" in refused.rule


def test_coarser_tables_have_some_of_the_dimensions_or_fewer_nodes_of_them() -> None:
    def coarser(*read: str) -> tuple[str, ...]:
        return coarser_tables(read, SHOPS, _GROUPED)

    assert coarser("bins") == ("zones (by zone in 2 groups, days in 3 bins)",)
    assert coarser("sums") == ()
    assert coarser("sums", "bins") == ("zones (by zone in 2 groups, days in 3 bins)",)
    assert coarser_tables(["by_kind_and_zone"], SHOPS, MANIFEST) == (
        "by_kind (by kind, days in 5 bins)",
        "whole (no dimension)",
    )


def refusal_of_grouped(asked: Plan) -> RefusedError:
    with pytest.raises(RefusedError) as caught:
        grouped(asked)
    return caught.value


@settings(max_examples=150)
@given(
    where=st.one_of(st.none(), _conditions(2)),
    keys=st.lists(_keys(), max_size=2),
    aggregates=st.lists(_aggregates(), min_size=1, max_size=3),
    data=st.data(),
)
def test_what_is_answered_is_the_sum_over_published_cells_and_true(
    where: Expression | None, keys: list[Expression], aggregates: list[Aggregate], data: st.DataObject
) -> None:
    asked = canonicalise(Plan(SHOPS.id, where, tuple(keys), tuple(aggregates)))
    try:
        cover = grouped(asked)
    except RefusedError:
        return
    rows = data.draw(shop_rows(least=12))
    publication = published_rows(_GROUPED, rows)
    width = len(asked.keys)
    exact = {
        row[:width]: row[width:] for row in rows_of(ReferenceEngine(SHOPS, rows).aggregate(asked, max_cells=MAX_CELLS))
    }
    answered = answers(publication, cover)
    for cell in cover.cells:
        for place, (covered, parts) in enumerate(zip(cover.figures, cell.parts, strict=True)):
            said = answered[cell.key][place]
            shown = covered is not None and all(
                publication.tables[covered.table].cells[number].figures is not None for number in parts
            )
            true = exact.get(cell.key, (0,) * len(cover.figures))[place]
            assert said == (true if shown else None)


@settings(max_examples=150)
@given(
    where=st.one_of(st.none(), _conditions(2)),
    keys=st.lists(_keys(), max_size=2),
    aggregates=st.lists(_aggregates(), min_size=1, max_size=3),
    moved=st.permutations([-10, 5, 21, 60, 61, 100]),
)
def test_no_answer_changes_when_protected_rows_change_and_the_publication_does_not(
    where: Expression | None, keys: list[Expression], aggregates: list[Aggregate], moved: list[int]
) -> None:
    """Few bars and others, whose cells are suppressed, exchange their days; the bakeries are published."""
    asked = canonicalise(Plan(SHOPS.id, where, tuple(keys), tuple(aggregates)))
    before, after = (_few_bars(days) for days in ([-10, 5, 21, 60, 61, 100], moved))
    manifest = shops_manifest(
        threshold=5, tables=[{"name": "kinds", "dimensions": ["kind"], "measures": ["days", "visits"]}]
    )
    publications = published_rows(manifest, before), published_rows(manifest, after)
    assert publications[0].tables == publications[1].tables
    try:
        cover = find_cover(asked, SHOPS, manifest, Effort())
    except RefusedError:
        return
    first, second = (answers(publication, cover) for publication in publications)
    assert first == second


def test_the_rows_that_exchange_their_days_are_protected_and_the_others_are_published() -> None:
    """Otherwise the property above would hold for want of something that changes, or of something shown."""
    manifest = shops_manifest(threshold=5, tables=[{"name": "kinds", "dimensions": ["kind"], "measures": ["days"]}])
    publication = published_rows(manifest, _few_bars([-10, 5, 21, 60, 61, 100]))
    shown = {
        label(publication.tables["kinds"].shape, cell.cell)
        for cell in publication.tables["kinds"].cells
        if cell.figures is not None
    }
    assert shown == {"all", "bakery"}


def _few_bars(days: Sequence[int]) -> list[dict[str, Value | None]]:
    kinds = ["bakery"] * 20 + ["bar"] * 3 + ["other"] * 3
    held = [*(10 + number % 7 for number in range(20)), *days]
    alike: dict[str, Value | None] = {"licensed": True, "street": "Elbe", "score": 10, "visits": 5}
    return [
        {**alike, "zone": 1 + n % 3, "firm": f"firm {n}", "owner": f"owner {n}", "kind": kind, "days": value}
        for n, (kind, value) in enumerate(zip(kinds, held, strict=True))
    ]


def answers(publication: Publication, cover: Cover) -> dict[tuple[Value | None, ...], tuple[Value | None, ...]]:
    """What the node answers from the published cells, as its file holds them."""
    with duckdb.connect() as connection:
        for name, table in publication.tables.items():
            write_published(connection, "memory", table, publication.causes[name])
        stored = {name: read_published(connection, table.shape) for name, table in publication.tables.items()}
    read = PublishedTables(contract=SHOPS, tables=stored).read(cover)
    width = len(cover.plan.keys)
    return {row[:width]: row[width:] for row in rows_of(read.table)}


def published_rows(manifest: Manifest, rows: Sequence[Row]) -> Publication:
    """The publication of these rows."""
    shapes = shapes_of(SHOPS, manifest)
    facts = {name: count_rows(shape, SHOPS, rows) for name, shape in shapes.items()}
    return publish(shapes, facts, rules_of(SHOPS, manifest))
