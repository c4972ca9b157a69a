"""Fingerprint of the contract and manifest under which a dataset was prepared."""

from __future__ import annotations

import hashlib
import json

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
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
    if manifest.period is not None:  # not beside the others: what was prepared before there were periods stays served
        document.append(manifest.period)
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
