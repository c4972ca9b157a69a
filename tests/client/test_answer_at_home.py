"""An answer in other people's tools: Arrow, polars, pandas, DuckDB, plain Python."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

import duckdb
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from hansa.answer import Answer
from hansa_answers import answer_of

SQL = "SELECT date_trunc('month', applied_on) AS month, SUM(days_to_issue) AS days, COUNT(*) AS n FROM housing.permits"
ROWS = [
    {"month": date(2020, 1, 1), "days": Decimal(2**70), "n": 3},
    {"month": date(2020, 2, 1), "days": Decimal(7), "n": None},
]


@pytest.fixture
def answer() -> Answer:
    schema = pa.schema([("month", pa.date32()), ("days", pa.decimal128(38, 0)), ("n", pa.int64())])
    return answer_of(f"{SQL} GROUP BY 1", pa.Table.from_pylist(ROWS, schema=schema))


def test_whatever_reads_arrow_reads_an_answer(answer: Answer) -> None:
    assert pa.table(answer) == answer.to_arrow()
    assert pl.DataFrame(answer).equals(answer.to_polars())
    assert pl.DataFrame(answer)["days"].to_list() == [Decimal(2**70), Decimal(7)]


def test_duckdb_reads_an_answer_by_the_name_of_its_variable(answer: Answer) -> None:
    found = duckdb.sql("SELECT COUNT(*), SUM(n) FROM answer")
    assert found is not None
    assert found.fetchall() == [(2, 3)]


def test_the_dataframe_protocol_hands_the_table_over(answer: Answer) -> None:
    assert answer.__dataframe__().column_names() == ["month", "days", "n"]  # type: ignore[attr-defined]


def test_pandas_makes_a_column_of_each_and_days_are_datetimes(answer: Answer) -> None:
    assert list(pd.DataFrame(answer).columns) == ["month", "days", "n"]
    frame = answer.to_pandas()
    assert pd.api.types.is_datetime64_any_dtype(frame["month"])
    assert frame["month"].dt.month.tolist() == [1, 2]
    assert str(frame["n"].dtype) == "Int64"


def test_a_sum_that_outgrows_64_bits_stays_exact_in_pandas(answer: Answer) -> None:
    assert answer.to_pandas()["days"].tolist() == [Decimal(2**70), Decimal(7)]


def test_rows_come_one_by_one_and_by_number(answer: Answer) -> None:
    assert list(answer) == ROWS
    assert (answer[0], answer[-1], answer[1:]) == (ROWS[0], ROWS[1], ROWS[1:])
    with pytest.raises(IndexError):
        answer[2]


def test_a_column_comes_by_its_name_and_a_misspelt_one_names_the_nearest(answer: Answer) -> None:
    assert answer["n"].to_pylist() == [3, None]
    with pytest.raises(KeyError, match="'mont' is no column of the answer; did you mean month"):
        answer["mont"]
