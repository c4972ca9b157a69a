"""Uniqueness: a value of a column that the contract calls unique stands in one row."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.errors import ConfigError
from hansa_core.nearest import shown
from hansa_node.ingest.column_staging import is_kept
from hansa_node.ingest.fragments import fragment, literal, name_of

_MOST_SHOWN = 3
_MOST_ROWS = 5


class NotUniqueError(ConfigError):
    """A column is not as unique as its contract says. The text shows values of it: it is for the operator only.

    `shareable`: the same without any value.
    """

    def __init__(self, text: str, shareable: str) -> None:
        super().__init__(text)
        self.shareable = shareable

    def told_with(self, before: str, after: str) -> NotUniqueError:
        """The same error with more text around it."""
        return NotUniqueError(f"{before}{self}{after}", self.shareable)


def check_unique_columns(connection: duckdb.DuckDBPyConnection, contract: Contract) -> None:
    """Look at `staged` and `judged`: two rows of one number are one that was exported twice, or two that were mixed up.

    Raises NotUniqueError that names the first column, how many values break its promise, and the rows of some.
    """
    for index, column in enumerate(contract.columns.values()):
        twice = _twice(connection, column) if column.unique else ()
        if not twice:
            continue
        rule = f"{column.name}: {len(twice):,} values stand in more than one row, and {contract.id} calls them unique"
        remedy = "remove the copies from the source, or map another column"
        examples = [f"{shown(value)} {_rows(connection, contract, index, value)}" for (value,) in twice[:_MOST_SHOWN]]
        more = ", …" if len(twice) > _MOST_SHOWN else ""
        raise NotUniqueError(f"{rule}: {', '.join(examples)}{more}; {remedy}", f"{rule}; {remedy}")


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


def _rows(connection: duckdb.DuckDBPyConnection, contract: Contract, index: int, value: str) -> str:
    """Where a value of the column `index` stands, in words: the first rows of the source, and the served version."""
    has_it = fragment("CAST(:v AS VARCHAR) = :text", v=name_of("v", index), text=literal(value))
    query = (
        exp.select(fragment("rowid + 1"))
        .from_("judged")
        .where(is_kept(len(contract.columns)), has_it)
        .order_by("rowid")
        .limit(_MOST_ROWS)
    )
    rows = [f"{number:,}" for (number,) in connection.execute(query.sql(dialect="duckdb")).fetchall()]
    if len(rows) > 1:
        return f"in rows {', '.join(rows)}"
    return f"in row {rows[0]}, and in the version that is served" if rows else "in the version that is served"
