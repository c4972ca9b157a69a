"""Periods: what is published of a period stays as it was published first, and later publications only add others."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from hansa_core.contract.types import Value
from hansa_core.protection.hierarchy import BinInterval
from hansa_core.protection.publish import Publication
from hansa_core.protection.tables import PublishedCell, PublishedTable, TableShape


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangedCell:
    """A cell that is published, and would be another one. `period`: in words; None where no period is declared."""

    table: str
    period: str | None


def published_periods(publication: Publication, period: str) -> frozenset[Value]:
    """The periods of which a cell is shown. A zero by declaration shows nothing."""
    return frozenset(
        value
        for table in publication.tables.values()
        for cell in _shown(table)
        if (value := _period_of(table.shape, cell.cell, period)) is not None
    )


def changed_cells(before: Publication, fresh: Publication, period: str | None) -> Iterator[ChangedCell]:
    """The cells that `before` shows and `fresh` does not show with the same figures; both under one manifest."""
    for name, table in before.tables.items():
        for cell in _shown(table):
            figures = fresh.tables[name].cells[cell.cell].figures
            if figures is None and fresh.is_audited and not before.is_audited:
                continue  # it was shown before anybody looked what follows from it
            if figures != cell.figures:
                value = None if period is None else _period_of(table.shape, cell.cell, period)
                yield ChangedCell(table=name, period=None if value is None else str(value))


def carried_over(before: Publication, fresh: Publication, period: str, kept: Iterable[Value]) -> Publication:
    """`fresh`, with the cells of the `kept` periods as `before` published them, shown or suppressed."""
    periods = frozenset(kept)
    tables, causes = {}, {}
    for name, table in fresh.tables.items():
        old = before.tables[name]
        stays = {cell.cell for cell in old.cells if _period_of(table.shape, cell.cell, period) in periods}
        cells = tuple(old.cells[cell.cell] if cell.cell in stays else cell for cell in table.cells)
        tables[name] = PublishedTable(shape=table.shape, cells=cells)
        causes[name] = {
            number: cause
            for of, chosen in ((before, True), (fresh, False))
            for number, cause in of.causes[name].items()
            if (number in stays) is chosen
        }
    return Publication(tables=tables, causes=causes, is_audited=fresh.is_audited)


def settled_cells(before: Publication, period: str | None) -> Iterator[tuple[str, int, bool]]:
    """The cells that stay as `before` published them, by table and number, and whether each is shown.

    All of them; where a period is declared, those of the periods that are published.
    """
    periods = None if period is None else published_periods(before, period)
    for name, table in before.tables.items():
        for cell in table.cells:
            is_shown = cell.figures is not None and not table.shape.is_structural_zero(cell.cell)
            if periods is None or period is None:
                yield name, cell.cell, cell.figures is not None
            elif is_shown or _period_of(table.shape, cell.cell, period) in periods:
                yield name, cell.cell, is_shown


def _shown(table: PublishedTable) -> Iterator[PublishedCell]:
    for cell in table.cells:
        if cell.figures is not None and not table.shape.is_structural_zero(cell.cell):
            yield cell


def _period_of(shape: TableShape, cell: int, period: str) -> Value | None:
    """The one period of a cell; None where it unites several."""
    for dimension, node in zip(shape.dimensions, shape.nodes(cell), strict=True):
        if dimension.column == period and not dimension.nodes[node].children:
            (leaf,) = dimension.nodes[node].leaves
            value = dimension.leaves[leaf]
            return None if isinstance(value, BinInterval) else value
    return None
