"""Notes on which rows an answer has, where a clause decides by values that are withheld."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hansa.answering.marks import HiddenColumns, gaps_of
from hansa.answering.statement_cells import StatementCells
from hansa_core.sql.statement import OuterSelect


def selection_notes(hidden: HiddenColumns, outer: OuterSelect, merged: StatementCells) -> tuple[str, ...]:
    """What clauses decided without values, a sentence for those with the same cells; and the cities without any cell.

    A mark can stand on a value that is shown, never on a row that is not: so the clause is named, and with it whatever
    is computed over its rows. `hidden`: as the outer engine gives it.
    """
    notes: list[str] = []
    shown = _shown_rows(hidden, outer)
    alike: dict[bytes, list[str]] = {}
    patterns = merged.gap_patterns() if outer.selections else np.empty(0, dtype=np.int64)
    examples = np.unique(patterns, return_index=True)[1].tolist()
    for selection in outer.selections:
        lacking = [patterns[row] for row in examples if gaps_of(selection.depends_on, (row,), outer, merged)]
        alike.setdefault(np.flatnonzero(np.isin(patterns, lacking)).tobytes(), []).append(selection.clause)
    for rows, clauses in alike.items():
        unsure = np.frombuffer(rows, dtype=np.int64)
        if len(unsure):
            gone = "" if shown is None else _gone(int(np.count_nonzero(~np.isin(unsure, shown))))
            noun = "cell" if len(unsure) == 1 else "cells"
            decide = "decides" if len(clauses) == 1 else "decide"
            notes.append(
                f"{'; '.join(clauses)}: {decide} without values of {len(unsure)} {noun} that are withheld or incomplete"
                f"{gone}; which rows are here, and what is computed over them, depends on those values."
            )
    absent = _without_cells(outer, merged)
    if absent:
        names = ", ".join(absent)
        notes.append(f"{names}: no cells came; what is computed over several cells is without them.")
    return tuple(notes)


def _shown_rows(hidden: HiddenColumns, outer: OuterSelect) -> npt.NDArray[np.int64] | None:
    """The merged rows that the answer shows; None where its rows are computed from several."""
    rows = {column.row for column in outer.columns if column.depends_on}
    if None in rows or not rows:
        return None
    return np.unique(np.concatenate([hidden[name] for name in rows if name is not None]))


def _gone(rows: int) -> str:
    return f", and {rows} of them {'is' if rows == 1 else 'are'} not shown" if rows else ""


def _without_cells(outer: OuterSelect, merged: StatementCells) -> list[str]:
    """The cities of which nothing came, where the answer is more than their rows side by side."""
    is_row_by_row = not outer.selections and all(
        column.row is not None or not column.depends_on for column in outer.columns
    )
    if is_row_by_row:
        return []
    by_row = {city for row in np.flatnonzero(merged.is_missing_city) for city in merged.row_gaps(int(row))}
    return sorted(by_row.union(*(merged.absent.get(key, ()) for key in _counted_keys(outer))))


def _counted_keys(outer: OuterSelect) -> set[str]:
    """The keys that decide how many rows a value is computed from, where nothing else marks it."""
    measured = set(outer.aggregate_columns)
    by_keys = [one for one in outer.columns if one.row is None and measured.isdisjoint(one.depends_on)]
    return {name for one in by_keys for name in one.depends_on}
