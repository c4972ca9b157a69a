"""Reports of published tables: how much of each is suppressed and why, for the steward alone."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich import box
from rich.table import Table

from hansa_core.protection.facts import CellFacts
from hansa_core.protection.primary import Cause
from hansa_core.protection.tables import PublishedTable
from hansa_local.private_files import write_private

IN_ALL = "in all"
"""The name of what adds the tables of a dataset up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TableReport:
    """One published table: how many cells it has but for structural zeros, and how much of it is suppressed.

    `causes`: how many cells are suppressed, by the rule that they are suppressed for, the most frequent first.
    `suppressed_units`: the share of the units in its finest cells that stand in suppressed ones, 0 to 1; None where
    nobody knows any more. `units`: those in its finest cells, each as often as it stands in one.
    """

    name: str
    cells: int
    causes: Mapping[Cause, int]
    suppressed_units: float | None
    units: int = 0

    @property
    def suppressed_cells(self) -> int:
        """How many cells show nothing, whatever the cause."""
        return sum(self.causes.values())

    @property
    def suppressed_share(self) -> float:
        """The share of its cells that show nothing, 0 to 1."""
        return self.suppressed_cells / self.cells if self.cells else 0.0

    @property
    def causes_words(self) -> str:
        """A line for each rule that cells are suppressed for."""
        return "\n".join(f"{cells:,} {cause}" for cause, cells in self.causes.items()) or "nothing"

    @property
    def units_words(self) -> str:
        """The share of its units that stand in suppressed cells."""
        return "not known" if self.suppressed_units is None else f"{self.suppressed_units:.1%}"

    def to_json(self) -> dict[str, Any]:
        """The report for programs."""
        return {**asdict(self), "causes": {cause.value: cells for cause, cells in self.causes.items()}}


def table_report(table: PublishedTable, facts: Mapping[int, CellFacts], causes: Mapping[int, Cause]) -> TableReport:
    """How much of a table is suppressed, and why. `causes`: of its suppressed cells, by number."""
    shape = table.shape
    shown = [cell for cell in table.cells if not shape.is_structural_zero(cell.cell)]
    finest = [cell for cell in shown if all(_is_finest(table, cell.cell))]
    units = {cell.cell: facts[cell.cell].contributors.units for cell in finest if cell.cell in facts}
    total, lost = sum(units.values()), sum(units.get(cell.cell, 0) for cell in finest if cell.figures is None)
    return TableReport(
        name=shape.name,
        cells=len(shown),
        causes=dict(Counter(causes.values()).most_common()),
        suppressed_units=lost / total if total else 0.0,
        units=total,
    )


def report_of_stored(table: PublishedTable, causes: Mapping[int, Cause]) -> TableReport:
    """The same of a version beside which no reports lie: the units of suppressed cells are kept nowhere."""
    cells = sum(not table.shape.is_structural_zero(cell.cell) for cell in table.cells)
    counted = dict(Counter(causes.values()).most_common())
    return TableReport(name=table.shape.name, cells=cells, causes=counted, suppressed_units=None)


def in_all(reports: Sequence[TableReport]) -> TableReport:
    """All tables of a dataset together: each unit counts as often as tables have it."""
    causes = Counter[Cause]()
    for report in reports:
        causes.update(report.causes)
    units = sum(report.units for report in reports)
    lost = [None if one.suppressed_units is None else one.suppressed_units * one.units for one in reports]
    known = [part for part in lost if part is not None]
    return TableReport(
        name=IN_ALL,
        cells=sum(report.cells for report in reports),
        causes=dict(causes.most_common()),
        suppressed_units=None if len(known) < len(lost) else sum(known) / units if units else 0.0,
        units=units,
    )


def tables_table(reports: Sequence[TableReport]) -> Table:
    """The reports for a terminal. Names are folded, never cut: the steward has to find them again in the manifest."""
    told = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    told.add_column("published table", overflow="fold")
    for heading in ("cells", "suppressed", "share of cells", "share of units"):
        told.add_column(heading, justify="right")
    told.add_column("suppressed for", overflow="fold")
    for report in reports:
        told.add_row(
            report.name,
            f"{report.cells:,}",
            f"{report.suppressed_cells:,}",
            f"{report.suppressed_share:.1%}",
            report.units_words,
            report.causes_words,
            end_section=len(reports) > 1 and report is reports[-2] and reports[-1].name == IN_ALL,
        )
    return told


def write_reports(path: Path, reports: Sequence[TableReport]) -> None:
    """Beside a version; no question is answered from it. Raises OSError."""
    write_private(path, json.dumps([report.to_json() for report in reports]).encode())


def read_reports(path: Path) -> tuple[TableReport, ...] | None:
    """None where there are none, as beside a version of an earlier Hansa, or where they cannot be read."""
    try:
        return tuple(
            TableReport(**{**each, "causes": {Cause(cause): cells for cause, cells in each["causes"].items()}})
            for each in json.loads(path.read_bytes())
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return None


def _is_finest(table: PublishedTable, cell: int) -> Iterator[bool]:
    for dimension, node in zip(table.shape.dimensions, table.shape.nodes(cell), strict=True):
        yield not dimension.nodes[node].children
