"""Coarser tables: what a city publishes beside the tables that a question reads, with less detail."""

from __future__ import annotations

from collections.abc import Collection

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.hierarchy import BinInterval, Dimension
from hansa_core.protection.tables import TableShape, shapes_of

_MOST = 3


def coarser_tables(read: Collection[str], contract: Contract, manifest: Manifest) -> tuple[str, ...]:
    """The tables, in words, that have some of the dimensions that are read, or the same with fewer nodes.

    Found from the names of the tables that are read and the manifest alone: the nearest first, at most three.
    """
    shapes = shapes_of(contract, manifest)
    nodes: dict[str, int] = {}
    for name in read:
        for dimension in shapes[name].dimensions:
            nodes[dimension.column] = max(nodes.get(dimension.column, 0), len(dimension.nodes))
    coarser = [shape for name, shape in shapes.items() if name not in read and _is_coarser(shape, nodes)]
    nearest = sorted(coarser, key=lambda shape: (-len(shape.dimensions), -shape.cell_count, shape.name))
    return tuple(f"{shape.name} ({_told(shape)})" for shape in nearest[:_MOST])


def _is_coarser(shape: TableShape, nodes: dict[str, int]) -> bool:
    own = {dimension.column: len(dimension.nodes) for dimension in shape.dimensions}
    if not own.keys() <= nodes.keys() or any(count > nodes[name] for name, count in own.items()):
        return False
    return own != nodes


def _told(shape: TableShape) -> str:
    dimensions = ", ".join(map(_dimension_words, shape.dimensions)) or "no dimension"
    return f"by {dimensions}" if shape.dimensions else dimensions


def _dimension_words(dimension: Dimension) -> str:
    finest = [node for node in dimension.nodes if not node.children]
    if any(isinstance(leaf, BinInterval) for leaf in dimension.leaves):
        return f"{dimension.column} in {len(finest)} bins"
    if any(len(node.leaves) > 1 for node in finest):
        return f"{dimension.column} in {len(finest)} groups"
    return dimension.column
