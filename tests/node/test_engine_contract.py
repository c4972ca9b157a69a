"""What every engine owes: one suite, run over each of them."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import date, datetime
from fractions import Fraction
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from hansa_core.contract.quanta import whole_of
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value
from hansa_core.errors import RefusedError
from hansa_core.partial.partial import partial_schema, rows_of
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, literal
from hansa_core.plan.limbs import LIMB_BITS
from hansa_core.plan.limits import MAX_DEPTH, MAX_NODES
from hansa_core.plan.measure import measure_of
from hansa_core.plan.moments import MomentKind, moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_datasets import write_dataset
from hansa_node.engines.duckdb.dialect import DuckDBDialect
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.engine import Engine
from hansa_node.engines.reference import ReferenceEngine
from hansa_node.engines.sql.statement import compile_plan
from hansa_node.engines.stop import AbandonedError, Stop
from hansa_strategies import TRIPS

Row = Mapping[str, Value | None]
EngineOver = Callable[[Sequence[Row]], Engine]

DEADLINE_S = 60.0
COUNT = Aggregate(AggregateFunction.COUNT_ROWS)
BLANK: Row = dict.fromkeys(TRIPS.columns) | {"rider": "r", "zone": 1, "mode": "bus"}


def row(**stored: Value | None) -> Row:
    """A row of TRIPS with NULL in whatever is not given."""
    return {**BLANK, **stored}


@pytest.fixture(params=["reference", "duckdb"])
def engine_over(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[EngineOver]:
    with ExitStack() as opened:

        def over(rows: Sequence[Row]) -> Engine:
            if request.param == "reference":
                return ReferenceEngine(TRIPS, rows)
            path = tmp_path / "v000001.duckdb"
            write_dataset(path, TRIPS, rows)
            return DuckDBEngine(TRIPS, opened.enter_context(open_locked(path)), path)

        yield over


def plan(*aggregates: Aggregate, keys: Sequence[Expression] = (), where: Expression | None = None) -> Plan:
    return Plan(TRIPS.id, where, tuple(keys), aggregates or (COUNT,))


def cells(engine: Engine, asked: Plan) -> list[tuple[object, ...]]:
    return list(rows_of(engine.aggregate(asked, max_cells=1000)))


def value_of(engine_over: EngineOver, expression: Expression, **stored: Value | None) -> object:
    """What the expression gives in the only row."""
    ((value, count),) = cells(engine_over([row(**stored)]), plan(keys=[expression]))
    assert count == 1
    return value


def test_an_answer_has_the_schema_of_the_plan(engine_over: EngineOver) -> None:
    asked = plan(Aggregate(AggregateFunction.AVG, "fare"), keys=[Column("mode"), Column("day")])
    table = engine_over([row(fare=3)]).aggregate(asked, max_cells=10)
    assert table.schema.equals(partial_schema(asked, TRIPS), check_metadata=True)


def test_no_rows_make_one_cell_without_keys_and_none_with_keys(engine_over: EngineOver) -> None:
    engine = engine_over([])
    assert cells(engine, plan(COUNT, Aggregate(AggregateFunction.SUM, "stops"))) == [(0, 0, 0)]
    assert cells(engine, plan(keys=[Column("mode")])) == []


def test_a_filter_that_nothing_passes_leaves_the_total_at_zero(engine_over: EngineOver) -> None:
    asked = plan(where=Call(Op.EQ, (Column("mode"), literal("tram"))))
    assert cells(engine_over([row()]), asked) == [(0,)]


def test_unknown_is_not_true_in_where_and_filter(engine_over: EngineOver) -> None:
    paid = Call(Op.NOT, (Column("paid"),))
    engine = engine_over([row(paid=None), row(paid=False), row(paid=True)])
    assert cells(engine, plan(where=paid)) == [(1,)]
    assert cells(engine, plan(Aggregate(AggregateFunction.COUNT_ROWS, None, paid))) == [(1,)]


def test_sums_are_exact_in_quanta_and_skip_nulls(engine_over: EngineOver) -> None:
    engine = engine_over([row(fare=3), row(fare=None), row(fare=-5), row(fare=4000)])
    asked = plan(Aggregate(AggregateFunction.AVG, "fare"))
    assert [moment.kind for moment in moments_of(asked, TRIPS)] == [MomentKind.COUNT, MomentKind.SUM]
    assert cells(engine, asked) == [(3, 3998)]


def test_a_sum_may_pass_64_bits(engine_over: EngineOver) -> None:
    engine = engine_over([row(odometer=INT64_MAX)] * 5)
    assert cells(engine, plan(Aggregate(AggregateFunction.SUM, "odometer"))) == [(5, 5 * INT64_MAX)]


def moments(engine: Engine, aggregate: Aggregate) -> dict[tuple[MomentKind, object, object], object]:
    """The only cell's moments, by kind, argument and second argument or bin."""
    asked = plan(aggregate)
    ((*found,),) = cells(engine, asked)
    kinds = [(moment.kind, moment.column, moment.bin or moment.second) for moment in moments_of(asked, TRIPS)]
    return dict(zip(kinds, found, strict=True))


