"""One column of a contract read from its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields
from datetime import date, datetime
from fractions import Fraction

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import INT64_MAX, INT64_MIN, TRUNCATIONS, DataType, DatePart, Value
from hansa_core.documents.fields import Fields
from hansa_core.nearest import nearest, shown

_KEYS = frozenset(field.name for field in fields(ContractColumn)) - {"name"}
_MOST_VALUES = 100_000
_PYTHON_TYPES: dict[DataType, type] = {
    DataType.BOOLEAN: bool,
    DataType.TEXT: str,
    DataType.DATE: date,
    DataType.TIMESTAMP: datetime,
}


def column_from_document(name: str, document: object, path: str) -> ContractColumn:
    """Read the column `name`. Raises ValueError that names the field, the rule and the remedy."""
    entry = Fields(document, path, _KEYS)
    kind = entry.choice("type", DataType)
    quantum, lower, upper = (entry.exact(key) for key in ("quantum", "lower", "upper"))
    column = ContractColumn(
        name=name,
        type=kind,
        meaning=entry.text("meaning"),
        unit=entry.optional_text("unit"),
        identifier=entry.flag("identifier"),
        required=entry.flag("required"),
        quantum=quantum,
        lower=lower,
        upper=upper,
        domain=_domain(entry, kind),
        per_city=entry.flag("per_city"),
        bins=_bins(entry),
        key_width=entry.exact("key_width"),
        key_part=_key_part(entry, kind),
        null_is_public=entry.flag("null_is_public"),
        constant_per_unit=entry.flag("constant_per_unit"),
    )
    _check_steps(column, entry)
    _check_roles(column, entry)
    return column


def _domain(entry: Fields, kind: DataType) -> tuple[Value, ...] | None:
    """A list of values, or `{from: 1980, to: 2026}` for integers."""
    written = entry.get("domain")
    if isinstance(written, Mapping):
        ends = Fields(written, f"{entry.path}.domain", ("from", "to"))
        first, last = ends.whole("from"), ends.whole("to")
        if kind is not DataType.INTEGER or first is None or last is None or not 0 <= last - first < _MOST_VALUES:
            raise entry.error(
                "domain",
                f"from and to are whole numbers that rise, for an integer column, at most {_MOST_VALUES} values",
                "write domain: {from: 1980, to: 2026}",
            )
        return tuple(range(first, last + 1))
    items = entry.items("domain")
    return None if items is None else tuple(_domain_value(entry, kind, item) for item in items)


def _domain_value(entry: Fields, kind: DataType, item: object) -> Value:
    if kind.is_numeric:
        number = entry.exact_number("domain", item)
        if kind is DataType.NUMBER:
            return float(number.numerator) / float(number.denominator)
        if number.denominator == 1:
            return int(number)
    elif isinstance(item, bool | str | date) and type(item) is _PYTHON_TYPES[kind]:
        return item
    raise entry.error(
        "domain",
        f"{shown(str(item))} is no {kind}",
        "put text in quotes: YAML reads yes, 2020 and dates as other types",
    )


def _bins(entry: Fields) -> tuple[tuple[Fraction, ...], ...]:
    """Levels of cuts, coarse first."""
    levels = []
    for cuts in entry.items("bins") or ():
        if not isinstance(cuts, list) or not cuts:
            raise entry.error("bins", "is a list of levels, each a list of cuts", "write bins: [[90], [30, 90, 365]]")
        levels.append(tuple(entry.exact_number("bins", cut) for cut in cuts))
    return tuple(levels)


def _key_part(entry: Fields, kind: DataType) -> DatePart | None:
    part = entry.optional_text("key_part")
    if part is None:
        return None
    offered = [one for one in TRUNCATIONS if one is not DatePart.HOUR or kind is DataType.TIMESTAMP]
    if not kind.is_temporal or part not in offered:
        raise entry.error("key_part", f"{shown(part)} is no part of a {kind}", nearest(part, offered))
    return DatePart(part)


def _check_steps(column: ContractColumn, entry: Fields) -> None:
    """Bounds, domain and key width are whole quanta, and quanta are int64: so sums of them are exact."""
    if column.quantum is None or column.lower is None or column.upper is None:
        if column.bins or column.key_width is not None:
            raise entry.error("", "bins and key_width belong to a numeric column with a quantum", "leave them out")
        return
    steps = {"lower": column.lower / column.quantum, "upper": column.upper / column.quantum}
    if column.key_width is not None:
        steps["key_width"] = column.key_width / column.quantum
    for key, count in steps.items():
        if count.denominator != 1 or not INT64_MIN <= count <= INT64_MAX:
            raise entry.error(key, f"is not a whole number of quanta in 64 bits (quantum {column.quantum})", "round it")
    if column.key_width is not None and column.key_width <= 0:
        raise entry.error("key_width", "must be above 0", "write for example key_width: 10")
    if any(not column.lower <= cut < column.upper for cuts in column.bins for cut in cuts):
        raise entry.error("bins", "a cut stands from lower to below upper", "leave the cut out, or widen the bounds")
    for value in column.domain or ():
        exact = Fraction(repr(value))
        if not column.lower <= exact <= column.upper or (exact / column.quantum).denominator != 1:
            raise entry.error(
                "domain", f"{value} is out of bounds or between quanta", "leave it out, or widen the bounds"
            )


def _check_roles(column: ContractColumn, entry: Fields) -> None:
    if column.null_is_public and column.required:
        raise entry.error("null_is_public", "says nothing about a required column", "drop one of the two")
    if column.identifier and (column.domain or column.per_city or column.key_width or column.key_part or column.bins):
        raise entry.error("identifier", "an identifier is never a key", "drop identifier, or domain, bins and key_…")
