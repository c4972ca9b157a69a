"""The fluent builder: what it says is what its SQL says, it refuses at once, and a text stays a text."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime
from enum import Enum
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hansa
from hansa.question.builder_expression import Expr
from hansa.question.builder_select import Item, Select
from hansa.table import Table
from hansa_core.contract.types import DataType
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.plan import Aggregate, AggregateFunction, Argument, Plan
from hansa_core.sql.split import parse_statement
from hansa_simulated_city import SimulatedLeague
from hansa_strategies import TRIPS, plans

CITIES = ("bremen", "hamburg")


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[hansa.League]:
    with hansa.connect(served.profile) as connected:
        yield connected


@pytest.fixture(scope="module")
def ships(league: hansa.League) -> Table:
    return league.table("harbour.ships")


def misspelt(word: str) -> Any:
    """A word that the types do not allow: not everybody checks them."""
    return word


def test_a_built_question_is_answered_as_its_sql_is(cities: SimulatedLeague, league: hansa.League) -> None:
    t = league.table("harbour.ships")
    question = (
        t.where(t.c.year >= 1400, (t.c.kind == "cog") | t.c.tons.is_null())
        .group_by("city", kind_of_load="kind")
        .agg(n=hansa.count(), heavy=hansa.count().filter(t.c.tons > 75), tons=hansa.sum("tons"))
        .order_by("city", hansa.count().desc())
        .limit(3)
    )
    answer = question.ask()
    assert answer.table.column_names == ["city", "kind_of_load", "n", "heavy", "tons"]
    assert answer.table_rows[:2] == [
        {"city": "bremen", "kind_of_load": "cog", "n": 2, "heavy": 1, "tons": 150.0},
        {"city": "bremen", "kind_of_load": "hulk", "n": 1, "heavy": 0, "tons": None},
    ]
    assert answer.table == league.sql(question.sql).table
    assert answer.plan == question.plan
    assert [verdict.report.city for verdict in question.dry_run()] == ["bremen", "hamburg", "luebeck"]
    assert repr(question.explain()) == repr(league.explain(question.sql))


def test_every_step_gives_a_new_question(ships: Table) -> None:
    counted = ships.agg(n=hansa.count())
    some = counted.where(ships.c.kind == "cog")
    assert "WHERE" not in counted.sql
    assert some.where(ships.c.year > 1400).sql.count("AND") == 1
    assert some.sql == 'SELECT COUNT(*) AS "n" FROM "harbour.ships/1" WHERE "kind" = \'cog\''
    with pytest.raises(AttributeError):
        some.select = counted.select  # type: ignore[misc]


def test_steps_may_come_in_any_order_that_names_what_is_there(ships: Table) -> None:
    where, measure = ships.c.kind == "cog", hansa.mean("tons")
    one = ships.where(where).group_by("year").agg(mean=measure).cities("hamburg", "bremen")
    other = ships.agg(mean=measure).cities("bremen", "hamburg").group_by(ships.c.year).where(where)
    assert one.plan == other.plan


def test_cities_are_addressed_and_stay_out_of_the_plan(cities: SimulatedLeague, ships: Table) -> None:
    question = ships.cities("hamburg").agg(n=hansa.count())
    assert question.ask().table_rows == [{"n": 2}]
    assert question.plan == ships.agg(hansa.count()).plan
    assert question.plan == ships.where(ships.c.city == "bremen").agg(hansa.count()).plan


def test_arithmetic_on_aggregates_is_done_on_what_was_released(cities: SimulatedLeague, ships: Table) -> None:
    share = 100 * hansa.count().filter(ships.c.kind == "cog") / hansa.count()
    rows = ships.group_by("city").agg(share=share).order_by("city").limit(2).ask().table_rows
    assert rows == [{"city": "bremen", "share": 100 * 2 / 3}, {"city": "hamburg", "share": 50.0}]


def test_rolled_up_keys_have_their_totals(ships: Table) -> None:
    question = ships.rollup("kind", "year").group_by("quay").agg(hansa.count())
    assert question.plan.groupings[0] == (0, 1, 2)
    assert sorted(map(len, question.plan.totals)) == [1, 2]
    assert question.sql.endswith("GROUP BY 1, ROLLUP (2, 3)")


def test_a_total_is_told_from_a_key_that_is_null(league: hansa.League, ships: Table) -> None:
    question = ships.rollup("kind").agg(n=hansa.count(), is_total=hansa.grouping("kind")).order_by("is_total")
    assert question.plan.totals == ((),)
    assert 'GROUPING("kind") AS "is_total"' in question.sql
    with pytest.raises(hansa.RefusedError) as refused:
        ships.rollup("kind").agg(hansa.count(), hansa.grouping("year"))
    assert refused.value.code == "not_grouped"


def test_having_keeps_rows_of_the_answer_and_stays_out_of_the_plan(cities: SimulatedLeague, ships: Table) -> None:
    counted = ships.group_by("kind").agg(n=hansa.count())
    question = counted.having(hansa.count() > 1).having(hansa.count() < 4)
    assert question.sql.endswith("HAVING (COUNT(*) > 1) AND (COUNT(*) < 4)")
    assert question.plan == counted.plan
    assert counted.having((counted.c.n > 1) & (counted.c.n < 4)).ask().table_rows == question.ask().table_rows
    kept = [row for row in counted.ask().table_rows if 1 < row["n"] < 4]
    assert 0 < len(kept) < len(counted.ask())
    assert question.ask().table_rows == kept


@pytest.mark.parametrize(
    ("build", "code", "said"),
    [
        (lambda t: t.where(t.c.knd == "cog"), "unknown_column", "did you mean kind"),
        (lambda t: t.where(hansa.col("knd") == "cog"), "unknown_column", "did you mean kind"),
        (lambda t: t.group_by("knd"), "unknown_column", "did you mean kind"),
        (lambda t: t.agg(hansa.sum("ton")), "unknown_column", "did you mean tons"),
        (lambda t: t.agg(hansa.sum("kind")), "wrong_type", "kind"),
        (lambda t: t.where(t.c.year == "1400"), "wrong_type", "without quotes"),
        (lambda t: t.where(t.c.year), "wrong_type", "a condition is true or false"),
        (lambda t: t.where(True), "wrong_type", "takes conditions, not bool"),
        (lambda t: t.where(), "wrong_type", "at least one"),
        (lambda t: t.where(t.c.kind == "a" and t.c.year == 1), "wrong_type", "write & | ~"),
        (lambda t: t.where(1400 < t.c.year < 1500), "wrong_type", "between"),
        (lambda t: t.where(t.c.kind == None), "wrong_type", "is_null"),  # noqa: E711
        (lambda t: t.where(t.c.kind.is_in("cog")), "wrong_type", "list"),
        (lambda t: t.where(t.c.year == datetime.now(UTC)), "wrong_type", "replace(tzinfo=None)"),
        (lambda t: t.where(t.c.year == 2**63), "wrong_type", "64 bits"),
        (lambda t: t.where(t.c.tons < -math.inf), "wrong_type", "finite"),
        (lambda t: t.where(t.c.tons < [1]), "wrong_type", "list is no value"),
        (lambda t: t.where(hansa.count() > 3), "cannot_split", "never inside WHERE"),
        (lambda t: t.where(hansa.try_cast("year", misspelt("strng")) == 1), "wrong_type", "known are: boolean"),
        (lambda t: t.where(hansa.extract(misspelt("yeer"), "year") == 1), "wrong_type", "did you mean year"),
        (lambda t: t.where(hansa.case() == 1), "wrong_type", "branches"),
        (lambda t: t.cities("bremn"), "unknown_city", "did you mean bremen"),
        (lambda t: t.agg(hansa.quantile("tons", 2)), "wrong_type", "0 to 1"),
        (lambda t: t.agg(hansa.sum(hansa.sum("tons"))), "cannot_split", "do not nest"),
        (lambda t: t.agg("tons"), "wrong_type", "agg() takes expressions"),
        (lambda t: t.agg(n=hansa.count()).agg(n=hansa.count()), "unsupported_clause", "already"),
        (lambda t: t.agg(n=hansa.count()).order_by("m"), "unknown_column", "known are: n"),
        (lambda t: t.agg(n=hansa.count()).order_by("n").limit(-1), "wrong_type", "0 or more"),
        (lambda t: t.ask(), "rows_requested", "at least one aggregate"),
        (lambda t: t.plan, "rows_requested", "at least one aggregate"),
    ],
)
def test_a_step_that_breaks_a_rule_is_refused_at_once_with_a_remedy(
    cities: SimulatedLeague, ships: Table, build: Callable[[Table], object], code: str, said: str
) -> None:
    with pytest.raises(hansa.RefusedError) as refused:
        build(ships)
    assert refused.value.code == code
    assert said in str(refused.value)
    assert refused.value.field
    assert not any(city.asked for city in cities.cities.values())


def test_a_dataset_that_is_not_in_the_catalogue_is_refused_with_the_nearest_name(cities: SimulatedLeague) -> None:
    with hansa.connect(cities.profile) as league, pytest.raises(hansa.RefusedError) as refused:
        league.table("harbour.ship")
    assert refused.value.code == "unknown_contract"
    assert "did you mean harbour.ships" in str(refused.value)
    assert not any(city.asked for city in cities.cities.values())


ATTACKS = (
    "'; DROP TABLE x; --",
    "\\'; --",
    "' OR 'a'='a",
    '"',
    "a\nb",
    "/* */",
    "$$",
    "?",
    "{x}",
    "E'\\x41'",
    "ß\u202e",
)


@given(text=st.one_of(st.sampled_from(ATTACKS), st.text()))
def test_a_text_is_that_text_and_nothing_else(text: str) -> None:
    select = Select(source=TRIPS.id, measures=(Item(value=hansa.count()),), conditions=(hansa.col("remark") == text,))
    if "\0" in text or any("\ud800" <= char <= "\udfff" for char in text):
        with pytest.raises(hansa.RefusedError, match="syntax_error"):
            parsed(select)
        return
    assert parsed(select).where == Call(Op.EQ, (Column("remark"), literal(text)))


@pytest.mark.parametrize("name", [*ATTACKS, "ship)--", "kind; SELECT 1", 'kind" OR "kind'])
def test_a_name_is_one_name_whatever_it_holds(ships: Table, name: str) -> None:
    steps: tuple[Callable[[], object], ...] = (
        lambda: ships.where(hansa.col(name) == 1),
        lambda: ships.group_by(name),
        lambda: ships.agg(hansa.sum(name)),
        lambda: ships.where(ships.c[name] == 1),
    )
    for build in steps:
        with pytest.raises(hansa.RefusedError, match="unknown_column"):
            build()
    answer = ships.agg(**{name: hansa.count()})
    assert answer.plan == ships.agg(hansa.count()).plan
    assert answer.connection.session.read(answer.sql).outer.columns[0].name == name


def test_words_of_sql_cannot_be_smuggled_in_as_parts_types_or_widths(ships: Table) -> None:
    hostile = misspelt("year') FROM x; --")
    steps: tuple[Callable[[], object], ...] = (
        lambda: ships.group_by(hansa.date_trunc(hostile, "year")),
        lambda: ships.group_by(hansa.extract(hostile, "year")),
        lambda: ships.group_by(hansa.try_cast("year", hostile)),
        lambda: ships.group_by(hansa.bin("year", hostile)),
        lambda: ships.agg(hansa.quantile("tons", hostile)),
        lambda: ships.agg(hansa.count()).limit(hostile),
    )
    for build in steps:
        with pytest.raises(hansa.RefusedError, match="wrong_type"):
            build()


class Kind(str, Enum):  # noqa: UP042  as analysts still write them
    COG = "cog"


class Odd(float):
    def __repr__(self) -> str:
        return "Odd(1.5)"  # as numpy's do


@pytest.mark.parametrize(
    ("value", "means"),
    [
        (True, literal(True)),
        (-3, literal(-3)),
        (-(2**63), literal(-(2**63))),
        (-0.5, literal(-0.5)),
        (1e300, literal(1e300)),
        (Odd(1.5), literal(1.5)),
        (Kind.COG, literal("cog")),
        (date(2024, 2, 29), literal(date(2024, 2, 29))),
        (datetime(2024, 2, 29, 12, 30, 0, 5), literal(datetime(2024, 2, 29, 12, 30, 0, 5))),
    ],
)
def test_a_python_value_is_the_literal_that_carries_it(value: Any, means: Literal) -> None:
    column = {
        DataType.BOOLEAN: "paid",
        DataType.INTEGER: "odometer",
        DataType.NUMBER: "fare",
        DataType.TEXT: "remark",
        DataType.DATE: "day",
        DataType.TIMESTAMP: "started",
    }[means.type]
    condition = hansa.col(column) != value
    select = Select(source=TRIPS.id, measures=(Item(value=hansa.count()),), conditions=(condition,))
    assert parsed(select) == canonicalise(
        Plan(TRIPS.id, Call(Op.NE, (Column(column), means)), (), (Aggregate(AggregateFunction.COUNT_ROWS),))
    )


def test_a_column_completes_and_is_none_where_it_is_not(ships: Table) -> None:
    assert {"kind", "tons", "city"} <= set(dir(ships.c))
    assert not hasattr(ships.c, "knd")
    assert repr(ships.c.kind == "cog") == "\"kind\" = 'cog'"
    with pytest.raises(TypeError):
        hash(ships.c.kind)


def test_a_column_that_an_object_hides_is_reached_by_its_key(ships: Table) -> None:
    assert repr(ships.c["kind"]) == repr(ships.c.kind)


@given(plan=plans())
def test_a_plan_that_is_built_is_the_plan_that_its_sql_says(plan: Plan) -> None:
    """Any plan of the language can be said in Python, and the SQL that is printed means just it."""
    select = Select(
        source=plan.source,
        conditions=() if plan.where is None else (built(plan.where),),
        keys=tuple(Item(value=built(key)) for key in plan.keys),
        measures=tuple(Item(value=measured(aggregate)) for aggregate in plan.aggregates),
    )
    assert parsed(select) == canonicalise(Plan(plan.source, plan.where, plan.keys, plan.aggregates))


def parsed(select: Select) -> Plan:
    return parse_statement(select.sql(), {TRIPS.id: TRIPS}, CITIES).plan


def measured(aggregate: Aggregate) -> Expr:
    match aggregate.function:
        case AggregateFunction.COUNT_ROWS:
            measure = hansa.count()
        case AggregateFunction.QUANTILE_CONT:
            assert aggregate.quantile is not None
            measure = hansa.quantile(argument(aggregate.arguments[0]), aggregate.quantile)
        case function:
            python = {"avg": "mean", "var_samp": "variance", "stddev_samp": "stddev"}
            python |= {"covar_samp": "covariance", "corr": "correlation"}
            name = python.get(function.value, function.value)
            measure = getattr(hansa, name)(*(argument(one) for one in aggregate.arguments))
    return measure if aggregate.where is None else measure.filter(built(aggregate.where))


def argument(given: Argument) -> Expr | str:
    return given if isinstance(given, str) else built(given)


def built(expression: Expression) -> Expr:
    match expression:
        case Column(name):
            return hansa.col(name)
        case Literal(None, kind):
            return hansa.try_cast(hansa.lit(None), kind.value)
        case Literal(value):
            return hansa.lit(value)
        case Call(Op.IN, args):
            return built(args[0]).is_in([built(one) for one in args[1:]])
        case Call(Op.TRY_CAST, (argument_, Literal(kind))):
            return hansa.try_cast(built(argument_), kind)  # type: ignore[arg-type]
        case Call(Op.DATE_TRUNC | Op.EXTRACT as op, (Literal(part), argument_)):
            return (hansa.date_trunc if op is Op.DATE_TRUNC else hansa.extract)(part, built(argument_))  # type: ignore[arg-type]
        case Call(Op.BIN, (argument_, Literal(int() | float() as width))):
            return hansa.bin(built(argument_), width)
        case Call(Op.GRID, (latitude, longitude, Literal(int() as metres))):
            return hansa.grid(built(latitude), built(longitude), metres)
        case Call(Op.DATE_DIFF, (Literal(part), start, end)):
            return hansa.date_diff(part, built(start), built(end))  # type: ignore[arg-type]
        case Call(Op.DATE_ADD, (Literal(part), moment, Literal(int() as count))):
            return hansa.date_add(part, built(moment), count)  # type: ignore[arg-type]
        case Call(Op.LIKE | Op.ILIKE as op, (text, Literal(str() as pattern))):
            return built(text).like(pattern) if op is Op.LIKE else built(text).ilike(pattern)
        case Call(Op.LEFT | Op.RIGHT | Op.SUBSTRING as op, (text, *counts)):
            numbers = [count.value for count in counts if isinstance(count, Literal)]
            return getattr(hansa, op.value)(built(text), *numbers)  # type: ignore[no-any-return]
        case Call(op, args) if op in NAMED:
            return getattr(hansa, NAMED[op])(*(built(one) for one in args))  # type: ignore[no-any-return]
        case Call(op, args):
            return combined(op, [built(one) for one in args])


NAMED = {Op.JOIN: "join"} | {
    op: op.value
    for op in (
        *(Op.LOWER, Op.UPPER, Op.LENGTH, Op.TRIM, Op.LTRIM, Op.RTRIM, Op.GREATEST, Op.LEAST),
        *(Op.FLOOR, Op.CEIL, Op.TRUNC, Op.ROUND, Op.SQRT),
    )
}
"""The operators that are functions of the same arguments."""


def combined(op: Op, args: list[Expr]) -> Expr:
    first, *rest = args
    match op:
        case Op.EQ:
            return first == rest[0]
        case Op.NE:
            return first != rest[0]
        case Op.LT:
            return first < rest[0]
        case Op.LE:
            return first <= rest[0]
        case Op.GT:
            return first > rest[0]
        case Op.GE:
            return first >= rest[0]
        case Op.ADD:
            return first + rest[0]
        case Op.SUB:
            return first - rest[0]
        case Op.MUL:
            return first * rest[0]
        case Op.DIV:
            return first / rest[0]
        case Op.MOD:
            return first % rest[0]
        case Op.AND | Op.OR:
            for other in rest:
                first = first & other if op is Op.AND else first | other
            return first
        case Op.NOT:
            return ~first
        case Op.IS_NULL:
            return first.is_null()
        case Op.ABS:
            return abs(first)
        case Op.COALESCE:
            return hansa.coalesce(first, *rest)
        case Op.NULLIF:
            return hansa.nullif(first, rest[0])
        case Op.CASE:
            otherwise = args[-1] if len(args) % 2 else None
            return hansa.case(*zip(args[0::2], args[1::2], strict=False), otherwise=otherwise)
    raise AssertionError(op)


def test_labels_put_cities_together(cities: SimulatedLeague, ships: Table) -> None:
    built = ships.label("coast", {"baltic": ["luebeck"]}, otherwise="north sea").agg(n=hansa.count()).order_by("coast")
    assert built.ask().table_rows == [{"coast": "baltic", "n": 900}, {"coast": "north sea", "n": 5}]
    others = ships.label("coast", {"baltic": ["luebeck"], "elbe": ["hamburg"]}).agg(n=hansa.count())
    assert [row["coast"] for row in others.ask().table_rows] == ["baltic", "elbe", None]
    wrong: list[dict[str, list[str]]] = [{}, {"baltic": ["lubeck"]}, {"baltic": []}]
    for labels in wrong:
        with pytest.raises(hansa.RefusedError) as refused:
            ships.label("coast", labels)
        assert refused.value.remedy


def test_the_rows_of_several_questions_are_united(cities: SimulatedLeague, ships: Table) -> None:
    by_city = ships.group_by("city").agg(n=hansa.count())
    cogs = ships.where(ships.c.kind == "cog").group_by("city").agg(n=hansa.count())
    most = by_city.order_by(hansa.col("n").desc()).limit(1)
    rows = most.union_all(by_city, cogs).order_by("n").limit(20).ask().table_rows
    assert sorted((row["city"], row["n"]) for row in rows) == sorted(
        [("luebeck", 900), ("bremen", 3), ("hamburg", 2), ("luebeck", 900), *_counts(cogs)]
    )
    assert [row["n"] for row in rows] == sorted(row["n"] for row in rows)
    assert _counts(by_city.union(by_city)) == _counts(by_city)
    assert _counts(by_city.intersect(most)) == [("luebeck", 900)]
    assert _counts(by_city.except_(most)) == [("bremen", 3), ("hamburg", 2)]


def _counts(question: Table) -> list[tuple[str, int]]:
    return sorted((row["city"], row["n"]) for row in question.ask().table_rows)


def test_united_rows_are_ordered_and_limited_and_nothing_else(ships: Table) -> None:
    by_city = ships.group_by("city").agg(n=hansa.count())
    united = by_city.union_all(by_city)
    steps: list[Callable[[], object]] = [
        lambda: united.where(united.c.kind == "cog"),
        lambda: united.group_by("kind"),
        lambda: united.agg(m=hansa.count()),
        lambda: united.cities("bremen"),
        by_city.union_all,
        lambda: by_city.union_all(ships.agg(n=hansa.count())),
        lambda: united.order_by("kind"),
    ]
    for step in steps:
        with pytest.raises(hansa.RefusedError) as refused:
            step()
        assert refused.value.remedy


@pytest.mark.parametrize(
    ("built", "sql"),
    [
        (lambda: hansa.strftime("day", "%Y-%m"), "strftime(day, '%Y-%m')"),
        (lambda: hansa.dayname("started"), "dayname(started)"),
        (lambda: hansa.monthname("day"), "monthname(day)"),
        (lambda: hansa.col("stops") // 7, "stops // 7"),
        (lambda: 100 // hansa.col("zone"), "100 // zone"),
    ],
)
def test_a_builder_function_is_read_as_its_sql(built: Callable[[], Expr], sql: str) -> None:
    plans = [
        parse_statement(f"SELECT {key} AS k, COUNT(*) FROM demo.trips GROUP BY k", {TRIPS.id: TRIPS}, CITIES).plan
        for key in (repr(built()), sql)
    ]
    assert plans[0] == plans[1]
