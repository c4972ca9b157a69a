"""Contributions of the kept rows to every combination of leaves, read once for the protection of a publication."""

from __future__ import annotations

from typing import Any

import duckdb
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.protection.hierarchy import BinInterval, Leaf
from hansa_core.suppression.audited_tables import AuditedTables
from hansa_core.suppression.contributions import Contributions, MeasureContributions
from hansa_node.ingest.cells import stored_leaf
from hansa_node.ingest.fragments import Sql, create_temporary, fragment


def read_contributions(
    connection: duckdb.DuckDBPyConnection, tables: AuditedTables, contract: Contract
) -> Contributions:
    """One record for each unit, entity and combination of leaves among the kept rows in the table `staged`."""
    keys: list[Sql] = []
    joined = exp.select().from_("staged")
    for place, (name, leaves) in enumerate(tables.leaves.items()):
        listed = f"leaves{place:d}"
        _create_leaves(connection, listed, contract.columns[name], leaves)
        mine = _told(contract.columns[name], leaves)
        at = fragment(":mine IS NOT DISTINCT FROM :leaf", mine=mine, leaf=exp.column("leaf", table=listed))
        joined = joined.join(exp.to_table(listed), on=at)
        keys.append(exp.column("place", table=listed).as_(f"leaf{place:d}"))
    for role, name in (("unit", contract.unit), ("entity", contract.entity)):
        keys.append(exp.column(name, table="staged", quoted=True).as_(role))
    sums: list[Sql] = [fragment("count(*)").as_("n")]
    for place, name in enumerate(tables.measures):
        measure = exp.column(name, table="staged", quoted=True)
        for what, template in _SUMS.items():
            sums.append(fragment(template, m=measure).as_(f"{what}{place:d}"))
    grouped = joined.select(*keys, *sums).group_by(*(exp.Literal.number(i + 1) for i in range(len(keys))))
    found = connection.sql(grouped.sql(dialect="duckdb")).to_arrow_table()
    for place in range(len(tables.leaves)):
        connection.execute(f"DROP TABLE leaves{place:d}")
    return Contributions(
        leaves={name: _wholes(found.column(f"leaf{place:d}")) for place, name in enumerate(tables.leaves)},
        units=_numbered(found.column("unit")),
        entities=_numbered(found.column("entity")),
        rows=_wholes(found.column("n")),
        measures={
            name: MeasureContributions(
                count=_wholes(found.column(f"count{place:d}")),
                nonzero=_wholes(found.column(f"nonzero{place:d}")),
                total=_wholes(found.column(f"total{place:d}")),
                absolute=_wholes(found.column(f"absolute{place:d}")),
                bounds=contract.columns[name].bounds,
            )
            for place, name in enumerate(tables.measures)
        },
    )


_SUMS = {
    "count": "count(:m)",
    "nonzero": "count(*) FILTER (WHERE :m <> 0)",
    "total": "coalesce(sum(:m), 0)::BIGINT",
    "absolute": "coalesce(sum(abs(:m)), 0)::BIGINT",
}


def _create_leaves(
    connection: duckdb.DuckDBPyConnection, name: str, column: ContractColumn, leaves: tuple[Leaf, ...]
) -> None:
    kind = pa.int64() if column.type.is_numeric else None
    told = pa.array([stored_leaf(column, leaf) for leaf in leaves], kind)
    connection.register("listed_leaves", pa.table({"leaf": told, "place": pa.array(range(len(leaves)), pa.int64())}))
    create_temporary(connection, name, exp.select("*").from_("listed_leaves"))
    connection.unregister("listed_leaves")


def _told(column: ContractColumn, leaves: tuple[Leaf, ...]) -> Sql:
    value = exp.column(column.name, table="staged", quoted=True)
    ends = [exp.Literal.number(leaf.upper) for leaf in leaves if isinstance(leaf, BinInterval)]
    if not ends:
        return value
    return exp.Case(ifs=[exp.If(this=fragment(":v <= :end", v=value, end=end), true=end.copy()) for end in ends])


def _numbered(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    codes: Any = column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False)
    return np.asarray(codes, dtype=np.int64)


def _wholes(column: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    return np.asarray(column.to_numpy(), dtype=np.int64)
