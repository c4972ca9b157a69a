"""Selection: the cells that are held beside the unsafe ones, so that every target is as uncertain as required."""

from __future__ import annotations

import hashlib
import hmac
import math
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from hansa_core.suppression.atoms import AtomSystem, LinearForm, Wholes
from hansa_core.suppression.audit import failing
from hansa_core.suppression.certificate import check_proofs
from hansa_core.suppression.direct import Alternative, Alternatives
from hansa_core.suppression.insiders import Insiders
from hansa_core.suppression.lines import Lines
from hansa_core.suppression.programme import Floats, WorkExceededError, WorkLimit
from hansa_core.suppression.proofs import FoundDataSet, Proofs, most_rows
from hansa_core.suppression.reduction import Equations, Flags
from hansa_core.suppression.targets import Target

_SMALL = 400  # cells of a publication for which several choices are compared
_MANY = 40  # targets that fail, beyond which one programme looks for what to hold for all of them
_KEPT = 0.075  # the share of the cells that could be shown again and stay held, by the city's secret


class UnprovenError(ValueError):
    """Some targets stay unproven whatever is held; nothing may be published. `cells`: those they belong to."""

    def __init__(self, cells: Collection[int]) -> None:
        super().__init__(f"{len(set(cells))} cells stay too closely known whatever else is held")
        self.cells = frozenset(cells)


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuditedCell:
    """A set of equal cells, shown or held together. `figures`: the places of all of its figures.

    `weight`: what holding it loses, in units. `key`: tells the cell from all others, for the keyed choice.
    """

    figures: tuple[int, ...]
    weight: int
    key: bytes


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class AuditedPublication:
    """All that is known of a publication before its cells are chosen.

    `figures`: of all cells, one that several cells have once. `public`: those of them that everybody knows.
    `held`: cells that are held whatever else is. `pinned`: cells that are shown whatever else is.
    """

    system: AtomSystem
    truth: Wholes
    figures: Sequence[LinearForm]
    public: Sequence[int]
    cells: Sequence[AuditedCell]
    held: frozenset[int]
    pinned: frozenset[int]
    targets: Sequence[Target]
    lines: Lines
    insiders: Insiders


