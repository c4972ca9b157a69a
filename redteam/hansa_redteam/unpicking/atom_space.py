"""Atoms of a dataset: the variables of the attacker's programmes, and each figure as a sum over them.

Variables are numbers of rows, one for each combination of leaves of a clique. A measure's leaf, an interval, is split
into its two ends: whatever rows lie in it have the same count and sum as some at its ends, so sums are linear too.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import prod

import numpy as np
import numpy.typing as npt

from hansa_core.contract.types import Value
from hansa_core.manifest.manifest import Dependency
from hansa_core.protection.hierarchy import BinInterval, Leaf
from hansa_redteam.unpicking.cliques import CliqueTree, clique_tree, one_clique
from hansa_redteam.unpicking.figures import CellFigure, FigureKind, PublishedFigure
from hansa_redteam.unpicking.layout import Selected, TableLayout

_FULL_CROSS = 4096  # variables; beyond, the columns are taken apart into cliques


@dataclass(frozen=True, slots=True)
class AtomSum:
    """A sum over variables."""

    places: npt.NDArray[np.int32]
    weights: npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class _End:
    """A leaf, or one end of a measure's leaf. `value`: of the measure, 0 where there is none."""

    leaf: int
    value: int
    is_known: bool


class AtomSpace:
    """The variables of a layout, and each figure as a form over them."""

    def __init__(self, layout: TableLayout) -> None:
        self.layout = layout
        self._ends = {name: _ends(layout, name) for name in layout.columns}
        self._sizes = {name: len(ends) for name, ends in self._ends.items()}
        self.tree = self._tree()
        self._first: list[int] = []
        count = 0
        for clique in self.tree.cliques:
            self._first.append(count)
            count += prod(self._sizes[name] for name in clique)
        self.count = count

    def form(self, figure: CellFigure) -> AtomSum:
        """A figure over the variables of the smallest clique that has its columns."""
        selected, what = figure
        return self._form(self._clique_of(selected, what), selected, what)

    def equal_forms(self) -> Iterable[tuple[AtomSum, AtomSum]]:
        """What two cliques say of the columns they share, which is the same."""
        for one, other in self.tree.joins:
            shared = [name for name in self.tree.cliques[one] if name in self.tree.cliques[other]]
            for ends in np.ndindex(*(self._sizes[name] for name in shared)):
                chosen = dict(zip(shared, ends, strict=True))
                yield self._sub_form(one, chosen), self._sub_form(other, chosen)

    def impossible(self) -> npt.NDArray[np.bool_]:
        """Variables that are 0 by declaration: structural zeros, and what a dependency excludes."""
        ruled_out = np.zeros(self.count, dtype=bool)
        for number, clique in enumerate(self.tree.cliques):
            grid = np.zeros([self._sizes[name] for name in clique], dtype=bool)
            for axis, name in enumerate(clique):
                empty = [end.leaf in self.layout.empty[name] for end in self._ends[name]]
                grid |= np.expand_dims(np.array(empty), [a for a in range(len(clique)) if a != axis])
            for dependency in self.layout.manifest.dependencies:
                if dependency.column in clique and dependency.follows in clique:
                    grid |= self._contradicted(clique, dependency)
            first = self._first[number]
            ruled_out[first : first + grid.size] = grid.ravel()
        return ruled_out

    def _contradicted(self, clique: Sequence[str], dependency: Dependency) -> npt.NDArray[np.bool_]:
        """The combinations that a dependency rules out, over the clique's axes."""
        one, other = dependency.follows, dependency.column
        values, others = self.layout.leaves[one], self.layout.leaves[other]
        pairs = np.array(
            [
                [not dependency.allows(_value(values[a.leaf]), _value(others[b.leaf])) for b in self._ends[other]]
                for a in self._ends[one]
            ]
        )
        axes = clique.index(one), clique.index(other)
        ordered = pairs if axes[0] < axes[1] else pairs.T
        return np.expand_dims(ordered, [axis for axis in range(len(clique)) if axis not in axes])

    def _tree(self) -> CliqueTree:
        if prod(self._sizes.values()) <= _FULL_CROSS:
            return one_clique(self._sizes)
        groups = [self.layout.table_columns(table) for table in self.layout.shapes]
        groups += [frozenset((each.column, each.follows)) for each in self.layout.manifest.dependencies]
        return clique_tree(self._sizes, groups)

    def _clique_of(self, selected: Selected, what: PublishedFigure) -> int:
        needed = {what.measure} - {""}
        for name, leaves in zip(self.layout.columns, selected, strict=True):
            if len(leaves) < len(self.layout.leaves[name]):
                needed.add(name)
        fitting = [number for number, clique in enumerate(self.tree.cliques) if needed <= set(clique)]
        return min(fitting, key=lambda number: prod(self._sizes[name] for name in self.tree.cliques[number]))

    def _form(self, number: int, selected: Selected, what: PublishedFigure) -> AtomSum:
        clique = self.tree.cliques[number]
        chosen = []
        for name in clique:
            leaves = selected[self.layout.place(name)]
            inside = [place for place, end in enumerate(self._ends[name]) if end.leaf in leaves]
            if name == what.measure:
                inside = [place for place in inside if self._ends[name][place].is_known]
            chosen.append(inside)
        weights = np.ones([len(each) for each in chosen])
        if what.kind is FigureKind.SUM:
            axis = clique.index(what.measure)
            values = np.array([self._ends[what.measure][place].value for place in chosen[axis]], dtype=np.float64)
            weights = weights * np.expand_dims(values, [a for a in range(len(clique)) if a != axis])
        return self._at(number, chosen, weights)

    def _sub_form(self, number: int, ends: Mapping[str, int]) -> AtomSum:
        clique = self.tree.cliques[number]
        chosen = [[ends[name]] if name in ends else list(range(self._sizes[name])) for name in clique]
        return self._at(number, chosen, np.ones([len(each) for each in chosen]))

    def _at(self, number: int, chosen: Sequence[Sequence[int]], weights: npt.NDArray[np.float64]) -> AtomSum:
        shape = [self._sizes[name] for name in self.tree.cliques[number]]
        grid = np.arange(prod(shape), dtype=np.int32).reshape(shape)[np.ix_(*chosen)]
        flat = weights.ravel()
        used = flat != 0
        return AtomSum((grid.ravel()[used] + self._first[number]).astype(np.int32), flat[used])


def _ends(layout: TableLayout, name: str) -> tuple[_End, ...]:
    """The leaves of a column; of a measure, the two ends of each."""
    ends: list[_End] = []
    for place, leaf in enumerate(layout.leaves[name]):
        if name in layout.measures and isinstance(leaf, BinInterval):
            ends += [_End(place, value, is_known=True) for value in dict.fromkeys((leaf.lower, leaf.upper))]
        else:
            ends.append(_End(place, 0, is_known=leaf is not None))
    return tuple(ends)


def _value(leaf: Leaf) -> Value | None:
    assert not isinstance(leaf, BinInterval)
    return leaf
