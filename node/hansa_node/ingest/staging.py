"""Staging: which rows of a source become rows of the dataset, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.nearest import nearest, shown
from hansa_node.ingest.column_staging import REJECTIONS, ColumnStaging
from hansa_node.ingest.columns import create_temporary, fragment, name_of
from hansa_node.ingest.mapping import ColumnMapping, DatasetMapping
from hansa_node.ingest.sources import columns_of_source
from hansa_node.ingest.zones import check_zone


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCounts:
    """What happened to one column, over all rows that were read. `rejected`: rows by rule."""

    nulls: int
    clipped: int
    rejected: Mapping[str, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The table `staged` of the connection holds the kept rows: the contract's columns by name."""

    rows_read: int
    rows_kept: int
    columns: Mapping[str, ColumnCounts]


def stage(
    connection: duckdb.DuckDBPyConnection, mapping: DatasetMapping, contract: Contract, manifest: Manifest
) -> Staged:
    """Read the source once into the temporary table `staged`, and count. Raises ConfigError, duckdb.Error."""
    _check_sources(connection, mapping)
    columns = [
        ColumnStaging(index, column, mapping, manifest) for index, column in enumerate(contract.columns.values())
    ]
    for column in columns:
        column.add_domain(connection)
    texts = exp.select(*(column.text.as_(column.called("t")) for column in columns)).from_("source_rows")
    values = exp.select("*", *(column.value.as_(column.called("v")) for column in columns)).from_(texts.subquery())
    placed = exp.select("*").from_(values.subquery("read"))
    for column in columns:
        placed = column.joined(placed)
    judged = exp.select("*", *(column.status.as_(column.called("s")) for column in columns)).from_(placed.subquery())
    create_temporary(connection, "judged", judged)
    kept = exp.select(*(column.stored.as_(column.name, quoted=True) for column in columns)).from_("judged")
    create_temporary(connection, "staged", kept.where(*(fragment(":s = 0", s=name_of("s", c.index)) for c in columns)))
    counts = connection.execute(
        exp.select("count(*)", *(figure for column in columns for figure in column.figures))
        .from_("judged")
        .sql("duckdb")
    ).fetchall()[0]
    (rows_kept,) = connection.execute("SELECT count(*) FROM staged").fetchall()[0]
    connection.execute("DROP TABLE judged")
    return Staged(rows_read=counts[0], rows_kept=rows_kept, columns=_counted(columns, counts[1:]))


def _check_sources(connection: duckdb.DuckDBPyConnection, mapping: DatasetMapping) -> None:
    found = columns_of_source(connection)
    for column in mapping.columns.values():
        for key, name in column.sources:
            if name not in found:
                raise ConfigError(
                    f"mapping.{column.column}.{key}: the source has no column {shown(name)}; {nearest(name, found)}"
                )
        if column.format is not None:
            _check_format(connection, column)
        for key, zone in column.zones:
            check_zone(connection, f"mapping.{column.column}.{key}", zone)


def _check_format(connection: duckdb.DuckDBPyConnection, column: ColumnMapping) -> None:
    try:
        connection.execute("SELECT try_strptime('', $1)", [column.format]).fetchall()
    except duckdb.Error:
        raise ConfigError(
            f"mapping.{column.column}.format: {shown(str(column.format))} is no strptime format; write such as %m/%d/%Y"
        ) from None


def _counted(columns: Sequence[ColumnStaging], figures: Sequence[int]) -> dict[str, ColumnCounts]:
    width = 2 + len(REJECTIONS)
    found = {}
    for place, column in enumerate(columns):
        nulls, clipped, *rejected = figures[place * width : (place + 1) * width]
        rules = {f"{rule}:{column.name}": count for rule, count in zip(REJECTIONS, rejected, strict=True) if count}
        found[column.name] = ColumnCounts(nulls=nulls, clipped=clipped, rejected=rules)
    return found
