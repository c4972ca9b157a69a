"""Aggregates of computed numbers are the doubles nearest to exact rational arithmetic, and no row is dropped."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.contract.level import Level
from hansa_core.contract.quanta import row_values
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, Value
from hansa_core.errors import RefusedError
from hansa_core.partial.merge import CityAnswer, merge
from hansa_core.partial.partial import read_partial, write_partial
from hansa_core.plan.check import check_plan
from hansa_core.plan.double_range import double_range
from hansa_core.plan.evaluate import evaluate
from hansa_core.plan.exact import ExactNode
from hansa_core.plan.exact_value import exact_evaluator
from hansa_core.plan.measure import measure_of
from hansa_core.sql.split import parse_statement
from hansa_datasets import write_dataset
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.engine import Engine
from hansa_node.engines.reference import ReferenceEngine
from hansa_strategies import TRIP_TYPES, TRIPS, expressions, stored_rows

Row = Mapping[str, Value | None]
BLANK: Row = dict.fromkeys(TRIPS.columns) | {"rider": "r", "zone": 1, "mode": "bus"}
ROWS: Sequence[Row] = [
    {**BLANK, "lon": lon, "lat": lat, "distance": distance, "stops": stops, "odometer": odometer, "fare": fare}
    for lon, lat, distance, stops, odometer, fare in (
        (8_806_123, 53_075_819, 17, 3, INT64_MAX, 3),
        (-179_999_999, -89_999_999, 0, -7, INT64_MIN, -1),
        (1, 1, 4999, 1000, 1, 4000),
        (None, 5, 3, None, 12, 0),
        (10_000_000, None, None, 1, None, None),
        (123_456_789, 3, 1, 2, 2**53 + 1, 1),
    )
]
QUANTA = {"lon": Fraction(1, 10**6), "lat": Fraction(1, 10**6), "distance": Fraction(1, 10), "fare": Fraction(1, 4)}


def exact(row: Row, name: str) -> Fraction | None:
    steps = row[name]
    return None if steps is None else int(steps) * QUANTA.get(name, Fraction(1))  # type: ignore[arg-type]


def values(compute: Callable[..., Fraction | None], *names: str) -> list[Fraction]:
    """What the formula gives in the rows where all its columns are known."""
    given = ([exact(row, name) for name in names] for row in ROWS)
    found = (compute(*one) for one in given if None not in one)
    return [value for value in found if value is not None]


def variance(numbers: Sequence[Fraction]) -> Fraction:
    mean = sum(numbers, Fraction(0)) / len(numbers)
    return sum(((number - mean) * (number - mean) for number in numbers), Fraction(0)) / (len(numbers) - 1)


PRODUCT = values(lambda x, y: x * y, "lon", "lat")
TINY = values(lambda x: x / 10**7, "distance")
SHARE = values(lambda x: x / 10**9, "odometer")
WIDE = values(lambda x, y: x * y, "odometer", "odometer")


@pytest.fixture(params=["reference", "duckdb"])
def engine(request: pytest.FixtureRequest, tmp_path: Path) -> Engine:
    if request.param == "reference":
        return ReferenceEngine(TRIPS, ROWS)
    path = tmp_path / "v000001.duckdb"
    write_dataset(path, TRIPS, ROWS)
    return DuckDBEngine(TRIPS, open_locked(path), path)


def asked(engine: Engine, aggregate: str, cities: int = 1) -> object:
    """The aggregate over `cities` that all have the same rows, as an analyst gets it."""
    plan = parse_statement(f"SELECT {aggregate} FROM demo.trips", {TRIPS.id: TRIPS}, ["a"]).plan
    check_plan(plan, TRIPS, Level.OPEN)
    sent = write_partial(engine.aggregate(plan, max_cells=10))
    names = [f"city-{number}" for number in range(cities)]
    outcomes = {name: CityAnswer(city=name, level=Level.OPEN, table=read_partial(sent, plan, TRIPS)) for name in names}
    merged = merge(plan, TRIPS, outcomes, by_city=False, partial=False)
    (value,) = merged.columns[0].values.to_pylist()
    return value


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("SUM(lon * lat)", float(sum(PRODUCT))),
        ("COUNT(lon * lat)", len(PRODUCT)),
        ("MIN(lon * lat)", float(min(PRODUCT))),
        ("VAR_SAMP(lon * lat)", float(variance(PRODUCT))),
        ("AVG(distance * 1e-7)", float(sum(TINY) / len(TINY))),
        ("MAX(distance * 1e-7)", float(max(TINY))),
        ("COUNT(distance * 1e-7)", len(TINY)),
        ("SUM(odometer / 1000000000)", float(sum(SHARE))),
        ("AVG(TRY_CAST(odometer AS DOUBLE) / 1000000000)", float(sum(SHARE) / len(SHARE))),
        ("COUNT(odometer / 1000000000)", len(SHARE)),
        ("SUM(odometer * odometer)", float(sum(WIDE))),
        ("COUNT(odometer * odometer)", len(WIDE)),
        ("MAX(odometer * odometer)", int(max(WIDE))),
        ("VAR_SAMP(odometer * 3)", float(variance([3 * one for one in values(lambda x: x, "odometer")]))),
        ("SUM(stops * 2)", 2 * 999),
        ("SUM(CASE WHEN stops > 0 THEN fare * 0.1 END)", float(Fraction(4004, 40))),
        ("COUNT(NULLIF(distance * 0.1, 0.17))", 4),
    ],
)
def test_an_aggregate_of_a_product_or_share_is_that_of_rational_arithmetic(
    engine: Engine, aggregate: str, expected: object
) -> None:
    assert asked(engine, aggregate) == expected


def doubles(formula: Callable[[float, float], float | None]) -> list[Fraction]:
    """What the formula gives for the doubles of fare and distance."""

    def of_pair(*pair: Fraction) -> Fraction | None:
        fare, distance = map(float, pair)
        found = formula(fare, distance)
        return None if found is None else Fraction(found)

    return values(of_pair, "fare", "distance")


QUOTIENTS = doubles(lambda fare, distance: fare / distance if distance else None)


@pytest.mark.parametrize(
    ("aggregate", "expected"),
    [
        ("SUM(fare / distance)", float(sum(QUOTIENTS))),
        ("COUNT(fare / distance)", len(QUOTIENTS)),
        ("AVG(fare / distance)", float(sum(QUOTIENTS) / len(QUOTIENTS))),
        ("MIN(fare / distance)", float(min(QUOTIENTS))),
        ("MAX(distance / odometer)", 4999 / 10),
        ("MIN(odometer / stops)", min(INT64_MAX / 3, INT64_MIN / -7, 1 / 1000, (2**53 + 1) / 2)),
        ("VAR_SAMP(fare / distance)", float(variance(QUOTIENTS))),
    ],
)
def test_an_aggregate_of_quotients_is_exact_over_their_doubles(
    engine: Engine, aggregate: str, expected: object
) -> None:
    assert asked(engine, aggregate) == expected


def test_several_cities_add_up_what_one_has(engine: Engine) -> None:
    assert asked(engine, "SUM(fare / distance)", cities=3) == float(3 * sum(QUOTIENTS))
    assert asked(engine, "SUM(odometer * odometer)", cities=3) == float(3 * sum(WIDE))


def test_a_number_without_bounds_is_counted_and_compared_but_not_added_up(engine: Engine) -> None:
    with pytest.raises(RefusedError) as refused:
        asked(engine, "SUM(TRY_CAST(remark AS DOUBLE))")
    assert refused.value.code == "no_bounds"
    assert asked(engine, "COUNT(TRY_CAST(remark AS DOUBLE))") == 0
    assert asked(engine, "MIN(TRY_CAST(remark AS DOUBLE))") is None
    assert asked(engine, "SUM(TRY_CAST(remark AS BIGINT))") is None


def test_what_could_overflow_before_it_is_bounded_is_refused(engine: Engine) -> None:
    with pytest.raises(RefusedError) as refused:
        asked(engine, "SUM(least(greatest(round(TRY_CAST(remark AS DOUBLE) * 10), 0), 1))")
    assert refused.value.code == "no_bounds"
    number = "TRY_CAST(remark AS DOUBLE)"
    bounded = f"CASE WHEN {number} IS NOT NULL THEN least(greatest({number}, -1e9), 1e9) END"
    assert asked(engine, f"SUM(round({bounded} * 100) / 100)") is None  # no remark is a number
    assert asked(engine, f"SUM(round(least(greatest({number}, 0), 1) * 10))") == 0.0  # NULLs are skipped


@pytest.mark.parametrize("function", ["MIN", "MAX"])
def test_a_city_without_rows_changes_no_extreme_beyond_64_bits(function: str) -> None:
    sign = "" if function == "MIN" else "-1 * "
    sql = f"SELECT {function}({sign}odometer * odometer) FROM demo.trips"
    plan = parse_statement(sql, {TRIPS.id: TRIPS}, ["a"]).plan
    far = [{**BLANK, "odometer": INT64_MAX}, {**BLANK, "odometer": INT64_MIN}]
    outcomes = {}
    for name, rows in (("a", far), ("b", [])):
        sent = write_partial(ReferenceEngine(TRIPS, rows).aggregate(plan, max_cells=10))
        outcomes[name] = CityAnswer(city=name, level=Level.OPEN, table=read_partial(sent, plan, TRIPS))
    merged = merge(plan, TRIPS, outcomes, by_city=False, partial=False)
    assert merged.columns[0].values.to_pylist() == [INT64_MAX**2 if function == "MIN" else -(INT64_MAX**2)]


def nodes_of(node: ExactNode) -> list[ExactNode]:
    return [node, *(inner for part in node.parts for inner in nodes_of(part))]


@settings(max_examples=150)
@given(st.sampled_from([DataType.INTEGER, DataType.NUMBER]).flatmap(lambda kind: expressions(kind, 4)), stored_rows())
def test_every_value_lies_in_the_steps_and_bounds_that_plan_and_contract_give(expression: object, row: Row) -> None:
    seen = row_values(TRIPS, row)
    found = double_range(expression, TRIPS)  # type: ignore[arg-type]
    value = evaluate(found.expression, seen, TRIP_TYPES)
    if value is not None:
        double = Fraction(value)  # type: ignore[arg-type]
        assert found.lower <= double <= found.upper
        assert (double / Fraction(2) ** found.grain).denominator == 1
        assert double == 0 or abs(double) >= found.least
    else:
        assert found.is_nullable or found.may_overflow
    measure = measure_of(expression, TRIPS)  # type: ignore[arg-type]
    for node in nodes_of(measure.exact) if measure.exact is not None else ():
        held = exact_evaluator(node, TRIP_TYPES)(row, seen)
        if held is None:
            assert node.is_nullable
        else:
            steps = held / node.quantum
            assert steps.denominator == 1
            assert node.lower <= steps <= node.upper
            assert max(abs(node.lower), abs(node.upper)) <= node.peak


def test_the_widest_sums_are_the_same_in_duckdb_and_in_fractions() -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "v000001.duckdb")
        write_dataset(path, TRIPS, ROWS)
        with open_locked(path, threads=1) as connection:
            engine = DuckDBEngine(TRIPS, connection, path)
            cubes = values(lambda x: x * x * x, "odometer")
            near = [Fraction(float(float(one) * float(one)) * float(one)) for one in values(lambda x: x, "odometer")]
            assert asked(engine, "SUM(odometer * odometer * odometer)") == float(sum(near))
            assert asked(engine, "COUNT(odometer * odometer * odometer)") == len(cubes)
