"""Staging: which rows of a source become rows of the dataset, and their values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from pathlib import Path

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.nearest import nearest, shown
from hansa_node.ingest.column_staging import REJECTIONS, TEXTS, ColumnStaging
from hansa_node.ingest.fragments import Sql, create_temporary, fragment, literal, name_of
from hansa_node.ingest.growing import Growing, GrowthCounts, PublishedPeriods
from hansa_node.ingest.growth import Growth
from hansa_node.ingest.mapping import ColumnMapping, DatasetMapping, MomentFormat, NumberFormat
from hansa_node.ingest.numbers import OTHER_CONVENTIONS
from hansa_node.ingest.sources import OpenSource
from hansa_node.ingest.texts import NULL_WORDS
from hansa_node.ingest.zones import check_zone
from hansa_tables.left_out import LeftOutLines, left_out_lines
from hansa_tables.opening import columns_of, list_columns
from hansa_tables.row_lines import lines_of_rows
from hansa_tables.source import TableSource


@dataclass(frozen=True, slots=True, kw_only=True)
class OffendingText:
    """A text of the source for which `rows` rows were rejected, the first of them row `first` (from 1).

    `text`: None where it is NULL. `nearest`: the public value that is written most like it. `line`: where the first row
    stands, in text.
    """

    rule: str
    text: str | None
    rows: int
    first: int
    nearest: str | None = None
    line: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnCounts:
    """What happened to one column, over all rows that were read. `rejected`: rows by rule.

    `unused`: texts that the mapping names, each after its key, and that no row has. `offending`: the most frequent
    texts for which rows were rejected.
    """

    nulls: int
    clipped: int
    rejected: Mapping[str, int]
    unused: tuple[str, ...] = ()
    offending: tuple[OffendingText, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """The view `staged` of the connection holds the rows of the next version: the contract's columns by name.

    `rows_read`: with the lines that are `left_out`. `growth`: what the file does to the rows that are served; None if
    it replaces them.
    """

    rows_read: int
    rows_kept: int
    left_out: LeftOutLines
    growth: GrowthCounts | None
    columns: Mapping[str, ColumnCounts]


_SEVERAL = 2
_MOST_OFFENDING = 5


def stage(
    opened: OpenSource,
    mapping: DatasetMapping,
    contract: Contract,
    manifest: Manifest,
    growth: Growth,
    *,
    has_served: bool = False,
    published: PublishedPeriods | None = None,
) -> Staged:
    """Read the source once, view the rows of the next version as `staged`, and count.

    `has_served`: rows of the version that is served stay. `published`: periods that stay as they are.
    Raises ConfigError, duckdb.Error.
    """
    connection = opened.connection
    _check_sources(connection, mapping)
    needed = growth.columns if manifest.period is None else growth.columns | {manifest.period}
    columns = [
        ColumnStaging(index, column, contract.columns, mapping, manifest, growing=needed)
        for index, column in enumerate(contract.columns.values())
    ]
    for column in columns:
        column.add_domain(connection)
    _judge(connection, columns)
    left_out = left_out_lines(connection, mapping.source, opened.read)
    growing = Growing(connection, growth, columns, has_served=has_served, published=published)
    growing.mark()
    growing.view()
    counted, rows_read = _counted(connection, columns)
    (rows_kept,) = connection.execute("SELECT count(*) FROM kept").fetchall()[0]
    rejecting = [column for column in columns if counted[column.name].rejected]
    for column in rejecting:
        _check_convention(connection, column)
    offending = {column.name: _offending(connection, column) for column in rejecting}
    offending = _with_lines(offending, mapping.source, tuple(opened.read.values()))
    return Staged(
        rows_read=rows_read + left_out.count,
        left_out=left_out,
        rows_kept=rows_kept,
        growth=growing.counts(rows_kept) if growth.keeps_rows else None,
        columns={name: replace(each, offending=offending.get(name, ())) for name, each in counted.items()},
    )


def _judge(connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnStaging]) -> None:
    """Read the source into the table `judged`: each row once, with what becomes of each column, and nothing else."""
    # From here on there are our own names only: a source's column may bear any of them.
    texts = exp.select(
        *(column.raw.as_(column.called("r")) for column in columns),
        *(column.text.as_(column.called("t")) for column in columns),
    ).from_("source_rows")
    values = exp.select("*", *(column.value.as_(column.called("v")) for column in columns)).from_(texts.subquery())
    placed = exp.select("*").from_(values.subquery("read"))
    for column in columns:
        placed = column.joined(placed)
    statuses = exp.select("*", *(column.status.as_(column.called("s")) for column in columns)).from_(placed.subquery())
    is_rejected = exp.or_(*(fragment(":s > 0", s=name_of("s", column.index)) for column in columns))
    texts_of_rejected = fragment(
        "CASE WHEN :rejected THEN :texts END",
        rejected=is_rejected,
        texts=exp.Array(expressions=[name_of("r", column.index) for column in columns]),
    )
    parts = (part for column in columns for part in column.judged)
    judged = exp.select(*parts, texts_of_rejected.as_(TEXTS)).from_(statuses.subquery())
    create_temporary(connection, "judged", judged)


def _with_lines(
    offending: Mapping[str, tuple[OffendingText, ...]], source: TableSource, files: tuple[Path, ...]
) -> dict[str, tuple[OffendingText, ...]]:
    lines = lines_of_rows(source, files, {each.first for found in offending.values() for each in found})
    told = {
        row: f"line {line:,}" if len(files) == 1 else f"{path.name}, line {line:,}"
        for row, (path, line) in lines.items()
    }
    return {
        name: tuple(replace(each, line=told.get(each.first)) for each in found) for name, found in offending.items()
    }


def _offending(connection: duckdb.DuckDBPyConnection, column: ColumnStaging) -> tuple[OffendingText, ...]:
    """The most frequent texts of the source for which the column rejects rows."""
    raw, status = column.told, name_of("s", column.index)
    query = (
        exp.select(status, raw, fragment("count(*)").as_("rows"), fragment("min(rowid) + 1").as_("first"))
        .from_("judged")
        .where(fragment(":s > 0", s=status))
        .group_by(exp.Literal.number(1), exp.Literal.number(2))
        .order_by(exp.column("rows").desc(), exp.column("first"))
        .limit(_MOST_OFFENDING)
    )
    found = connection.execute(query.sql(dialect="duckdb")).fetchall()
    rules = ((REJECTIONS[rule - 1], text, rows, first) for rule, text, rows, first in found)
    return tuple(
        OffendingText(rule=rule, text=text, rows=rows, first=first, nearest=column.nearest(rule, text))
        for rule, text, rows, first in rules
    )


def _check_sources(connection: duckdb.DuckDBPyConnection, mapping: DatasetMapping) -> None:
    found, lists = columns_of(connection), list_columns(connection)
    for column in mapping.columns.values():
        for key, name in column.sources:
            if name not in found or name in lists:
                why = _no_value(name, found)
                raise ConfigError(f"mapping.{column.column}.{key}: {why}")
        if column.format is not None and column.format not in (*NumberFormat, *MomentFormat):
            _check_format(connection, column)
        for key, zone in column.zones:
            check_zone(connection, f"mapping.{column.column}.{key}", zone)


def _no_value(name: str, found: Sequence[str]) -> str:
    """Why a column gives no value of its own: it is not there, or holds several in one cell."""
    if name in found:
        return (
            f"{shown(name)} is a list, and a cell of the contract is one value; export it as one, or map another column"
        )
    fields = [each for each in found if each.startswith(f"{name}.")]
    if fields:
        return f"the source has no column {shown(name)}, which is a record; name a field of it: {', '.join(fields)}"
    return f"the source has no column {shown(name)}; {nearest(name, found)}"


def _check_format(connection: duckdb.DuckDBPyConnection, column: ColumnMapping) -> None:
    if "%" not in str(column.format):
        rule = f"mapping.{column.column}.format: {shown(str(column.format))} is no format of dates and times"
        raise ConfigError(f"{rule}; {nearest(str(column.format), list(MomentFormat))}, or write such as %m/%d/%Y")
    try:
        connection.execute("SELECT try_strptime('', $1)", [column.format]).fetchall()
    except duckdb.Error:
        raise ConfigError(
            f"mapping.{column.column}.format: {shown(str(column.format))} is no strptime format; write such as %m/%d/%Y"
        ) from None


def _counted(
    connection: duckdb.DuckDBPyConnection, columns: Sequence[ColumnStaging]
) -> tuple[dict[str, ColumnCounts], int]:
    """What happened to each column, and how many rows were judged."""
    rows, *figures = _of_judged(connection, [fragment("count(*)"), *(one for each in columns for one in each.figures)])
    found, rest = {}, iter(figures)
    for column in columns:
        nulls, clipped, rejected = islice(rest, 3)
        used = list(islice(rest, len(column.words)))
        counts = _of_judged(connection, column.rejected_by_rule) if rejected else ()
        rules = {f"{rule}:{column.name}": count for rule, count in zip(REJECTIONS, counts, strict=False) if count}
        found[column.name] = ColumnCounts(
            nulls=nulls, clipped=clipped, rejected=rules, unused=_unused(column.words, used)
        )
    return found, rows


def _of_judged(connection: duckdb.DuckDBPyConnection, figures: Sequence[Sql]) -> tuple[int, ...]:
    query = exp.select(*figures).from_("judged").sql(dialect="duckdb")
    (found,) = connection.execute(query).fetchall()
    return tuple(each or 0 for each in found)  # some are NULL over no rows


def _unused(words: Sequence[tuple[str, str]], used: Sequence[int]) -> tuple[str, ...]:
    """The words that no row has; of the spellings of null, for which a manifest writes one, all or none."""
    missing = [each for each, count in zip(words, used, strict=True) if not count]
    nulls = {("null_values", word) for word in NULL_WORDS}
    if nulls <= set(words) and not nulls <= set(missing):
        missing = [each for each in missing if each not in nulls]
    return tuple(f"{key}: {word}" for key, word in missing)


def _check_convention(connection: duckdb.DuckDBPyConnection, column: ColumnStaging) -> None:
    """Raise ConfigError where several cells that are no plain number look like numbers of another convention."""
    mapping = column.mapping
    if not column.is_number or not mapping.writes_plain_signs or mapping.format is not None:
        return
    text, status = column.told, name_of("s", column.index)
    cells = "count(*) FILTER (WHERE :s = 1 AND regexp_full_match(trim(:t), :p))"
    looks = [fragment(cells, s=status, t=text, p=literal(pattern)) for pattern, _ in OTHER_CONVENTIONS]
    (found,) = connection.execute(exp.select(*looks).from_("judged").sql(dialect="duckdb")).fetchall()
    count, keys = max(zip(found, (keys for _, keys in OTHER_CONVENTIONS), strict=True), key=lambda each: each[0])
    if count >= _SEVERAL:
        raise ConfigError(
            f"mapping.{column.name}: {count:,} cells are no plain numbers, and look like numbers with other signs;"
            f" if they are, declare {keys}"
        )
