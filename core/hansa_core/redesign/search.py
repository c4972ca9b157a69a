"""Search for a declaration of tables that shows most units, and of those the one that says most."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.primary import primary_rules
from hansa_core.protection.publish import Facts, PrimarySuppression
from hansa_core.protection.tables import TableShape, shapes_of
from hansa_core.redesign.estimate import Estimate, TableEstimate, estimate_table
from hansa_core.redesign.moves import Move, moves, plainer

ENOUGH = 0.9
"""The share of the units that a declaration must show to be preferred for what it says."""

_MOST_STEPS = 80
_NO_BITS = 1e-9
_PATIENCE = 3  # steps in a row that show enough and say less than one before


class CountedCells(Protocol):
    """Counts cells of the city's rows."""

    def facts(self, shape: TableShape) -> Facts:
        """The cells of a table that have rows, by number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A declaration on the way: what led to it from the one before, and what it publishes."""

    told: str
    manifest: Manifest
    estimate: Estimate

    def rank(self, following: Step) -> tuple[bool, float, str]:
        """The least of the steps that may follow is the best."""
        taken = max(self.estimate.declared_bits - following.estimate.declared_bits, _NO_BITS)
        gained = following.estimate.shown_share - self.estimate.shown_share
        return gained <= 0, -gained / taken if gained > 0 else taken, following.told


class Search:
    """Goes from the city's declaration by single moves. Deterministic for the same rows."""

    def __init__(self, manifest: Manifest, contract: Contract, counted: CountedCells) -> None:
        self._contract = contract
        self._counted = counted
        self._rule = PrimarySuppression(primary_rules(contract, manifest))
        self._known: dict[TableShape, TableEstimate] = {}
        self._start = manifest

    def steps(self) -> Iterator[Step]:
        """The start, and after it each step, until enough is shown and further ones only say less.

        A step is the move that shows most units per bit of information that it takes from the declaration; where none
        shows more, the one that takes least.
        """
        at = Step(told="as declared", manifest=self._start, estimate=self.estimate(self._start))
        yield at
        for move in plainer(self._start, self._contract):
            at = Step(told=move.told, manifest=move.manifest, estimate=self.estimate(move.manifest))
            yield at
        most, without_more = 0.0, 0
        for _ in range(_MOST_STEPS):
            tried = (step for move in moves(at.manifest, self._contract, at.estimate) if (step := self._step(move)))
            best = min(tried, key=at.rank, default=None)
            if best is None:
                return
            at = best
            yield at
            if at.estimate.shown_share >= ENOUGH:
                without_more = 0 if at.estimate.bits > most else without_more + 1
                most = max(most, at.estimate.bits)
            if without_more == _PATIENCE:
                return

    def estimate(self, manifest: Manifest) -> Estimate:
        """What a declaration publishes, about. Raises ValueError where its tables are too large."""
        shapes = shapes_of(self._contract, manifest)
        return Estimate(tables=tuple(self._estimate(shape) for shape in shapes.values()))

    def _estimate(self, shape: TableShape) -> TableEstimate:
        nameless = replace(shape, name="_")
        if nameless not in self._known:
            self._known[nameless] = estimate_table(nameless, self._counted.facts(nameless), self._rule)
        return replace(self._known[nameless], shape=shape)

    def _step(self, move: Move) -> Step | None:
        try:
            return Step(told=move.told, manifest=move.manifest, estimate=self.estimate(move.manifest))
        except ValueError:  # its tables are too large
            return None


def best_of(steps: Sequence[Step]) -> Step:
    """Of those that show enough units the one that says most; where none does, the one that shows most."""
    enough = [step for step in steps if step.estimate.shown_share >= ENOUGH]
    if enough:
        return max(enough, key=lambda step: step.estimate.bits)
    return max(steps, key=lambda step: step.estimate.shown_share)
