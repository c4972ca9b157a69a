"""How is a manifest written? From parsed YAML to a checked Manifest."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from hansa_core.contract.contract import Contract, ContractColumn, domain_of
from hansa_core.contract.contract_document import contract_id
from hansa_core.contract.types import DataType, Value, type_of_value
from hansa_core.documents.fields import Fields
from hansa_core.manifest.manifest import DEFAULT_MIN_ENTITIES, DEFAULT_THRESHOLD, Manifest, TableDeclaration
from hansa_core.nearest import nearest, shown
from hansa_core.plan.plan import LEVELS_BY_STRICTNESS, Level
from hansa_core.protection.tables import shapes_of

_KEYS = (
    *("contract", "population", "level", "threshold", "min_entities", "protection_version"),
    *("domains", "structural_zeros", "tables"),
    *("source", "mapping"),  # how the node reads its files: that decides nothing here
)


def manifest_from_document(document: object, contract: Contract) -> Manifest:
    """Read a manifest and hold it against its contract. Raises ValueError that names field, rule and remedy."""
    top = Fields(document, "", _KEYS)
    named = contract_id(top)
    if named != contract.id:
        raise top.error("contract", f"the manifest is for {named}", f"read it with that contract, not {contract.id}")
    domains = _domains(top.get("domains"), contract)
    manifest = Manifest(
        contract=named,
        population=top.text("population"),
        level=_level(top, contract),
        threshold=_whole(top, "threshold", DEFAULT_THRESHOLD),
        min_entities=_whole(top, "min_entities", DEFAULT_MIN_ENTITIES),
        protection_version=_whole(top, "protection_version", 1),
        domains=domains,
        structural_zeros=_structural_zeros(top.get("structural_zeros"), contract, domains),
        tables=tuple(_table(item, f"tables[{i}]", contract) for i, item in enumerate(top.items("tables") or ())),
    )
    shapes_of(contract, manifest)  # every dimension has a domain, and there are not too many cells
    return manifest


def _level(top: Fields, contract: Contract) -> Level:
    level = top.choice("level", Level)
    if LEVELS_BY_STRICTNESS.index(level) < LEVELS_BY_STRICTNESS.index(contract.least_level):
        raise top.error(
            "level", f"a city may tighten the floor of {contract.id}, never loosen it", f"write {contract.least_level}"
        )
    return level


def _whole(top: Fields, key: str, default: int) -> int:
    value = top.whole(key)
    return default if value is None else value


def _table(document: object, path: str, contract: Contract) -> TableDeclaration:
    fields = Fields(document, path, ("name", "dimensions", "measures", "bins"))
    columns = [column for column in contract.columns.values() if not column.identifier]
    bins = fields.optional_text("bins")
    if bins is not None:
        _check_column(fields, "bins", bins, [column.name for column in columns if column.bins])
    return TableDeclaration(
        name=fields.text("name"),
        dimensions=_columns(fields, "dimensions", [column.name for column in columns if _may_have_domain(column)]),
        measures=_columns(fields, "measures", [column.name for column in columns if column.type.is_numeric]),
        bins=bins,
    )


def _columns(fields: Fields, key: str, known: Collection[str]) -> tuple[str, ...]:
    """A list of columns; none if it is left out or empty."""
    items = () if fields.get(key) == [] else fields.items(key) or ()
    return tuple(_check_column(fields, key, item, known) for item in items)


def _check_column(fields: Fields, key: str, name: object, known: Collection[str]) -> str:
    if not isinstance(name, str) or name not in known:
        raise fields.error(key, f"{shown(str(name))} is no column that may stand here", nearest(str(name), known))
    return name


def _may_have_domain(column: ContractColumn) -> bool:
    return bool(column.domain) or column.per_city or column.type is DataType.BOOLEAN


def _domains(document: object, contract: Contract) -> dict[str, tuple[Value, ...]]:
    known = [column.name for column in contract.columns.values() if column.per_city]
    fields = Fields({} if document is None else document, "domains", known)
    listed = {name: fields.items(name) for name in known}
    return {
        name: tuple(_value(value, contract.columns[name], fields) for value in values)
        for name, values in listed.items()
        if values is not None
    }


def _structural_zeros(
    document: object, contract: Contract, domains: Mapping[str, tuple[Value, ...]]
) -> dict[str, tuple[Value, ...]]:
    """Values of a column's domain, as a list or as `{from: 1980, to: 2019}`."""
    public = {column.name: values for column in contract.columns.values() if (values := domain_of(column, domains))}
    fields = Fields({} if document is None else document, "structural_zeros", public)
    return {
        name: _empty_values(fields, contract.columns[name], values)
        for name, values in public.items()
        if fields.get(name) is not None
    }


def _empty_values(fields: Fields, column: ContractColumn, domain: Sequence[Value]) -> tuple[Value, ...]:
    written = fields.get(column.name)
    if isinstance(written, Mapping):
        ends = Fields(written, f"{fields.path}.{column.name}", ("from", "to"))
        first, last = ends.whole("from"), ends.whole("to")
        if column.type is not DataType.INTEGER or first is None or last is None:
            raise ends.error("", "from and to are whole numbers, for an integer column", "list the values instead")
        found = tuple(value for value in domain if isinstance(value, int) and first <= value <= last)
        if not found:
            raise ends.error("", f"no value of the domain lies from {first} to {last}", "correct the range")
        return found
    values = tuple(_value(value, column, fields) for value in fields.items(column.name) or ())
    for value in values:
        if value not in domain:  # a misspelt value would silently declare nothing
            raise fields.error(column.name, f"{shown(str(value))} is not in the domain", "correct it or leave it out")
    return values


def _value(value: object, column: ContractColumn, fields: Fields) -> Value:
    """One value of a list, of the column's type."""
    if column.type is DataType.NUMBER and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, bool | int | float | str) or hasattr(value, "isoformat"):
        checked: Value = value  # type: ignore[assignment]
        if type_of_value(checked) is column.type:
            return checked
    raise fields.error(
        column.name, f"{shown(str(value))} is no {column.type}", "quote text; leave numbers and dates bare"
    )