def test_squares_pass_64_bits_exactly(engine_over: EngineOver) -> None:
    far = 90_000_000  # 90 degrees in millionths
    engine = engine_over([row(lat=far), row(lat=-far), row(lat=None)] * 3)
    assert moments(engine, Aggregate(AggregateFunction.VAR_SAMP, "lat")) == {
        (MomentKind.COUNT, "lat", None): 6,
        (MomentKind.SUM, "lat", None): 0,
        (MomentKind.SQUARES, "lat", None): 6 * far**2,
    }


def test_a_pair_counts_where_both_are_known(engine_over: EngineOver) -> None:
    engine = engine_over([row(fare=1, stops=2), row(fare=3, stops=5), row(fare=100), row(stops=100), row()])
    assert moments(engine, Aggregate(AggregateFunction.CORR, "stops", None, "fare")) == {
        (MomentKind.MEASURED, "fare", "stops"): 2,
        (MomentKind.SUM, "fare", "stops"): 4,
        (MomentKind.SUM, "stops", "fare"): 7,
        (MomentKind.PRODUCTS, "fare", "stops"): 17,
        (MomentKind.SQUARES, "fare", "stops"): 10,
        (MomentKind.SQUARES, "stops", "fare"): 29,
    }


@pytest.mark.parametrize("rows", [[], [row()], [row(), row()]], ids=["no row", "all NULL", "twice NULL"])
@pytest.mark.parametrize(
    "aggregate",
    [
        Aggregate(AggregateFunction.VAR_SAMP, "fare"),
        Aggregate(AggregateFunction.REGR_R2, "fare", None, "stops"),
        Aggregate(AggregateFunction.QUANTILE_CONT, "duration", quantile=0.5),
        Aggregate(AggregateFunction.MIN, "odometer"),
        Aggregate(AggregateFunction.MIN, "day"),
        Aggregate(AggregateFunction.MAX, Call(Op.ADD, (Column("fare"), literal(1)))),
    ],
    ids=lambda aggregate: str(aggregate.function),
)
def test_over_no_value_a_moment_is_its_nothing(
    engine_over: EngineOver, rows: Sequence[Row], aggregate: Aggregate
) -> None:
    asked = plan(aggregate)
    assert cells(engine_over(rows), asked) == [tuple(moment.nothing for moment in moments_of(asked, TRIPS))]


def test_extremes_reach_the_ends_of_64_bits(engine_over: EngineOver) -> None:
    engine = engine_over([row(odometer=INT64_MIN), row(odometer=INT64_MAX), row(odometer=None), row(odometer=0)])
    least = moments(engine, Aggregate(AggregateFunction.MIN, "odometer"))
    greatest = moments(engine, Aggregate(AggregateFunction.MAX, "odometer"))
    assert least[MomentKind.MIN, "odometer", None] == INT64_MIN
    assert greatest[MomentKind.MAX, "odometer", None] == INT64_MAX


def test_the_first_and_last_day_and_moment_are_found_to_the_ends_of_the_calendar(engine_over: EngineOver) -> None:
    first, last = date(1, 1, 1), date(9999, 12, 31)
    engine = engine_over([row(day=last, started=datetime.max), row(day=first, started=datetime.min), row()])
    assert moments(engine, Aggregate(AggregateFunction.MIN, "day"))[MomentKind.MIN, "day", None] == whole_of(first)
    assert moments(engine, Aggregate(AggregateFunction.MAX, "day"))[MomentKind.MAX, "day", None] == whole_of(last)
    earliest, latest = (Aggregate(one, "started") for one in (AggregateFunction.MIN, AggregateFunction.MAX))
    assert moments(engine, earliest)[MomentKind.MIN, "started", None] == whole_of(datetime.min)
    assert moments(engine, latest)[MomentKind.MAX, "started", None] == whole_of(datetime.max)


