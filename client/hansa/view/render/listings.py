"""Dry runs and catalogues as tables: what the cities would do, and what they serve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import pyarrow as pa

from hansa.answering.city_words import CityWord
from hansa_core.partial.answer import DryRun
from hansa_wire.codec.description import Description

_DRY_RUN = pa.schema(
    [
        ("city", pa.string()),
        ("verdict", pa.string()),
        ("code", pa.string()),
        ("level", pa.string()),
        ("table", pa.string()),
        ("cells", pa.int64()),
        ("cost_microrho", pa.int64()),
        ("coarser_tables", pa.list_(pa.string())),
    ]
)
_CATALOGUE = pa.schema(
    [
        ("city", pa.string()),
        ("contract", pa.string()),
        ("level", pa.string()),
        ("data_version", pa.int64()),
        ("published_tables", pa.list_(pa.string())),
    ]
)


def dry_run_table(parts: Sequence[Iterable[CityWord[DryRun]]]) -> pa.Table:
    """One row for each city that gave its verdict; null where only the data could tell, or nothing applies.

    `parts`: of each query. Where there are several, the first column has their numbers.
    """
    tables = [
        pa.Table.from_pylist([_verdict(each.word) for each in part if each.word is not None], schema=_DRY_RUN)
        for part in parts
    ]
    whole = pa.concat_tables(tables)
    if len(parts) == 1:
        return whole
    numbers = [number for number, table in enumerate(tables, start=1) for _ in range(table.num_rows)]
    return whole.add_column(0, "question", pa.array(numbers, pa.int64()))


def catalogue_table(descriptions: Iterable[CityWord[Description]]) -> pa.Table:
    """One row for each dataset of each city."""
    rows = [
        {
            "city": described.word.city,
            "contract": str(dataset.contract),
            "level": dataset.level.value,
            "data_version": dataset.data_version,
            "published_tables": list(dataset.tables),
        }
        for described in descriptions
        if described.word is not None
        for dataset in described.word.datasets
    ]
    return pa.Table.from_pylist(rows, schema=_CATALOGUE)


def _verdict(verdict: DryRun) -> dict[str, object]:
    return {
        "city": verdict.city,
        "verdict": "answer" if verdict.refusal is None else "refuse",
        "code": verdict.refusal.code if verdict.refusal else None,
        "level": verdict.level,
        "table": verdict.table,
        "cells": verdict.cells,
        "cost_microrho": verdict.cost_microrho,
        "coarser_tables": list(verdict.coarser_tables),
    }
