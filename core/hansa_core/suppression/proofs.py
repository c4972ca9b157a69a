"""Proofs: data sets that agree with all that is shown, and how far apart they show each target to be."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hansa_core.suppression.atoms import AtomSystem, Wholes
from hansa_core.suppression.forms import Forms, restricted
from hansa_core.suppression.insiders import Insiders
from hansa_core.suppression.programme import Assumed, Floats, Programme, WorkLimit
from hansa_core.suppression.reduction import Equations, Flags, OpenComponent
from hansa_core.suppression.targets import Target

_BEYOND = 10  # rows that an atom may gain beyond four times what any target requires


@dataclass(frozen=True, slots=True, eq=False)
class FoundDataSet:
    """A data set that agrees with all that was shown when it was found, as its differences from the true one."""

    places: Wholes
    moved: Wholes


class Proofs:
    """The reach of each target: how far its values lie to either side of the true one, over all witnesses so far.

    What was proven stays proven when less is shown.
    """

    def __init__(
        self,
        *,
        system: AtomSystem,
        truth: Wholes,
        equations: Equations,
        targets: Sequence[Target],
        insiders: Insiders,
        effort: WorkLimit,
    ) -> None:
        self.system, self.truth, self.equations, self.effort = system, truth, equations, effort
        self.targets, self.insiders = tuple(targets), insiders
        self.known_rows = insiders.known_to(target.entities for target in self.targets)
        self._forms = Forms([target.form for target in self.targets])
        self.most = most_rows(system, self.targets)
        self._below: list[int] = [0] * len(self.targets)
        self._above: list[int] = [0] * len(self.targets)
        self._lowest: list[tuple[FoundDataSet, ...]] = [()] * len(self.targets)
        self._highest: list[tuple[FoundDataSet, ...]] = [()] * len(self.targets)

    def unproven(self) -> list[int]:
        """The places of the targets whose witnesses are not far enough apart."""
        return [place for place in range(len(self.targets)) if not self.is_proven(place)]

    def is_proven(self, place: int) -> bool:
        """Whether a target's witnesses are far enough apart."""
        return self.targets[place].is_met(self._below[place], self._above[place])

    def reach(self, place: int) -> tuple[int, int]:
        """How far the target is proven to reach below and above its true value."""
        return self._below[place], self._above[place]

    def witnesses(self, place: int) -> tuple[tuple[FoundDataSet, ...], tuple[FoundDataSet, ...]]:
        """The data sets with the least and with the greatest value: witnesses that move no variable in common."""
        return self._lowest[place], self._highest[place]

    def widen(
        self, place: int, below: int, above: int, lowest: Iterable[FoundDataSet], highest: Iterable[FoundDataSet]
    ) -> None:
        """Take in how far a target reaches by these witnesses."""
        if below > self._below[place]:
            self._below[place], self._lowest[place] = below, tuple(lowest)
        if above > self._above[place]:
            self._above[place], self._highest[place] = above, tuple(highest)

    def components(self, shown: Flags) -> list[OpenTargets]:
        """The open components where these figures are shown, each with the targets that move in it."""
        components = self.equations.components(shown)
        label = np.full(self.system.size, -1, dtype=np.int64)
        for number, component in enumerate(components):
            label[component.variables] = number
        touched = np.stack([label[self._forms.places], self._forms.rows])[:, label[self._forms.places] >= 0]
        pairs = np.unique(touched, axis=1)
        cuts = np.searchsorted(pairs[0], np.arange(len(components) + 1))
        return [
            OpenTargets(component, self, pairs[1, cuts[number] : cuts[number + 1]].tolist())
            for number, component in enumerate(components)
        ]