def test_a_bin_holds_its_upper_cut_and_not_its_lower_one(engine_over: EngineOver) -> None:
    engine = engine_over([row(duration=quanta) for quanta in (0, 2, 3, 6, 6, 7, 120)])  # steps of 5; cuts 10, 30, 60
    found = moments(engine, Aggregate(AggregateFunction.HISTOGRAM, "duration"))
    assert {key[2]: count for key, count in found.items() if key[0] is MomentKind.BIN} == {
        (0, 6): 5,
        (7, 120): 2,
        (0, 2): 2,
        (3, 6): 3,
        (7, 12): 1,
        (13, 120): 1,
    }


def test_a_computed_number_counts_in_steps_of_its_own_quantum(engine_over: EngineOver) -> None:
    tiny = Call(Op.MUL, (Column("fare"), literal(0.000002)))  # a fare's quantum is a quarter
    engine = engine_over([row(fare=1), row(fare=-1), row(fare=3), row(fare=None)])
    assert moments(engine, Aggregate(AggregateFunction.MAX, tiny)) == {
        (MomentKind.MAX, tiny, None): 3,
        (MomentKind.MEASURED, tiny, None): 3,
    }
    assert measure_of(tiny, TRIPS).quantum == Fraction(5, 10**7)


def test_a_computed_number_of_any_size_is_added_up(engine_over: EngineOver) -> None:
    far = Call(Op.MUL, (Column("fare"), literal(1e16)))
    engine = engine_over([row(fare=4), row(fare=0)])
    assert set(cells(engine, plan(Aggregate(AggregateFunction.SUM, far)))) == {(2, 4)}
    assert cells(engine, plan(Aggregate(AggregateFunction.COUNT, far))) == [(2,)]


def test_integers_beyond_64_bits_are_added_up_and_counted(engine_over: EngineOver) -> None:
    product = Call(Op.MUL, (Column("odometer"), Column("stops")))
    engine = engine_over([row(odometer=INT64_MIN, stops=1000), row(odometer=INT64_MAX, stops=1000), row(odometer=1)])
    assert cells(engine, plan(Aggregate(AggregateFunction.COUNT, product))) == [(2,)]
    assert cells(engine, plan(Aggregate(AggregateFunction.SUM, product))) == [(2, -1000)]
    assert moments(engine, Aggregate(AggregateFunction.MIN, product)) == {
        (MomentKind.MIN, product, None): INT64_MIN * 1000,
        (MomentKind.MEASURED, product, None): 2,
    }


def test_an_inner_overflow_under_a_choice_loses_nothing(engine_over: EngineOver) -> None:
    inner = Call(Op.MUL, (Column("odometer"), Column("odometer")))
    chosen = Call(Op.CASE, (Call(Op.GT, (Column("stops"), literal(0))), inner, Column("stops")))
    engine = engine_over([row(odometer=INT64_MIN, stops=1), row(odometer=INT64_MIN, stops=-5)])
    total = sum(
        limb << LIMB_BITS * (place or 0)
        for (kind, _, place), limb in limbs_of(engine, Aggregate(AggregateFunction.SUM, chosen)).items()
        if kind is MomentKind.SUM
    )
    assert total == 2**126 - 5


def test_what_is_only_compared_is_counted_in_steps_that_fit(engine_over: EngineOver) -> None:
    far = Call(Op.MUL, (Column("stops"), literal(4e15)))  # a thousand of them in quarters pass 64 bits
    compared = Call(Op.NULLIF, (Column("fare"), far))
    engine = engine_over([row(stops=1000, fare=3), row(stops=0, fare=0), row(stops=1, fare=5)])
    assert set(cells(engine, plan(Aggregate(AggregateFunction.SUM, compared)))) == {(2, 8)}


def test_squares_of_one_of_a_pair_beyond_64_bits_are_its_own(engine_over: EngineOver) -> None:
    rows = [row(odometer=INT64_MIN, stops=3), row(odometer=-7, stops=2), row(odometer=5)]
    far = Call(Op.ABS, (Column("odometer"),))
    found = limbs_of(engine_over(rows), Aggregate(AggregateFunction.CORR, far, None, "stops"))
    squares = {
        place or 0: value
        for (kind, column, place), value in found.items()
        if (kind, column) == (MomentKind.SQUARES, far)
    }
    assert sum(value << LIMB_BITS * place for place, value in squares.items()) == INT64_MIN**2 + 49


