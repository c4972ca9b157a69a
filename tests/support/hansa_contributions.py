"""Contributions of rows to each combination of leaves, counted straight from the definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import quantum_of
from hansa_core.contract.types import Value
from hansa_core.protection.hierarchy import BinInterval, Leaf
from hansa_core.suppression.audited_tables import AuditedTables
from hansa_core.suppression.contributions import Contributions, MeasureContributions


def contributions_of(
    tables: AuditedTables, contract: Contract, rows: Sequence[Mapping[str, Value | None]]
) -> Contributions:
    """One record for each row."""
    numbers: dict[str, dict[Any, int]] = {contract.unit: {}, contract.entity: {}}

    def numbered(column: str) -> np.ndarray:
        known = numbers[column]
        return np.asarray([known.setdefault(row[column], len(known)) for row in rows], dtype=np.int64)

    def whole(values: Sequence[int]) -> np.ndarray:
        return np.asarray(values, dtype=np.int64)

    measured: dict[str, list[Any]] = {name: [row[name] for row in rows] for name in tables.measures}
    return Contributions(
        leaves={
            name: whole([_leaf(leaves, row[name], contract, name) for row in rows])
            for name, leaves in tables.leaves.items()
        },
        units=numbered(contract.unit),
        entities=numbered(contract.entity),
        rows=whole([1] * len(rows)),
        measures={
            name: MeasureContributions(
                count=whole([value is not None for value in values]),
                nonzero=whole([bool(value) for value in values]),
                total=whole([value or 0 for value in values]),
                absolute=whole([abs(value or 0) for value in values]),
                bounds=contract.columns[name].bounds,
            )
            for name, values in measured.items()
        },
    )


def _leaf(leaves: Sequence[Leaf], stored: Value | None, contract: Contract, name: str) -> int:
    for place, leaf in enumerate(leaves):
        if isinstance(leaf, BinInterval):
            if isinstance(stored, int) and leaf.lower <= stored <= leaf.upper:
                return place
        elif leaf is None or stored is None:
            if leaf is stored:
                return place
        elif contract.columns[name].type.is_numeric:
            if stored * quantum_of(contract.columns[name]) == leaf:  # type: ignore[operator]
                return place
        elif leaf == stored:
            return place
    raise AssertionError(f"{stored!r} is no leaf of {name}")
