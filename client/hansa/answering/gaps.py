"""Which gaps does each merged row have, as bits that SQL can carry through aggregates and windows?"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hansa_core.partial.merged_table import MergedCell, MergedTable

_BITS = 62
"""Bits of a mask: it fits BIGINT and is never negative."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GapMasks:
    """`of_rows`: the mask of each merged row; rows with the same gaps have the same bit, rows without have none.

    `examples`: of each bit, merged rows with its gaps. The last bit stands for all that had no room of their own: what
    it is in is marked with more gaps than it may have, never with fewer.
    """

    of_rows: tuple[int, ...]
    examples: tuple[tuple[int, ...], ...]

    def rows(self, mask: int) -> Iterator[int]:
        """Merged rows that have, together, the gaps of the mask."""
        for bit, rows in enumerate(self.examples):
            if mask >> bit & 1:
                yield from rows


def mask_gaps(merged: MergedTable) -> GapMasks:
    """The masks of all rows, the most frequent gaps first."""
    seen: dict[object, list[int]] = {}
    for row, cell in enumerate(merged.cells):
        if any(value.gaps for value in cell.values):
            seen.setdefault(_pattern(cell), []).append(row)
    masks = [0] * len(merged.cells)
    examples: list[list[int]] = []
    for rows in sorted(seen.values(), key=len, reverse=True):
        if len(examples) < _BITS:
            examples.append([])
        examples[-1].append(rows[0])
        for row in rows:
            masks[row] = 1 << (len(examples) - 1)
    return GapMasks(of_rows=tuple(masks), examples=tuple(map(tuple, examples)))


def _pattern(cell: MergedCell) -> object:
    """Equal for cells that mark whatever is computed from them alike."""
    values = tuple((tuple(sorted(value.gaps.items())), frozenset(value.marks)) for value in cell.values)
    return cell.city, all(key is None for key in cell.keys), values
