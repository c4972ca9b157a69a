"""Binned dimensions: a measure's declared cuts as a hierarchy."""

from __future__ import annotations

from fractions import Fraction

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.quanta import quantum_of
from hansa_core.protection.hierarchy import BinInterval, Dimension, Leaf, Node


def binned(column: ContractColumn, *, cuts: bool) -> Dimension:
    """A measure's dimension: all → known and unknown; known → the contract's cuts, coarse to fine, if `cuts`.

    A bin (a, b] is held in whole quanta; the first and the last end at the column's bounds, to which ingest clips.
    """
    first, last = column.bounds
    quantum = quantum_of(column)
    levels = [[BinInterval(*ends) for ends in level] for level in (column.levels if cuts else ())]
    finest = levels[-1] if levels else [BinInterval(first, last)]
    position = {interval.lower: index for index, interval in enumerate(finest)}
    unknown = len(finest)
    nodes = _Nodes()
    known = frozenset(range(len(finest)))
    parent = nodes.add("all", known if column.required else known | {unknown}, None)
    if not column.required:
        known_node = nodes.add("known", known, parent)
        nodes.add("unknown", frozenset({unknown}), parent)
        parent = known_node
    above = dict.fromkeys(known, parent)
    for level in levels:
        for interval in level:
            held = frozenset(i for low, i in position.items() if interval.lower <= low <= interval.upper)
            some = min(held)
            added = nodes.add(_interval_label(interval, first, last, quantum), held, above[some])
            above.update(dict.fromkeys(held, added))
    leaves: tuple[Leaf, ...] = (*finest,) if column.required else (*finest, None)
    return Dimension(column=column.name, leaves=leaves, nodes=nodes.frozen())


class _Nodes:
    """A hierarchy under construction: a node that equals its parent is its parent."""

    def __init__(self) -> None:
        self._nodes: list[tuple[str, frozenset[int]]] = []
        self._children: list[list[int]] = []

    def add(self, label: str, leaves: frozenset[int], parent: int | None) -> int:
        if parent is not None and self._nodes[parent][1] == leaves:
            return parent
        self._nodes.append((label, leaves))
        self._children.append([])
        if parent is not None:
            self._children[parent].append(len(self._nodes) - 1)
        return len(self._nodes) - 1

    def frozen(self) -> tuple[Node, ...]:
        pairs = zip(self._nodes, self._children, strict=True)
        return tuple(Node(label=label, leaves=leaves, children=tuple(below)) for (label, leaves), below in pairs)


def _interval_label(interval: BinInterval, first: int, last: int, quantum: Fraction) -> str:
    below, upto = _number(Fraction(interval.lower - 1) * quantum), _number(Fraction(interval.upper) * quantum)
    if interval.lower == first:
        return "all known" if interval.upper == last else f"≤ {upto}"
    return f"> {below}" if interval.upper == last else f"({below}, {upto}]"


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
