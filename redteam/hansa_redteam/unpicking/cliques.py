"""Cliques of columns: small sets that each table fits into, so that the full cross of all columns need not be held.

A junction tree: the columns' graph is made chordal by eliminating the column that adds fewest edges, its cliques are
joined by a spanning tree of greatest separators. Source: Lauritzen and Spiegelhalter (1988).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import combinations
from math import prod


@dataclass(frozen=True, slots=True, kw_only=True)
class CliqueTree:
    """`cliques`: the columns of each. `joins`: pairs of cliques that agree on the columns they share."""

    cliques: tuple[tuple[str, ...], ...]
    joins: tuple[tuple[int, int], ...]


def one_clique(columns: Iterable[str]) -> CliqueTree:
    """The full cross."""
    return CliqueTree(cliques=(tuple(columns),), joins=())


def clique_tree(sizes: Mapping[str, int], groups: Iterable[frozenset[str]]) -> CliqueTree:
    """Cliques of which each of the `groups` lies in one. `sizes`: how many leaves each column has."""
    near = {column: set[str]() for column in sizes}
    for group in groups:
        for one, other in combinations(group, 2):
            near[one].add(other)
            near[other].add(one)
    cliques: list[frozenset[str]] = []
    while near:
        column = min(near, key=lambda each: (_fill(near, each), prod(sizes[one] for one in near[each]), each))
        clique = frozenset({column, *near[column]})
        if not any(clique <= each for each in cliques):
            cliques.append(clique)
        for one, other in combinations(near[column], 2):
            near[one].add(other)
            near[other].add(one)
        for other in near.pop(column):
            near[other].discard(column)
    ordered = tuple(tuple(column for column in sizes if column in clique) for clique in cliques)
    return CliqueTree(cliques=ordered, joins=_spanning(cliques))


def _fill(near: Mapping[str, set[str]], column: str) -> int:
    """How many edges the column's neighbours lack among themselves."""
    return sum(other not in near[one] for one, other in combinations(near[column], 2))


def _spanning(cliques: list[frozenset[str]]) -> tuple[tuple[int, int], ...]:
    """Greatest separators first, without a circle."""
    pairs = sorted(combinations(range(len(cliques)), 2), key=lambda pair: -len(cliques[pair[0]] & cliques[pair[1]]))
    root = list(range(len(cliques)))
    joins = []
    for one, other in pairs:
        if cliques[one] & cliques[other] and root[one] != root[other]:
            joins.append((one, other))
            root = [root[one] if each == root[other] else each for each in root]
    return tuple(joins)