def limbs_of(engine: Engine, aggregate: Aggregate) -> dict[tuple[MomentKind, object, int | None], int]:
    """The only cell's moments, by kind, argument and limb."""
    asked = plan(aggregate)
    ((*found,),) = cells(engine, asked)
    kinds = [(moment.kind, moment.column, moment.limb) for moment in moments_of(asked, TRIPS)]
    return dict(zip(kinds, found, strict=True))  # type: ignore[arg-type]


def test_a_unit_counts_once_in_each_cell(engine_over: EngineOver) -> None:
    rows = [row(rider=rider, mode=mode) for rider, mode in (("a", "bus"), ("a", "bus"), ("a", "tram"), ("b", "bus"))]
    asked = plan(Aggregate(AggregateFunction.COUNT_DISTINCT, "rider"), keys=[Column("mode")])
    assert cells(engine_over(rows), asked) == [("tram", 1), ("bus", 2)]


def test_cells_stand_in_the_domains_display_order_and_null_last(engine_over: EngineOver) -> None:
    rows = [row(mode=mode, day=day) for mode in ("unknown", "bus", "tram") for day in (None, date(2024, 5, 2))]
    answered = cells(engine_over(rows), plan(keys=[Column("mode"), Column("day")]))
    assert [keys[:2] for keys in answered] == [
        (mode, day) for mode in ("tram", "bus", "unknown") for day in (date(2024, 5, 2), None)
    ]


