"""Reduction: the variables that what is shown leaves open, in components that do not touch each other."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hansa_core.suppression.atoms import AtomSystem, LinearForm, Wholes
from hansa_core.suppression.forms import Forms

Flags = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class OpenComponent:
    """Variables that may move together. `rows`: the equations among them, by their places in `Equations`."""

    variables: Wholes
    rows: Wholes


class Equations:
    """What every data set must satisfy: the system's own equations, and each figure that is shown.

    All of it is about differences from the true data set: there each form is 0.
    """

    def __init__(self, system: AtomSystem, figures: Sequence[LinearForm], truth: Wholes) -> None:
        self.own = len(system.equations)
        self.forms = Forms([*system.equations, *figures])
        self._size, self._atoms, self._truth = system.size, system.bounding, truth
        self._rows = self.forms.rows

    def shown(self, figures: Flags) -> Flags:
        """Which equations hold where these figures are shown."""
        return np.concatenate([np.ones(self.own, dtype=bool), figures])

    def components(self, figures: Flags) -> list[OpenComponent]:
        """The open variables where these figures are shown, the component with the first variable first."""
        active = self.shown(figures)
        inside = active[self._rows]
        rows, places, weights = self._rows[inside], self.forms.places[inside], self.forms.weights[inside]
        free = np.ones(self._size, dtype=bool)
        while True:
            kept = free[places]
            rows, places, weights = rows[kept], places[kept], weights[kept]
            closed = self._closed(rows, places, weights, free)
            if not closed.any():
                break
            free &= ~closed
        return self._split(rows, places, free)

    def _closed(self, rows: Wholes, places: Wholes, weights: Wholes, free: Flags) -> Flags:
        """Variables that cannot move: alone in an equation, at 0 in one of nothing but zeros, or without rows below."""
        count = self.forms.count
        terms = np.bincount(rows, minlength=count)
        positive = np.bincount(rows, weights=weights > 0, minlength=count)
        held = np.bincount(rows, weights=np.abs(weights) * (self._truth[places] != 0), minlength=count)
        of_one_sign = (positive == 0) | (positive == terms)
        fixing = (terms == 1) | (of_one_sign & (held == 0))
        closed = np.zeros(self._size, dtype=bool)
        closed[places[fixing[rows]]] = True
        excess = self._atoms != np.arange(self._size)
        closed |= excess & ~free[self._atoms] & (self._truth[self._atoms] == 0)
        return closed & free

    def _split(self, rows: Wholes, places: Wholes, free: Flags) -> list[OpenComponent]:
        label = np.arange(self._size, dtype=np.int64)
        excess = np.flatnonzero((self._atoms != label) & free & free[self._atoms])
        while True:
            least = np.full(self.forms.count, self._size, dtype=np.int64)
            np.minimum.at(least, rows, label[places])
            found = label.copy()
            np.minimum.at(found, places, least[rows])
            np.minimum.at(found, excess, label[self._atoms[excess]])
            np.minimum.at(found, self._atoms[excess], label[excess])
            found = found[found]
            if (found == label).all():
                break
            label = found
        open_ = np.flatnonzero(free)
        order = open_[np.argsort(label[open_], kind="stable")]
        cuts = np.flatnonzero(np.diff(label[order])) + 1
        row_label = np.full(self.forms.count, -1, dtype=np.int64)
        row_label[rows] = label[places]
        by_label = np.argsort(row_label, kind="stable")
        sorted_labels = row_label[by_label]
        found_components = []
        for variables in np.split(order, cuts) if len(order) else []:
            first, last = np.searchsorted(sorted_labels, [label[variables[0]], label[variables[0]] + 1])
            found_components.append(OpenComponent(np.sort(variables), np.sort(by_label[first:last])))
        return found_components
