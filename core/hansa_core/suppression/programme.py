"""Linear programme over one component: data sets that agree with all that is shown, found by HiGHS."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import highspy
import numpy as np
import numpy.typing as npt

from hansa_core.suppression.atoms import AtomSystem, LinearForm, Wholes
from hansa_core.suppression.forms import Forms, restricted
from hansa_core.suppression.reduction import Equations, OpenComponent

Floats = npt.NDArray[np.float64]

_OPTIONS = {
    "output_flag": False,
    "threads": 1,
    "random_seed": 1,
    "simplex_strategy": 4,  # primal: the rows stay, and objectives change
    # Bounds on work that are the same on every machine.
    "simplex_iteration_limit": 200_000,
    "mip_max_nodes": 200,
    # Searches for whole numbers that cost more than they find in programmes as small as these.
    "mip_detect_symmetry": False,
    "mip_heuristic_run_feasibility_jump": False,
    "mip_heuristic_run_root_reduced_cost": False,
    "mip_heuristic_run_rins": False,
    "mip_heuristic_run_rens": False,
}
_NEAR = 0.3  # how far a search among wholes may stay below the greatest, where that need not be known


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class Assumed:
    """What somebody knows beside all that is shown, of a component's variables.

    `fall`, `room`: how far each variable may fall, and how far each excess may come closer to its bound.
    `counted`: a form that has its true value. `keeps_rows`: the rows of each atom are known, and only values move.
    `rise`: how many rows a search lets an atom gain; not a bound on what is possible.
    """

    fall: Wholes
    room: Wholes
    counted: LinearForm | None = None
    keeps_rows: bool = False
    rise: float

    def halved(self) -> Assumed:
        """The same for data sets that are half as far from the true one."""
        return replace(self, fall=self.fall // 2, room=self.room // 2, rise=self.rise // 2)


@dataclass(frozen=True, slots=True, eq=False)
class Solution:
    """`bound`: what no data set exceeds; `moved`: a data set of whole numbers, as differences, if one was found."""

    bound: float
    moved: Wholes | None


def new_model() -> Any:
    """A silent solver whose work depends on nothing but the programme."""
    # The binding itself: the class around it prints a line when it is made.
    model = highspy._Highs()  # type: ignore[attr-defined]
    for name, value in _OPTIONS.items():
        if model.setOptionValue(name, value) != highspy.HighsStatus.kOk:
            raise RuntimeError(f"HiGHS does not know {name}; install the version that hansa asks for")
    return model


def pass_rows(lp: highspy.HighsLp, forms: Forms, weights: Floats) -> None:
    """Give a programme its rows. `weights`: of `forms`, as the programme scales them."""
    lp.a_matrix_.format_ = highspy.MatrixFormat.kRowwise
    lp.a_matrix_.start_ = forms.starts.astype(np.int32)
    lp.a_matrix_.index_ = forms.places.astype(np.int32)
    lp.a_matrix_.value_ = weights


@dataclass(slots=True, eq=False)
class WorkLimit:
    """How many programmes may still be solved. Raises WorkExceededError when there are none left."""

    left: int

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise WorkExceededError


class WorkExceededError(Exception):
    """The audit needs more programmes than it may solve."""


class Programme:
    """Differences from the true data set over the variables of one component, in which every shown figure stays.

    The solver's variables are scaled to rows; differences are handed in and out in whole steps.
    """

    def __init__(
        self, component: OpenComponent, equations: Equations, system: AtomSystem, truth: Wholes, effort: WorkLimit
    ) -> None:
        self.variables = component.variables
        self._effort = effort
        local = np.full(system.size, -1, dtype=np.int64)
        local[self.variables] = np.arange(len(self.variables))
        self.atoms = local[system.bounding[self.variables]]
        self.widths = system.widths[self.variables]
        self.truth = truth[self.variables]
        self._equations = _rows_of(component, equations, local)
        self._excess = np.flatnonzero(self.atoms != np.arange(len(self.variables)))
        self._bounded = self._excess[self.atoms[self._excess] >= 0]
        self._scale = self.widths.astype(float)
        self._is_whole = False
        self._model = self._build()

    @property
    def _atom_places(self) -> Wholes:
        return np.flatnonzero(self.atoms == np.arange(len(self.variables)))

    def room_moved(self, moved: Wholes) -> Wholes:
        """How the room of each excess changes; 0 for every other variable."""
        room = np.zeros(len(moved), dtype=np.int64)
        room[self._excess] = -moved[self._excess]
        inside = self._bounded
        room[inside] += self.widths[inside] * moved[self.atoms[inside]]
        return room

    def extreme(
        self, objective: Floats, assumed: Assumed, *, among_wholes: bool = False, exactly: bool = False
    ) -> Solution | None:
        """The greatest objective. `among_wholes`: where that ends between whole numbers, search among those too.

        `exactly`: then up to the greatest. None where the solver finds nothing within its bounded work.
        """
        found = self._once(objective, assumed)
        if found is not None and found.moved is None:
            found = self._doubled(objective, assumed, found)
        if found is not None and found.moved is None and among_wholes:
            found = self._once(objective, assumed, gap=0.0 if exactly else _NEAR) or found
        if found is None or found.moved is None or self._is_possible(found.moved, assumed):
            return found
        return Solution(found.bound, None)

    def _doubled(self, objective: Floats, assumed: Assumed, found: Solution) -> Solution:
        """Most programmes that end between whole numbers end at halves: twice half as far, there are wholes."""
        half = self._once(objective, assumed.halved(), steps=2)
        return found if half is None or half.moved is None else Solution(found.bound, half.moved)

    def _once(
        self, objective: Floats, assumed: Assumed, *, gap: float | None = None, steps: int = 1
    ) -> Solution | None:
        counted = self._assume(assumed)
        found = self._solve(objective, gap=gap, steps=steps)
        if counted:
            self._model.deleteRows(1, np.asarray([self._model.getNumRow() - 1], dtype=np.int32))
        return found

    def _is_possible(self, moved: Wholes, assumed: Assumed) -> bool:
        """Whether whole differences leave everything as it is told, to the last digit."""
        if (moved < -assumed.fall).any() or (self.room_moved(moved) < -assumed.room).any():
            return False
        if assumed.keeps_rows and moved[self._atom_places].any():
            return False
        if assumed.counted is not None and assumed.counted.of(moved):
            return False
        return not self._equations.of(moved).any()

    def _assume(self, assumed: Assumed) -> bool:
        model, count = self._model, len(self.variables)
        lower, upper = -assumed.fall / self._scale, np.full(count, assumed.rise)
        fixed_above = self._excess[self.atoms[self._excess] < 0]  # their rows are known
        upper[fixed_above] = assumed.room[fixed_above] / self._scale[fixed_above]
        if assumed.keeps_rows:
            lower[self._atom_places] = upper[self._atom_places] = 0.0
        model.changeColsBounds(count, np.arange(count, dtype=np.int32), lower, np.maximum(lower, upper))
        rows = np.arange(self._equations.count, self._equations.count + len(self._bounded), dtype=np.int32)
        least = -(assumed.room[self._bounded] / self._scale[self._bounded])
        model.changeRowsBounds(len(rows), rows, least, np.full(len(rows), highspy.kHighsInf))
        form = assumed.counted
        if form is None or not len(form.places):
            return False
        weights = form.weights * self._scale[form.places]
        model.addRow(0.0, 0.0, len(form.places), form.places.astype(np.int32), weights / np.abs(weights).max())
        return True

    def _solve(self, objective: Floats, *, gap: float | None, steps: int) -> Solution | None:
        """`gap`: search among wholes, and how far from the greatest will do. `steps`: how often to take the step."""
        wholes = gap is not None
        self._effort.spend()
        model, count = self._model, len(self.variables)
        columns = np.arange(count, dtype=np.int32)
        model.changeColsCost(count, columns, objective * self._scale)
        kinds = np.zeros(count, dtype=np.uint8)
        if wholes:
            kinds[self._atom_places] = 1
            kinds[self._excess[self._scale[self._excess] == 1.0]] = 1
        if wholes != self._is_whole:
            model.changeColsIntegrality(count, columns, kinds)
            self._is_whole = wholes
        model.setOptionValue("mip_rel_gap", gap or 0.0)
        model.run()
        solution, information = model.getSolution(), model.getInfo()
        if not solution.value_valid or information.primal_solution_status != 2:  # not feasible
            return None
        values = np.asarray(solution.col_value) * self._scale * steps
        moved = np.rint(values).astype(np.int64)
        bound = float(information.mip_dual_bound if wholes else information.objective_function_value)
        return Solution(bound, moved if not self._equations.of(moved).any() else None)

    def _build(self) -> Any:
        model, count = new_model(), len(self.variables)
        pairs = [
            LinearForm(np.asarray([atom, place], dtype=np.int64), np.asarray([1, -1], dtype=np.int64))
            for atom, place in zip(self.atoms[self._bounded].tolist(), self._bounded.tolist(), strict=True)
        ]
        equations, bounds = self._equations, Forms(pairs)
        scaled = equations.weights * self._scale[equations.places]
        scaled = scaled / np.repeat(row_scales(equations, scaled), equations.sizes)
        rows = Forms([*_forms(equations), *pairs])
        lp = highspy.HighsLp()
        lp.num_col_, lp.num_row_ = count, rows.count
        lp.sense_ = highspy.ObjSense.kMaximize
        lp.col_cost_, lp.col_lower_, lp.col_upper_ = np.zeros(count), np.zeros(count), np.zeros(count)
        lp.row_lower_ = np.zeros(rows.count)
        lp.row_upper_ = np.concatenate([np.zeros(equations.count), np.full(bounds.count, highspy.kHighsInf)])
        pass_rows(lp, rows, np.concatenate([scaled, bounds.weights.astype(float)]))
        model.passModel(lp)
        return model


def row_scales(forms: Forms, weights: Floats) -> Floats:
    """The heaviest weight of each form, 1 of an empty one: rows of one size keep the solver steady."""
    scales = np.ones(forms.count)
    some = forms.sizes > 0
    if some.any():
        scales[some] = np.maximum.reduceat(np.abs(weights), forms.starts[:-1][some])
    return scales


def _rows_of(component: OpenComponent, equations: Equations, local: Wholes) -> Forms:
    """The equations among the component's variables, each once."""
    all_forms = equations.forms
    found: dict[bytes, LinearForm] = {}
    for row in component.rows.tolist():
        inside = slice(int(all_forms.starts[row]), int(all_forms.starts[row + 1]))
        form = restricted(LinearForm(all_forms.places[inside], all_forms.weights[inside]), local)
        if len(form.places):
            found.setdefault(form.key, form)
    return Forms(list(found.values()))


def _forms(forms: Forms) -> list[LinearForm]:
    cuts = forms.starts[1:-1]
    return [
        LinearForm(*pair) for pair in zip(np.split(forms.places, cuts), np.split(forms.weights, cuts), strict=True)
    ][: forms.count]
