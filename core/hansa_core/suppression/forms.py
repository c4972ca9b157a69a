"""Many linear forms at once: their values for a data set, exactly and in one pass."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from hansa_core.suppression.atoms import LinearForm, Wholes

_EXACT = 2**62


class Forms:
    """Linear forms over one set of variables, as one sparse matrix by rows: `weights` at `places`, from `starts`."""

    def __init__(self, forms: Sequence[LinearForm]) -> None:
        self.count = len(forms)
        self.sizes = np.fromiter((len(form.places) for form in forms), dtype=np.int64, count=self.count)
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).astype(np.int64)
        empty = np.zeros(0, dtype=np.int64)
        self.places: Wholes = np.concatenate([empty, *(form.places for form in forms)])
        self.weights: Wholes = np.concatenate([empty, *(form.weights for form in forms)])
        self._some = self.sizes > 0
        self._heaviest = int(np.abs(self.weights).max(initial=0)) * int(self.sizes.max(initial=0))

    @property
    def rows(self) -> Wholes:
        """For each weight the place of its form."""
        return np.repeat(np.arange(self.count, dtype=np.int64), self.sizes)

    def of(self, data: Wholes) -> npt.NDArray[Any]:
        """The value of each form, exactly: int64 where that is wide enough, or else Python's numbers."""
        exact = self._heaviest * int(np.abs(data).max(initial=0)) < _EXACT
        values = data if exact else data.astype(object)
        found = np.zeros(self.count, dtype=values.dtype)
        if self._some.any():
            terms = values[self.places] * self.weights
            found[self._some] = np.add.reduceat(terms, self.starts[:-1][self._some])
        return found


def restricted(form: LinearForm, local: Wholes) -> LinearForm:
    """The part of a form that lies in some variables. `local`: of every variable its place among those, or -1."""
    places = local[form.places]
    inside = places >= 0
    return LinearForm(places[inside], form.weights[inside])
