"""The attacker's linear programme: every data set that fits what is known, relaxed to real numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, inf

import highspy
import numpy as np

from hansa_redteam.unpicking.atom_space import AtomSpace, AtomSum
from hansa_redteam.unpicking.figures import CellFigure

_TOLERANCE = 1e-4


@dataclass(frozen=True, slots=True)
class OpenInterval:
    """The least and the greatest value that a figure may have; infinite where nothing bounds it."""

    least: float
    greatest: float

    @property
    def width(self) -> float:
        """Between them."""
        return self.greatest - self.least


class AttackerProgramme:
    """The constraints of what is known: what cannot be, and figures with their values."""

    def __init__(self, space: AtomSpace, known: Mapping[CellFigure, int]) -> None:
        self._space = space
        self._solver = highspy._Highs()  # type: ignore[attr-defined]  # the class around it prints a line
        self._solver.setOptionValue("output_flag", False)
        self._solver.setOptionValue("threads", 1)
        self._solver.setOptionValue("random_seed", 0)
        upper = np.where(space.impossible(), 0.0, highspy.kHighsInf)
        nothing = np.array([], dtype=np.int32)
        self._solver.addCols(
            space.count, np.zeros(space.count), np.zeros(space.count), upper, 0, nothing, nothing, np.array([])
        )
        for one, other in space.equal_forms():
            self._add_row(np.concatenate([one.places, other.places]), np.concatenate([one.weights, -other.weights]), 0)
        self._known: dict[CellFigure, int] = {}
        for figure, value in known.items():
            form = space.form(figure)
            if len(form.places):
                self._known[figure] = self._solver.getNumRow()
                self._add_row(form.places, form.weights, value)
        self._values = dict(known)
        self._cost = np.zeros(space.count)

    def interval(self, figure: CellFigure) -> OpenInterval:
        """What the figure may be, in whole steps."""
        form = self._space.form(figure)
        least = self._optimum(form, highspy.ObjSense.kMinimize)
        greatest = self._optimum(form, highspy.ObjSense.kMaximize)
        return OpenInterval(
            ceil(least - _TOLERANCE) if least > -inf else least,
            floor(greatest + _TOLERANCE) if greatest < inf else greatest,
        )

    def interval_beside(self, figure: CellFigure, fixed: CellFigure, value: int) -> OpenInterval:
        """The same for whoever also knows that another figure has this value."""
        form, row = self._space.form(fixed), self._solver.getNumRow()
        self._add_row(form.places, form.weights, value)
        try:
            return self.interval(figure)
        finally:
            self._solver.deleteRows(1, np.array([row], dtype=np.int32))

    def without(self, own: Mapping[CellFigure, int]) -> None:
        """Take what somebody contributed out of every known figure; nothing of an empty mapping, which puts it back."""
        for figure, row in self._known.items():
            value = float(self._values[figure] - own.get(figure, 0))
            self._solver.changeRowBounds(row, value, value)

    def _add_row(self, places: object, weights: object, value: float) -> None:
        self._solver.addRow(float(value), float(value), len(places), places, weights)  # type: ignore[arg-type]

    def _optimum(self, form: AtomSum, sense: highspy.ObjSense) -> float:
        if not len(form.places):
            return 0.0
        self._cost[:] = 0
        self._cost[form.places] = form.weights
        every = np.arange(self._space.count, dtype=np.int32)
        self._solver.changeColsCost(len(every), every, self._cost)
        self._solver.changeObjectiveSense(sense)
        self._solver.run()
        status = self._solver.getModelStatus()
        if status in (highspy.HighsModelStatus.kUnbounded, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            return inf if sense == highspy.ObjSense.kMaximize else -inf
        if status != highspy.HighsModelStatus.kOptimal:
            raise RuntimeError(f"the programme ended with {self._solver.modelStatusToString(status)}")
        return float(self._solver.getInfo().objective_function_value)
