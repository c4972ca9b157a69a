"""Publication: all declared tables protected together, each cell shown or suppressed with a cause."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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


class CellRule(Protocol):
    """A rule that judges every cell by itself."""

    @property
    def cause(self) -> Cause:
        """What a cell is suppressed for that the rule finds unsafe."""

    def is_safe(self, rows: Contributors, measures: Sequence[Contributors]) -> bool:
        """Whether a cell may be shown: its contributors, and those of each measure that can have a value there."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What a city's manifest asks of a publication. `cell_rules`: the first that a cell breaks is its cause."""

    cell_rules: tuple[CellRule, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Every cell of every table, by the table's name, and the cause of each suppressed one by its number.

    `causes` is the city's secret.
    """

    tables: Mapping[str, PublishedTable]
    causes: Mapping[str, Mapping[int, Cause]]

    def __post_init__(self) -> None:
        for name, table in self.tables.items():
            if {cell.cell for cell in table.cells if cell.figures is None} != set(self.causes[name]):
                raise ValueError(f"table {name}: every suppressed cell has a cause, and no other cell has one")


def rules_of(contract: Contract, manifest: Manifest) -> Rules:
    """The manifest's rules; entities are counted only where they are not the units themselves."""
    entities = None if contract.entity == contract.unit else manifest.min_entities
    return Rules(cell_rules=(_Threshold(ThresholdRule(min_units=manifest.threshold, min_entities=entities)),))


def publish(
    tables: Mapping[str, TableShape], totals: Mapping[str, Totals], rules: Rules, earlier: Sequence[Publication] = ()
) -> Publication:
    """Every cell of every table, with its figures if no rule finds it unsafe.

    `totals`: of each table. `earlier`: what was published of the same population before, the oldest first; a cell rule
    judges each publication by itself and does not look at them. Raises ValueError on rows in a cell that was declared
    to have none.
    """
    causes = {name: _causes(shape, totals[name], rules) for name, shape in tables.items()}
    return Publication(
        tables={name: _table(shape, totals[name], causes[name]) for name, shape in tables.items()}, causes=causes
    )


@dataclass(frozen=True, slots=True)
class _Threshold:
    """The threshold on rows and on each measure."""

    rule: ThresholdRule
    cause: Cause = Cause.THRESHOLD

    def is_safe(self, rows: Contributors, measures: Sequence[Contributors]) -> bool:
        return self.rule.is_safe(rows, measures)


def _causes(shape: TableShape, totals: Totals, rules: Rules) -> dict[int, Cause]:
    found: dict[int, Cause] = {}
    for cell in range(shape.cell_count):
        cause = None if _is_zero(shape, cell, totals) else _cause(shape, cell, totals.get(cell), rules)
        if cause is not None:
            found[cell] = cause
    return found


def _is_zero(shape: TableShape, cell: int, totals: Totals) -> bool:
    """Whether the cell has no rows by declaration, as then nobody learns from its zero."""
    if not shape.is_structural_zero(cell):
        return False
    if cell in totals:
        raise ValueError(f"table {shape.name}: a structural zero has rows; correct structural_zeros")
    return True


def _cause(shape: TableShape, cell: int, totals: CellTotals | None, rules: Rules) -> Cause | None:
    nobody = Contributors(units=0, entities=0)
    rows = nobody if totals is None else totals.contributors
    measures = [] if totals is None else _counted(shape, cell, totals)
    return next((rule.cause for rule in rules.cell_rules if not rule.is_safe(rows, measures)), None)


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
