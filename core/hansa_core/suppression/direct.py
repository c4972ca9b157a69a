"""Direct selection: the cheapest data set that takes a target far enough says which further cells to hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import highspy
import numpy as np

from hansa_core.suppression.atoms import AtomSystem, LinearForm, Wholes
from hansa_core.suppression.forms import Forms
from hansa_core.suppression.insiders import Insiders
from hansa_core.suppression.programme import Floats, WorkLimit, new_model, pass_rows, row_scales
from hansa_core.suppression.reduction import Flags
from hansa_core.suppression.targets import Target

_PRICE_OF_CHOSEN = 0.05  # of a figure that the first solution moved, in the second one
_MOVED = 1e-6  # of a row
_WORTH = 1000.0  # of a target that is taken far enough, against the price of a figure that moves by a row


@dataclass(frozen=True, slots=True, eq=False)
class Alternative:
    """Another data set. `figures`: which ones it moves. `moved`: its differences, None where those are no wholes."""

    figures: Flags
    moved: Wholes | None


class Alternatives:
    """One programme over all variables, in which a shown figure may move at a price."""

    def __init__(
        self,
        *,
        system: AtomSystem,
        figures: Sequence[LinearForm],
        most: float,
        insiders: Insiders,
        effort: WorkLimit,
    ) -> None:
        self._system, self._insiders, self._effort = system, insiders, effort
        self._scale = system.widths.astype(float)
        self._own, self._figures = Forms(system.equations), Forms(figures)
        self._excess = np.flatnonzero(system.bounding != np.arange(system.size))
        self._most = most
        self._model = self._build(list(figures))

    def cheapest(self, target: Target, way: int, distance: int, prices: Floats, fixed: Flags) -> Alternative | None:
        """The data set that takes a target at least so far, upwards or downwards, at the least price of moved figures.

        `prices`: of each figure, for each row that it moves by; 0 where it is held. `fixed`: figures that never move.
        """
        demanded = self._demand(target, way, distance)
        first = self._solve(prices, fixed)
        second = None if first is None else self._solve(prices * np.where(first[1], _PRICE_OF_CHOSEN, 1.0), fixed)
        last = np.arange(self._model.getNumRow() - demanded, self._model.getNumRow(), dtype=np.int32)
        self._model.deleteRows(demanded, last)
        found = second or first
        if found is None:
            return None
        values, figures = found
        moved = np.rint(values).astype(np.int64)
        if self._own.of(moved).any():
            return Alternative(figures & ~fixed, None)
        figures = figures | (self._figures.of(moved) != 0)
        return Alternative(figures, moved) if not (figures & fixed).any() else None

    def for_many(self, demands: Sequence[tuple[Target, int]], prices: Floats, fixed: Flags) -> Flags | None:
        """The figures that move in one data set that takes as many targets as it can as far as they require.

        It says what to hold for many targets at the work of one, and holds more than each by itself would.
        """
        entities = sorted({entity for target, _ in demands for entity in target.entities})
        self._bound(entities)
        first, count = self._model.getNumCol(), len(demands)
        rows = self._model.getNumRow()
        none = np.zeros(0)
        for number, (target, way) in enumerate(demands):
            model, indices = self._model, np.zeros(0, dtype=np.int32)
            model.addCol(-_WORTH, 0.0, 1.0, 0, indices, none)
            places = np.append(target.form.places, first + number).astype(np.int32)
            weights = np.append(way * target.form.weights * self._scale[target.form.places] / target.required, -1.0)
            model.addRow(0.0, highspy.kHighsInf, len(places), places, weights)
        found = self._solve(prices, fixed)
        self._model.deleteRows(count, np.arange(rows, rows + count, dtype=np.int32))
        self._model.deleteCols(count, np.arange(first, first + count, dtype=np.int32))
        return None if found is None else found[1] & ~fixed

    def _bound(self, entities: Sequence[int]) -> None:
        """Bound the variables by what the insiders among these know."""
        model, size = self._model, self._system.size
        every = np.arange(size, dtype=np.int64)
        fall, room = self._insiders.floor(entities, every)
        lower = -fall / self._scale
        model.changeColsBounds(size, every.astype(np.int32), lower, np.maximum(lower, self._most))
        rows = np.arange(self._own.count, self._own.count + len(self._excess), dtype=np.int32)
        least = -(room[self._excess] / self._scale[self._excess])
        model.changeRowsBounds(len(rows), rows, least, np.full(len(rows), highspy.kHighsInf))

    def _demand(self, target: Target, way: int, distance: int) -> int:
        """Bound the variables by what is known, and add the rows for the target; how many."""
        self._bound(target.entities)
        model = self._model
        added = 0
        for form, least_value, most_value in (
            (target.form, float(distance), highspy.kHighsInf),
            (target.counted, 0.0, 0.0),
        ):
            if form is not None and len(form.places):
                weights = form.weights * self._scale[form.places]
                heaviest = float(np.abs(weights).max())
                sign = way if form is target.form else 1
                model.addRow(
                    least_value / heaviest,
                    most_value,
                    len(form.places),
                    form.places.astype(np.int32),
                    sign * weights / heaviest,
                )
                added += 1
        return added

    def _solve(self, prices: Floats, fixed: Flags) -> tuple[Floats, Flags] | None:
        self._effort.spend()
        model, size, count = self._model, self._system.size, self._figures.count
        slack = np.arange(size, size + 2 * count, dtype=np.int32)
        upper = np.where(np.tile(fixed, 2), 0.0, highspy.kHighsInf)
        model.changeColsBounds(2 * count, slack, np.zeros(2 * count), upper)
        model.changeColsCost(2 * count, slack, np.tile(prices, 2))
        model.clearSolver()
        model.run()
        solution, information = model.getSolution(), model.getInfo()
        if not solution.value_valid or information.primal_solution_status != 2:
            return None
        values = np.asarray(solution.col_value)
        return values[:size] * self._scale, values[size : size + 2 * count].reshape(2, count).sum(axis=0) > _MOVED

    def _build(self, figures: list[LinearForm]) -> Any:
        size, system = self._system.size, self._system
        pairs = [
            LinearForm(np.asarray([atom, place], dtype=np.int64), np.asarray([1, -1], dtype=np.int64))
            for atom, place in zip(system.bounding[self._excess].tolist(), self._excess.tolist(), strict=True)
        ]
        rows = Forms([*system.equations, *pairs, *figures])
        scaled = rows.weights * self._scale[rows.places]
        of_bounds = np.repeat([False, True, False], [self._own.count, len(pairs), len(figures)])
        scaled = np.where(of_bounds[rows.rows], rows.weights, scaled)
        scaled = scaled / np.repeat(row_scales(rows, scaled), rows.sizes)
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = size, rows.count
        lp.sense_ = highspy.ObjSense.kMinimize
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(size), np.zeros(size), np.zeros(size)
        lp.row_lower_ = np.zeros(rows.count)
        lp.row_upper_ = np.where(of_bounds, highspy.kHighsInf, 0.0)
        pass_rows(lp, rows, scaled)
        model, count, none = new_model(), len(figures), np.zeros(2 * len(figures))
        model.passModel(lp)
        first = self._own.count + len(pairs)
        slack_rows = np.tile(np.arange(first, first + count, dtype=np.int32), 2)
        signs = np.repeat([-1.0, 1.0], count)
        model.addCols(2 * count, none, none, none, 2 * count, np.arange(2 * count, dtype=np.int32), slack_rows, signs)
        return model
