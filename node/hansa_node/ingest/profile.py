"""Profile of a version's data: what the next one is compared with, beside the version, for the operator alone."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Any

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_local.private_files import write_private
from hansa_node.ingest.fragments import fragment

_MOST_CATEGORIES = 200
_MOST_SORTED = 20_000_000
"""Rows whose quantiles are exact: they are held in memory for it."""
_QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnProfile:
    """One column over the kept rows. `categories`: rows by value, where there are few. `quantiles`: of numbers."""

    nulls: int
    categories: Mapping[str, int] = field(default_factory=dict)
    quantiles: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class DataProfile:
    """The kept rows of a version."""

    rows: int
    columns: Mapping[str, ColumnProfile]


def profile_of(connection: duckdb.DuckDBPyConnection, contract: Contract) -> DataProfile:
    """Look at the view `staged`."""
    looked_at = [column for column in contract.columns.values() if not column.identifier]
    names = [exp.column(column.name, quoted=True) for column in looked_at]
    distinct = [fragment("approx_count_distinct(:c)", c=name) for name in names]
    missing = [fragment("count(*) - count(:c)", c=name) for name in names]
    (rows, *counts) = _one(connection, fragment("count(*)"), *distinct, *missing)
    columns = {
        column.name: _column(connection, column, nulls, has_categories=count <= 2 * _MOST_CATEGORIES, rows=rows)
        for column, count, nulls in zip(looked_at, counts[: len(names)], counts[len(names) :], strict=True)
    }
    return DataProfile(rows=rows, columns=columns)


def changes_between(served: DataProfile, fresh: DataProfile, most: Fraction) -> Iterator[str]:
    """What changed by more than a share: rows, a column's nulls, categories and quantiles, in words."""
    if abs(fresh.rows - served.rows) > most * max(served.rows, 1):
        yield f"{fresh.rows:,} rows instead of {served.rows:,}"
    for name, new in fresh.columns.items():
        old = served.columns.get(name)
        if old is not None:
            yield from (f"{name}: {change}" for change in _changed(old, new, served.rows, fresh.rows, most))


def _changed(old: ColumnProfile, new: ColumnProfile, old_rows: int, new_rows: int, most: Fraction) -> Iterator[str]:
    nulls = _share(old.nulls, old_rows), _share(new.nulls, new_rows)
    if abs(nulls[1] - nulls[0]) > most:
        yield f"{float(nulls[1]):.1%} is NULL instead of {float(nulls[0]):.1%}"
    for value in sorted(old.categories.keys() | new.categories.keys() if old.categories and new.categories else ()):
        shares = _share(old.categories.get(value, 0), old_rows), _share(new.categories.get(value, 0), new_rows)
        if abs(shares[1] - shares[0]) > most:
            yield f"{value} is {float(shares[1]):.1%} of the rows instead of {float(shares[0]):.1%}"
    if old.quantiles and new.quantiles:
        spread = max(old.quantiles[-1] - old.quantiles[0], abs(old.quantiles[2]), 1e-12)
        for at, before, after in zip(_QUANTILES, old.quantiles, new.quantiles, strict=True):
            if abs(after - before) > float(most) * spread:
                yield f"the {at:g} quantile is {after:g} instead of {before:g}"
                return


def _share(part: int, whole: int) -> Fraction:
    return Fraction(part, max(whole, 1))


def _column(
    connection: duckdb.DuckDBPyConnection, column: ContractColumn, nulls: int, *, has_categories: bool, rows: int
) -> ColumnProfile:
    """`has_categories`: False where there are more values than are kept, by an estimate."""
    name = exp.column(column.name, quoted=True)
    if column.type.is_numeric and not column.domain and column.quantum is not None:
        function = "quantile_disc" if rows <= _MOST_SORTED else "approx_quantile"
        (quantiles,) = _one(connection, fragment(f"{function}(:c, {list(_QUANTILES)})", c=name))
        quantum = column.quantum
        return ColumnProfile(nulls=nulls, quantiles=tuple(float(value * quantum) for value in quantiles or ()))
    if not has_categories:
        return ColumnProfile(nulls=nulls)
    text = fragment("CAST(:c AS VARCHAR)", c=name)
    query = (
        exp.select(text.as_("value"), "count(*)")
        .from_("staged")
        .where(fragment(":c IS NOT NULL", c=name))
        .group_by(exp.Literal.number(1))
        .limit(_MOST_CATEGORIES + 1)
    )
    found = connection.execute(query.sql(dialect="duckdb")).fetchall()
    return ColumnProfile(nulls=nulls, categories=dict(found) if len(found) <= _MOST_CATEGORIES else {})


def _one(connection: duckdb.DuckDBPyConnection, *what: exp.Expr) -> tuple[Any, ...]:
    found: tuple[Any, ...] = connection.execute(exp.select(*what).from_("staged").sql(dialect="duckdb")).fetchall()[0]
    return found


def write_profile(path: Path, profile: DataProfile) -> None:
    """Beside a version; no question is answered from it. Raises OSError."""
    write_private(path, json.dumps(asdict(profile)).encode())


def read_profile(path: Path) -> DataProfile | None:
    """None where there is none, as beside a version of an earlier Hansa, or where it cannot be read."""
    try:
        values = json.loads(path.read_bytes())
        columns = {
            name: ColumnProfile(nulls=each["nulls"], categories=each["categories"], quantiles=tuple(each["quantiles"]))
            for name, each in values["columns"].items()
        }
        return DataProfile(rows=values["rows"], columns=columns)
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None