def test_as_many_cells_as_allowed_pass_and_one_more_is_refused(engine_over: EngineOver) -> None:
    engine = engine_over([row(stops=stops) for stops in range(6)])
    asked = plan(keys=[Column("stops")])
    assert engine.aggregate(asked, max_cells=6).num_rows == 6
    with pytest.raises(RefusedError) as refused:
        engine.aggregate(asked, max_cells=5)
    assert refused.value.code == "too_many_cells"


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (Call(Op.ADD, (Column("odometer"), literal(1))), None),
        (Call(Op.MUL, (Column("odometer"), Column("odometer"))), None),
        (Call(Op.SUB, (literal(INT64_MIN), Column("odometer"))), None),
        (Call(Op.ABS, (literal(INT64_MIN),)), None),
        (Call(Op.DIV, (Column("odometer"), literal(0))), None),
        (Call(Op.DIV, (literal(1.0), literal(-0.0))), None),
        (Call(Op.DIV, (Column("stops"), Column("odometer"))), 0.0),
        (Call(Op.DIV, (Column("stops"), Call(Op.NULLIF, (Column("odometer"), Column("odometer"))))), None),
        (Call(Op.DIV, (literal(7), literal(2))), 3.5),
        (Call(Op.MUL, (literal(1e308), literal(10.0))), None),
        (Call(Op.BIN, (literal(-7), literal(5))), -10),
        (Call(Op.BIN, (literal(INT64_MIN), literal(INT64_MAX))), None),
        (Call(Op.BIN, (literal(-0.1), literal(0.25))), -0.25),
        (Call(Op.TRY_CAST, (literal(2.5), literal("integer"))), 3),
        (Call(Op.TRY_CAST, (literal(-2.5), literal("integer"))), -3),
        (Call(Op.TRY_CAST, (literal(2.0**63), literal("integer"))), None),
        (Call(Op.TRY_CAST, (literal("1e3"), literal("integer"))), None),
        (Call(Op.TRY_CAST, (literal("9223372036854775807.4"), literal("integer"))), INT64_MAX),
        (Call(Op.TRY_CAST, (literal("9223372036854775807.5"), literal("integer"))), None),
        (Call(Op.TRY_CAST, (literal("9" * 400), literal("number"))), None),
        (Call(Op.TRY_CAST, (literal("2023-02-29"), literal("date"))), None),
        (Call(Op.TRY_CAST, (literal("2024-01-01 24:00:00"), literal("timestamp"))), None),
        (Call(Op.TRY_CAST, (literal(datetime(1969, 12, 31, 23)), literal("date"))), date(1969, 12, 31)),
        (Call(Op.DATE_TRUNC, (literal("quarter"), literal(date(2024, 5, 31)))), date(2024, 4, 1)),
        (Call(Op.EXTRACT, (literal("isodow"), literal(date(2026, 11, 29)))), 7),
        (Call(Op.NULLIF, (literal(1), literal(1.0))), None),
        (Call(Op.DATE_ADD, (literal("month"), literal(date(2024, 1, 31)), literal(1))), date(2024, 2, 29)),
        (Call(Op.DATE_ADD, (literal("quarter"), literal(date(2024, 5, 31)), literal(-2))), date(2023, 11, 30)),
        (Call(Op.DATE_ADD, (literal("year"), literal(date(9999, 1, 1)), literal(1))), None),
        (Call(Op.DATE_ADD, (literal("second"), literal(datetime(1, 1, 1)), literal(-1))), None),
        (Call(Op.DATE_ADD, (literal("week"), literal(date(2024, 2, 26)), literal(1))), date(2024, 3, 4)),
        (Call(Op.DATE_DIFF, (literal("week"), literal(date(2024, 3, 3)), literal(date(2024, 3, 4)))), 1),
        (Call(Op.DATE_DIFF, (literal("week"), literal(date(2024, 3, 4)), literal(date(2024, 3, 10)))), 0),
        (Call(Op.DATE_DIFF, (literal("quarter"), literal(date(2024, 4, 1)), literal(date(2024, 3, 31)))), -1),
        (Call(Op.EXTRACT, (literal("isoyear"), literal(date(2021, 1, 3)))), 2020),
        (Call(Op.EXTRACT, (literal("week"), literal(date(2021, 1, 3)))), 53),
        (Call(Op.EXTRACT, (literal("epoch_us"), literal(date(1969, 12, 31)))), -86_400_000_000),
        (Call(Op.MOD, (literal(-7), literal(4))), -3),
        (Call(Op.MOD, (literal(INT64_MIN), literal(-1))), 0),
        (Call(Op.MOD, (Column("odometer"), literal(0))), None),
        (Call(Op.ROUND, (literal(-2.5),)), -3.0),
        (Call(Op.SQRT, (literal(-1),)), None),
        (Call(Op.LOWER, (literal("İÄB"),)), "İÄb"),
        (Call(Op.UPPER, (literal("ßäb"),)), "ßäB"),
        (Call(Op.LENGTH, (literal("e\u0301\U0001f6b2"),)), 3),
        (Call(Op.RIGHT, (literal("a\U0001f6b2b"), literal(2))), "\U0001f6b2b"),
        (Call(Op.SUBSTRING, (literal("abcd"), literal(2), literal(2))), "bc"),
        (Call(Op.TRIM, (literal(" \u00a0x \t "),)), "\u00a0x \t"),
        (Call(Op.LIKE, (literal("a\nb%"), literal("a_b\\%"))), True),
        (Call(Op.ILIKE, (literal("TRÄM"), literal("trÄ_"))), True),
        (Call(Op.ILIKE, (literal("TRÄM"), literal("trä_"))), False),
        (Call(Op.GREATEST, (literal("\uffff"), literal("\U0001f6b2"), Literal(None, DataType.TEXT))), "\U0001f6b2"),
        (Call(Op.GRID, (literal(47.6062), literal(-122.3321), literal(500))), 30640000008757),
        (Call(Op.GRID, (literal(90.5), literal(0.0), literal(500))), None),
    ],
)
def test_every_operator_is_total(engine_over: EngineOver, expression: Expression, expected: object) -> None:
    assert value_of(engine_over, expression, odometer=INT64_MAX, stops=0) == expected


def test_minus_zero_and_zero_are_one_key(engine_over: EngineOver) -> None:
    half = Call(Op.MUL, (Column("fare"), literal(-0.5)))
    ((value, count),) = cells(engine_over([row(fare=0), row(fare=0)]), plan(keys=[half]))
    assert (repr(value), count) == ("0.0", 2)


def test_text_is_bound_and_never_read_as_sql(engine_over: EngineOver) -> None:
    hostile = "bus'; DROP TABLE rows; --\x00$1\\"
    engine = engine_over([row(remark=hostile), row(remark="bus")])
    asked = plan(keys=[Column("remark")], where=Call(Op.IN, (Column("remark"), literal(hostile))))
    assert cells(engine, asked) == [(hostile, 1)]
    assert hostile not in compile_plan(asked, TRIPS, DuckDBDialect(), limit=10).sql


@pytest.mark.parametrize("op", [Op.NULLIF, Op.MUL, Op.BIN, Op.COALESCE])
def test_the_deepest_question_is_answered(engine_over: EngineOver, op: Op) -> None:
    deep: Expression = Column("fare")
    for _ in range(MAX_DEPTH - 1):
        deep = Call(op, (deep, literal(1.0)))
    assert value_of(engine_over, deep, fare=8) == 2.0


