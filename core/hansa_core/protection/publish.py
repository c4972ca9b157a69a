"""Publication of declared tables: which cells are shown, and which are suppressed."""

from __future__ import annotations

from collections.abc import Mapping

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.tables import CellTotals, Figures, PublishedCell, PublishedTable, TableShape
from hansa_core.protection.threshold import Contributors, ThresholdRule


def rule_of(contract: Contract, manifest: Manifest) -> ThresholdRule:
    """The manifest's threshold; entities are counted only where they are not the units themselves."""
    entities = None if contract.entity == contract.unit else manifest.min_entities
    return ThresholdRule(min_units=manifest.threshold, min_entities=entities)


def publish_table(shape: TableShape, totals: Mapping[int, CellTotals], rule: ThresholdRule) -> PublishedTable:
    """Every cell of the table, with its figures if it is safe.

    `totals`: the cells that have rows, by number; a cell that is not among them has none.
    Raises ValueError on rows in a cell that was declared to have none.
    """
    return PublishedTable(
        shape=shape,
        cells=tuple(
            PublishedCell(cell=cell, figures=_figures(shape, cell, totals.get(cell), rule))
            for cell in range(shape.cell_count)
        ),
    )


def _figures(shape: TableShape, cell: int, totals: CellTotals | None, rule: ThresholdRule) -> Figures | None:
    if shape.is_structural_zero(cell):
        if totals is not None:
            raise ValueError(f"table {shape.name}: a structural zero has rows; correct structural_zeros")
        nothing = (0,) * len(shape.measures)
        return Figures(rows=0, units=0, counts=nothing, totals=nothing)
    if totals is None or not rule.is_safe(totals.contributors, _counted(shape, cell, totals)):
        return None
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
