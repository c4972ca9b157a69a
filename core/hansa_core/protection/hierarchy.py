"""A dimension's public domain: its leaves, and one nested hierarchy of unions of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import Value
from hansa_core.manifest.groups import Group
from hansa_core.protection.nodes import Node, NodesBuilder


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


class InseparableError(Exception):
    """Values of `column` are asked for apart that a table publishes together, as the union `node`."""

    def __init__(self, column: str, node: str) -> None:
        super().__init__(column, node)
        self.column = column
        self.node = node


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
        """The coarsest disjoint nodes that unite to `leaves`; leaves without rows by declaration are free to join.

        Raises InseparableError where no nodes do.
        """
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
            elif not self.nodes[index].children:
                raise InseparableError(self.column, self.nodes[index].label)
            else:
                stack.extend(reversed(self.nodes[index].children))
        return tuple(found)


def categorical(
    column: ContractColumn,
    domain: Sequence[Value],
    structural: Collection[Value] = (),
    *,
    grows: bool = False,
    groups: Sequence[Group] = (),
    depth: int | None = None,
) -> Dimension:
    """A column of listed values: all → groups → each value, and unknown unless the column is required.

    Ingest rejects a row without a required value, so such a column has no unknown to publish. `groups` hold every value
    of the domain once. `depth`: how many levels there are below all, values among them; None: as many as it takes.
    """
    leaves: list[Value | None] = list(domain) if column.required else [*domain, None]
    place = {leaf: index for index, leaf in enumerate(leaves)}
    nodes = NodesBuilder()
    only = len(leaves) == 1
    top = nodes.add(_leaf_label(leaves[0]) if only else "all", range(len(leaves)), None)
    apart = set(range(len(leaves)))
    for group in groups:
        _add_group(nodes, group, place, top, depth)
        apart -= {place[value] for value in group.members}
    for index in sorted(apart):
        nodes.add(_leaf_label(leaves[index]), {index}, top)
    return Dimension(
        column=column.name,
        leaves=tuple(leaves),
        nodes=nodes.built(),
        structural=frozenset(index for index, value in enumerate(domain) if value in structural),
        grows=grows,
    )


def _add_group(
    nodes: NodesBuilder, group: Group, place: Mapping[Value | None, int], parent: int, depth: int | None
) -> None:
    """The group and what is below it, `depth` levels in all."""
    index = nodes.add(group.label, {place[value] for value in group.members}, parent)
    if depth == 1:
        return
    below = None if depth is None else depth - 1
    for smaller in group.groups:
        _add_group(nodes, smaller, place, index, below)
    for value in group.values:
        nodes.add(_leaf_label(value), {place[value]}, index)


def _leaf_label(value: Value | None) -> str:
    if value is None:
        return "unknown"
    return str(value).lower() if isinstance(value, bool) else str(value)
