"""Audited tables: a dataset's declared tables as figures over one system of atoms."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

from hansa_core.contract.contract import Contract, domain_of
from hansa_core.manifest.manifest import Dependency, Manifest
from hansa_core.protection.bins import binned
from hansa_core.protection.hierarchy import BinInterval, Dimension, Leaf, categorical
from hansa_core.protection.publish import judged_measures
from hansa_core.protection.tables import TableShape
from hansa_core.suppression.atoms import AtomSystem, Exclusion, LinearForm, Measured
from hansa_core.suppression.contributions import Selection

CellId = tuple[str, int]
"""A table's name and the number of one of its cells."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class CellForms:
    """The figures of a cell. `counts`, `totals`: by measure, of its values that are not NULL."""

    rows: LinearForm
    counts: Mapping[str, LinearForm]
    totals: Mapping[str, LinearForm]

    def __iter__(self) -> Iterator[LinearForm]:
        yield self.rows
        yield from self.counts.values()
        yield from self.totals.values()


class AuditedTables:
    """The columns of all tables with their leaves, and each cell as a selection of them.

    A measure is a column too: its leaves are its bins, finest level, and NULL. Raises ValueError where the tables need
    more atoms than an audit bears.
    """

    def __init__(self, shapes: Mapping[str, TableShape], contract: Contract, manifest: Manifest) -> None:
        self.shapes = shapes
        self._forms: dict[CellId, CellForms] = {}
        self._contract = contract
        self._dependencies = manifest.dependencies
        self.leaves = dict(_leaves(shapes, contract))
        self.leaves.update(_determinants(self.leaves, contract, manifest))
        self.measures = tuple(sorted({name for shape in shapes.values() for name in shape.measures}))
        self._structural = {
            column: frozenset(i for i, leaf in enumerate(leaves) if leaf in manifest.structural_zeros.get(column, ()))
            for column, leaves in self.leaves.items()
        }
        self.system = AtomSystem(
            {column: len(leaves) for column, leaves in self.leaves.items()},
            [{*(d.column for d in shape.dimensions), *shape.measures} for shape in shapes.values()],
            [*self._structural_exclusions(), *self._contradictions(manifest.dependencies)],
            {name: Measured(tuple(map(_bounds, self.leaves[name]))) for name in self.measures},
        )

    def cells(self) -> Iterator[CellId]:
        """Every cell that may have rows."""
        for name, shape in self.shapes.items():
            for cell in range(shape.cell_count):
                if not shape.is_structural_zero(cell) and cell not in self.impossible[name]:
                    yield name, cell

    @cached_property
    def impossible(self) -> Mapping[str, frozenset[int]]:
        """The cells of each table that have no rows by dependencies through columns of other tables, or of none."""
        return {
            name: frozenset(
                cell
                for cell in range(shape.cell_count)
                if self._dependencies
                and not shape.is_structural_zero(cell)
                and not len(self.system.rows(self.selection((name, cell))).places)
            )
            for name, shape in self.shapes.items()
        }

    def selection(self, cell: CellId) -> Selection:
        """The leaves that a cell unites, of each column that it restricts; equal for equal cells of several tables."""
        shape = self.shapes[cell[0]]
        pairs = zip(shape.dimensions, shape.nodes(cell[1]), strict=True)
        restricted = {
            dimension.column: self._united(dimension, dimension.nodes[node].leaves) for dimension, node in pairs
        }
        return {
            column: leaves - self._structural[column]
            for column, leaves in sorted(restricted.items())
            if leaves | self._structural[column] != frozenset(range(len(self.leaves[column])))
        }

    def judged_measures(self, cell: CellId) -> tuple[str, ...]:
        """The measures of a cell's table that are not NULL all over it by its definition."""
        return judged_measures(self.shapes[cell[0]], cell[1])

    def forms(self, cell: CellId) -> CellForms:
        """The figures that are published of a cell, with all that its table measures."""
        if cell not in self._forms:
            self._forms[cell] = self._forms_of(self.selection(cell), self.shapes[cell[0]].measures)
        return self._forms[cell]

    def _forms_of(self, selection: Selection, measures: Iterable[str]) -> CellForms:
        counts = {name: self.system.rows(self._known(selection, name)) for name in measures}
        totals = {name: self.system.total(self._known(selection, name), name) for name in measures}
        return CellForms(rows=self.system.rows(selection), counts=counts, totals=totals)

    def public_forms(self, cell: CellId) -> Iterator[LinearForm]:
        """Of a cell's rows, those without a value where the contract says that this is public record."""
        selection = self.selection(cell)
        for name in self.shapes[cell[0]].measures:
            column = self._contract.columns[name]
            if column.null_is_public and not column.required:
                nulls = frozenset({len(self.leaves[name]) - 1})
                if nulls & selection.get(name, nulls):
                    yield self.system.rows({**selection, name: nulls})

    def lines(self) -> Iterator[tuple[CellId, tuple[CellId, ...]]]:
        """Each cell that is the sum of others along one dimension, with those."""
        for name, shape in self.shapes.items():
            for cell in range(shape.cell_count):
                nodes = shape.nodes(cell)
                for place, (dimension, node) in enumerate(zip(shape.dimensions, nodes, strict=True)):
                    below = dimension.nodes[node].children
                    children = [shape.cell((*nodes[:place], child, *nodes[place + 1 :])) for child in below]
                    possible = tuple(
                        (name, child)
                        for child in children
                        if not shape.is_structural_zero(child) and child not in self.impossible[name]
                    )
                    if possible:
                        yield (name, cell), possible

    def dependent_parts(self, selection: Selection) -> Iterator[tuple[Selection, ...]]:
        """The selections of which a cell is the sum because one of its columns follows from another."""
        for dependency in self._dependencies:
            wanted = selection.get(dependency.column)
            if wanted is None or dependency.follows in selection or dependency.follows not in self.leaves:
                continue
            values = [self.leaves[dependency.column][leaf] for leaf in sorted(wanted)]
            rest = {column: leaves for column, leaves in selection.items() if column != dependency.column}
            places = [
                place
                for place, leaf in enumerate(self.leaves[dependency.follows])
                if place not in self._structural[dependency.follows]
                and any(dependency.allows(leaf, value) for value in values)  # type: ignore[arg-type]
            ]
            parts = [{**rest, dependency.follows: frozenset({place})} for place in places]
            yield tuple(dict(sorted(part.items())) for part in parts)

    def bounds(self, cell: CellId, measure: str) -> tuple[int, int]:
        """Between what the values of a measure lie in a cell, in whole quanta: closer together in a bin than in all."""
        leaves = self.leaves[measure]
        inside = self._known(self.selection(cell), measure).get(measure, range(len(leaves)))
        ends = [bounds for place in inside if (bounds := _bounds(leaves[place])) is not None]
        return min((lower for lower, _ in ends), default=0), max((upper for _, upper in ends), default=0)

    def _known(self, selection: Selection, measure: str) -> Selection:
        leaves = self.leaves[measure]
        known = frozenset(i for i, leaf in enumerate(leaves) if leaf is not None)
        if len(known) == len(leaves):
            return selection
        return {**selection, measure: known & selection.get(measure, known)}

    def _united(self, dimension: Dimension, leaves: Iterable[int]) -> frozenset[int]:
        """A dimension's leaves as leaves of its column, which may be finer."""
        mine = self.leaves[dimension.column]
        if dimension.leaves == mine:
            return frozenset(leaves)
        wanted = [dimension.leaves[leaf] for leaf in leaves]
        return frozenset(place for place, leaf in enumerate(mine) if any(_holds(one, leaf) for one in wanted))

    def _structural_exclusions(self) -> Iterator[Exclusion]:
        for column, leaves in self._structural.items():
            if leaves:
                yield Exclusion((column,), frozenset((leaf,) for leaf in leaves))

    def _contradictions(self, dependencies: Iterable[Dependency]) -> Iterator[Exclusion]:
        for dependency in dependencies:
            if {dependency.column, dependency.follows} <= set(self.leaves):
                pairs = itertools.product(
                    enumerate(self.leaves[dependency.follows]), enumerate(self.leaves[dependency.column])
                )
                excluded = (
                    (place, other)
                    for (place, value), (other, follows) in pairs
                    if not dependency.allows(value, follows)  # type: ignore[arg-type]
                )
                yield Exclusion((dependency.follows, dependency.column), frozenset(excluded))