def test_the_widest_question_is_answered(engine_over: EngineOver) -> None:
    numbers = tuple(literal(number) for number in range(MAX_NODES - 2))
    engine = engine_over([row(stops=7)])
    assert cells(engine, plan(where=Call(Op.IN, (Column("stops"), *numbers)))) == [(1,)]
    comparisons = tuple(Call(Op.NE, (Column("stops"), literal(-number - 1))) for number in range(MAX_NODES // 3 - 1))
    assert cells(engine, plan(where=Call(Op.AND, comparisons))) == [(1,)]


def test_the_statement_grows_linearly_with_the_question() -> None:
    def length(depth: int) -> int:
        deep: Expression = Column("fare")
        for _ in range(depth):
            deep = Call(Op.BIN, (Call(Op.NULLIF, (deep, literal(1.5))), literal(2.0)))
        return len(compile_plan(plan(keys=[deep]), TRIPS, DuckDBDialect(), limit=10).sql)

    assert length(12) - length(8) <= length(8) - length(4) + 64  # the names of bound values get longer


def test_an_answer_is_one_batch_without_dictionaries(engine_over: EngineOver) -> None:
    table = engine_over([row(remark="a"), row(remark="a")]).aggregate(plan(keys=[Column("remark")]), max_cells=10)
    assert not any(pa.types.is_dictionary(field.type) for field in table.schema)
    assert all(column.num_chunks == 1 for column in table.columns)


def test_cells_that_outgrow_the_engines_memory_are_refused_and_hurt_no_other_question(tmp_path: Path) -> None:
    path = tmp_path / "v000001.duckdb"
    write_dataset(path, TRIPS, [row(ticket=f"ticket {number}") for number in range(10_000)])
    long = [literal(f"{number}" * 1000) for number in range(7)]
    with open_locked(path, threads=1, memory_limit_mib=32) as connection:
        engine = DuckDBEngine(TRIPS, connection, path)
        with pytest.raises(RefusedError) as refused:
            engine.aggregate(plan(keys=[Column("ticket"), *long]), max_cells=10_000)
        assert refused.value.code == "too_many_cells"
        assert cells(engine, plan()) == [(10_000,)]


def test_work_that_nobody_waits_for_does_not_start(engine_over: EngineOver) -> None:
    stop = Stop()
    stop.now()
    with pytest.raises(AbandonedError):
        engine_over([row()]).aggregate(plan(), max_cells=10, stop=stop)


def test_work_that_has_ended_is_not_reached_by_a_late_stop(engine_over: EngineOver) -> None:
    engine, stop = engine_over([row()]), Stop()
    engine.aggregate(plan(), max_cells=10, stop=stop)
    stop.now()
    assert engine.aggregate(plan(), max_cells=10).num_rows == 1


class WatchedStop(Stop):
    """A stop that tells when the work is under way."""

    def __init__(self) -> None:
        super().__init__()
        self.working = threading.Event()

    @contextmanager
    def interrupting(self, interrupt: Callable[[], None]) -> Iterator[None]:
        with super().interrupting(interrupt):
            self.working.set()
            yield


def test_a_stop_interrupts_duckdb_in_the_middle_of_a_question_and_no_other_question(tmp_path: Path) -> None:
    path = tmp_path / "v000001.duckdb"
    write_dataset(path, TRIPS, [row(rider=f"r{number}") for number in range(300)])
    with duckdb.connect(path) as wide:  # 300 x 40,000 rows: seconds of work, none of it before the question
        wide.execute("CREATE TABLE few AS FROM rows; DROP TABLE rows")
        wide.execute("CREATE VIEW rows AS SELECT few.* REPLACE (rider || range AS rider) FROM few, range(40_000)")
    with open_locked(path) as connection, ThreadPoolExecutor() as threads:
        engine, stop = DuckDBEngine(TRIPS, connection, path), WatchedStop()
        heavy = plan(Aggregate(AggregateFunction.COUNT_DISTINCT, "rider"))
        running = threads.submit(engine.aggregate, heavy, max_cells=10, stop=stop)
        other = threads.submit(engine.aggregate, plan(), max_cells=10)
        assert stop.working.wait(DEADLINE_S)  # past its own check: only DuckDB can end it early from here on
        while not running.done():
            stop.now()
            time.sleep(0.02)
        assert isinstance(running.exception(), AbandonedError)
        assert other.result(DEADLINE_S).num_rows == 1
