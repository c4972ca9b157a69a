"""Junction tree: sets of columns that are tied together, made into cliques that meet in separators."""

from __future__ import annotations

import itertools
import math
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Separator:
    """The columns that two cliques share; `first` and `second` are places among the cliques."""

    first: int
    second: int
    columns: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class JunctionTree:
    """Cliques of columns, joined to a tree: wherever two cliques hold a column, all between them hold it too.

    Marginals over the cliques that agree on every separator are the marginals of one table over all columns.
    Source: Lauritzen, Graphical Models (1996), 2.1.3.
    """

    cliques: tuple[frozenset[str], ...]
    separators: tuple[Separator, ...]


def junction_tree(sizes: Mapping[str, int], ties: Iterable[Collection[str]]) -> JunctionTree:
    """The tree over the columns of `sizes` (how many leaves each has) that has every set of `ties` in one clique.

    Columns are eliminated greedily, the one whose neighbourhood has the fewest atoms first, then by name.
    """
    neighbours: dict[str, set[str]] = {column: set() for column in sizes}
    for tie in ties:
        for one, other in itertools.permutations(tie, 2):
            neighbours[one].add(other)
    cliques: list[frozenset[str]] = []
    while neighbours:
        column = min(neighbours, key=lambda name: (_atoms(sizes, {name, *neighbours[name]}), name))
        around = neighbours.pop(column)
        clique = frozenset({column, *around})
        if not any(clique <= known for known in cliques):
            cliques.append(clique)
        for one in around:
            neighbours[one] |= around
            neighbours[one] -= {one, column}
    return JunctionTree(cliques=tuple(cliques), separators=tuple(_separators(cliques)))


def _atoms(sizes: Mapping[str, int], columns: Iterable[str]) -> int:
    return math.prod(sizes[column] for column in columns)


def _separators(cliques: list[frozenset[str]]) -> Iterable[Separator]:
    """A spanning tree of the cliques with the largest intersections: of a chordal graph's, a junction tree."""
    pairs = itertools.combinations(range(len(cliques)), 2)
    tree_of = list(range(len(cliques)))
    for first, second in sorted(pairs, key=lambda pair: (-len(cliques[pair[0]] & cliques[pair[1]]), pair)):
        if tree_of[first] != tree_of[second]:
            gone, kept = tree_of[second], tree_of[first]
            tree_of = [kept if tree == gone else tree for tree in tree_of]
            yield Separator(first=first, second=second, columns=cliques[first] & cliques[second])