class CellSelection:
    """Chooses the held cells of one publication. `seed`: the city's secret for it.

    `effort`: how many programmes may be solved; WorkExceededError where that is not enough.
    """

    def __init__(self, publication: AuditedPublication, seed: bytes, effort: WorkLimit) -> None:
        self._of, self._seed, self._effort = publication, seed, effort
        cells = publication.cells
        pairs = [(figure, number) for number, cell in enumerate(cells) for figure in cell.figures]
        self._figure, self._cell = np.asarray(pairs, dtype=np.int64).reshape(-1, 2).T
        self._always = np.zeros(len(publication.figures), dtype=bool)
        self._always[list(publication.public)] = True
        for number in publication.pinned:
            self._always[list(cells[number].figures)] = True
        self._factors = [_factor(seed, cell.key) for cell in cells]
        self._keys = [cell.key for cell in cells]
        self._equations = Equations(publication.system, publication.figures, publication.truth)
        self._alternatives: Alternatives | None = None

    def held(self) -> frozenset[int]:
        """The cells that may not be shown, those held anyhow among them. Raises UnprovenError, WorkExceededError."""
        found: list[tuple[float, list[int], Proofs]] = []
        unproven: UnprovenError | None = None
        for weights, by_lines in self._variants():
            try:
                held, proofs = self._protected(weights, by_lines=by_lines)
            except UnprovenError as error:
                unproven = error
                continue
            except WorkExceededError:
                if not found:
                    raise
                break
            found.append((self._lost(held), sorted(held), proofs))
        if not found:
            raise unproven or UnprovenError(())
        _, best, proofs = min(found, key=lambda choice: choice[:2])
        chosen = frozenset(best)
        if len(self._of.cells) <= _SMALL:
            chosen, proofs = self._released(chosen, proofs)
        check_proofs(proofs, self._of.figures, self.shown(chosen))
        return chosen

    def shown(self, held: Collection[int]) -> Flags:
        """Which figures are shown where these cells are held."""
        hidden = np.zeros(len(self._of.cells), dtype=bool)
        hidden[list(held)] = True
        shown = self._always.copy()
        shown[self._figure[~hidden[self._cell]]] = True
        return shown

    def _variants(self) -> Iterator[tuple[list[float], bool]]:
        """Weights of the cells, and whether lines are covered first: one choice, or several where that is cheap."""
        kinds = [math.sqrt, float, math.log1p] if len(self._of.cells) <= _SMALL else [math.sqrt]
        for kind in kinds:
            weights = [
                kind(max(cell.weight, 1)) * factor for cell, factor in zip(self._of.cells, self._factors, strict=True)
            ]
            yield weights, True
            if len(self._of.cells) <= _SMALL:
                yield weights, False

    def _lost(self, held: Iterable[int]) -> float:
        return sum(max(self._of.cells[number].weight, 1) * self._factors[number] for number in sorted(held))

    def _protected(self, weights: Sequence[float], *, by_lines: bool) -> tuple[frozenset[int], Proofs]:
        """Hold the cheapest further cells until nothing fails."""
        held, proofs = self._of.held, self._fresh_proofs()
        if by_lines:
            held = self._covered(held, weights)
        while True:
            failed = failing(proofs, self.shown(held), self._seed, most=_MANY)
            exposed = self._of.lines.exposed(held)
            if not failed and not exposed:
                return held, proofs
            before = held
            if len(failed) > _MANY:
                held |= self._further_for_many(proofs, failed, held, weights)
            if held == before:
                for place in failed:
                    if not proofs.is_proven(place):
                        held |= self._further(proofs, place, held, weights)
            held = self._covered(held, weights) if by_lines or held == before else held
            if held == before:
                cells = [proofs.targets[place].cell for place in failed]
                raise UnprovenError([*cells, *(min(union) for union in exposed)])

    def _covered(self, held: frozenset[int], weights: Sequence[float]) -> frozenset[int]:
        return self._of.lines.covered(held, weights, self._keys, self._of.pinned)

    def _fresh_proofs(self) -> Proofs:
        return Proofs(
            system=self._of.system,
            truth=self._of.truth,
            equations=self._equations,
            targets=self._of.targets,
            insiders=self._of.insiders,
            effort=self._effort,
        )

    def _further_for_many(
        self, proofs: Proofs, places: Sequence[int], held: frozenset[int], weights: Sequence[float]
    ) -> frozenset[int]:
        """The cells that move in one data set that takes many targets far enough, each the way that the seed says."""
        digest = hashlib.shake_128(self._seed + len(held).to_bytes(4, "big")).digest(len(proofs.targets))
        demands = [
            (target, 1 if digest[place] & 3 else -1)  # most upwards: few rows can fall by little
            for place in places
            if (target := proofs.targets[place]).counted is None
        ]
        if not demands:
            return frozenset()
        figures = self._model().for_many(demands, self._prices(held, weights), self._always)
        return frozenset() if figures is None else frozenset(self._cell[figures[self._figure]].tolist())

    def _further(self, proofs: Proofs, place: int, held: frozenset[int], weights: Sequence[float]) -> frozenset[int]:
        """The cells that move when a target is taken as far as required, at the least weighted distance."""
        target, chosen = proofs.targets[place], frozenset[int]()
        for options in _demands(target, proofs.reach(place)):
            prices = self._prices(held | chosen, weights)
            best: tuple[float, list[int], Alternative] | None = None
            for way, distance in options:
                found = self._model().cheapest(target, way, distance, prices, self._always)
                if found is not None:
                    moved = frozenset(self._cell[found.figures[self._figure]].tolist()) - held - chosen
                    choice = sum(weights[number] for number in sorted(moved)), sorted(moved), found
                    best = choice if best is None or choice[:2] < best[:2] else best
            if best is not None:
                chosen |= frozenset(best[1])
                if best[2].moved is not None:
                    self._take(proofs, best[2].moved)
        return chosen

    def _take(self, proofs: Proofs, moved: Wholes) -> None:
        """Every target that a whole data set moves is proven to reach so far, once the cells are held that it moves."""
        support = np.flatnonzero(moved)
        room = self._of.system.room(self._of.truth + moved) - self._of.system.room(self._of.truth)
        changed = np.flatnonzero((moved != 0) | (room != 0))
        against = proofs.known_rows.contradicted(changed, moved[changed], room[changed])
        witness = FoundDataSet(support, moved[support])
        if (self._of.truth + moved < 0).any() or (self._of.system.room(self._of.truth + moved) < 0).any():
            return
        for place, target in enumerate(proofs.targets):
            if target.entities in against or (target.counted is not None and target.counted.of(moved)):
                continue
            by = target.form.of(moved)
            proofs.widen(place, -by, by, (witness,), (witness,))

    def _model(self) -> Alternatives:
        if self._alternatives is None:
            self._alternatives = Alternatives(
                system=self._of.system,
                figures=self._of.figures,
                most=4 * most_rows(self._of.system, self._of.targets) + 10,
                insiders=self._of.insiders,
                effort=self._effort,
            )
        return self._alternatives

    def _prices(self, held: Collection[int], weights: Sequence[float]) -> Floats:
        of_cells = np.asarray(weights, dtype=float)
        of_cells[list(held)] = 0.0
        prices = np.zeros(len(self._of.figures))
        np.add.at(prices, self._figure, of_cells[self._cell])
        return prices / max(float(prices.max(initial=0.0)), 1.0)

    def _released(self, held: frozenset[int], proofs: Proofs) -> tuple[frozenset[int], Proofs]:
        """Show again, dearest first, what the proofs do not need, but for some that the city's secret keeps."""
        extra = sorted(
            held - self._of.held, key=lambda n: (-self._of.cells[n].weight * self._factors[n], self._keys[n])
        )
        for number in extra:
            if _drawn(self._seed, b"keep:" + self._keys[number]) < _KEPT or self._of.lines.exposed(held - {number}):
                continue
            again = self._fresh_proofs()
            keep_witnesses(proofs, again, self._figures_of(number))
            try:
                failed = failing(again, self.shown(held - {number}), self._seed, stop_at_first=True)
            except WorkExceededError:
                break
            if not failed:
                held, proofs = held - {number}, again
        return held, proofs

    def _figures_of(self, number: int) -> list[LinearForm]:
        return [self._of.figures[figure] for figure in self._of.cells[number].figures]


