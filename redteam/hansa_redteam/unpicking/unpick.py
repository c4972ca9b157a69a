"""Unpicking of suppressed cells: which unsafe figures follow from what was published, exactly or too narrowly."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np

from hansa_redteam.unpicking.atom_space import AtomSpace
from hansa_redteam.unpicking.figures import ROWS, CellFigure, FigureKind, KnownFigures, PublishedFigure
from hansa_redteam.unpicking.layout import Selected, TableCell, TableLayout
from hansa_redteam.unpicking.microdata import Microdata
from hansa_redteam.unpicking.needs import FigureNeeds, Need
from hansa_redteam.unpicking.programme import AttackerProgramme, OpenInterval


@dataclass(frozen=True, slots=True, kw_only=True)
class UnpickedFigure:
    """An unsafe figure that came too near. `who`: an outsider, an insider, or a union of held cells."""

    cell: TableCell
    figure: PublishedFigure
    truth: int
    interval: OpenInterval
    need: Need
    who: str

    @property
    def is_exact(self) -> bool:
        """Whether its value is known."""
        return self.interval.width <= 0


@dataclass(slots=True, kw_only=True)
class Unpicked:
    """What came of unpicking. `tried`: unsafe figures. `shown_unsafe`: unsafe cells that are shown outright."""

    tried: int = 0
    shown_unsafe: int = 0
    findings: list[UnpickedFigure] = field(default_factory=list)

    @property
    def exact(self) -> int:
        """Figures that are known, by anybody."""
        return sum(finding.is_exact for finding in self.findings)

    @property
    def narrow(self) -> int:
        """Figures that are not known, and too narrow."""
        return len(self.findings) - self.exact

    def add(self, other: Unpicked) -> None:
        """Count another publication in."""
        self.tried += other.tried
        self.shown_unsafe += other.shown_unsafe
        self.findings += other.findings


class Unpicker:
    """An attacker of one publication, who knows everything that is public about it, and the harness's own truth."""

    def __init__(self, layout: TableLayout, microdata: Microdata, known: KnownFigures) -> None:
        self._layout = layout
        self._microdata = microdata
        self._known = known
        self._needs = FigureNeeds(microdata)
        self._space = AtomSpace(layout)
        public = dict(self._public_nulls())
        self._prior = AttackerProgramme(self._space, public)
        self._programme = AttackerProgramme(self._space, {**known.shown, **public})
        self._constraints = {**known.shown, **public}

    def unpick(self) -> Unpicked:
        """Try every figure of every unsafe cell: as an outsider, as its largest contributors, and by unions."""
        found = Unpicked()
        done = set[CellFigure]()
        for cell in self._layout.cells():
            needs = self._needs.of(cell)
            if not needs:
                continue
            if (cell.selected, ROWS) in self._known.shown:
                found.shown_unsafe += 1
                continue
            for figure, need in needs.items():
                if (cell.selected, figure) not in done:
                    done.add((cell.selected, figure))
                    found.tried += 1
                    found.findings += self._tried(cell, figure, need)
        found.findings += self._unions()
        return found

    def _tried(self, cell: TableCell, figure: PublishedFigure, need: Need) -> Iterator[UnpickedFigure]:
        target, truth = (cell.selected, figure), self._truth(cell.selected, figure)
        prior, now = self._prior.interval(target), self._programme.interval(target)
        if not now.least <= truth <= now.greatest:
            raise RuntimeError(f"the attacker's own programme is wrong: {figure} of {cell} is {truth}, not in {now}")
        if _is_too_narrow(now, prior, truth, need.width, need.beside):
            yield self._finding(cell, figure, now, need, "outsider")
            return
        if need.width_by_count:
            count = (cell.selected, PublishedFigure(FigureKind.COUNT, figure.measure))
            known = self._truth(*count)
            beside = self._programme.interval_beside(target, count, known)
            before = self._prior.interval_beside(target, count, known)
            if _is_too_narrow(beside, before, truth, need.width_by_count, need.beside):
                yield self._finding(cell, figure, beside, need, "whoever knows the count")
                return
        for entity in self._largest_entities(cell.selected, figure):
            own = self._own(entity)
            share = self._share(entity, cell.selected, figure)
            self._programme.without(own)
            self._prior.without(own)
            try:
                now, prior = self._programme.interval(target), self._prior.interval(target)
            finally:
                self._programme.without({})
                self._prior.without({})
            now, prior = _moved(now, share), _moved(prior, share)
            if _is_too_narrow(now, prior, truth, need.width, need.beside):
                yield self._finding(cell, figure, now, need, "insider")
                return

    def _unions(self) -> Iterator[UnpickedFigure]:
        """A shown parent less its shown children is the union of those that are held: a cell under the rules."""
        seen = set[Selected]()
        for cell in self._layout.cells():
            if (cell.selected, ROWS) not in self._known.shown:
                continue
            for place, node in enumerate(cell.nodes):
                union = self._held_union(cell, place, node)
                if union is None or union.selected in seen:
                    continue
                seen.add(union.selected)
                needs = self._needs.of(union)
                if needs:
                    truth = self._truth(union.selected, ROWS)
                    interval = OpenInterval(truth, truth)
                    yield UnpickedFigure(
                        cell=union, figure=ROWS, truth=truth, interval=interval, need=needs[ROWS], who="union"
                    )

    def _held_union(self, cell: TableCell, place: int, node: int) -> TableCell | None:
        """The held children of a shown cell along one dimension, two or more of them, as one cell."""
        shape = self._layout.shapes[cell.table]
        dimension = shape.dimensions[place]
        held = list[Selected]()
        for child in dimension.nodes[node].children:
            nodes = (*cell.nodes[:place], child, *cell.nodes[place + 1 :])
            selected = self._layout.selected(shape, nodes)
            if not shape.is_structural_zero(shape.cell(nodes)) and (selected, ROWS) not in self._known.shown:
                held.append(selected)
        if len(held) < 2:
            return None  # one alone is a target of its own
        column = self._layout.place(dimension.column)
        leaves = frozenset[int]().union(*(each[column] for each in held))
        selected = (*cell.selected[:column], leaves, *cell.selected[column + 1 :])
        return TableCell(table=cell.table, nodes=cell.nodes, selected=selected)

    def _public_nulls(self) -> Iterator[tuple[CellFigure, int]]:
        """Where the contract says that NULL is public record, everybody knows how many there are, cell by cell."""
        for cell in self._layout.cells():
            for name in self._layout.shapes[cell.table].measures:
                column = self._layout.contract.columns[name]
                leaves = self._layout.leaves[name]
                if column.null_is_public and None in leaves:
                    place = self._layout.place(name)
                    nulls = frozenset({leaves.index(None)})
                    selected = (*cell.selected[:place], nulls, *cell.selected[place + 1 :])
                    yield (selected, ROWS), self._truth(selected, ROWS)

    def _truth(self, selected: Selected, figure: PublishedFigure) -> int:
        rows = self._microdata.of(selected)
        match figure.kind:
            case FigureKind.ROWS:
                return len(rows.units)
            case FigureKind.COUNT:
                return int(rows.known[figure.measure].sum())
            case FigureKind.SUM:
                return int(rows.values[figure.measure].sum())

    def _largest_entities(self, selected: Selected, figure: PublishedFigure) -> list[int]:
        """The two entities that contribute most to a figure."""
        rows = self._microdata.of(selected)
        if not len(rows.entities):
            return []
        values = np.abs(rows.values[figure.measure]) if figure.kind is FigureKind.SUM else np.ones_like(rows.entities)
        entities, places = np.unique(rows.entities, return_inverse=True)
        totals = np.bincount(places, weights=values)
        return [int(entities[place]) for place in np.argsort(-totals, kind="stable")[:2]]

    def _own(self, entity: int) -> Mapping[CellFigure, int]:
        """What an entity knows of each known figure: its own part."""
        return {known: self._share(entity, *known) for known in self._constraints}

    def _share(self, entity: int, selected: Selected, figure: PublishedFigure) -> int:
        rows = self._microdata.of(selected)
        mine = rows.entities == entity
        match figure.kind:
            case FigureKind.ROWS:
                return int(mine.sum())
            case FigureKind.COUNT:
                return int((rows.known[figure.measure] & mine).sum())
            case FigureKind.SUM:
                return int(rows.values[figure.measure][mine].sum())

    def _finding(
        self, cell: TableCell, figure: PublishedFigure, interval: OpenInterval, need: Need, who: str
    ) -> UnpickedFigure:
        truth = self._truth(cell.selected, figure)
        return UnpickedFigure(cell=cell, figure=figure, truth=truth, interval=interval, need=need, who=who)


def _is_too_narrow(now: OpenInterval, prior: OpenInterval, truth: int, width: int, beside: int) -> bool:
    """Whether an interval lacks what a figure needs, as far as it was uncertain before anything was published.

    What is known from public facts alone is no finding, nor what stays as uncertain as it was.
    """
    if now.width < min(width, prior.width):
        return True
    below, above = min(beside, truth - prior.least), min(beside, prior.greatest - truth)
    return truth - now.least < below or now.greatest - truth < above


def _moved(interval: OpenInterval, by: int) -> OpenInterval:
    return OpenInterval(interval.least + by, interval.greatest + by)
