"""Fingerprint of the contract and manifest under which a dataset was prepared."""

from __future__ import annotations

import hashlib
import json

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import (
    DEFAULT_DOMINANT_ENTITIES,
    DEFAULT_DOMINANT_SHARE,
    DEFAULT_P_PERCENT,
    Dependency,
    Manifest,
    Protection,
)
from hansa_core.protection.tables import TableShape, shapes_of


def fingerprint(contract: Contract, manifest: Manifest) -> str:
    """Hex SHA-256 over all that gives a prepared dataset its meaning: a node serves it under nothing else.

    Covers columns with their quanta and bounds, level, rules, and every table's cells with their numbers.
    """
    document = [
        str(contract.id),
        contract.unit,
        contract.entity,
        [
            [column.name, column.type.value, str(column.quantum), str(column.lower), str(column.upper), column.required]
            for column in contract.columns.values()
        ],
        [manifest.level.value, manifest.population, manifest.threshold, manifest.min_entities],
        manifest.protection_version,
        [_shape(shape) for shape in shapes_of(contract, manifest).values()],
    ]
    # What is declared since then stands behind the others where it is: what was prepared before stays served.
    if manifest.period is not None:
        document.append(manifest.period)
    rules = (manifest.dominant_entities, manifest.dominant_share, manifest.p_percent)
    if rules != (DEFAULT_DOMINANT_ENTITIES, DEFAULT_DOMINANT_SHARE, DEFAULT_P_PERCENT):
        document.append(["concentration", *map(str, rules)])
    if manifest.protection is not Protection.SUPPRESSION:
        document.append(["protection", manifest.protection.value])
    if manifest.dependencies:
        document.append([["follows", each.column, each.follows, _pairs(each)] for each in manifest.dependencies])
    return hashlib.sha256(json.dumps(document, ensure_ascii=True).encode()).hexdigest()


def _shape(shape: TableShape) -> list[object]:
    dimensions = [
        [
            dimension.column,
            [repr(leaf) for leaf in dimension.leaves],
            [sorted(node.leaves) for node in dimension.nodes],
            sorted(dimension.structural),
        ]
        for dimension in shape.dimensions
    ]
    return [shape.name, list(shape.measures), dimensions]


def _pairs(dependency: Dependency) -> list[list[str]]:
    return [[repr(known), repr(value)] for known, value in dependency.values.items()]
