"""Strawman of total expressions: a condition that has no value on some row raises an error."""

from __future__ import annotations

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.partial import rows_of
from hansa_core.plan.expression import Call, Op
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_node.answering.answering import Answering, BoundPlan, ProtectedCells
from hansa_node.datasets.version import DatasetVersion
from hansa_node.engines.stop import Stop
from hansa_redteam.strawmen.cell_rule import QuerySetThreshold
from hansa_redteam.strawmen.rows_answering import RowsAnswering


class RaisingAnswering(RowsAnswering):
    """Answers from rows under a threshold, unless the condition is NULL on one of them."""

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """As it is computed, but for an error that tells of a row."""
        where = bound.plan.where
        if where is not None:
            failing = Plan(
                bound.plan.source, Call(Op.IS_NULL, (where,)), (), (Aggregate(AggregateFunction.COUNT_ROWS),)
            )
            ((count,),) = rows_of(self._engine.aggregate(failing, max_cells=1))
            if count:
                raise ZeroDivisionError("division by zero")
        return super().compute(bound, stop)


def raises_on_rows(version: DatasetVersion, contract: Contract, manifest: Manifest) -> Answering:
    """Opens a version for `RaisingAnswering`."""
    return RaisingAnswering(version, contract, manifest, rule=QuerySetThreshold(), level=Level.CONTROLLED)
