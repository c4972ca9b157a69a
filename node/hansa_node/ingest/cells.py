"""The cells of a published table before protection."""

from __future__ import annotations

from collections.abc import Sequence

import duckdb
import pyarrow as pa
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import Value
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.protection.hierarchy import BinInterval, Dimension
from hansa_core.protection.tables import CellTotals, MeasureTotals, TableShape
from hansa_core.protection.threshold import Contributors
from hansa_node.ingest.columns import stored_value
from hansa_node.ingest.fragments import Sql, create_temporary, fragment


def count_cells(connection: duckdb.DuckDBPyConnection, shape: TableShape, contract: Contract) -> dict[int, CellTotals]:
    """The totals of every cell that has rows, unions included, from the kept rows in the table `staged`.

    Each row goes to every node above its leaf, so that distinct units and entities are counted per cell, not added up.
    """
    query = exp.select().from_("staged")
    cell: Sql = exp.Literal.number(0)
    for place, (dimension, stride) in enumerate(zip(shape.dimensions, shape.strides, strict=True)):
        above = f"above{place:d}"
        _create_above(connection, above, dimension, contract.columns[dimension.column])
        leaf = fragment(":mine IS NOT DISTINCT FROM :leaf", mine=_leaf(dimension), leaf=exp.column("leaf", table=above))
        query = query.join(exp.to_table(above), on=leaf)
        term = fragment(":n * :stride", n=exp.column("node", table=above), stride=exp.Literal.number(stride))
        cell = fragment(":cell + :term", cell=cell, term=term)
    query = query.select(cell.as_("cell"), *_figures(shape, contract)).group_by(exp.Literal.number(1))
    rows = connection.execute(query.sql(dialect="duckdb")).fetchall()
    for place in range(len(shape.dimensions)):
        connection.execute(f"DROP TABLE above{place:d}")
    return {row[0]: _totals(row[1:]) for row in rows}


def _create_above(
    connection: duckdb.DuckDBPyConnection, name: str, dimension: Dimension, column: ContractColumn
) -> None:
    """A table of every leaf with every node above it. A leaf is told by its stored value, a bin by its upper end."""
    pairs = [
        (_told(column, dimension.leaves[leaf]), number)
        for number, node in enumerate(dimension.nodes)
        for leaf in sorted(node.leaves)
    ]
    kind = pa.int64() if column.type.is_numeric else ARROW_TYPES[column.type]
    leaves, nodes = pa.array([leaf for leaf, _ in pairs], kind), pa.array([node for _, node in pairs], pa.int64())
    connection.register("leaves_and_nodes", pa.table({"leaf": leaves, "node": nodes}))
    create_temporary(connection, name, exp.select("*").from_("leaves_and_nodes"))
    connection.unregister("leaves_and_nodes")


def _told(column: ContractColumn, leaf: Value | BinInterval | None) -> Value | None:
    if isinstance(leaf, BinInterval):
        return leaf.upper
    return None if leaf is None else stored_value(column, leaf)


def _leaf(dimension: Dimension) -> Sql:
    """What tells a row's leaf: its value, or the upper end of its bin."""
    value = exp.column(dimension.column, table="staged", quoted=True)
    ends = [exp.Literal.number(leaf.upper) for leaf in dimension.leaves if isinstance(leaf, BinInterval)]
    if not ends:
        return value
    return exp.Case(ifs=[exp.If(this=fragment(":v <= :end", v=value, end=end), true=end.copy()) for end in ends])


def _figures(shape: TableShape, contract: Contract) -> list[Sql]:
    """Rows, units and entities; then per measure count, sum, and the units and entities that have a value."""
    who = [exp.column(name, table="staged", quoted=True) for name in (contract.unit, contract.entity)]
    figures = [fragment("count(*)"), *(fragment("count(DISTINCT :u)", u=column) for column in who)]
    for name in shape.measures:
        measure = exp.column(name, table="staged", quoted=True)
        figures += [fragment("count(:m)", m=measure), fragment("coalesce(sum(:m), 0)", m=measure)]
        figures += [fragment("count(DISTINCT :u) FILTER (WHERE :m IS NOT NULL)", u=u, m=measure) for u in who]
    return figures


def _totals(figures: Sequence[int]) -> CellTotals:
    rows, units, entities, *measured = map(int, figures)
    return CellTotals(
        contributors=Contributors(units=units, entities=entities),
        rows=rows,
        measures=tuple(
            MeasureTotals(count=count, total=total, contributors=Contributors(units=with_value, entities=holders))
            for count, total, with_value, holders in zip(*(measured[place::4] for place in range(4)), strict=True)
        ),
    )