def _leaves(shapes: Mapping[str, TableShape], contract: Contract) -> Iterator[tuple[str, tuple[Leaf, ...]]]:
    """Each column with its finest leaves."""
    for shape in shapes.values():
        for name in shape.measures:
            yield name, binned(contract.columns[name], ()).leaves
    finest: dict[str, tuple[Leaf, ...]] = {}
    for dimension in itertools.chain.from_iterable(shape.dimensions for shape in shapes.values()):
        if len(dimension.leaves) > len(finest.get(dimension.column, ())):
            finest[dimension.column] = dimension.leaves
    yield from finest.items()


def _determinants(
    leaves: Mapping[str, tuple[Leaf, ...]], contract: Contract, manifest: Manifest
) -> dict[str, tuple[Leaf, ...]]:
    """The columns that stand in no table, and from which columns of tables follow: they tie those to each other."""
    found: dict[str, tuple[Leaf, ...]] = {}
    while True:
        missing = [
            dependency.follows
            for dependency in manifest.dependencies
            if dependency.column in {**leaves, **found} and dependency.follows not in {**leaves, **found}
        ]
        if not missing:
            return found
        column = contract.columns[missing[0]]
        found[column.name] = categorical(column, tuple(domain_of(column, manifest.domains))).leaves


def _bounds(leaf: Leaf) -> tuple[int, int] | None:
    return (leaf.lower, leaf.upper) if isinstance(leaf, BinInterval) else None


def _holds(wide: Leaf, fine: Leaf) -> bool:
    if isinstance(wide, BinInterval) and isinstance(fine, BinInterval):
        return wide.lower <= fine.lower and fine.upper <= wide.upper
    return wide == fine and not isinstance(wide, BinInterval)
