"""Microdata behind a publication, as the harness knows them: how many rows and how much of each measure lie where."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_redteam.unpicking.layout import Selected, TableLayout

Whole = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class CellRows:
    """The rows of one cell. `units`, `entities`: who each row is of, as numbers; `values`: by measure, 0 where NULL."""

    units: Whole
    entities: Whole
    values: dict[str, Whole]
    known: dict[str, npt.NDArray[np.bool_]]


class Microdata:
    """The rows of a dataset, each with its leaf of every column."""

    def __init__(self, rows: pa.Table, layout: TableLayout) -> None:
        self.layout = layout
        contract = layout.contract
        self.units = _numbered(rows.column(contract.unit))
        self.entities = _numbered(rows.column(contract.entity))
        self.leaves = np.stack([_leaves(rows.column(name), layout, name) for name in layout.columns], axis=1)
        self._values = {name: _whole(rows.column(name)) for name in layout.measures}

    def of(self, selected: Selected) -> CellRows:
        """The rows of a cell."""
        inside = self.inside(selected)
        return CellRows(
            units=self.units[inside],
            entities=self.entities[inside],
            values={name: values[inside] for name, (values, _) in self._values.items()},
            known={name: known[inside] for name, (_, known) in self._values.items()},
        )

    def inside(self, selected: Selected) -> npt.NDArray[np.bool_]:
        """Which rows a cell has."""
        inside = np.ones(len(self.units), dtype=bool)
        for place, leaves in enumerate(selected):
            if len(leaves) < len(self.layout.leaves[self.layout.columns[place]]):
                inside &= np.isin(self.leaves[:, place], list(leaves))
        return inside

    def value(self, name: str) -> Whole:
        """A measure of every row, 0 where it is NULL."""
        return self._values[name][0]


def _numbered(column: pa.ChunkedArray) -> Whole:
    return np.asarray(
        column.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False), dtype=np.int64
    )


def _leaves(column: pa.ChunkedArray, layout: TableLayout, name: str) -> Whole:
    encoded = column.combine_chunks().dictionary_encode(null_encoding="encode")
    leaf_of = np.array([layout.leaf_of(name, value) for value in encoded.dictionary.to_pylist()], dtype=np.int64)
    return np.asarray(leaf_of[encoded.indices.to_numpy(zero_copy_only=False)])


def _whole(column: pa.ChunkedArray) -> tuple[Whole, npt.NDArray[np.bool_]]:
    whole = column.combine_chunks()
    known = np.asarray(whole.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
    return np.asarray(whole.fill_null(0).to_numpy(zero_copy_only=False), dtype=np.int64), known
