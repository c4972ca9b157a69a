"""Published tables: the cells of every declared table, each with all of its figures or with none."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache

from hansa_core.contract.contract import Contract, ContractColumn, domain_of
from hansa_core.contract.measure_bins import Bin, level_bins
from hansa_core.contract.quanta import quantum_of
from hansa_core.contract.types import Value
from hansa_core.manifest.manifest import Manifest, TableDeclaration
from hansa_core.protection.bins import binned
from hansa_core.protection.hierarchy import Dimension, categorical

MAX_TABLE_CELLS = 100_000
MAX_PUBLISHED_CELLS = 1_000_000
"""Cells of one table, and of all tables of a dataset, unions included: known from the manifest alone."""


Contradiction = tuple[int, int, frozenset[tuple[int, int]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class TableShape:
    """A table's dimensions and measures: a cell is one node of each dimension, numbered in mixed radix.

    `contradictions`: of two dimensions, by their places, the pairs of nodes that no row can have by a dependency.
    """

    name: str
    dimensions: tuple[Dimension, ...]
    measures: tuple[str, ...]
    contradictions: tuple[Contradiction, ...] = ()
    strides: tuple[int, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        sizes = [len(dimension.nodes) for dimension in self.dimensions]
        object.__setattr__(self, "strides", tuple(math.prod(sizes[i + 1 :]) for i in range(len(sizes))))

    @property
    def cell_count(self) -> int:
        return math.prod(len(dimension.nodes) for dimension in self.dimensions)

    def cell(self, nodes: Sequence[int]) -> int:
        """The number of the cell that is the cross of these nodes, one per dimension."""
        return sum(node * stride for node, stride in zip(nodes, self.strides, strict=True))

    def nodes(self, cell: int) -> tuple[int, ...]:
        """The nodes of a cell, one per dimension."""
        return tuple(
            cell // stride % len(dimension.nodes)
            for dimension, stride in zip(self.dimensions, self.strides, strict=True)
        )

    def is_structural_zero(self, cell: int) -> bool:
        """Whether a cell has no rows by declaration."""
        nodes = self.nodes(cell)
        if any((nodes[first], nodes[second]) in pairs for first, second, pairs in self.contradictions):
            return True
        return any(map(Dimension.is_structural_zero, self.dimensions, nodes))

    def is_growing_union(self, cell: int) -> bool:
        """Whether a cell unites periods that are published one by one."""
        pairs = zip(self.dimensions, self.nodes(cell), strict=True)
        return any(dimension.is_growing_union(node) for dimension, node in pairs)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What a published cell says; `counts` and `totals` (in quanta) in the order of the table's measures."""

    rows: int
    units: int
    counts: tuple[int, ...]
    totals: tuple[int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCell:
    """A cell as the world sees it. `figures` None: suppressed, and nothing else about it is kept."""

    cell: int
    figures: Figures | None


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedTable:
    """All cells of one table, in the order of their numbers."""

    shape: TableShape
    cells: tuple[PublishedCell, ...]

    def __post_init__(self) -> None:
        if [cell.cell for cell in self.cells] != list(range(self.shape.cell_count)):
            raise ValueError(f"table {self.shape.name}: every cell is published or suppressed, in order")


def shape_of(table: TableDeclaration, contract: Contract, manifest: Manifest) -> TableShape:
    """A declared table's shape: its dimensions in order, then its bins, then one per measure that can be NULL.

    That a measure is NULL is a dimension of its own unless the contract says that it is public record. A column has the
    same leaves in all tables of which it is a dimension, and in all that bin it; which unions of them are published is
    each table's own.
    """
    dimensions = [
        _listed(
            column,
            _public_values(column, manifest),
            manifest.structural_zeros.get(column.name, ()),
            grows=column.name == manifest.period,
            groups=manifest.hierarchies.get(column.name, ()),
            depth=manifest.depth_of(table, column.name),
        )
        for column in (contract.columns[name] for name in table.dimensions)
    ]
    if table.bins is not None:
        column = contract.columns[table.bins]
        dimensions.append(_binned(column, _levels(table, column, manifest), _finest(column, manifest)))
    for column in (contract.columns[name] for name in table.measures if name not in (table.bins, *table.dimensions)):
        if not column.required and not column.null_is_public:
            dimensions.append(_binned(column, ()))
    return TableShape(
        name=table.name,
        dimensions=tuple(dimensions),
        measures=table.measures,
        contradictions=tuple(_contradictions(dimensions, manifest)),
    )


def _contradictions(dimensions: Sequence[Dimension], manifest: Manifest) -> Iterator[Contradiction]:
    places = {dimension.column: place for place, dimension in enumerate(dimensions)}
    for dependency in manifest.dependencies:
        if {dependency.follows, dependency.column} <= set(places):
            first, second = places[dependency.follows], places[dependency.column]
            values = tuple(dependency.values.items())
            yield first, second, _contradicting_nodes(dimensions[first], dimensions[second], values)


@lru_cache(maxsize=1024)
def _contradicting_nodes(
    follows: Dimension, column: Dimension, values: tuple[tuple[Value | None, Value | None], ...]
) -> frozenset[tuple[int, int]]:
    """The pairs of nodes of which no pair of leaves may stand in one row."""
    listed = dict(values)
    allowed = {
        (first, second)
        for first, known in enumerate(follows.leaves)
        for second, value in enumerate(column.leaves)
        if first not in follows.structural and (known not in listed or listed[known] == value)  # type: ignore[index]
    }
    return frozenset(
        (first, second)
        for first, above in enumerate(follows.nodes)
        for second, below in enumerate(column.nodes)
        if not any(leaves in allowed for leaves in itertools.product(above.leaves, below.leaves))
    )


def _levels(table: TableDeclaration, column: ContractColumn, manifest: Manifest) -> tuple[tuple[Bin, ...], ...]:
    """The bins of a table, level by level."""
    cuts = manifest.cuts_of(table)
    if cuts is None:
        return column.levels
    return tuple(level_bins(column.bounds, quantum_of(column), level) for level in cuts)


def _finest(column: ContractColumn, manifest: Manifest) -> tuple[Bin, ...]:
    """The bins that all tables of a measure are made of: a column has the same leaves in all that bin it."""
    binning = [table for table in manifest.tables if table.bins == column.name]
    starts = {lower for table in binning for lower, _ in _levels(table, column, manifest)[-1]}
    ends = {upper for table in binning for _, upper in _levels(table, column, manifest)[-1]}
    return tuple(zip(sorted(starts), sorted(ends), strict=True))


def _public_values(column: ContractColumn, manifest: Manifest) -> tuple[Value, ...]:
    values = tuple(domain_of(column, manifest.domains))
    if values:
        return values
    if column.per_city:
        raise ValueError(f"domains.{column.name}: the contract leaves this domain to the city; list its values")
    raise ValueError(f"column {column.name} has no public domain and can be no dimension; use a column that has one")


# Each question needs the dimensions of many tables, and most tables share them.
_listed = lru_cache(maxsize=1024)(categorical)
_binned = lru_cache(maxsize=1024)(binned)


def shapes_of(contract: Contract, manifest: Manifest) -> Mapping[str, TableShape]:
    """The shape of every declared table. Raises ValueError where there are more cells than a publication may have."""
    shapes = {table.name: shape_of(table, contract, manifest) for table in manifest.tables}
    for shape in shapes.values():
        if shape.cell_count > MAX_TABLE_CELLS:
            widest = max(shape.dimensions, key=lambda dimension: len(dimension.nodes))
            raise ValueError(
                f"table {shape.name} has {shape.cell_count} cells; at most {MAX_TABLE_CELLS} are published: "
                f"coarsen {widest.column} ({len(widest.nodes)} nodes) or leave a dimension out"
            )
    total = sum(shape.cell_count for shape in shapes.values())
    if total > MAX_PUBLISHED_CELLS:
        largest = max(shapes.values(), key=lambda shape: shape.cell_count)
        raise ValueError(
            f"the tables have {total} cells together; at most {MAX_PUBLISHED_CELLS} are published: "
            f"coarsen or leave out {largest.name} ({largest.cell_count} cells)"
        )
    return shapes
