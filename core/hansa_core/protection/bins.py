"""Binned dimensions: a measure's declared cuts as a hierarchy."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.measure_bins import Bin
from hansa_core.contract.quanta import quantum_of
from hansa_core.protection.hierarchy import BinInterval, Dimension, Leaf
from hansa_core.protection.nodes import NodesBuilder


def binned(column: ContractColumn, levels: Sequence[Sequence[Bin]], finest: Sequence[Bin] = ()) -> Dimension:
    """A measure's dimension: all → known and unknown; known → the bins of each level, coarse to fine.

    A bin (a, b] is held in whole quanta; the first and the last end at the column's bounds, to which ingest clips.
    `finest`: the leaves, if finer than the last level: other tables publish them. No levels: whether it is NULL, alone.
    """
    first, last = column.bounds
    quantum = quantum_of(column)
    intervals = [BinInterval(*ends) for ends in finest or (levels[-1] if levels else [(first, last)])]
    unknown = len(intervals)
    nodes = NodesBuilder()
    known = frozenset(range(len(intervals)))
    parent = nodes.add("all", known if column.required else known | {unknown}, None)
    if not column.required:
        known_node = nodes.add("known", known, parent)
        nodes.add("unknown", {unknown}, parent)
        parent = known_node
    above = dict.fromkeys(known, parent)
    for level in levels:
        for ends in level:
            held = [i for i, leaf in enumerate(intervals) if ends[0] <= leaf.lower and leaf.upper <= ends[1]]
            added = nodes.add(_bin_label(ends, (first, last), quantum), held, above[held[0]])
            above.update(dict.fromkeys(held, added))
    leaves: tuple[Leaf, ...] = (*intervals,) if column.required else (*intervals, None)
    return Dimension(column=column.name, leaves=leaves, nodes=nodes.built())


def _bin_label(ends: Bin, bounds: Bin, quantum: Fraction) -> str:
    below, upto = _number(Fraction(ends[0] - 1) * quantum), _number(Fraction(ends[1]) * quantum)
    if ends[0] == bounds[0]:
        return "all known" if ends[1] == bounds[1] else f"≤ {upto}"
    return f"> {below}" if ends[1] == bounds[1] else f"({below}, {upto}]"


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else f"{float(value):g}"
