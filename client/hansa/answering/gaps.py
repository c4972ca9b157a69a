"""Gap masks: the gaps of each merged row as bits that SQL can carry through aggregates and windows."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from hansa.answering.statement_cells import StatementCells

_BITS = 62
"""Bits of a mask: it fits BIGINT and is never negative."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class GapMasks:
    """The gaps of merged rows as bit masks.

    `of_rows`: the mask of each merged row; rows with the same gaps have the same bit, rows without have none.

    `patterns`: of each row, as `StatementCells.gap_patterns` gives them.

    `examples`: of each bit, merged rows with its gaps. The last bit stands for all that had no room of their own: what
    it is in is marked with more gaps than it may have, never with fewer.
    """

    of_rows: npt.NDArray[np.int64]
    patterns: npt.NDArray[np.int64]
    examples: tuple[tuple[int, ...], ...]

    def rows(self, mask: int) -> Iterator[int]:
        """Merged rows that have, together, the gaps of the mask."""
        for bit, rows in enumerate(self.examples):
            if mask >> bit & 1:
                yield from rows


def mask_gaps(merged: StatementCells) -> GapMasks:
    """The masks of all rows; the most frequent gaps get the lowest bits."""
    patterns = merged.gap_patterns()
    _, first, counts = np.unique(patterns[patterns >= 0], return_index=True, return_counts=True)
    rows_with_gaps = np.flatnonzero(patterns >= 0)
    bits = np.zeros(len(counts), dtype=np.int64)
    examples: list[list[int]] = []
    for pattern in np.argsort(-counts, kind="stable"):
        if len(examples) < _BITS:
            examples.append([])
        examples[-1].append(int(rows_with_gaps[first[pattern]]))
        bits[pattern] = 1 << (len(examples) - 1)
    masks = np.zeros(merged.num_rows, dtype=np.int64)
    masks[rows_with_gaps] = bits[patterns[rows_with_gaps]]
    return GapMasks(of_rows=masks, patterns=patterns, examples=tuple(map(tuple, examples)))
