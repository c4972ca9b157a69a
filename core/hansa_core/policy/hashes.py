"""Hashes that name a policy and a manifest to the last parameter."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from hansa_core.contract.types import Value
from hansa_core.documents.canonical_json import JsonValue, canonical_json
from hansa_core.manifest.manifest import Manifest
from hansa_core.policy.policy import Policy


def policy_hash(policy: Policy) -> str:
    """Lower-case hex SHA-256 of all that the policy says, whatever its file looks like."""
    rules: list[JsonValue] = [
        {
            "datasets": sorted(rule.datasets),
            "purposes": sorted(rule.purposes),
            "organisations": sorted(rule.organisations),
            "cities": sorted(rule.cities),
        }
        for rule in policy.rules
    ]
    deny: JsonValue = {
        "subjects": sorted(policy.deny.subjects),
        "keys": sorted(policy.deny.keys),
        "organisations": sorted(policy.deny.organisations),
    }
    return _hash({"id": policy.id, "version": policy.version, "rules": rules, "deny": deny})


def manifest_hash(manifest: Manifest) -> str:
    """Lower-case hex SHA-256 of all that the manifest declares, its secret parameters with it."""
    tables: list[JsonValue] = [
        {
            "name": table.name,
            "dimensions": list(table.dimensions),
            "measures": list(table.measures),
            "bins": table.bins,
        }
        for table in manifest.tables
    ]
    return _hash(
        {
            "contract": str(manifest.contract),
            "population": manifest.population,
            "level": manifest.level.value,
            "threshold": manifest.threshold,
            "min_entities": manifest.min_entities,
            "tables": tables,
            "domains": _values(manifest.domains),
            "structural_zeros": _values(manifest.structural_zeros),
            "protection_version": manifest.protection_version,
        }
    )


def _values(columns: Mapping[str, tuple[Value, ...]]) -> list[JsonValue]:
    """Each value by its type and its text: a log holds no floats, and True is not 1."""
    return [[name, [[type(value).__name__, str(value)] for value in columns[name]]] for name in sorted(columns)]


def _hash(document: JsonValue) -> str:
    return hashlib.sha256(canonical_json(document)).hexdigest()
