"""When may DuckDB compute in 64 bits what the language counts in 128?"""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction
from types import MappingProxyType

import duckdb
import pytest

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import INT64_MAX
from hansa_core.plan.expression import Call, Column, Op, literal
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_node.engines.duckdb.dialect import DuckDBDialect
from hansa_node.engines.sql.statement import compile_plan
from hansa_strategies import TRIPS

VAR = AggregateFunction.VAR_SAMP


def text_of(aggregate: Aggregate, contract: Contract = TRIPS) -> str:
    return compile_plan(Plan(contract.id, None, (), (aggregate,)), contract, DuckDBDialect(), limit=1).sql


def with_fares_up_to(upper: int) -> Contract:
    fare = replace(TRIPS.columns["fare"], quantum=Fraction(1), lower=Fraction(0), upper=Fraction(upper))
    return replace(TRIPS, columns=MappingProxyType({**TRIPS.columns, "fare": fare}))


@pytest.mark.parametrize(("upper", "wide"), [(3_037_000_499, False), (3_037_000_500, True), (INT64_MAX, True)])
def test_squares_take_128_bits_exactly_where_the_bounds_allow_an_overflow(upper: int, wide: bool) -> None:
    # 3,037,000,499 is the integer root of the largest int64.
    text = text_of(Aggregate(VAR, "fare"), with_fares_up_to(upper))
    assert ('CAST("cells"."c0" AS INT128) * "cells"."c0"' in text) == wide
    assert ('SUM("cells"."c0" * "cells"."c0")' in text) != wide


def test_squares_of_what_is_computed_take_128_bits() -> None:
    twice = Call(Op.MUL, (Column("stops"), literal(2)))
    assert "AS INT128) *" in text_of(Aggregate(VAR, twice))


def test_all_bins_of_a_column_come_from_one_pass_over_its_values() -> None:
    histogram = Aggregate(AggregateFunction.HISTOGRAM, "duration")
    median = Aggregate(AggregateFunction.QUANTILE_CONT, "duration", quantile=0.5)
    compiled = compile_plan(Plan(TRIPS.id, None, (), (histogram, median)), TRIPS, DuckDBDialect(), limit=1).sql
    assert " BETWEEN " not in compiled
    with duckdb.connect() as connection:
        connection.execute('CREATE TABLE "rows" (duration BIGINT)')
        (_, steps) = connection.execute(f"EXPLAIN {compiled}").fetchall()[-1]
    assert steps.count("histogram(#") == 1
