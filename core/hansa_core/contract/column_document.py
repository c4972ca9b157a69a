"""Column document: the shape of one column in a contract, and the column in it."""

from __future__ import annotations

from datetime import date, datetime
from fractions import Fraction
from typing import Annotated

from pydantic import Field

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.figures import is_readable
from hansa_core.contract.types import INT64_MAX, INT64_MIN, KEY_PARTS, DataType, DatePart, Value
from hansa_core.documents.model import Exact, ListOf, Text, Values, WholeRange, YamlSection, exact, field_error, one_of
from hansa_core.nearest import nearest, shown
from hansa_core.units.vocabulary import unit_of

_MOST_VALUES = 100_000
_PYTHON_TYPES: dict[DataType, type] = {
    DataType.BOOLEAN: bool,
    DataType.TEXT: str,
    DataType.DATE: date,
    DataType.TIMESTAMP: datetime,
}
_Cuts = Annotated[ListOf[Exact], Field(min_length=1)]


class ColumnDocument(YamlSection):
    """One column. Numbers are exact, as written."""

    type: Annotated[DataType, one_of(DataType)] = Field(description="what the column holds")
    meaning: Text = Field(description="what a value says, for people")
    unit: Text | None = Field(
        None, description="the unit of measure of a numeric column: days, EUR, a UCUM code such as km/h, or {trips}"
    )
    identifier: bool = Field(False, description="names a person or thing: below open never a key or a filter")
    names_people: bool | None = Field(
        None, description="whether an identifier names people: then least_level is controlled, or has a reason"
    )
    required: bool = Field(False, description="never NULL: ingest rejects the row")
    unique: bool = Field(False, description="no two rows have one value: ingest stops where they do")
    quantum: Exact | None = Field(None, description="the fixed step in which a numeric column is stored")
    lower: Exact | None = Field(None, description="the least value of a numeric column, whole quanta")
    upper: Exact | None = Field(None, description="the greatest value of a numeric column, whole quanta")
    domain: Values | None = Field(None, description="the public values in display order, or {from: 1980, to: 2026}")
    per_city: bool = Field(False, description="each city's manifest declares its own domain")
    bins: Annotated[ListOf[_Cuts], Field(min_length=1)] | None = Field(
        None, description="levels of cuts, coarse first, in the column's unit; a bin is (a, b]"
    )
    key_width: Exact | None = Field(None, description="the finest width of a numeric key, in the column's unit")
    key_part: Text | None = Field(None, description="the finest calendar part of a date key")
    earliest: date | None = Field(None, description="the first plausible day of a date or timestamp")
    latest: date | None = Field(None, description="the last plausible day of a date or timestamp")
    null_is_public: bool = Field(False, description="that a value is NULL is public record")
    constant_per_unit: bool = Field(False, description="one value per privacy unit")


def column_from_document(name: str, written: ColumnDocument, path: str) -> ContractColumn:
    """The column `name`, written at `path`. Raises ValueError that names the field, the rule and the remedy."""
    column = ContractColumn(
        name=name,
        type=written.type,
        meaning=written.meaning,
        unit=written.unit,
        identifier=written.identifier,
        names_people=written.names_people,
        required=written.required,
        unique=written.unique,
        quantum=written.quantum,
        lower=written.lower,
        upper=written.upper,
        domain=_domain(written, path),
        per_city=written.per_city,
        bins=written.bins or (),
        key_width=written.key_width,
        key_part=_key_part(written, path),
        earliest=written.earliest,
        latest=written.latest,
        null_is_public=written.null_is_public,
        constant_per_unit=written.constant_per_unit,
    )
    _check_unit(column, path)
    _check_steps(column, path)
    _check_roles(column, path)
    return column


def _domain(written: ColumnDocument, path: str) -> tuple[Value, ...] | None:
    """A list of values, or a range for integers."""
    values, where = written.domain, f"{path}.domain"
    if isinstance(values, WholeRange):
        if written.type is not DataType.INTEGER or not 0 <= values.last - values.first < _MOST_VALUES:
            raise field_error(
                where,
                f"from and to are whole numbers that rise, for an integer column, at most {_MOST_VALUES} values",
                "write domain: {from: 1980, to: 2026}",
            )
        return tuple(range(values.first, values.last + 1))
    return None if values is None else tuple(_domain_value(written.type, item, where) for item in values)


