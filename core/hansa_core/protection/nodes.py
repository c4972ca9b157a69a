"""Nodes of a hierarchy under construction, from the whole domain down to what is published at the finest."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A union of leaves, published as one. `children`: indexes of the nodes that partition it; none at the finest.

    A node without children may hold several leaves: then they are published together, and never apart.
    """

    label: str
    leaves: frozenset[int]
    children: tuple[int, ...] = ()


class NodesBuilder:
    """Collects nodes, parents first; a node that equals its parent is its parent."""

    def __init__(self) -> None:
        self._nodes: list[tuple[str, frozenset[int]]] = []
        self._children: list[list[int]] = []

    def add(self, label: str, leaves: Collection[int], parent: int | None) -> int:
        """The node's index."""
        held = frozenset(leaves)
        if parent is not None and self._nodes[parent][1] == held:
            return parent
        self._nodes.append((label, held))
        self._children.append([])
        if parent is not None:
            self._children[parent].append(len(self._nodes) - 1)
        return len(self._nodes) - 1

    def built(self) -> tuple[Node, ...]:
        """All of them, in the order in which they came."""
        pairs = zip(self._nodes, self._children, strict=True)
        return tuple(Node(label=label, leaves=leaves, children=tuple(below)) for (label, leaves), below in pairs)
