"""Mapping of a dataset: where a city's own file lies, and how each contract column follows from it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from pathlib import Path
from types import MappingProxyType
from typing import Annotated

from pydantic import BeforeValidator, Field

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.types import DataType
from hansa_core.documents.model import (
    YAML,
    Exact,
    Section,
    Text,
    YamlSection,
    check_known,
    field_error,
    validated,
)
from hansa_core.nearest import nearest, shown
from hansa_node.ingest.source_document import SourceDocument, table_source
from hansa_node.ingest.texts import OptionalScalar, Texts, null_words
from hansa_node.ingest.units import UNCHANGED, Conversion, conversion
from hansa_tables.source import TableSource


class NumberFormat(StrEnum):
    """How a number can be written, besides as one. Both are seconds, which `unit` may convert."""

    GTFS = "gtfs"
    DURATION = "duration"


class MomentFormat(StrEnum):
    """How a date or time can be written, besides in ISO 8601 and in a strptime format."""

    EPOCH_S = "epoch_s"
    EPOCH_MS = "epoch_ms"
    EXCEL = "excel"
    EXCEL_1904 = "excel_1904"


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """How one contract column follows: from a source column, from the year of another column, or as a constant.

    In this order: `null_values` become NULL (`shares_null_values`: they are the source's, of all columns); `recode`
    replaces listed texts, and `otherwise` all that it does not list; `null_as` replaces NULL, or `null_from` does by
    the texts of other source columns, so that a row without a unit is a unit by itself; then the text is read, dates
    by `format` (strptime), and `conversion` is applied.
    `from_zone`: the source's times are of that zone's clock, and become UTC. `to_zone`: times become that clock's.
    `local_day`: a day is the one that a time writes, whatever its offset. `decimal`, `thousands`: signs in numbers.
    `strip`: texts around numbers, such as a currency. `trim`: whether blanks around words count for nothing. `clip`:
    whether a figure out of bounds counts as the bound, or rejects the row. `lower`, `upper`: the city's tighter bounds.
    """

    column: str
    source: str | None = None
    year_of: str | None = None
    constant: str | None = None
    format: str | None = None
    conversion: Conversion = UNCHANGED
    null_values: tuple[str, ...] = ()
    shares_null_values: bool = False
    recode: Mapping[str, str | None] = field(default_factory=dict)
    otherwise: str | None = None
    null_as: str | None = None
    null_from: tuple[str, ...] = ()
    from_zone: str | None = None
    to_zone: str | None = None
    local_day: bool = False
    decimal: str = "."
    thousands: str | None = None
    strip: tuple[str, ...] = ()
    trim: bool = True
    clip: bool = True
    lower: Fraction | None = None
    upper: Fraction | None = None

    @property
    def sources(self) -> tuple[tuple[str, str], ...]:
        """The source columns that are read, each after the key that names it."""
        named = () if self.source is None else (("from", self.source),)
        return (*named, *(("null_from", name) for name in self.null_from))

    @property
    def zones(self) -> tuple[tuple[str, str], ...]:
        """The time zones, each after the key that names it."""
        keyed = (("from_zone", self.from_zone), ("to_zone", self.to_zone))
        return tuple((key, zone) for key, zone in keyed if zone is not None)

    @property
    def writes_plain_signs(self) -> bool:
        """Whether numbers have a decimal point and nothing between thousands."""
        return self.decimal == "." and self.thousands is None

    @property
    def writes_plain_numbers(self) -> bool:
        """Whether numbers have nothing else about them either."""
        return self.writes_plain_signs and self.format is None and not self.strip

    @property
    def told(self) -> str:
        """Where the column comes from, for a person."""
        if self.source is not None:
            return self.source
        return f"year of {self.year_of}" if self.year_of is not None else f"constant {self.constant or 'null'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetMapping:
    """The source of a dataset and the mapping of every contract column."""

    source: TableSource
    columns: Mapping[str, ColumnMapping]


class ColumnMappingDocument(Section):
    """How one contract column follows from the source."""

    source: Text | None = Field(None, alias="from", description="the source column")
    year_of: Text | None = Field(None, description="the contract's date column whose year it is")
    constant: OptionalScalar = Field(None, description="one value for every row; null for none")
    format: Text | None = Field(
        None,
        description="of dates and times: strptime's, epoch_s, epoch_ms, excel, excel_1904; of numbers: gtfs, duration"
        " (seconds)",
    )
    local_day: bool = Field(False, description="of times in a date column: keep the day that they write")
    decimal: Text = Field(".", description="the decimal sign of numbers")
    thousands: Text | None = Field(None, description="the sign between thousands of numbers; none if left out")
    strip: Texts | None = Field(None, description="texts before or after numbers, such as €")
    trim: bool = Field(True, description="whether blanks around words with a public domain count for nothing")
    clip: bool = Field(True, description="false: a figure out of bounds rejects its row")
    lower: Exact | None = Field(None, description="the least plausible value here, in the contract's unit")
    upper: Exact | None = Field(None, description="the greatest plausible value here, in the contract's unit")
    from_zone: Text | None = Field(None, description="time zone of the source's clock; times become UTC")
    to_zone: Text | None = Field(None, description="time zone to whose clock the times are turned")
    unit: Text | None = Field(None, description="the source's unit of measure, converted to the contract's")
    null_values: Annotated[Texts, BeforeValidator(null_words)] | None = Field(
        None, description="source texts that mean NULL; of numbers by their value"
    )
    recode: Mapping[OptionalScalar, OptionalScalar] | None = Field(
        None, description="contract value of each listed source text"
    )
    otherwise: OptionalScalar = Field(None, description="contract value of every text that recode does not list")
    null_as: OptionalScalar = Field(None, description="value in place of NULL")
    null_from: Texts | None = Field(None, description="source columns whose texts replace NULL")


def _without_empty(written: object) -> object:
    if not isinstance(written, Mapping):
        return written
    return {name: entry for name, entry in written.items() if entry is not None}


class MappedDocument(YamlSection):
    """The sections of a manifest that say where a dataset comes from."""

    source: SourceDocument = Field(description="the city's own file")
    mapping: Annotated[Mapping[str, ColumnMappingDocument], BeforeValidator(_without_empty)] = Field(
        description="how each contract column follows from it, by its name"
    )


_WAYS = frozenset({"source", "year_of", "constant"})
_ZONES = ("from_zone", "to_zone")


def mapping_from_document(document: object, contract: Contract, folder: Path) -> DatasetMapping:
    """The sections `source` and `mapping` of a manifest. Raises ValueError that names field, rule and remedy.

    `folder`: what a relative source path is relative to: the manifest's own folder.
    """
    sections = document if isinstance(document, Mapping) else {}
    written = validated(
        {key: sections[key] for key in MappedDocument.model_fields if key in sections}, MappedDocument, YAML
    )
    check_known(written.mapping, contract.columns, "mapping")
    columns: dict[str, ColumnMapping] = {}
    for name, column in contract.columns.items():
        entry, where = written.mapping.get(name), f"mapping.{name}"
        if entry is None:
            raise field_error(where, "is missing", f"say where it comes from, or write {name}: {{constant: null}}")
        _check_column(entry, column, contract, where)
        columns[name] = _column(entry, column, written.source, where)
    for name, one in columns.items():
        if one.year_of is not None and columns[one.year_of].year_of is not None:
            rule = f"{one.year_of} is itself the year of a column"
            raise field_error(f"mapping.{name}", rule, "name its source column")
    return DatasetMapping(source=table_source(written.source, folder), columns=MappingProxyType(columns))


def _check_column(written: ColumnMappingDocument, column: ContractColumn, contract: Contract, where: str) -> None:
    """Raise ValueError if what is written contradicts itself or the contract."""
    if len(written.model_fields_set & _WAYS) != 1:
        raise field_error(where, "a column has exactly one of from, year_of and constant", "keep one of them")
    year_of = written.year_of
    dated = [name for name, other in contract.columns.items() if other.type.is_temporal]
    if year_of is not None and year_of not in dated:
        raise field_error(f"{where}.year_of", f"{shown(year_of)} is no date of the contract", nearest(year_of, dated))
    _check_moment_keys(written, column, where)
    _check_number_keys(written, column, where)
    if written.from_zone is not None and "%z" in (written.format or "").lower():
        raise field_error(f"{where}.from_zone", "format reads each time's own offset", "leave from_zone out")
    if written.null_as is not None and written.null_from is not None:
        raise field_error(f"{where}.null_from", "null_as replaces NULL already", "keep one of them")


def _check_moment_keys(written: ColumnMappingDocument, column: ContractColumn, where: str) -> None:
    for key in _ZONES:
        if getattr(written, key) is not None and not column.type.is_temporal:
            raise field_error(f"{where}.{key}", f"a time zone is for times, not for {column.type}", "leave it out")
        if getattr(written, key) is not None and column.type is DataType.DATE:
            rule = "a day passes through no time zone: it would be another one"
            raise field_error(f"{where}.{key}", rule, "leave it out, and write local_day: true where times stand there")
    if written.local_day and column.type is not DataType.DATE:
        raise field_error(f"{where}.local_day", "is for a date column", "leave it out")
    if written.local_day and written.format is not None:
        raise field_error(f"{where}.local_day", "format says what is read", "keep one of them")
    if written.format is not None and column.type is DataType.DATE and "%z" in written.format.lower():
        rule = "an offset makes a time that may lie in another day"
        raise field_error(f"{where}.format", rule, "leave it out, and write local_day: true to keep the day as written")
    if written.format is None or column.type.is_temporal:
        return
    known = [str(each) for each in NumberFormat]
    if not column.type.is_numeric:
        raise field_error(
            f"{where}.format", f"a format is for times and numbers, not for {column.type}", "leave it out"
        )
    if written.format not in known:
        raise field_error(
            f"{where}.format", f"{shown(written.format)} is no format of numbers", nearest(written.format, known)
        )


def _check_number_keys(written: ColumnMappingDocument, column: ContractColumn, where: str) -> None:
    for key in ("decimal", "thousands", "strip", "clip", "lower", "upper"):
        if key in written.model_fields_set and not column.type.is_numeric:
            raise field_error(f"{where}.{key}", f"is for numbers, not for {column.type}", "leave it out")
    for key, sign in (("decimal", written.decimal), ("thousands", written.thousands)):
        if sign is not None and (len(sign) != 1 or sign.isalnum() or sign in "+-"):
            raise field_error(f"{where}.{key}", "is one sign", 'write such as ","')
    if written.decimal == written.thousands:
        raise field_error(f"{where}.thousands", "is the decimal sign too", "keep one of them")
    if (written.lower is not None or written.upper is not None) and (column.lower is None or column.upper is None):
        raise field_error(f"{where}.lower", f"the contract gives {column.name} no bounds", "leave it out")
    for key, bound in (("lower", written.lower), ("upper", written.upper)):
        if bound is None or column.lower is None or column.upper is None:
            continue
        if not column.lower <= bound <= column.upper:
            rule = f"a city tightens the bounds of the contract, {column.lower} to {column.upper}"
            raise field_error(f"{where}.{key}", rule, "write a value between them")


def _column(
    written: ColumnMappingDocument, column: ContractColumn, source: SourceDocument, where: str
) -> ColumnMapping:
    given = written.model_fields_set
    recode = {text: value for text, value in (written.recode or {}).items() if text is not None}
    return ColumnMapping(
        column=column.name,
        source=written.source,
        year_of=written.year_of,
        constant=written.constant,
        format=written.format,
        conversion=_conversion(written.unit, column, f"{where}.unit"),
        null_values=written.null_values or source.null_values or (),
        shares_null_values=written.null_values is None,
        recode=MappingProxyType(recode),
        otherwise=written.otherwise,
        null_as=written.null_as,
        null_from=written.null_from or (),
        from_zone=written.from_zone,
        to_zone=written.to_zone,
        local_day=written.local_day,
        decimal=written.decimal if "decimal" in given else source.decimal,
        thousands=written.thousands if "thousands" in given else source.thousands,
        strip=written.strip or (),
        trim=written.trim if "trim" in given else source.trim,
        clip=written.clip,
        lower=written.lower,
        upper=written.upper,
    )


def _conversion(unit: str | None, column: ContractColumn, where: str) -> Conversion:
    if unit is None:
        return UNCHANGED
    if column.unit is None or not column.type.is_numeric:
        raise field_error(where, f"the contract gives {column.name} no unit", "leave it out")
    try:
        return conversion(unit, column.unit)
    except ValueError as error:
        raise ValueError(f"{where}: {error}") from None