def _domain_value(kind: DataType, item: object, where: str) -> Value:
    if kind.is_numeric:
        try:
            number = exact(item)
        except ValueError as error:
            raise ValueError(f"{where}: {error}") from None
        if kind is DataType.NUMBER:
            return float(number.numerator) / float(number.denominator)
        if number.denominator == 1:
            return int(number)
    elif isinstance(item, bool | str | date) and type(item) is _PYTHON_TYPES[kind]:
        return item
    raise field_error(
        where, f"{shown(str(item))} is no {kind}", "put text in quotes: YAML reads yes, 2020 and dates as other types"
    )


def _key_part(written: ColumnDocument, path: str) -> DatePart | None:
    kind, part = written.type, written.key_part
    if part is None:
        return None
    offered = [one for one in KEY_PARTS if one is not DatePart.HOUR or kind is DataType.TIMESTAMP]
    if not kind.is_temporal or part not in offered:
        raise field_error(f"{path}.key_part", f"{shown(part)} is no part of a {kind}", nearest(part, offered))
    return DatePart(part)


def _check_unit(column: ContractColumn, path: str) -> None:
    if column.unit is None:
        return
    if not column.type.is_numeric:
        raise field_error(f"{path}.unit", f"belongs to a number, not to a {column.type}", "leave it out")
    try:
        unit_of(column.unit)
    except ValueError as error:
        raise ValueError(f"{path}.unit: {error}") from None


def _check_steps(column: ContractColumn, path: str) -> None:
    """Bounds, domain and key width are whole quanta, and quanta are int64: so sums of them are exact."""
    if column.quantum is None or column.lower is None or column.upper is None:
        if column.bins or column.key_width is not None:
            raise field_error(path, "bins and key_width belong to a numeric column with a quantum", "leave them out")
        return
    steps = {"lower": column.lower / column.quantum, "upper": column.upper / column.quantum}
    if column.key_width is not None:
        steps["key_width"] = column.key_width / column.quantum
    for key, count in steps.items():
        if count.denominator != 1 or not INT64_MIN <= count <= INT64_MAX:
            raise field_error(
                f"{path}.{key}", f"is not a whole number of quanta in 64 bits (quantum {column.quantum})", "round it"
            )
    if not is_readable(column.quantum, max(abs(column.lower), abs(column.upper))):
        rule = f"bounds and quantum {column.quantum} need more than 128 bits where figures are read"
        raise field_error(f"{path}.quantum", rule, "write a decimal one such as 0.01, or choose a larger unit")
    if column.key_width is not None and column.key_width <= 0:
        raise field_error(f"{path}.key_width", "must be above 0", "write for example key_width: 10")
    if any(not column.lower <= cut < column.upper for cuts in column.bins for cut in cuts):
        raise field_error(
            f"{path}.bins", "a cut stands from lower to below upper", "leave the cut out, or widen the bounds"
        )
    for value in column.domain or ():
        whole = Fraction(repr(value))
        if not column.lower <= whole <= column.upper or (whole / column.quantum).denominator != 1:
            rule = f"{value} is out of bounds or between quanta"
            raise field_error(f"{path}.domain", rule, "leave it out, or widen the bounds")


def _check_roles(column: ContractColumn, path: str) -> None:
    if column.null_is_public and column.required:
        raise field_error(f"{path}.null_is_public", "says nothing about a required column", "drop one of the two")
    if column.names_people is not None and not column.identifier:
        raise field_error(f"{path}.names_people", "is said of identifiers", "add identifier: true, or leave it out")
    if column.unique and (column.domain or column.per_city or column.type is DataType.BOOLEAN):
        rule = "each value of a public domain stands in many rows"
        raise field_error(f"{path}.unique", rule, "drop unique, or the domain")
    if column.identifier and (column.domain or column.per_city or column.key_width or column.key_part or column.bins):
        raise field_error(
            f"{path}.identifier", "an identifier is never a key", "drop identifier, or domain, bins and key_…"
        )
