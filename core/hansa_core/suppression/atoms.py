"""Atoms: the finest cells of which every figure of a publication is a sum, held clique by clique."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

from hansa_core.suppression.junction_tree import Separator, junction_tree

MAX_ATOMS = 100_000
"""Atoms of all cliques together: known from the manifest alone."""

Wholes = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Exclusion:
    """Combinations of leaves that no row can have: a structural zero, or what contradicts a dependency."""

    columns: tuple[str, ...]
    combinations: frozenset[tuple[int, ...]]


@dataclass(frozen=True, slots=True)
class Measured:
    """A column whose values are summed: per leaf the least and the greatest value in whole quanta, None where NULL."""

    bounds: tuple[tuple[int, int] | None, ...]


@dataclass(frozen=True, slots=True, eq=False)
class LinearForm:
    """A figure as a sum over a data set's variables: `weights[i]` times the variable at `places[i]`, places rising."""

    places: Wholes
    weights: Wholes

    def of(self, data: Wholes) -> int:
        """Its value for one data set."""
        return int(self.weights.astype(object) @ data[self.places].astype(object)) if len(self.places) else 0

    @property
    def key(self) -> bytes:
        """Equal for equal forms."""
        return self.places.tobytes() + b"/" + self.weights.tobytes()


@dataclass(frozen=True, slots=True, eq=False)
class Excess:
    """The variables that hold by how much the values of a column exceed their leaf's least value, summed by atom.

    The variable `places[i]` is at least 0 and at most `widths[i]` times the rows of atom `atoms[i]`.
    """

    places: Wholes
    atoms: Wholes
    widths: Wholes


class AtomSystem:
    """The variables of a publication, and the equations that make those of several cliques those of one data set.

    `sizes`: how many leaves each column has. `ties`: the columns of each table, dependency and structural zero.
    For each clique there is one variable per atom, the rows with one combination of leaves, and for each measured
    column of the clique one per atom, the excess of its values. Raises ValueError beyond MAX_ATOMS.
    """

    def __init__(
        self,
        sizes: Mapping[str, int],
        ties: Iterable[Collection[str]],
        exclusions: Sequence[Exclusion] = (),
        measured: Mapping[str, Measured] | None = None,
    ) -> None:
        tree = junction_tree(sizes, [*ties, *(exclusion.columns for exclusion in exclusions)])
        self._separators = tree.separators
        self._blocks: list[_Block] = []
        self.size = 0
        atoms = 0
        for clique in tree.cliques:
            columns = tuple(sorted(clique))
            atoms += math.prod(sizes[column] for column in columns)
            if atoms > MAX_ATOMS:
                widest = max(columns, key=lambda column: sizes[column])
                raise ValueError(
                    f"the tables over {', '.join(columns)} bring the audit to {atoms} atoms and it bears {MAX_ATOMS}:"
                    f" coarsen {widest} ({sizes[widest]} leaves) or leave a table out"
                )
            block = _block(columns, sizes, _possible(columns, sizes, exclusions), self.size, measured or {})
            self._blocks.append(block)
            self.size = block.end

    def data_set(self, leaves: Mapping[str, Wholes], rows: Wholes, totals: Mapping[str, Wholes]) -> Wholes:
        """The variables of records: record i stands for `rows[i]` rows at `leaves[column][i]` of each column.

        `totals`: the sum of each measured column over the rows of each record. Raises ValueError where rows have a
        combination of leaves that was declared impossible.
        """
        data = np.zeros(self.size, dtype=np.int64)
        for block in self._blocks:
            atoms = block.atoms_of(leaves)
            if (atoms[rows > 0] < 0).any():
                raise ValueError(
                    f"rows have a combination of {', '.join(block.columns)} that structural_zeros or"
                    " dependencies exclude; correct those or the mapping"
                )
            np.add.at(data, block.start + atoms, rows)
            for column, excess in block.excesses.items():
                above = np.zeros(len(block.combinations), dtype=np.int64)
                np.add.at(above, atoms, totals[column] - block.least[column][atoms] * rows)
                data[excess.places] = above[excess.atoms - block.start]
        return data

    @cached_property
    def bounding(self) -> Wholes:
        """For each excess the atom whose rows bound it; every other variable bounds itself."""
        atoms = np.arange(self.size, dtype=np.int64)
        for excess in self._excesses():
            atoms[excess.places] = excess.atoms
        return atoms

    @cached_property
    def widths(self) -> Wholes:
        """The greatest excess of one row, for each excess; 1 for every other variable."""
        widths = np.ones(self.size, dtype=np.int64)
        for excess in self._excesses():
            widths[excess.places] = excess.widths
        return widths

    def room(self, data: Wholes) -> Wholes:
        """By how much each excess falls short of its bound; 0 for every other variable. Below 0 in no data set."""
        return self.widths * data[self.bounding] - data

    def _excesses(self) -> Iterator[Excess]:
        for block in self._blocks:
            yield from block.excesses.values()

    @cached_property
    def equations(self) -> tuple[LinearForm, ...]:
        """Forms that are 0 in every data set: cliques agree on what they share."""
        return tuple(itertools.chain.from_iterable(map(self._agreement, self._separators)))

    def rows(self, leaves: Mapping[str, Collection[int]]) -> LinearForm:
        """The rows whose columns lie in `leaves`; any leaf of a column that is not named."""
        block = self._block_with(leaves)
        places = block.start + np.flatnonzero(block.mask(leaves))
        return LinearForm(places, np.ones(len(places), dtype=np.int64))

    def total(self, leaves: Mapping[str, Collection[int]], column: str) -> LinearForm:
        """The sum of a measured column over the same rows, in whole quanta."""
        block = self._block_with({*leaves, column})
        inside = block.mask(leaves)
        least, excess = block.least[column], block.excesses[column]
        atoms = np.flatnonzero(inside & (least != 0))
        kept = inside[excess.atoms - block.start]
        places = np.concatenate([block.start + atoms, excess.places[kept]])
        weights = np.concatenate([least[atoms], np.ones(int(kept.sum()), dtype=np.int64)])
        return LinearForm(places, weights)

    def _block_with(self, columns: Collection[str]) -> _Block:
        holding = [block for block in self._blocks if set(columns) <= set(block.columns)]
        if not holding:
            raise ValueError(f"no table ties the columns {', '.join(sorted(columns))}")
        return min(holding, key=lambda block: (len(block.combinations), block.start))

    def _agreement(self, separator: Separator) -> Iterator[LinearForm]:
        """For each combination that two cliques share: their rows, and the excesses of each measured column."""
        pair = (self._blocks[separator.first], 1), (self._blocks[separator.second], -1)
        columns = sorted(separator.columns)
        groups: dict[tuple[object, ...], list[tuple[int, int]]] = {}
        for block, sign in pair:
            shared = list(map(tuple, block.combinations[:, [block.columns.index(c) for c in columns]].tolist()))
            for place, leaves in enumerate(shared):
                groups.setdefault(("", *leaves), []).append((block.start + place, sign))
            for column, excess in block.excesses.items():
                if column in separator.columns:
                    for place, atom in zip(excess.places.tolist(), (excess.atoms - block.start).tolist(), strict=True):
                        groups.setdefault((column, *shared[atom]), []).append((place, sign))
        for terms in groups.values():
            places, signs = zip(*sorted(terms), strict=True)
            yield LinearForm(np.asarray(places, dtype=np.int64), np.asarray(signs, dtype=np.int64))


