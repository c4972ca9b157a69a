"""Level open: a plan is computed exactly, by an engine over the rows of the dataset."""

from __future__ import annotations

from dataclasses import replace

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.plan.plan import Plan
from hansa_node.answering.answering import BoundPlan, ProtectedCells
from hansa_node.answering.bound import bind_to_contract
from hansa_node.datasets.version import DatasetVersion
from hansa_node.engines.engine import too_many_cells
from hansa_node.engines.stop import Stop

# Releases of computed numbers from before they were exact have other moments: under this key none is found again.
_COMPUTED_EXACTLY = '{"computed":"exact"}'


class OpenAnswering:
    """An Answering over the rows of a version. Every cell is released as it is."""

    def __init__(self, version: DatasetVersion, contract: Contract, manifest: Manifest) -> None:
        self._contract = contract
        self._rows = version.open_rows(contract, manifest)

    def bind(self, plan: Plan) -> BoundPlan:
        """Check the plan; what reads rows needs nothing more."""
        bound = bind_to_contract(plan, self._contract, Level.OPEN)
        computes = any(not isinstance(one, str) for aggregate in bound.plan.aggregates for one in aggregate.arguments)
        return replace(bound, parameters=_COMPUTED_EXACTLY) if computes else bound

    def price(self, bound: BoundPlan) -> tuple[LedgerCharge, ...]:
        """Nothing: public data have no budget."""
        return ()

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """Ask the engine once for each grouping."""
        stop.check()
        engine = self._rows.engine
        tables = [engine.aggregate(part, max_cells=bound.max_cells, stop=stop) for part in plain_plans(bound.plan)]
        if sum(table.num_rows for table in tables) > bound.max_cells:
            raise too_many_cells(bound.max_cells)
        return ProtectedCells(table=stack(bound.plan, self._contract, tables), causes={})

    def close(self) -> None:
        """Close the rows."""
        self._rows.close()
