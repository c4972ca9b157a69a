"""Strawman of rebuilt buffers: suppressed values stay in the Arrow buffers, under a null bit."""

from __future__ import annotations

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.partial import MOMENT_TYPE, write_partial
from hansa_core.plan.moments import moments_of
from hansa_node.answering.answering import Answering, BoundPlan, ProtectedCells
from hansa_node.datasets.version import DatasetVersion
from hansa_node.engines.stop import Stop
from hansa_node.pipeline.execute import Executed
from hansa_node.pipeline.protect import Protected
from hansa_node.pipeline.recall import release_of
from hansa_redteam.running.removal import Removal
from hansa_redteam.strawmen.cell_rule import QuerySetThreshold
from hansa_redteam.strawmen.rows_answering import RowsAnswering, served_by


class MaskingAnswering(RowsAnswering):
    """A threshold that sets null bits over the engine's own columns. For plans without totals."""

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """The engine's table with its values in place, and a null bit on each that may not be shown."""
        raw = self._engine.aggregate(bound.plan, max_cells=bound.max_cells)
        protected = super().compute(bound, stop).table
        first = bound.plan.key_width
        moments = range(first, first + len(moments_of(bound.plan, self._contract)))
        columns = list(raw.columns)
        for place in moments:
            columns[place] = _masked(raw.column(place), protected.column(place))
        return ProtectedCells(table=pa.Table.from_arrays(columns, schema=raw.schema), causes={})


def _masked(values: pa.ChunkedArray, shown: pa.ChunkedArray) -> pa.Array:
    whole, bits = values.combine_chunks(), shown.combine_chunks().is_valid()
    return pa.Array.from_buffers(MOMENT_TYPE, len(whole), [bits.buffers()[1], whole.buffers()[1]])


def masks_cells(version: DatasetVersion, contract: Contract, manifest: Manifest) -> Answering:
    """Opens a version for `MaskingAnswering`."""
    return MaskingAnswering(version, contract, manifest, rule=QuerySetThreshold(), level=Level.CONTROLLED)


def _as_computed(executed: Executed) -> Protected:
    """The release from the columns as they are, instead of from new ones."""
    release = release_of(executed.question, write_partial(executed.cells.table))
    return Protected(release=release, causes=executed.cells.causes)


MASKED_BUFFERS = (served_by(masks_cells), Removal("hansa_node.pipeline.release:protect", _as_computed))