@dataclass(frozen=True, slots=True, eq=False)
class _Block:
    """The variables of one clique from `start`: one per row of `combinations`, then the excesses."""

    columns: tuple[str, ...]
    sizes: tuple[int, ...]
    combinations: Wholes
    start: int
    end: int
    least: Mapping[str, Wholes]
    excesses: Mapping[str, Excess]

    def atoms_of(self, leaves: Mapping[str, Wholes]) -> Wholes:
        """The atom of each record, by its place in the block; -1 of an excluded one."""
        whole = np.zeros(len(next(iter(leaves.values()))), dtype=np.int64)
        mine = np.zeros(len(self.combinations), dtype=np.int64)
        for column, size in zip(self.columns, self.sizes, strict=True):
            whole = whole * size + leaves[column]
            mine = mine * size + self.combinations[:, self.columns.index(column)]
        found = np.searchsorted(mine, whole)
        found[found == len(mine)] = 0
        return np.where(mine[found] == whole, found, -1)

    def mask(self, leaves: Mapping[str, Collection[int]]) -> npt.NDArray[np.bool_]:
        inside = np.ones(len(self.combinations), dtype=bool)
        for column, wanted in leaves.items():
            place = self.columns.index(column)
            is_wanted = np.zeros(self.sizes[place], dtype=bool)
            is_wanted[list(wanted)] = True
            inside &= is_wanted[self.combinations[:, place]]
        return inside


def _block(
    columns: tuple[str, ...],
    sizes: Mapping[str, int],
    combinations: Wholes,
    start: int,
    measured: Mapping[str, Measured],
) -> _Block:
    end = start + len(combinations)
    least: dict[str, Wholes] = {}
    excesses: dict[str, Excess] = {}
    for column in columns:
        if column in measured:
            ends = np.asarray([bounds or (0, 0) for bounds in measured[column].bounds], dtype=np.int64)
            lower, upper = ends[combinations[:, columns.index(column)]].T
            wide = np.flatnonzero(upper > lower)
            least[column] = lower
            places = np.arange(end, end + len(wide), dtype=np.int64)
            excesses[column] = Excess(places, start + wide, (upper - lower)[wide])
            end += len(wide)
    return _Block(columns, tuple(sizes[column] for column in columns), combinations, start, end, least, excesses)


def _possible(columns: Sequence[str], sizes: Mapping[str, int], exclusions: Iterable[Exclusion]) -> Wholes:
    """Every combination of leaves but the excluded ones."""
    grid = np.indices([sizes[column] for column in columns], dtype=np.int64)
    combinations: Wholes = grid.reshape(len(columns), -1).T
    for exclusion in exclusions:
        if set(exclusion.columns) <= set(columns):
            places = [columns.index(column) for column in exclusion.columns]
            told = map(tuple, combinations[:, places].tolist())
            combinations = combinations[[leaves not in exclusion.combinations for leaves in told]]
    return combinations
