"""Dependencies: each row has the value that the manifest says follows from another column's."""

from __future__ import annotations

from collections.abc import Iterable

import duckdb
import pyarrow as pa
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import Value
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Dependency, Manifest
from hansa_core.partial.partial import ARROW_TYPES
from hansa_node.ingest.columns import stored_value
from hansa_node.ingest.fragments import fragment


def check_dependencies(connection: duckdb.DuckDBPyConnection, contract: Contract, manifest: Manifest) -> None:
    """Look at the table `staged`: a row that contradicts one would be a row that the protection calls impossible.

    Raises ConfigError that names the first dependency, and how many rows break it.
    """
    for place, dependency in enumerate(manifest.dependencies):
        broken = _broken_rows(connection, contract, dependency)
        if broken:
            raise ConfigError(
                f"dependencies[{place}]: {broken:,} rows have another {dependency.column} than follows from their"
                f" {dependency.follows}; correct the values there, or the mapping"
            )


def _broken_rows(connection: duckdb.DuckDBPyConnection, contract: Contract, dependency: Dependency) -> int:
    follows, column = contract.columns[dependency.follows], contract.columns[dependency.column]
    pairs = {"known": _stored(follows, dependency.values), "value": _stored(column, dependency.values.values())}
    connection.register("dependency", pa.table(pairs))
    broken = (
        exp.select(fragment("count(*)"))
        .from_("staged")
        .join(
            "dependency",
            on=fragment(
                ":follows IS NOT DISTINCT FROM dependency.known AND :column IS DISTINCT FROM dependency.value",
                follows=exp.column(follows.name, table="staged", quoted=True),
                column=exp.column(column.name, table="staged", quoted=True),
            ),
        )
    )
    (found,) = connection.execute(broken.sql(dialect="duckdb")).fetchall()
    connection.unregister("dependency")
    return int(found[0])


def _stored(column: ContractColumn, values: Iterable[Value | None]) -> pa.Array:
    kind = pa.int64() if column.type.is_numeric else ARROW_TYPES[column.type]
    return pa.array([None if value is None else stored_value(column, value) for value in values], kind)
