"""Publication: all declared tables protected together, each cell shown or suppressed with a cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.tables import CellTotals, Figures, PublishedCell, PublishedTable, TableShape
from hansa_core.protection.threshold import Contributors, ThresholdRule

Totals = Mapping[int, CellTotals]
"""The cells of one table that have rows, by number; a cell that is not among them has none."""


class Cause(StrEnum):
    """Why a cell is suppressed: for the steward and the opening, never for the answer."""

    THRESHOLD = "threshold"
    GROWING = "growing"


Causes = Mapping[str, Mapping[int, Cause]]
"""The suppressed cells of each table by number, each with why. The city's secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Every cell of every table, by the table's name, and the cause of each suppressed one by its number.

    `causes` is the city's secret.
    """

    tables: Mapping[str, PublishedTable]
    causes: Causes

    def __post_init__(self) -> None:
        for name, table in self.tables.items():
            if {cell.cell for cell in table.cells if cell.figures is None} != set(self.causes[name]):
                raise ValueError(f"table {name}: every suppressed cell has a cause, and no other cell has one")


class DisclosureRule(Protocol):
    """A disclosure rule over a whole publication: all of its tables together, and what was published before."""

    @property
    def cause(self) -> Cause:
        """What the cells are suppressed for that the rule withholds."""

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        totals: Mapping[str, Totals],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Mapping[str, Collection[int]]:
        """The cells of each table that may not be shown.

        `suppressed`: by the rules before this one. `earlier`: what was published of the same population before, the
        newest first; each is read when it is asked for.
        """


def rules_of(contract: Contract, manifest: Manifest) -> tuple[DisclosureRule, ...]:
    """The manifest's rules in order; entities are counted only where they are not the units themselves."""
    entities = None if contract.entity == contract.unit else manifest.min_entities
    threshold = _Threshold(ThresholdRule(min_units=manifest.threshold, min_entities=entities))
    return (threshold,) if manifest.period is None else (_GrowingUnions(), threshold)


def publish(
    tables: Mapping[str, TableShape],
    totals: Mapping[str, Totals],
    rules: Sequence[DisclosureRule],
    earlier: Iterable[Publication] = (),
) -> Publication:
    """Every cell of every table, with its figures if no rule withholds it; the first rule that does is its cause.

    `totals`: of each table. `earlier`: handed to each rule as it is. Raises ValueError on rows in a cell that was
    declared to have none.
    """
    for name, shape in tables.items():
        _check_structural_zeros(shape, totals[name])
    causes: dict[str, dict[int, Cause]] = {name: {} for name in tables}
    for rule in rules:
        for name, cells in rule.withheld(tables, totals, suppressed=causes, earlier=earlier).items():
            causes[name] = dict.fromkeys(cells, rule.cause) | causes[name]
    return Publication(
        tables={name: _table(shape, totals[name], causes[name]) for name, shape in tables.items()}, causes=causes
    )


@dataclass(frozen=True, slots=True)
class _Threshold:
    """The threshold on rows and on each measure: it judges every cell by itself, whatever was published before."""

    rule: ThresholdRule
    cause: Cause = Cause.THRESHOLD

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        totals: Mapping[str, Totals],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Mapping[str, Collection[int]]:
        return {name: self._unsafe(shape, totals[name]) for name, shape in tables.items()}

    def _unsafe(self, shape: TableShape, totals: Totals) -> list[int]:
        """But for cells that have no rows by declaration: from their zero nobody learns anything."""
        return [
            cell
            for cell in range(shape.cell_count)
            if not shape.is_structural_zero(cell) and not self._is_safe(shape, cell, totals.get(cell))
        ]

    def _is_safe(self, shape: TableShape, cell: int, totals: CellTotals | None) -> bool:
        if totals is None:
            return self.rule.is_safe(Contributors(units=0, entities=0), ())
        return self.rule.is_safe(totals.contributors, _counted(shape, cell, totals))


@dataclass(frozen=True, slots=True)
class _GrowingUnions:
    """A union of periods is published by none of them: the next one would change it."""

    cause: Cause = Cause.GROWING

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        totals: Mapping[str, Totals],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Mapping[str, Collection[int]]:
        return {
            name: [cell for cell in range(shape.cell_count) if shape.is_growing_union(cell)]
            for name, shape in tables.items()
        }


def _check_structural_zeros(shape: TableShape, totals: Totals) -> None:
    if any(map(shape.is_structural_zero, totals)):
        raise ValueError(f"table {shape.name}: a structural zero has rows; correct structural_zeros")


def _table(shape: TableShape, totals: Totals, causes: Mapping[int, Cause]) -> PublishedTable:
    return PublishedTable(
        shape=shape,
        cells=tuple(
            PublishedCell(cell=cell, figures=None if cell in causes else _figures(shape, totals.get(cell)))
            for cell in range(shape.cell_count)
        ),
    )


def _figures(shape: TableShape, totals: CellTotals | None) -> Figures:
    if totals is None:
        nothing = (0,) * len(shape.measures)
        return Figures(rows=0, units=0, counts=nothing, totals=nothing)
    return Figures(
        rows=totals.rows,
        units=totals.contributors.units,
        counts=tuple(measure.count for measure in totals.measures),
        totals=tuple(measure.total for measure in totals.measures),
    )


def _counted(shape: TableShape, cell: int, totals: CellTotals) -> list[Contributors]:
    """Who contributes to each measure, but for the measures that are NULL all over the cell by its definition."""
    nulls = {
        dimension.column
        for dimension, node in zip(shape.dimensions, shape.nodes(cell), strict=True)
        if all(dimension.leaves[leaf] is None for leaf in dimension.nodes[node].leaves)
    }
    pairs = zip(shape.measures, totals.measures, strict=True)
    return [measure.contributors for name, measure in pairs if name not in nulls]
