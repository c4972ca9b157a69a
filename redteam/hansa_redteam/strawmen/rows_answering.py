"""A strawman's answering: any plan is computed from the rows, and a cell rule is all that protects its cells."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import duckdb
import pyarrow as pa

from hansa_core.budget.ledger_charge import LedgerCharge
from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.groupings import plain_plans, stack
from hansa_core.partial.partial import Row, partial_from_rows, rows_of
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Expression
from hansa_core.plan.moments import moments_of
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_node.answering.answering import Answering, BoundPlan, ProtectedCells
from hansa_node.answering.bound import bind_to_contract
from hansa_node.answering.open import OpenAnswering
from hansa_node.datasets.version import DatasetVersion
from hansa_node.datasets.version_file import VersionFile
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.stop import Stop
from hansa_redteam.running.removal import Removal
from hansa_redteam.running.staged_rows import staged_rows
from hansa_redteam.strawmen.cell_rule import CellRule, RawFigure


class RowsAnswering:
    """An Answering over rows. `level`: by whose rules plans are checked; at `open` any expression is let through."""

    def __init__(
        self, version: DatasetVersion, contract: Contract, manifest: Manifest, *, rule: CellRule, level: Level
    ) -> None:
        self._contract = contract
        self._threshold = manifest.threshold
        self._rule = rule
        self._level = level
        path = rows_file(version, contract)
        self._connection = open_locked(path, threads=1)
        self._engine = DuckDBEngine(contract, self._connection, path)
        everybody = self._units(Plan(contract.id, None, (), (Aggregate(AggregateFunction.COUNT_ROWS),)))
        self._dataset_units = everybody[(), None]

    def bind(self, plan: Plan) -> BoundPlan:
        """Check the plan; any set of rows may be selected."""
        return bind_to_contract(plan, self._contract, self._level)

    def price(self, bound: BoundPlan) -> tuple[LedgerCharge, ...]:
        """Nothing."""
        return ()

    def compute(self, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        """Every cell with rows, each figure by the rule."""
        tables = [self._protected(part, bound.max_cells) for part in plain_plans(bound.plan)]
        return ProtectedCells(table=stack(bound.plan, self._contract, tables), causes={})

    def close(self) -> None:
        """Close the rows."""
        self._connection.close()

    def _protected(self, plan: Plan, max_cells: int) -> pa.Table:
        raw = self._engine.aggregate(plan, max_cells=max_cells)
        units = self._units(plan)
        return partial_from_rows(plan, self._contract, (self._released(plan, row, units) for row in rows_of(raw)))

    def _released(self, plan: Plan, row: Row, units: Mapping[tuple[Row, Expression | None], int]) -> Row:
        key, figures = row[: plan.key_width], row[plan.key_width :]
        released = []
        for moment, value in zip(moments_of(plan, self._contract), figures, strict=True):
            assert isinstance(value, int)
            raw = RawFigure(
                plan=plan,
                key=key,
                kind=moment.kind,
                value=value,
                units=units[key, moment.where],
                dataset_units=self._dataset_units,
            )
            released.append(self._rule.released(raw, self._threshold))
        return (*key, *released)

    def _units(self, plan: Plan) -> dict[tuple[Row, Expression | None], int]:
        """How many units stand behind the figures of each cell, by the condition that selects them."""
        conditions = list(dict.fromkeys(moment.where for moment in moments_of(plan, self._contract)))
        counts = tuple(Aggregate(AggregateFunction.COUNT_DISTINCT, self._contract.unit, where) for where in conditions)
        counting = canonicalise(Plan(plan.source, plan.where, plan.keys, counts))
        moments = moments_of(counting, self._contract)
        cells = rows_of(self._engine.aggregate(counting, max_cells=100_000))
        found = {}
        for row in cells:
            for moment, value in zip(moments, row[plan.key_width :], strict=True):
                assert isinstance(value, int)
                found[row[: plan.key_width], moment.where] = value
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswersFromRows:
    """Opens a version for `RowsAnswering`: what a node serves a level with."""

    rule: CellRule
    level: Level = Level.CONTROLLED

    def __call__(self, version: DatasetVersion, contract: Contract, manifest: Manifest) -> Answering:
        return RowsAnswering(version, contract, manifest, rule=self.rule, level=self.level)


def served_by(opener: object) -> Removal:
    """Level controlled answered by `opener` instead of by published tables."""
    return Removal("hansa_node.answering.served_dataset:LEVELS", {Level.OPEN: OpenAnswering, Level.CONTROLLED: opener})


def rows_file(version: DatasetVersion, contract: Contract) -> Path:
    """A file with the rows behind a version: the harness takes them from where ingest read them."""
    assert isinstance(version, VersionFile)
    home = version.path.parents[2]
    path = version.path.with_suffix(".rows")
    if not path.exists():
        rows = staged_rows(home / "manifests" / f"{contract.id.name}.yaml", contract)
        with duckdb.connect(str(path)) as connection:
            connection.register("taken_in", rows)
            connection.execute("CREATE TABLE rows AS SELECT * FROM taken_in")
    return path
