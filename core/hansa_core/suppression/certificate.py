"""Certificate: every proof checked once more in whole numbers, apart from the solver that found it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hansa_core.suppression.atoms import LinearForm, Wholes
from hansa_core.suppression.forms import Forms
from hansa_core.suppression.proofs import FoundDataSet, Proofs
from hansa_core.suppression.reduction import Flags


class UncertainProofError(AssertionError):
    """A proof does not hold: nothing may be published, and the suppression is at fault."""


def check_proofs(proofs: Proofs, figures: Sequence[LinearForm], shown: Flags) -> None:
    """Each target's two data sets must agree with all that is shown and all that is known, and be far enough apart.

    Raises UncertainProofError.
    """
    told = Forms([*proofs.system.equations, *(form for form, is_shown in zip(figures, shown, strict=True) if is_shown)])
    judged: dict[tuple[int, ...], Wholes] = {}
    for place, target in enumerate(proofs.targets):
        reach = []
        for way, witnesses in zip((-1, 1), proofs.witnesses(place), strict=True):
            key = tuple(map(id, witnesses))
            if key not in judged:
                judged[key] = _joined(proofs, witnesses)
                _check_data_set(proofs, judged[key], told)
            moved = judged[key]
            if target.counted is not None and target.counted.of(moved):
                raise UncertainProofError("a data set changes a count that is known")
            _check_insiders(proofs, moved, target.entities)
            reach.append(way * target.form.of(moved))
        if not target.is_met(*reach):
            raise UncertainProofError("two data sets are not as far apart as they were said to be")


def _joined(proofs: Proofs, witnesses: Sequence[FoundDataSet]) -> Wholes:
    moved = np.zeros(proofs.system.size, dtype=np.int64)
    for witness in witnesses:
        moved[witness.places] += witness.moved
    return moved


def _check_data_set(proofs: Proofs, moved: Wholes, told: Forms) -> None:
    data = proofs.truth + moved
    if (data < 0).any() or (proofs.system.room(data) < 0).any() or told.of(moved).any():
        raise UncertainProofError("a data set contradicts what is shown")


def _check_insiders(proofs: Proofs, moved: Wholes, entities: Sequence[int]) -> None:
    fall, room = proofs.insiders.floor(entities, np.arange(proofs.system.size, dtype=np.int64))
    changed = proofs.system.room(proofs.truth + moved) - proofs.system.room(proofs.truth)
    if (moved < -fall).any() or (changed < -room).any():
        raise UncertainProofError("a data set lacks rows that somebody knows")
