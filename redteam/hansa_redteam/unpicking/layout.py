"""Layout of published tables, from contract and manifest: columns with their leaves, and cells over them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from hansa_core.contract.contract import Contract, ContractColumn, domain_of
from hansa_core.contract.types import Value
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.hierarchy import BinInterval, Dimension, Leaf
from hansa_core.protection.tables import TableShape, shapes_of

Selected = tuple[frozenset[int], ...]
"""Of each column of a layout, in order, the leaves that a cell unites."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableCell:
    """One cell of one table. `selected`: its leaves; equal for equal cells of several tables."""

    table: str
    nodes: tuple[int, ...]
    selected: Selected


class TableLayout:
    """The columns that the tables use, each with its finest leaves, and every cell of every table.

    A measure is a column too: its leaves are the bins that some table publishes, and NULL unless it is required.
    """

    def __init__(self, contract: Contract, manifest: Manifest) -> None:
        self.contract = contract
        self.manifest = manifest
        self.shapes: Mapping[str, TableShape] = shapes_of(contract, manifest)
        self.leaves: dict[str, tuple[Leaf, ...]] = {}
        for shape in self.shapes.values():
            for dimension in shape.dimensions:
                self._add(dimension.column, dimension.leaves)
            for name in shape.measures:
                self._add(name, _plain_leaves(contract.columns[name]))
        for dependency in manifest.dependencies:
            for name in (dependency.column, dependency.follows):
                self._add(name, _domain_leaves(contract.columns[name], manifest))
        self.columns = tuple(self.leaves)
        self.measures = tuple(dict.fromkeys(name for shape in self.shapes.values() for name in shape.measures))
        self.empty = {name: self._structural(name) for name in self.columns}

    def table_columns(self, table: str) -> frozenset[str]:
        """Every column that a figure of the table depends on."""
        shape = self.shapes[table]
        return frozenset((*(dimension.column for dimension in shape.dimensions), *shape.measures))

    def cells(self) -> Iterator[TableCell]:
        """Every cell that may have rows, table by table."""
        for name, shape in self.shapes.items():
            for number in range(shape.cell_count):
                if not shape.is_structural_zero(number) and not shape.is_growing_union(number):
                    nodes = shape.nodes(number)
                    yield TableCell(table=name, nodes=nodes, selected=self.selected(shape, nodes))

    def selected(self, shape: TableShape, nodes: tuple[int, ...]) -> Selected:
        """The leaves that a cell unites, of every column."""
        chosen = {name: frozenset(range(len(leaves))) for name, leaves in self.leaves.items()}
        for dimension, node in zip(shape.dimensions, nodes, strict=True):
            chosen[dimension.column] = self._finest(dimension, dimension.nodes[node].leaves)
        return tuple(chosen[name] for name in self.columns)

    def place(self, column: str) -> int:
        """Where a column stands in a `Selected`."""
        return self.columns.index(column)

    def leaf_of(self, column: str, value: Value | None) -> int:
        """The leaf of a value as it is stored: numbers in whole quanta."""
        for place, leaf in enumerate(self.leaves[column]):
            if isinstance(leaf, BinInterval):
                if isinstance(value, int) and leaf.lower <= value <= leaf.upper:
                    return place
            elif leaf is None or value is None:
                if leaf is value:
                    return place
            elif self._stored(column, leaf) == value:
                return place
        raise ValueError(f"{column}: {value!r} is no leaf of the public domain")

    def _stored(self, column: str, leaf: Leaf) -> object:
        quantum = self.contract.columns[column].quantum
        if quantum is None or isinstance(leaf, bool) or not isinstance(leaf, int | float):
            return leaf
        return round(leaf / quantum)

    def _add(self, column: str, leaves: tuple[Leaf, ...]) -> None:
        """The finer of two ways to cut a column."""
        if len(leaves) > len(self.leaves.get(column, ())):
            self.leaves[column] = leaves

    def _finest(self, dimension: Dimension, united: frozenset[int]) -> frozenset[int]:
        finest = self.leaves[dimension.column]
        wanted = [dimension.leaves[place] for place in united]
        return frozenset(place for place, leaf in enumerate(finest) if any(_within(leaf, each) for each in wanted))

    def _structural(self, column: str) -> frozenset[int]:
        values = self.manifest.structural_zeros.get(column, ())
        return frozenset(place for place, leaf in enumerate(self.leaves[column]) if leaf is not None and leaf in values)


def _plain_leaves(column: ContractColumn) -> tuple[Leaf, ...]:
    known = BinInterval(*column.bounds)
    return (known,) if column.required else (known, None)


def _domain_leaves(column: ContractColumn, manifest: Manifest) -> tuple[Leaf, ...]:
    values: tuple[Leaf, ...] = tuple(domain_of(column, manifest.domains))
    return values if column.required else (*values, None)


def _within(leaf: Leaf, other: Leaf) -> bool:
    if isinstance(leaf, BinInterval) and isinstance(other, BinInterval):
        return other.lower <= leaf.lower and leaf.upper <= other.upper
    return type(leaf) is type(other) and leaf == other
