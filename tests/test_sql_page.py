"""The reference of the question language: it has all that the reader offers, and each example's result is right."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from hansa.answering.outer import OuterEngine
from hansa_core.errors import RefusedError
from hansa_datasets import write_dataset
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.reference import ReferenceEngine

DOCS = Path(__file__).parents[1] / "docs"


def _generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_sql", DOCS / "generate_sql.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


PAGE: Any = _generator()
ANSWERED = [(section, entry) for section in PAGE.ANSWERED for entry in PAGE.EXAMPLES[section]]


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DuckDBEngine]:
    path = tmp_path_factory.mktemp("rides") / "v000001.duckdb"
    write_dataset(path, PAGE.CONTRACT, PAGE.stored_rows())
    with open_locked(path, threads=1) as connection:
        yield DuckDBEngine(PAGE.CONTRACT, connection, path)


@pytest.fixture(scope="module")
def outer() -> Iterator[OuterEngine]:
    with OuterEngine() as opened:
        yield opened


def test_the_page_is_what_the_reader_says() -> None:
    assert (DOCS / "sql.md").read_text(encoding="utf-8") == PAGE.text()


@pytest.mark.parametrize("section", list(PAGE.ENTRIES))
def test_everything_that_the_reader_offers_has_an_example(section: str) -> None:
    assert sorted(set(PAGE.ENTRIES[section]) - set(PAGE.EXAMPLES[section])) == []


@pytest.mark.parametrize(("section", "entry"), ANSWERED)
def test_an_example_has_its_result_from_the_citys_engine_too(
    section: str, entry: str, engine: DuckDBEngine, outer: OuterEngine
) -> None:
    sql = PAGE.statement_of(section, PAGE.EXAMPLES[section][entry])
    reference = ReferenceEngine(PAGE.CONTRACT, PAGE.stored_rows())
    rows = PAGE.answer(sql, engine, outer)
    assert rows == PAGE.answer(sql, reference, outer)
    assert rows


@pytest.mark.parametrize("entry", list(PAGE.EXAMPLES["refused"]))
def test_what_the_page_calls_refused_is_refused_with_a_reason_and_a_remedy(entry: str) -> None:
    with pytest.raises(RefusedError) as refused:
        PAGE.read(PAGE.EXAMPLES["refused"][entry])
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
        PAGE.read(sql)
    assert refused.value.rule == rule