def keep_witnesses(proofs: Proofs, again: Proofs, figures: Sequence[LinearForm]) -> None:
    """Take over what stays proven where these figures are shown too: by witnesses that do not move them."""
    size = proofs.system.size
    stays: dict[int, bool] = {}

    def moves_none(witness: FoundDataSet) -> bool:
        if id(witness) not in stays:
            moved = np.zeros(size, dtype=np.int64)
            moved[witness.places] = witness.moved
            stays[id(witness)] = not any(form.of(moved) for form in figures)
        return stays[id(witness)]

    for place in range(len(proofs.targets)):
        below, above = proofs.reach(place)
        lowest, highest = proofs.witnesses(place)
        if all(map(moves_none, lowest)):
            again.widen(place, below, 0, lowest, ())
        if all(map(moves_none, highest)):
            again.widen(place, 0, above, (), highest)


def _demands(target: Target, reach: tuple[int, int]) -> list[tuple[tuple[int, int], ...]]:
    """The ways and distances that a target still needs; any one of each tuple will do."""
    below, above = reach
    demands: list[tuple[tuple[int, int], ...]] = []
    if below < target.below:
        demands.append(((-1, target.below),))
    if above < target.above:
        demands.append(((1, target.above),))
    below, above = max(below, target.below), max(above, target.above)
    if below + above < target.width:
        demands.append(((1, target.width - below), (-1, target.width - above)))
    return demands


def _factor(seed: bytes, key: bytes) -> float:
    """From ½ to 2, by the city's secret: who knows the algorithm cannot repeat the choice."""
    return float(2.0 ** (2 * _drawn(seed, b"weight:" + key) - 1))


def _drawn(seed: bytes, text: bytes) -> float:
    """From 0 to 1, by the city's secret."""
    return int.from_bytes(hmac.digest(seed, text, "sha256")[:6], "big") / 2**48
