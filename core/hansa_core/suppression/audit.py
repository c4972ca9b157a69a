"""Audit: for one choice of shown figures, which targets no data set proves to be as uncertain as required."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Iterator, Sequence

from hansa_core.suppression.programme import Assumed, Floats
from hansa_core.suppression.proofs import OpenTargets, Proofs, combine
from hansa_core.suppression.reduction import Flags
from hansa_core.suppression.targets import Target

_ROUNDS = 12  # for many targets at once, before each that is left gets programmes of its own
_TOLERANCE = 1e-6
_MISSED = 3  # rounds in a row that prove nothing new


def failing(proofs: Proofs, shown: Flags, seed: bytes, *, stop_at_first: bool = False, most: int = 10**9) -> list[int]:
    """The targets that stay unproven, by place; `proofs` is widened by all that is found on the way.

    `seed`: the city's secret, so that the same data give the same proofs. `most`: once more than so many fail, all that
    are not proven yet count as failing.
    """
    left = proofs.unproven()
    if not left:
        return []
    components = proofs.components(shown)
    of_place: dict[int, list[OpenTargets]] = {}
    for component in components:
        for place in component.places:
            of_place.setdefault(place, []).append(component)
    failed = [place for place in left if place not in of_place]
    if failed and stop_at_first:
        return failed
    for component in components:
        _widen_together(proofs, component, of_place, seed)
    for place in left:
        parts = of_place.get(place, ())
        if parts and not proofs.is_proven(place) and not _prove(proofs, parts, place):
            failed.append(place)
            if stop_at_first:
                return failed
            if len(failed) > most:
                return sorted({*failed, *proofs.unproven()})
    return sorted(failed)


def _widen_together(
    proofs: Proofs, component: OpenTargets, of_place: dict[int, list[OpenTargets]], seed: bytes
) -> None:
    """Rounds of one programme each way, for the sum of all unproven targets with signs by the seed.

    Where counts are known to some, every other round moves values alone. All keep what any insider knows.
    """
    missed = 0
    left = [place for place in component.places if not proofs.is_proven(place)]
    for number in range(_ROUNDS):
        if not left or missed == _MISSED:
            return
        by_values = number % 2 == 1
        chosen = [place for place in left if (place in component.counted) is by_values]
        if not chosen:
            continue
        signs = dict(zip(component.places, _signs(seed, number, len(component.places)), strict=True))
        assumed = component.assumed(chosen, keeps_rows=by_values)
        for way in (1.0, -1.0):
            objective = component.objective(chosen, (way * signs[place] for place in chosen))
            found = component.programme.extreme(objective, assumed)
            if found is not None and found.moved is not None:
                component.take(found.moved)
        for place in component.places:
            combine(proofs, of_place[place], place)
        before, left = len(left), [place for place in left if not proofs.is_proven(place)]
        missed = missed + 1 if len(left) == before else 0


def _prove(proofs: Proofs, parts: Sequence[OpenTargets], place: int) -> bool:
    """One target's extremes, component by component; among wholes only where the bounds leave hope."""
    for component in parts:
        for assumed in _assumptions(component, place):
            for among_wholes in (False, True):
                bounds = []
                for way in (-1.0, 1.0):
                    objective: Floats = component.objective((place,), (way,))
                    found = component.programme.extreme(objective, assumed, among_wholes=among_wholes)
                    if found is not None and found.moved is not None:
                        component.take(found.moved)
                    bounds.append(0.0 if found is None else found.bound)
                combine(proofs, parts, place)
                if proofs.is_proven(place):
                    return True
                if len(parts) == 1 and not _is_possible(proofs.targets[place], bounds):
                    break
    return False


def _is_possible(target: Target, bounds: Sequence[float]) -> bool:
    """Whether a target may reach as far as required, for all that its programmes' bounds tell."""
    below, above = (math.floor(min(bound, 2**52) * target.required + _TOLERANCE) for bound in bounds)
    return target.is_met(below, above)


def _assumptions(component: OpenTargets, place: int) -> Iterator[Assumed]:
    """First with the rows as they are, where a count is known: those programmes are the smallest."""
    if place in component.counted:
        yield component.assumed((place,), keeps_rows=True)
    yield component.assumed((place,))


def _signs(seed: bytes, number: int, count: int) -> list[float]:
    digest = hashlib.shake_128(seed + number.to_bytes(4, "big")).digest((count + 7) // 8)
    return [1.0 if digest[place // 8] >> place % 8 & 1 else -1.0 for place in range(count)]
