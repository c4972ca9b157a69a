"""Uniqueness: a value of a column that the contract calls unique stands in one row."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.nearest import shown
from hansa_node.ingest.column_staging import ColumnStaging
from hansa_node.ingest.fragments import fragment
from hansa_node.ingest.mapping import DatasetMapping

_MOST_SHOWN = 3
_MOST_ROWS = 5


def check_unique_columns(
    connection: duckdb.DuckDBPyConnection, contract: Contract, manifest: Manifest, mapping: DatasetMapping
) -> None:
    """Look at the view `staged`: two rows of one number are one that was exported twice, or two that were mixed up.

    Raises ConfigError that names the first column, how many values break its promise, and the rows of some.
    """
    for column in contract.columns.values():
        twice = _twice(connection, column) if column.unique else ()
        if not twice:
            continue
        staging = ColumnStaging(0, column, contract.columns, mapping, manifest)
        examples = [_told(connection, staging, text) for (text,) in twice[:_MOST_SHOWN]]
        more = ", …" if len(twice) > _MOST_SHOWN else ""
        raise ConfigError(
            f"{column.name}: {len(twice):,} values stand in more than one row, and {contract.id} calls them unique:"
            f" {', '.join(examples)}{more}; remove the copies from the source, or map another column"
        )


def _twice(connection: duckdb.DuckDBPyConnection, column: ContractColumn) -> Sequence[tuple[str]]:
    """The values of several rows, as text, the most frequent first."""
    name = exp.column(column.name, quoted=True)
    query = (
        exp.select(fragment("CAST(:c AS VARCHAR)", c=name))
        .from_("staged")
        .where(fragment(":c IS NOT NULL", c=name))
        .group_by(name)
        .having(fragment("count(*) > 1"))
        .order_by(fragment("count(*)").desc(), name)
    )
    return connection.execute(query.sql(dialect="duckdb")).fetchall()


def _told(connection: duckdb.DuckDBPyConnection, staging: ColumnStaging, value: str) -> str:
    """A value with the first rows of the source that have it."""
    row = fragment("row_number() OVER ()").as_("row_of_source")
    texts = exp.select(staging.text.as_(staging.called("t")), row).from_("source_rows")
    values = exp.select(staging.value.as_("value"), "row_of_source").from_(texts.subquery("read"))
    query = (
        exp.select("row_of_source")
        .from_(values.subquery("valued"))
        .where(fragment("CAST(value AS VARCHAR) = :v", v=exp.Literal.string(value)))
        .order_by("row_of_source")
        .limit(_MOST_ROWS)
    )
    rows = [f"{number:,}" for (number,) in connection.execute(query.sql(dialect="duckdb")).fetchall()]
    return f"{shown(value)} in rows {', '.join(rows)}"
