"""Marks: the values of the shaped table that lack a city, and why, followed through the outer SELECT."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hansa.answering.marked_cells import Gaps, MarkedCells, MarkedColumn
from hansa_core.partial.array_values import one_array, validity_of

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.gaps import GapMasks
    from hansa.answering.statement_cells import StatementCells
    from hansa_core.sql.statement import CountedValues, OuterColumn, OuterSelect

HiddenColumns = Mapping[str, npt.NDArray[np.int64]]
"""What the outer engine tells beside the answer, by name: merged rows, or masks of gaps; -1 where there is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """All marks of an answer.

    `suppressed`: no value is shown. `partial`: a value is shown, over the other cities. `covered_up`: the columns that
    show a value although what it is computed from is missing, as COALESCE does. `of_some`: columns with statistics over
    the values of a key that are shown although cells are missing.
    """

    suppressed: MarkedCells
    partial: MarkedCells
    covered_up: tuple[str, ...]
    of_some: tuple[tuple[str, CountedValues], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Lacking:
    """The values of one column that lack a city. `kinds`: of each row, the place of its gaps; -1 where it has none.

    `misses`: of each kind, whether a value behind it is withheld.
    """

    kinds: npt.NDArray[np.int64]
    gaps: tuple[Gaps, ...]
    misses: npt.NDArray[np.bool_]


def find_marks(
    table: pa.Table, hidden: HiddenColumns, outer: OuterSelect, merged: StatementCells, masks: GapMasks
) -> Marks:
    """The marks of `table`. `hidden`: the columns that tell the rows of `merged`, or the gaps, behind each value."""
    suppressed: list[MarkedColumn] = []
    partial: list[MarkedColumn] = []
    covered_up: list[str] = []
    of_some: list[tuple[str, CountedValues]] = []
    for column, values in zip(outer.columns, table.columns, strict=True) if masks.examples else ():
        lacking = _lacking(column, hidden, outer, merged, masks)
        if lacking is None:
            continue
        shown = validity_of(one_array(values))
        for marked, is_here in ((suppressed, ~shown), (partial, shown)):
            rows = np.flatnonzero((lacking.kinds >= 0) & is_here)
            if len(rows):
                kinds = lacking.kinds[rows]
                marked.append(MarkedColumn(column=column.name, rows=rows, kinds=kinds, gaps=lacking.gaps))
        of_values = [one for one in outer.counted if one.column in column.depends_on]
        if of_values:
            of_some += [(column.name, one) for one in of_values if ((lacking.kinds >= 0) & shown).any()]
        elif (lacking.misses[lacking.kinds] & (lacking.kinds >= 0) & shown).any():
            covered_up.append(column.name)
    return Marks(
        suppressed=MarkedCells(suppressed),
        partial=MarkedCells(partial),
        covered_up=tuple(covered_up),
        of_some=tuple(of_some),
    )


def _lacking(
    column: OuterColumn, hidden: HiddenColumns, outer: OuterSelect, merged: StatementCells, masks: GapMasks
) -> _Lacking | None:
    """What a column's values lack, judged once for all that have the same gaps behind them; None if nothing."""
    if column.gaps is not None:
        keys = np.maximum(hidden[column.gaps], 0)
        distinct, place = np.unique(keys, return_inverse=True)
        sources = [tuple(masks.rows(mask)) for mask in distinct.tolist()]
    elif column.row is not None and column.depends_on:
        rows = hidden[column.row]
        keys = np.where(rows >= 0, masks.patterns[rows], -1)
        distinct, first, place = np.unique(keys, return_index=True, return_inverse=True)
        sources = [() if key < 0 else (int(rows[at]),) for key, at in zip(distinct, first, strict=True)]
    else:
        return None
    gaps = tuple(gaps_of(column.depends_on, behind, outer, merged) for behind in sources)
    if not any(gaps):
        return None
    kinds = np.array([kind if found else -1 for kind, found in enumerate(gaps)], dtype=np.int64)
    misses = np.array([_misses(column, behind, outer, merged) for behind in sources], dtype=bool)
    return _Lacking(kinds=kinds[place.reshape(-1)], gaps=gaps, misses=misses)


def gaps_of(
    depends_on: Sequence[str], rows: Sequence[int], outer: OuterSelect, merged: StatementCells
) -> dict[str, str]:
    """The cities that are not in the released columns `depends_on` of the rows, each with its reason."""
    gaps: dict[str, str] = {}
    for row in rows:
        for name in depends_on:
            if name in outer.aggregate_columns:
                gaps.update(merged.gaps(row, outer.aggregate_columns.index(name)))
            elif name in outer.key_columns and merged.is_missing_city[row]:
                gaps.update(merged.row_gaps(row))
    return gaps


def _misses(column: OuterColumn, rows: Sequence[int], outer: OuterSelect, merged: StatementCells) -> bool:
    indices = [outer.aggregate_columns.index(name) for name in column.depends_on if name in outer.aggregate_columns]
    return any(merged.reason(row, index) is not None for row in rows for index in indices)
