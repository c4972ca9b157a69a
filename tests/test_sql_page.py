"""The reference of the question language: it has all that the reader offers, and each example's result is right."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import generate_sql
import pytest

from hansa.answering.outer import OuterEngine
from hansa_core.errors import RefusedError
from hansa_datasets import write_dataset
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.reference import ReferenceEngine

DOCS = Path(__file__).parents[1] / "docs"

ANSWERED = [(section, entry) for section in generate_sql.ANSWERED for entry in generate_sql.EXAMPLES[section]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    path = tmp_path_factory.mktemp("rides") / "v000001.duckdb"
    write_dataset(path, generate_sql.CONTRACT, generate_sql.stored_rows())
    with open_locked(path, threads=1) as connection:
        yield DuckDBEngine(generate_sql.CONTRACT, connection, path)


@pytest.fixture(scope="module")
def outer() -> Iterator[OuterEngine]:
    with OuterEngine() as opened:
        yield opened


def test_the_page_is_what_the_reader_says() -> None:
    assert (DOCS / "sql.md").read_text(encoding="utf-8") == generate_sql.text()


@pytest.mark.parametrize("section", list(generate_sql.ENTRIES))
def test_everything_that_the_reader_offers_has_an_example(section: str) -> None:
    assert sorted(set(generate_sql.ENTRIES[section]) - set(generate_sql.EXAMPLES[section])) == []


@pytest.mark.parametrize(("section", "entry"), ANSWERED)
def test_an_example_has_its_result_from_the_citys_engine_too(
    section: str, entry: str, engine: DuckDBEngine, outer: OuterEngine
) -> None:
    sql = generate_sql.statement_of(section, generate_sql.EXAMPLES[section][entry])
    reference = ReferenceEngine(generate_sql.CONTRACT, generate_sql.stored_rows())
    rows = generate_sql.answer(sql, engine, outer)
    assert rows == generate_sql.answer(sql, reference, outer)
    assert rows


@pytest.mark.parametrize("entry", list(generate_sql.EXAMPLES["refused"]))
def test_what_the_page_calls_refused_is_refused_with_a_reason_and_a_remedy(entry: str) -> None:
    with pytest.raises(RefusedError) as refused:
        generate_sql.read(generate_sql.EXAMPLES["refused"][entry])
    assert refused.value.rule
    assert refused.value.remedy
    assert refused.value.code != "syntax_error"


@pytest.mark.parametrize(
    ("sql", "rule"),
    [
        ("SELECT STRING_AGG(note, ',') FROM town.rides", "string_agg() is not offered"),
        ("SELECT GROUP_CONCAT(note) FROM town.rides", "group_concat() is not offered"),
        ("SELECT COUNT(*) FROM town.rides WHERE pow(stops, 2) > 1", "the cities do not compute pow()"),
    ],
)
def test_a_function_is_refused_by_the_name_that_was_written(sql: str, rule: str) -> None:
    with pytest.raises(RefusedError) as refused:
        generate_sql.read(sql)
    assert refused.value.rule == rule
