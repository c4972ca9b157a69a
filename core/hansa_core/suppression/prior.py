"""Prior: what everybody knows before anything is published, and what may be asked of a publication on top of it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hansa_core.suppression.atoms import AtomSystem, LinearForm, Wholes
from hansa_core.suppression.audit import failing
from hansa_core.suppression.insiders import Insiders
from hansa_core.suppression.programme import WorkLimit
from hansa_core.suppression.proofs import OpenTargets, Proofs
from hansa_core.suppression.reduction import Equations
from hansa_core.suppression.targets import Target

_TOLERANCE = 1e-6


@dataclass(frozen=True, slots=True, eq=False)
class Prior:
    """`targets`: with no more required than public facts leave. `known`: how many are known more closely than required,
    and the greatest width of those.
    """

    targets: tuple[Target, ...]
    known: int
    widest: int


def audit_prior(
    *,
    system: AtomSystem,
    truth: Wholes,
    figures: Sequence[LinearForm],
    targets: Sequence[Target],
    insiders: Insiders,
    seed: bytes,
    effort: WorkLimit,
) -> Prior:
    """Audit what everybody knows, as if it were all that is published. `figures`: the public ones."""
    if not figures:
        return Prior(tuple(targets), 0, 0)
    equations = Equations(system, figures, truth)
    proofs = Proofs(system=system, truth=truth, equations=equations, targets=targets, insiders=insiders, effort=effort)
    shown = np.ones(len(figures), dtype=bool)
    failed = dict.fromkeys(failing(proofs, shown, seed))
    if not failed:
        return Prior(tuple(targets), 0, 0)
    components = proofs.components(shown)
    borne, widest, known = [], 0, 0
    for place, target in enumerate(targets):
        if place not in failed:
            borne.append(target)
            continue
        below, above = _reach(components, place, target)
        if not target.is_met(below, above):
            known, widest = known + 1, max(widest, below + above)
        lowered = target.at_most(below, above)
        if lowered.required > 0:
            borne.append(lowered)
    return Prior(tuple(borne), known, widest)


def _reach(components: Sequence[OpenTargets], place: int, target: Target) -> tuple[int, int]:
    """How far a target may lie below and above its true value, as far as public facts tell."""
    ends = []
    for way in (-1.0, 1.0):
        total = 0
        for component in components:
            if place in component.parts:
                objective = component.objective((place,), (way,))
                found = component.programme.extreme(
                    objective, component.assumed((place,)), among_wholes=True, exactly=True
                )
                bound = math.inf if found is None else found.bound
                total += math.floor(min(bound, 2**52) * target.required + _TOLERANCE)
        ends.append(total)
    return ends[0], ends[1]
