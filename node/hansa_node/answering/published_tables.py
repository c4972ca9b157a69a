"""Published cells of one dataset version, added up to the cells of a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import INT64_MAX
from hansa_core.partial.array_values import array_from_numbers, one_array, wholes_of
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.from_columns import partial_from_columns
from hansa_core.partial.moment_columns import MomentColumn
from hansa_core.partial.partial import MOMENT_TYPE, partial_schema
from hansa_core.partial.wholes import Wholes, magnitude
from hansa_core.protection.cover import Cover
from hansa_core.protection.primary import Cause
from hansa_node.answering.answering import ProtectedCells
from hansa_node.datasets.published_file import CAUSE_COLUMN, figure_column

_SHOWN = len(Cause)  # beyond every cause


class PublishedTables:
    """All published cells of one dataset version. `tables`: as `DatasetVersion.published_cells` gives them."""

    def __init__(self, *, contract: Contract, tables: Mapping[str, pa.Table]) -> None:
        self._contract = contract
        self._tables = tables
        self._causes = {name: _cause_codes(table.column(CAUSE_COLUMN)) for name, table in tables.items()}

    def read(self, cover: Cover) -> ProtectedCells:
        """The question's cells. A moment with a suppressed cell among its parts is NULL; the cell then counts under the
        first cause, in the order of `Cause`, of all such parts. A moment that no table publishes is NULL in every cell,
        and no cause counts it: the manifest says so."""
        moments: list[MomentColumn] = []
        first = np.full(len(cover.cells), _SHOWN)
        for place, covered in enumerate(cover.figures):
            if covered is None:
                moments.append(_withheld(len(cover.cells)))
                continue
            parts = _Parts([cell.parts[place] for cell in cover.cells])
            suppressed_for = parts.least(self._causes[covered.table])
            first = np.minimum(first, suppressed_for)
            figures = self._tables[covered.table].column(figure_column(covered.figure))
            moments.append(MomentColumn(parts.sums(figures), suppressed_for == _SHOWN))
        kinds = partial_schema(cover.plan, self._contract).types
        columns = zip(*(cell.key for cell in cover.cells), strict=True) if cover.cells else iter([()] * len(kinds))
        keys = [array_of(values, kind) for values, kind in zip(columns, kinds[: cover.plan.key_width], strict=False)]
        return ProtectedCells(
            table=partial_from_columns(cover.plan, self._contract, keys, moments),
            causes={cause: int(np.count_nonzero(first == code)) for code, cause in enumerate(Cause) if code in first},
        )


class _Parts:
    """For each cell of an answer, the numbers of the published cells that it is made of."""

    def __init__(self, parts: Sequence[tuple[int, ...]]) -> None:
        sizes = np.fromiter(map(len, parts), dtype=np.int64, count=len(parts))
        self._longest = int(sizes.max(initial=0))
        self._numbers = np.fromiter(chain.from_iterable(parts), dtype=np.int64, count=int(sizes.sum()))
        self._some = sizes > 0
        self._starts = (np.cumsum(sizes) - sizes)[self._some]

    def sums(self, figures: pa.ChunkedArray) -> Wholes:
        """What the parts' figures add up to, a suppressed one counting as 0; 0 of no parts."""
        assert figures.type == MOMENT_TYPE
        known = np.ones(len(self._numbers), dtype=bool)
        values = wholes_of(one_array(figures.take(array_from_numbers(self._numbers, known, pa.int64()))))
        if magnitude(values) * self._longest > INT64_MAX:
            values = values.astype(object)
        return self._folded(np.add, values, 0)

    def least(self, codes: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
        """The smallest of the parts' codes; _SHOWN of no parts."""
        return self._folded(np.minimum, codes[self._numbers], _SHOWN)

    def _folded(self, fold: np.ufunc, values: npt.NDArray[Any], of_none: int) -> npt.NDArray[Any]:
        folded = np.full(len(self._some), of_none, dtype=values.dtype)
        if self._starts.size:
            folded[self._some] = fold.reduceat(values, self._starts)
        return folded


def _withheld(cells: int) -> MomentColumn:
    """A moment that is NULL everywhere."""
    return MomentColumn(np.zeros(cells, dtype=np.int64), np.zeros(cells, dtype=bool))


def _cause_codes(causes: pa.ChunkedArray) -> npt.NDArray[np.int64]:
    """For each published cell the place of its cause in `Cause`; _SHOWN where it is not suppressed."""
    places = {cause.value: place for place, cause in enumerate(Cause)} | {None: _SHOWN}
    return np.fromiter((places[cause] for cause in causes.to_pylist()), dtype=np.int64, count=len(causes))
