"""Strawman of bounded numbers: the city's own floats are added up as they are, NaN and infinities among them."""

from __future__ import annotations

import csv
from collections import defaultdict

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.contract.quanta import quantum_of
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.partial import Row
from hansa_core.plan.moments import MAX_MOMENT, MomentKind
from hansa_node.answering.answering import Answering
from hansa_node.datasets.version import DatasetVersion
from hansa_node.datasets.version_file import VersionFile
from hansa_redteam.strawmen.cell_rule import RawFigure
from hansa_redteam.strawmen.rows_answering import RowsAnswering


class RawSums:
    """A threshold on the question, over sums of unbounded floats. `sums`: by the one key of a question."""

    def __init__(self, sums: dict[Row, float]) -> None:
        self._sums = sums

    def released(self, figure: RawFigure, threshold: int) -> int | None:
        if figure.units < threshold:
            return None
        if figure.kind is not MomentKind.SUM:
            return figure.value
        total = self._sums[figure.key]
        return max(-MAX_MOMENT, min(MAX_MOMENT, int(total))) if abs(total) < float("inf") else _as_whole(total)


def _as_whole(total: float) -> int:
    """What a database driver makes of it: the largest number there is, or an error."""
    if total != total:  # noqa: PLR0124  NaN
        raise ValueError("cannot convert float NaN to integer")
    return MAX_MOMENT if total > 0 else -MAX_MOMENT


def unbounded_numbers(version: DatasetVersion, contract: Contract, manifest: Manifest) -> Answering:
    """Opens a version for sums of what the city's own file says."""
    assert isinstance(version, VersionFile)
    source = version.path.parents[2] / "source" / f"{contract.id.name}.csv"
    (measure,) = (column for column in contract.columns.values() if column.type.is_numeric)
    sums: dict[Row, float] = defaultdict(float)
    with source.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            sums[(row["ward"],)] += float(row[measure.name]) / float(quantum_of(measure))
    return RowsAnswering(version, contract, manifest, rule=RawSums(sums), level=Level.CONTROLLED)
