"""Published rules: a policy, a manifest or a contract as one JSON document that anybody can read and hash.

A document is RFC 8785 JSON, and its hash the SHA-256 of its bytes, whatever the file looks like from which it was read.
What must stay secret stands in it as a salted commitment, whose value auditors can have opened.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import Value
from hansa_core.documents.canonical_json import MAX_INTEGER, JsonValue, canonical_json
from hansa_core.manifest.manifest import Dependency, Manifest, Protection
from hansa_core.policy.policy import DenyList, Policy

DENY = "deny"
"""The secret field of a policy: its deny list."""


class RulesKind(StrEnum):
    """What a document of published rules is: its `kind`."""

    POLICY = "hansa.policy/1"
    MANIFEST = "hansa.manifest/1"
    CONTRACT = "hansa.contract/1"


def rules_hash(document: bytes) -> str:
    """Lower-case hex SHA-256, by which the log names the rules."""
    return hashlib.sha256(document).hexdigest()


def policy_rules(policy: Policy, deny_digest: str) -> bytes:
    """What a policy says of askers in general. `deny_digest`: the commitment to `deny_value(policy.deny)`."""
    rules: list[JsonValue] = [
        {
            "datasets": sorted(rule.datasets),
            "purposes": sorted(rule.purposes),
            "organisations": sorted(rule.organisations),
            "cities": sorted(rule.cities),
        }
        for rule in policy.rules
    ]
    return canonical_json(
        {
            "kind": RulesKind.POLICY.value,
            "id": policy.id,
            "version": policy.version,
            "rules": rules,
            "commitments": {DENY: deny_digest},
        }
    )


def deny_value(deny: DenyList) -> JsonValue:
    """The deny list, as it is opened to auditors."""
    return {
        "subjects": sorted(deny.subjects),
        "keys": sorted(deny.keys),
        "organisations": sorted(deny.organisations),
    }


def manifest_rules(manifest: Manifest) -> bytes:
    """All that a manifest declares and that is no secret of the city."""
    tables: list[JsonValue] = [
        {
            "name": table.name,
            "dimensions": list(table.dimensions),
            "measures": list(table.measures),
            "bins": table.bins,
        }
        for table in manifest.tables
    ]
    later: dict[str, JsonValue] = {} if manifest.period is None else {"period": manifest.period}
    if manifest.protection is not Protection.SUPPRESSION:
        later["protection"] = manifest.protection.value
    if manifest.dependencies:
        later["dependencies"] = list(map(_dependency, manifest.dependencies))
    return canonical_json(
        {
            **later,
            "kind": RulesKind.MANIFEST.value,
            "contract": str(manifest.contract),
            "population": manifest.population,
            "level": manifest.level.value,
            "threshold": manifest.threshold,
            "min_entities": manifest.min_entities,
            "tables": tables,
            "domains": _columns(manifest.domains),
            "structural_zeros": _columns(manifest.structural_zeros),
            "protection_version": manifest.protection_version,
            "commitments": {},
        }
    )


def _dependency(dependency: Dependency) -> JsonValue:
    """A column's values, each with the value of the other column that goes with it."""
    return {
        "column": dependency.column,
        "follows": dependency.follows,
        "values": [
            [None if known is None else _value(known), None if value is None else _value(value)]
            for known, value in dependency.values.items()
        ],
    }


def contract_rules(contract: Contract) -> bytes:
    """All that a contract says of a dataset."""
    return canonical_json(
        {
            "kind": RulesKind.CONTRACT.value,
            "contract": str(contract.id),
            "title": contract.title,
            "unit": contract.unit,
            "entity": contract.entity,
            "unit_scope": contract.unit_scope.value,
            "max_cities_per_unit": contract.max_cities_per_unit,
            "least_level": contract.least_level.value,
            **({} if contract.least_level_reason is None else {"least_level_reason": contract.least_level_reason}),
            "columns": [_column(column) for column in contract.columns.values()],
        }
    )


def _column(column: ContractColumn) -> JsonValue:
    """A column; what it does not declare is left out. Numbers are texts such as 1/100: JSON readers round them."""
    said: dict[str, JsonValue] = {
        "name": column.name,
        "type": column.type.value,
        "meaning": column.meaning,
        "unit": column.unit,
        "identifier": column.identifier,
        "names_people": column.names_people,
        "required": column.required,
        "unique": column.unique,
        "quantum": _number(column.quantum),
        "lower": _number(column.lower),
        "upper": _number(column.upper),
        "domain": None if column.domain is None else _values(column.domain),
        "per_city": column.per_city,
        "bins": [[str(cut) for cut in cuts] for cuts in column.bins],
        "key_width": _number(column.key_width),
        "key_part": None if column.key_part is None else column.key_part.value,
        "earliest": None if column.earliest is None else column.earliest.isoformat(),
        "latest": None if column.latest is None else column.latest.isoformat(),
        "null_is_public": column.null_is_public,
        "constant_per_unit": column.constant_per_unit,
    }
    return {name: value for name, value in said.items() if value not in (None, False, [])}


def _columns(columns: Mapping[str, tuple[Value, ...]]) -> JsonValue:
    return {name: _values(columns[name]) for name in sorted(columns)}


def _values(values: Iterable[Value]) -> list[JsonValue]:
    """Public values in their order. What JSON has not, or readers round, is an object that names its type."""
    return list(map(_value, values))


def _value(value: Value) -> JsonValue:
    if isinstance(value, str | bool) or (isinstance(value, int) and abs(value) <= MAX_INTEGER):
        return value
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    return {type(value).__name__: text}


def _number(value: Fraction | None) -> str | None:
    return None if value is None else str(value)
