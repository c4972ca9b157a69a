"""Moves of a redesign: values merged, cuts, sums in bins, levels and tables left out, one at a time.

No move declares a structural zero: that a cell has no rows may only be declared by who knows it without looking.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction

from hansa_core.contract.contract import Contract, ContractColumn, domain_of
from hansa_core.contract.quanta import quantum_of
from hansa_core.contract.types import DataType, Value
from hansa_core.manifest.groups import Group
from hansa_core.manifest.manifest import CutLevels, Manifest, TableDeclaration
from hansa_core.protection.hierarchy import BinInterval
from hansa_core.redesign.estimate import Estimate

_WORST = 2  # values of a dimension that are tried for merging, those in most held cells
_PARTNERS = 2  # values that each of them is tried with
_CUTS = 4  # cuts of a measure that are tried to be left out

_LISTED = 3  # values that the label of a merged group names


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """One change. `told`: in words. `manifest`: what it makes."""

    told: str
    manifest: Manifest


def moves(manifest: Manifest, contract: Contract, estimate: Estimate) -> Iterator[Move]:
    """The changes worth trying: those that touch cells which are not shown."""
    for name in dict.fromkeys(name for table in manifest.tables for name in table.dimensions):
        if name != manifest.period:
            yield from _of_dimension(manifest, contract.columns[name], estimate)
    for name in _binned(manifest):
        yield from _cuts(manifest, contract.columns[name], estimate)
    for table in estimate.tables:
        if table.held_cells:
            yield from _of_table(manifest, table.shape.name)


def plainer(manifest: Manifest, contract: Contract) -> Iterator[Move]:
    """What is done first, since it says nothing less: one level of cuts, and sums in tables without bins.

    A sum in a binned table bounds its first and last bins, so that more of them are held than of counts alone.
    """
    for name in _binned(manifest):
        levels = manifest.cuts.get(name, contract.columns[name].bins)
        if len(levels) > 1:
            manifest = _with_cuts(manifest, name, (levels[-1],))
            yield Move(told=f"{name}: one level of cuts in place of {len(levels)}", manifest=manifest)
    for table in manifest.tables:
        if table.bins is not None and table.measures:
            manifest = _sums_apart(manifest, table)
            yield Move(told=f"{table.name}: sums apart from the bins", manifest=manifest)


def _binned(manifest: Manifest) -> list[str]:
    return list(dict.fromkeys(table.bins for table in manifest.tables if table.bins is not None))


def _of_dimension(manifest: Manifest, column: ContractColumn, estimate: Estimate) -> Iterator[Move]:
    """Two values merged, or one level of groups less."""
    groups = manifest.hierarchies.get(column.name)
    depth = manifest.depths.get(column.name)
    height = max((group.height for group in groups), default=0) if groups else 0
    if groups and not (height == 1 and depth == 1):
        shallower = height if depth is None else depth - 1
        if shallower >= 1:
            levels = "only the coarsest groups" if shallower == 1 else f"only {shallower} levels of groups"
            yield Move(
                told=f"{column.name}: {levels}",
                manifest=_with_depth(manifest, column.name, shallower),
            )
        return
    if column.type is DataType.BOOLEAN:
        return
    own = list(groups or _singles(column, domain_of(column, manifest.domains)))
    if len(own) <= 2:
        return
    weights, held = _weights(column.name, own, estimate)
    for worst in sorted((n for n in range(len(own)) if held[n]), key=lambda n: (-held[n], weights[n], n))[:_WORST]:
        for partner in _partners(column, weights, worst):
            yield _merged(manifest, column, own, *sorted((worst, partner)))


def _singles(column: ContractColumn, domain: Sequence[Value]) -> Iterator[Group]:
    for value in domain:
        yield Group(label=str(value).lower() if isinstance(value, bool) else str(value), values=(value,))
    if not column.required:
        yield Group(label="unknown", values=(None,))


def _weights(name: str, groups: Sequence[Group], estimate: Estimate) -> tuple[list[int], list[int]]:
    """For each group how many units stand in finest cells that are not shown, and how many such cells there are."""
    place = {value: number for number, group in enumerate(groups) for value in group.members}
    units, cells = Counter[int](), Counter[int]()
    for table in estimate.tables:
        for at, dimension in enumerate(table.shape.dimensions):
            if dimension.column != name:
                continue
            of_node = [place.get(_first_value(dimension.leaves[min(node.leaves)]), -1) for node in dimension.nodes]
            for cell, count in table.held_cells.items():
                number = of_node[table.shape.nodes(cell)[at]]
                units[number] += count
                cells[number] += 1
    return [units[number] for number in range(len(groups))], [cells[number] for number in range(len(groups))]


def _first_value(leaf: object) -> Value | None:
    return None if isinstance(leaf, BinInterval) else leaf  # type: ignore[return-value]


def _partners(column: ContractColumn, weights: Sequence[int], worst: int) -> list[int]:
    """The neighbours of a number or day, which have an order; of a text those with the fewest units not shown."""
    others = [number for number in range(len(weights)) if number != worst]
    if column.type in (DataType.INTEGER, DataType.NUMBER, DataType.DATE, DataType.TIMESTAMP):
        return [number for number in others if abs(number - worst) == 1]
    return sorted(others, key=lambda number: (weights[number] == 0, weights[number], number))[:_PARTNERS]


def _merged(manifest: Manifest, column: ContractColumn, groups: Sequence[Group], first: int, second: int) -> Move:
    values = (*groups[first].values, *groups[second].values)
    joined = Group(label=_label(column, values), values=values)
    kept = [joined if n == first else group for n, group in enumerate(groups) if n != second]
    hierarchies = {**manifest.hierarchies, column.name: tuple(kept)}
    return Move(
        told=f"{column.name}: {groups[first].label} and {groups[second].label} merged",
        manifest=replace(manifest, hierarchies=hierarchies, depths={**manifest.depths, column.name: 1}),
    )


def _label(column: ContractColumn, values: Sequence[Value | None]) -> str:
    told = ["unknown" if value is None else str(value) for value in values]
    if column.type is not DataType.TEXT and column.type is not DataType.BOOLEAN and None not in values:
        return f"{told[0]} to {told[-1]}"
    return ", ".join(told) if len(told) <= _LISTED else f"{', '.join(told[: _LISTED - 1])} and {len(told) - 2} more"


def _with_depth(manifest: Manifest, name: str, depth: int) -> Manifest:
    def clipped(table: TableDeclaration) -> TableDeclaration:
        own = table.depths.get(name)
        return table if own is None or own <= depth else replace(table, depths={**table.depths, name: depth})

    return replace(
        manifest, depths={**manifest.depths, name: depth}, tables=tuple(clipped(table) for table in manifest.tables)
    )


def _cuts(manifest: Manifest, column: ContractColumn, estimate: Estimate) -> Iterator[Move]:
    """One cut less."""
    (cuts,) = manifest.cuts.get(column.name, column.bins)
    held = _held_ends(column, estimate)
    if len(cuts) <= 1:
        return
    for cut in sorted(cuts, key=lambda cut: (-held[cut], cut))[:_CUTS]:
        if held[cut]:
            left = tuple(other for other in cuts if other != cut)
            yield Move(
                told=f"{column.name}: the cut {float(cut):g} left out",
                manifest=_with_cuts(manifest, column.name, (left,)),
            )


def _held_ends(column: ContractColumn, estimate: Estimate) -> Counter[Fraction]:
    """For each cut how many finest cells beside it are not shown."""
    quantum = quantum_of(column)
    found = Counter[Fraction]()
    for table in estimate.tables:
        for at, dimension in enumerate(table.shape.dimensions):
            if dimension.column != column.name:
                continue
            for cell in table.held_cells:
                bins = [dimension.leaves[leaf] for leaf in dimension.nodes[table.shape.nodes(cell)[at]].leaves]
                intervals = [leaf for leaf in bins if isinstance(leaf, BinInterval)]
                if intervals:
                    found[(min(leaf.lower for leaf in intervals) - 1) * quantum] += 1
                    found[max(leaf.upper for leaf in intervals) * quantum] += 1
    return found


def _with_cuts(manifest: Manifest, name: str, levels: CutLevels) -> Manifest:
    """The cuts in force; a table's own lose what is no longer among them, and those that then are the same go."""
    offered = set(levels[-1])

    def fitted(table: TableDeclaration) -> TableDeclaration:
        if table.bins != name or table.cuts is None:
            return table
        own = [tuple(cut for cut in level if cut in offered) for level in table.cuts]
        kept = tuple(dict.fromkeys(level for level in own if level))
        return replace(table, cuts=None if not kept or kept == levels else kept)

    return replace(
        manifest, cuts={**manifest.cuts, name: levels}, tables=tuple(fitted(table) for table in manifest.tables)
    )


