"""The cells of a published table before protection."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, TypeVar

import duckdb
import pyarrow as pa
from sqlglot import exp

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import Value
from hansa_core.partial.partial import ARROW_TYPES
from hansa_core.protection.concentration import MAX_LARGEST, Concentration
from hansa_core.protection.facts import CellFacts, MeasureFacts
from hansa_core.protection.hierarchy import BinInterval, Dimension, Leaf
from hansa_core.protection.tables import TableShape
from hansa_core.protection.threshold import Contributors
from hansa_node.ingest.columns import stored_value
from hansa_node.ingest.fragments import Sql, create_temporary, fragment

_ValueT = TypeVar("_ValueT")


def count_cells(connection: duckdb.DuckDBPyConnection, shape: TableShape, contract: Contract) -> dict[int, CellFacts]:
    """The facts of every cell that has rows, unions included, from the kept rows in the table `staged`.

    Each row goes to every node above its leaf, so that distinct units and entities are counted per cell, not added up.
    """
    placed = exp.select().from_("staged")
    cell: Sql = exp.Literal.number(0)
    for place, (dimension, stride) in enumerate(zip(shape.dimensions, shape.strides, strict=True)):
        above = f"above{place:d}"
        _create_above(connection, above, dimension, contract.columns[dimension.column])
        leaf = fragment(":mine IS NOT DISTINCT FROM :leaf", mine=_leaf(dimension), leaf=exp.column("leaf", table=above))
        placed = placed.join(exp.to_table(above), on=leaf)
        term = fragment(":n * :stride", n=exp.column("node", table=above), stride=exp.Literal.number(stride))
        cell = fragment(":cell + :term", cell=cell, term=term)
    figures = placed.select(cell.as_("cell"), *_figures(shape, contract)).group_by(exp.Literal.number(1))
    spreads = _spreads(placed, cell, shape, contract)
    found = connection.execute(figures.sql(dialect="duckdb")).fetchall()
    spread = {row[0]: row[1:] for row in connection.execute(spreads.sql(dialect="duckdb")).fetchall()}
    for place in range(len(shape.dimensions)):
        connection.execute(f"DROP TABLE above{place:d}")
    return {row[0]: _facts(row[1:], spread[row[0]]) for row in found}


def _create_above(
    connection: duckdb.DuckDBPyConnection, name: str, dimension: Dimension, column: ContractColumn
) -> None:
    """A table of every leaf with every node above it. A leaf is told by its stored value, a bin by its upper end."""
    pairs = [
        (stored_leaf(column, dimension.leaves[leaf]), number)
        for number, node in enumerate(dimension.nodes)
        for leaf in sorted(node.leaves)
    ]
    kind = pa.int64() if column.type.is_numeric else ARROW_TYPES[column.type]
    leaves, nodes = pa.array([leaf for leaf, _ in pairs], kind), pa.array([node for _, node in pairs], pa.int64())
    connection.register("leaves_and_nodes", pa.table({"leaf": leaves, "node": nodes}))
    create_temporary(connection, name, exp.select("*").from_("leaves_and_nodes"))
    connection.unregister("leaves_and_nodes")


def stored_leaf(column: ContractColumn, leaf: Leaf) -> Value | None:
    """What a row of this leaf stores; of a bin its upper end."""
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
    """Rows, units and entities; then per measure count, sum, and the units and entities with a value other than 0."""
    who = [exp.column(name, table="staged", quoted=True) for name in (contract.unit, contract.entity)]
    figures = [fragment("count(*)"), *(fragment("count(DISTINCT :u)", u=column) for column in who)]
    for name in shape.measures:
        measure = exp.column(name, table="staged", quoted=True)
        figures += [fragment("count(:m)", m=measure), fragment("coalesce(sum(:m), 0)", m=measure)]
        figures += [fragment("count(DISTINCT :u) FILTER (WHERE :m <> 0)", u=u, m=measure) for u in who]
    return figures


def _spreads(placed: exp.Select, cell: Sql, shape: TableShape, contract: Contract) -> exp.Select:
    """Per cell, of its rows and of each measure's magnitudes: the total, and the totals of the largest entities."""
    entity = exp.column(contract.entity, table="staged", quoted=True)
    magnitudes: list[Sql] = [fragment("count(*)")]
    for name in shape.measures:
        first, last = (exp.Literal.number(end) for end in contract.columns[name].bounds)
        measure = fragment(":m::HUGEINT", m=exp.column(name, table="staged", quoted=True))
        magnitudes += [
            fragment("count(:m)", m=measure),
            fragment("coalesce(sum(abs(:m)), 0)", m=measure),
            fragment("coalesce(sum(:m - :first), 0)", m=measure, first=first),
            fragment("coalesce(sum(:last - :m), 0)", m=measure, last=last),
        ]
    names = [f"magnitude{place:d}" for place in range(len(magnitudes))]
    by_entity = placed.select(
        cell.as_("cell"), entity.as_("entity"), *(m.as_(name) for m, name in zip(magnitudes, names, strict=True))
    ).group_by(exp.Literal.number(1), exp.Literal.number(2))
    most = exp.Literal.number(MAX_LARGEST)
    told: list[Sql] = []
    for magnitude in map(exp.column, names):
        told += [fragment("sum(:x)", x=magnitude), fragment("max(:x, :n)", x=magnitude, n=most)]
    return exp.select("cell", *told).from_(by_entity.subquery("by_entity")).group_by("cell")


def _facts(figures: Sequence[int], spreads: Sequence[Any]) -> CellFacts:
    rows, units, entities, *measured = map(int, figures)
    spread, *others = (
        Concentration(total=int(total), largest=tuple(int(part) for part in largest if part))
        for total, largest in zip(spreads[::2], spreads[1::2], strict=True)
    )
    return CellFacts(
        contributors=Contributors(units=units, entities=entities),
        rows=rows,
        spread=spread,
        measures=tuple(map(_measure_facts, _batched(measured, 4), _batched(others, 4))),
    )


def _measure_facts(figures: Sequence[int], spreads: Sequence[Concentration]) -> MeasureFacts:
    count, total, units, entities = figures
    of_count, absolute, above, below = spreads
    return MeasureFacts(
        contributors=Contributors(units=units, entities=entities),
        count=count,
        total=total,
        spread_of_count=of_count,
        spreads=(absolute, above, below),
    )


def _batched(values: Sequence[_ValueT], size: int) -> Iterator[Sequence[_ValueT]]:
    return (values[start : start + size] for start in range(0, len(values), size))
