"""Estimates of what a declaration of tables publishes: units shown, and information in bits."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from hansa_core.protection.publish import Facts, PrimarySuppression
from hansa_core.protection.tables import TableShape

_MOST_CELLS = 20_000  # of a table whose lines are looked at: beyond, only cells unsafe by themselves count


@dataclass(frozen=True, slots=True, kw_only=True)
class TableEstimate:
    """What one table publishes. `units`: those in its finest cells; `held`: those of them in cells that are not shown.

    `bits`: the information in its shown finest cells, per unit; `declared_bits`: in all of them, were all shown.
    `held_cells`: of the finest, by number, with their units.
    """

    shape: TableShape
    units: int
    bits: float
    declared_bits: float
    held_cells: Mapping[int, int]

    @property
    def held(self) -> int:
        """How many units stand in finest cells that are not shown."""
        return sum(self.held_cells.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Estimate:
    """What a declaration publishes, by table."""

    tables: tuple[TableEstimate, ...]

    @property
    def shown_share(self) -> float:
        """The share of the units that are shown, each counted once in each table: 0 to 1."""
        units = sum(table.units for table in self.tables)
        return 1 - sum(table.held for table in self.tables) / units if units else 1.0

    @property
    def bits(self) -> float:
        """The information that is shown, in bits per unit, added up over the tables."""
        return sum(table.bits for table in self.tables)

    @property
    def declared_bits(self) -> float:
        """The same were every cell shown."""
        return sum(table.declared_bits for table in self.tables)


def estimate_table(shape: TableShape, facts: Facts, rule: PrimarySuppression) -> TableEstimate:
    """Cells that are unsafe by themselves are held, and in each line under a shown total the smallest beside them,
    until those that are held have as many units as a cell needs: about what secondary suppression takes."""
    held = set(rule.withheld({shape.name: shape}, {shape.name: facts}, suppressed={}, earlier=())[shape.name])
    units = {cell: one.contributors.units for cell, one in facts.items()}
    if shape.cell_count <= _MOST_CELLS:
        _hold_beside(shape, units, held, rule.rules.threshold.min_units)
    finest = {cell: units.get(cell, 0) for cell in finest_cells(shape) if not shape.is_structural_zero(cell)}
    total = sum(finest.values())
    bits = {cell: _bits(count, total) for cell, count in finest.items()}
    return TableEstimate(
        shape=shape,
        units=total,
        bits=sum(bits[cell] for cell in finest if cell not in held),
        declared_bits=sum(bits.values()),
        held_cells={cell: count for cell, count in finest.items() if cell in held},
    )


def finest_cells(shape: TableShape) -> Iterator[int]:
    """The cells of which every other cell is a union."""
    sides = ([number for number, node in enumerate(d.nodes) if not node.children] for d in shape.dimensions)
    return (shape.cell(nodes) for nodes in itertools.product(*sides))


def _bits(count: int, total: int) -> float:
    return count / total * math.log2(total / count) if count else 0.0


def _hold_beside(shape: TableShape, units: Mapping[int, int], held: set[int], least: int) -> None:
    lines = list(_lines(shape))
    changed = True
    while changed:
        changed = False
        for parent, children in lines:
            hidden = [child for child in children if child in held]
            if parent in held or not hidden:
                continue
            beside = sorted((child for child in children if child not in held), key=lambda c: (units.get(c, 0), c))
            sum_of_hidden = sum(units.get(child, 0) for child in hidden)
            while beside and (len(hidden) < 2 or sum_of_hidden < least):
                hidden.append(beside.pop(0))
                sum_of_hidden += units.get(hidden[-1], 0)
            if len(hidden) < 2 or sum_of_hidden < least:
                hidden.append(parent)
            changed |= not held.issuperset(hidden)
            held.update(hidden)


def _lines(shape: TableShape) -> Iterator[tuple[int, Sequence[int]]]:
    """Each cell with the cells that one dimension splits it into, but for those without rows by declaration."""
    for place, dimension in enumerate(shape.dimensions):
        others = [range(len(d.nodes)) for number, d in enumerate(shape.dimensions) if number != place]
        for number, node in enumerate(dimension.nodes):
            if not node.children:
                continue
            for rest in itertools.product(*others):
                cells = [shape.cell((*rest[:place], index, *rest[place:])) for index in (number, *node.children)]
                yield cells[0], [cell for cell in cells[1:] if not shape.is_structural_zero(cell)]