def _of_table(manifest: Manifest, name: str) -> Iterator[Move]:
    """No bins, or no table."""
    (table,) = (table for table in manifest.tables if table.name == name)
    others = [other for other in manifest.tables if other is not table]
    if table.bins is not None:
        plain = replace(table, bins=None, cuts=None)
        if not any(set(plain.dimensions) == set(other.dimensions) and other.bins is None for other in others):
            yield Move(told=f"{name}: without bins", manifest=_with_tables(manifest, table, [plain]))
    if others:
        yield Move(told=f"{name}: left out", manifest=_with_tables(manifest, table, []))


def _sums_apart(manifest: Manifest, table: TableDeclaration) -> Manifest:
    counts = replace(table, measures=())
    sums = replace(table, bins=None, cuts=None, name=_fresh_name(f"{table.name}_sums", manifest))
    return _with_tables(manifest, table, [counts, sums])


def _with_tables(manifest: Manifest, table: TableDeclaration, instead: Sequence[TableDeclaration]) -> Manifest:
    kept = [part for other in manifest.tables for part in (instead if other is table else [other])]
    return replace(manifest, tables=tuple(kept))


def _fresh_name(name: str, manifest: Manifest) -> str:
    taken = {table.name for table in manifest.tables}
    return next(each for each in (name, *(f"{name}_{n}" for n in range(2, 1000))) if each not in taken)