class OpenTargets:
    """The targets that move in one component, and how far its witnesses take each."""

    def __init__(self, component: OpenComponent, proofs: Proofs, places: Sequence[int]) -> None:
        self._proofs = proofs
        self.places = tuple(places)
        self.component = component
        self.variables = component.variables
        local = np.full(proofs.system.size, -1, dtype=np.int64)
        local[self.variables] = np.arange(len(self.variables))
        self.parts = {place: restricted(proofs.targets[place].form, local) for place in self.places}
        self._forms = Forms(list(self.parts.values()))
        self.counted = {
            place: restricted(form, local)
            for place in self.places
            if (form := proofs.targets[place].counted) is not None
        }
        self._counts = Forms(list(self.counted.values()))
        self._outside = _fixed_excesses(proofs.system, local)
        self._bounding = local[proofs.system.bounding[self._outside]]
        self._programme: Programme | None = None
        self.below = dict.fromkeys(self.places, 0)
        self.above = dict.fromkeys(self.places, 0)
        self.lowest: dict[int, FoundDataSet] = {}
        self.highest: dict[int, FoundDataSet] = {}

    @property
    def programme(self) -> Programme:
        """The programme over this component, made when it is first needed."""
        if self._programme is None:
            of = self._proofs
            self._programme = Programme(self.component, of.equations, of.system, of.truth, of.effort)
        return self._programme

    def assumed(self, places: Sequence[int], *, keeps_rows: bool = False) -> Assumed:
        """What all those together know from whom these targets are kept; of counts only where it is one target.

        For several targets no atom gains more than the most that one requires, so that there is enough for all.
        """
        targets = [self._proofs.targets[place] for place in places]
        entities = sorted({entity for target in targets for entity in target.entities})
        fall, room = self._proofs.insiders.floor(entities, self.variables)
        _, outside = self._proofs.insiders.floor(entities, self._outside)
        np.minimum.at(fall, self._bounding, outside // self._proofs.system.widths[self._outside])
        counted = self.counted.get(places[0]) if len(places) == 1 and not keeps_rows else None
        rise = self._proofs.most if len(places) > 1 else 4 * self._proofs.most + _BEYOND
        return Assumed(fall=fall, room=room, counted=counted, keeps_rows=keeps_rows, rise=rise)

    def objective(self, places: Iterable[int], signs: Iterable[float]) -> Floats:
        """The sum of targets with signs, each in its own required distance."""
        objective = np.zeros(len(self.variables))
        for place, sign in zip(places, signs, strict=True):
            form = self.parts[place]
            objective[form.places] += sign * form.weights / max(self._proofs.targets[place].required, 1)
        return objective

    def take(self, moved: Wholes) -> None:
        """Take a witness in, as differences of this component's variables."""
        support = np.flatnonzero(moved)
        witness = FoundDataSet(self.variables[support], moved[support])
        room = self.programme.room_moved(moved)
        changed = np.flatnonzero((moved != 0) | (room != 0))
        against = self._proofs.known_rows.contradicted(
            np.concatenate([self.variables[changed], self._outside]),
            np.concatenate([moved[changed], np.zeros(len(self._outside), dtype=np.int64)]),
            np.concatenate([room[changed], self._proofs.system.widths[self._outside] * moved[self._bounding]]),
        )
        counted = {place for place, by in zip(self.counted, self._counts.of(moved).tolist(), strict=True) if by}
        for place, by in zip(self.places, self._forms.of(moved).tolist(), strict=True):
            if place in counted or self._proofs.targets[place].entities in against:
                continue
            if by > self.above[place]:
                self.above[place], self.highest[place] = by, witness
            elif -by > self.below[place]:
                self.below[place], self.lowest[place] = -by, witness


def _fixed_excesses(system: AtomSystem, local: Wholes) -> Wholes:
    """The excesses that are known while the rows that bound them are not: those fall no further than they allow."""
    every = np.arange(system.size, dtype=np.int64)
    return np.flatnonzero((system.bounding != every) & (local < 0) & (local[system.bounding] >= 0))


def most_rows(system: AtomSystem, targets: Iterable[Target]) -> float:
    """The most rows that any target requires, whatever its figure counts."""
    wanted = (
        target.required / float(np.abs(target.form.weights * system.widths[target.form.places]).max(initial=1))
        for target in targets
        if target.counted is None  # for who knows the count no row moves
    )
    return float(math.ceil(max(wanted, default=0)))


def combine(proofs: Proofs, parts: Sequence[OpenTargets], place: int) -> None:
    """Tell the proofs how far the components in which a target moves take it together."""
    proofs.widen(
        place,
        sum(part.below[place] for part in parts),
        sum(part.above[place] for part in parts),
        _found(part.lowest.get(place) for part in parts),
        _found(part.highest.get(place) for part in parts),
    )


def _found(witnesses: Iterable[FoundDataSet | None]) -> Iterator[FoundDataSet]:
    yield from (witness for witness in witnesses if witness is not None)
