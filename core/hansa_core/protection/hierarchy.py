"""A dimension's public domain: its leaves, and one nested hierarchy of unions of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import Value


@dataclass(frozen=True, slots=True)
class BinInterval:
    """The values of a measure from `lower` to `upper`, both included, in whole quanta."""

    lower: int
    upper: int

    def __post_init__(self) -> None:
        if self.lower > self.upper:
            raise ValueError("an interval holds at least one value")


Leaf = Value | BinInterval | None
"""One element of a dimension at its finest; None is NULL, the `unknown` of a public domain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """A union of leaves, published as one. `children`: indexes of the nodes that partition it; none at a leaf."""

    label: str
    leaves: frozenset[int]
    children: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Dimension:
    """A column's leaves and nodes; `nodes[0]` is all of them, and a parent stands before its children.

    `structural`: the leaves that are known to have no rows without looking. `grows`: its leaves are published one by
    one, so that a union of them would change with each: none is published, nor used.
    """

    column: str
    leaves: tuple[Leaf, ...]
    nodes: tuple[Node, ...]
    structural: frozenset[int] = frozenset()
    grows: bool = False
    _empty_nodes: frozenset[int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not self.nodes or self.nodes[0].leaves != frozenset(range(len(self.leaves))):
            raise ValueError(f"dimension {self.column}: the first node unites all leaves")
        for node in self.nodes:
            parts = [self.nodes[child].leaves for child in node.children]
            if parts and (frozenset().union(*parts) != node.leaves or sum(map(len, parts)) != len(node.leaves)):
                raise ValueError(f"dimension {self.column}: the children of {node.label} must partition it")
        empty = (index for index, node in enumerate(self.nodes) if node.leaves <= self.structural)
        object.__setattr__(self, "_empty_nodes", frozenset(empty))

    def is_structural_zero(self, node: int) -> bool:
        """Whether a node has no rows by declaration."""
        return node in self._empty_nodes

    def is_growing_union(self, node: int) -> bool:
        """Whether a node unites leaves that are published one by one."""
        return self.grows and bool(self.nodes[node].children)

    def covering(self, leaves: Collection[int]) -> tuple[int, ...]:
        """The coarsest disjoint nodes that unite to `leaves`; leaves without rows by declaration are free to join."""
        wanted = frozenset(leaves) - self.structural
        found: list[int] = []
        stack = [0]
        while stack:
            index = stack.pop()
            held = self.nodes[index].leaves - self.structural
            if not held & wanted:
                continue
            if held <= wanted and not self.is_growing_union(index):
                found.append(index)
            else:
                stack.extend(reversed(self.nodes[index].children))
        return tuple(found)


def categorical(
    column: ContractColumn, domain: Sequence[Value], structural: Collection[Value] = (), *, grows: bool = False
) -> Dimension:
    """A column of listed values: all → each value, and unknown unless the column is required.

    Ingest rejects a row without a required value, so such a column has no unknown to publish.
    """
    leaves: list[Leaf] = list(domain) if column.required else [*domain, None]
    labels = [_value_label(value) for value in domain] + ([] if column.required else ["unknown"])
    top = Node(label="all", leaves=frozenset(range(len(leaves))), children=tuple(range(1, len(leaves) + 1)))
    below = [Node(label=label, leaves=frozenset({index})) for index, label in enumerate(labels)]
    return Dimension(
        column=column.name,
        leaves=tuple(leaves),
        nodes=(top, *below) if len(leaves) > 1 else (Node(label=labels[0], leaves=frozenset({0})),),
        structural=frozenset(index for index, value in enumerate(domain) if value in structural),
        grows=grows,
    )


def _value_label(value: Value) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
