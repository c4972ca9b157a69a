"""A contract read from its document: the parsed YAML of `contracts/<name>.<version>.yaml`."""

from __future__ import annotations

import re
from collections.abc import Mapping

from hansa_core.contract.column_document import column_from_document
from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.contract import Contract, Scope
from hansa_core.documents.fields import Fields
from hansa_core.plan.plan import ContractId, Level

_KEYS = ("contract", "title", "unit", "entity", "unit_scope", "max_cities_per_unit", "least_level", "columns")
_COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def contract_from_document(document: object) -> Contract:
    """Read a contract. Raises ValueError that names the field, the rule and the remedy."""
    top = Fields(document, "", _KEYS)
    unit = top.text("unit")
    scope = top.choice("unit_scope", Scope)
    columns = top.get("columns")
    if not isinstance(columns, Mapping) or not columns:
        raise top.error("columns", "must map each column's name to its description", "write columns: {name: {type: …}}")
    for name in columns:
        # The city is a pseudo-column of the question language, never stored in data.
        if not isinstance(name, str) or not _COLUMN_NAME.fullmatch(name) or name == CITY_COLUMN:
            raise top.error(
                "columns", f"{name!r} is no column name", "use lower-case letters, digits and _, and not city"
            )
    return Contract(
        id=contract_id(top),
        title=top.text("title"),
        columns={name: column_from_document(name, entry, f"columns.{name}") for name, entry in columns.items()},
        unit=unit,
        entity=top.optional_text("entity") or unit,
        unit_scope=scope,
        max_cities_per_unit=_max_cities(top, scope),
        least_level=top.choice("least_level", Level),
    )


def contract_id(top: Fields) -> ContractId:
    """The contract that a document is about. Raises ValueError."""
    try:
        return ContractId.parse(top.text("contract"))
    except ValueError as error:
        raise top.error("contract", str(error), "write for example contract: housing.permits/1") from None


def _max_cities(top: Fields, scope: Scope) -> int:
    """How many cities one unit can appear in: 1 for a city-scoped unit, and declared for a global one."""
    declared = top.whole("max_cities_per_unit")
    if scope is Scope.CITY and declared not in (None, 1):
        raise top.error("max_cities_per_unit", "a unit of scope city appears in one city", "leave it out")
    if scope is Scope.GLOBAL and (declared is None or declared < 1):
        raise top.error("max_cities_per_unit", "a unit of scope global needs it, at least 1", "write the league's size")
    return declared or 1
