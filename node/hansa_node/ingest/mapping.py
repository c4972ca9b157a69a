"""What does a city say about its own file: where it lies, and how each contract column follows from it?"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.documents.fields import Fields
from hansa_core.nearest import nearest, shown
from hansa_node.ingest.units import UNCHANGED, Conversion, conversion


class SourceFormat(StrEnum):
    """The kinds of file that ingest reads."""

    PARQUET = "parquet"
    CSV = "csv"
    DUCKDB = "duckdb"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A city's file. `table`: of a DuckDB file. `delimiter`: of a CSV file."""

    format: SourceFormat
    path: Path
    table: str | None = None
    delimiter: str = ","

    def __post_init__(self) -> None:
        if (self.table is None) == (self.format is SourceFormat.DUCKDB):
            raise ValueError("source.table: names the table of a duckdb file, and nothing else; write or remove it")
        if len(self.delimiter) != 1:
            raise ValueError("source.delimiter: must be one character")


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnMapping:
    """How one contract column follows: from a source column, from the year of another column, or as a constant.

    In this order: `null_values` become NULL; `recode` replaces listed texts, and `otherwise` all that it does not list;
    `null_as` replaces NULL, or `null_from` does by the texts of other source columns, so that a row without a unit is a
    unit by itself; then the text is read, dates by `format` (strptime), and `conversion` is applied.
    `from_zone`: the source's times are of that zone's clock, and become UTC. `to_zone`: times become that clock's.
    """

    column: str
    source: str | None = None
    year_of: str | None = None
    constant: str | None = None
    format: str | None = None
    conversion: Conversion = UNCHANGED
    null_values: tuple[str, ...] = ()
    recode: Mapping[str, str | None] = field(default_factory=dict)
    otherwise: str | None = None
    null_as: str | None = None
    null_from: tuple[str, ...] = ()
    from_zone: str | None = None
    to_zone: str | None = None

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
    def told(self) -> str:
        """Where the column comes from, for a person."""
        if self.source is not None:
            return self.source
        return f"year of {self.year_of}" if self.year_of is not None else f"constant {self.constant or 'null'}"


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetMapping:
    """The source of a dataset and the mapping of every contract column."""

    source: Source
    columns: Mapping[str, ColumnMapping]


_WAYS = ("from", "year_of", "constant")
_KEYS = (*_WAYS, "format", "from_zone", "to_zone", "unit", "null_values", "recode", "otherwise", "null_as", "null_from")
_NOUNS = {"format": "a format", "from_zone": "a time zone", "to_zone": "a time zone"}


def mapping_from_document(document: object, contract: Contract, folder: Path) -> DatasetMapping:
    """The sections `source` and `mapping` of a manifest. Raises ValueError that names field, rule and remedy.

    `folder`: what a relative source path is relative to: the manifest's own folder.
    """
    sections = document if isinstance(document, Mapping) else {}
    source = _source(Fields(sections.get("source"), "source", ("format", "path", "table", "delimiter")), folder)
    mapping = Fields(sections.get("mapping"), "mapping", contract.columns)
    columns: dict[str, ColumnMapping] = {}
    for name, column in contract.columns.items():
        written = mapping.get(name)
        if written is None:
            raise mapping.error(name, "is missing", f"say where it comes from, or write {name}: {{constant: null}}")
        columns[name] = _column(
            Fields(mapping.get(name), f"mapping.{name}", _KEYS), mapping.get(name), column, contract
        )
    for name, one in columns.items():
        if one.year_of is not None and columns[one.year_of].year_of is not None:
            raise mapping.error(name, f"{one.year_of} is itself the year of a column", "name its source column")
    return DatasetMapping(source=source, columns=MappingProxyType(columns))


def _source(fields: Fields, folder: Path) -> Source:
    return Source(
        format=fields.choice("format", SourceFormat),
        path=(folder / fields.text("path")).resolve(),
        table=fields.optional_text("table"),
        delimiter=str(fields.get("delimiter") or ","),
    )


def _column(fields: Fields, written: object, column: ContractColumn, contract: Contract) -> ColumnMapping:
    assert isinstance(written, Mapping)
    if sum(way in written for way in _WAYS) != 1:
        raise fields.error("", "a column has exactly one of from, year_of and constant", "keep one of them")
    year_of = fields.optional_text("year_of")
    dated = [name for name, other in contract.columns.items() if other.type.is_temporal]
    if year_of is not None and year_of not in dated:
        raise fields.error("year_of", f"{shown(year_of)} is no date of the contract", nearest(year_of, dated))
    for key in ("format", "from_zone", "to_zone"):
        if fields.get(key) is not None and not column.type.is_temporal:
            raise fields.error(key, f"{_NOUNS[key]} is for dates and times, not for {column.type}", "leave it out")
    if fields.get("from_zone") is not None and "%z" in str(fields.get("format") or "").lower():
        raise fields.error("from_zone", "format reads each time's own offset", "leave from_zone out")
    if fields.get("null_as") is not None and fields.get("null_from") is not None:
        raise fields.error("null_from", "null_as replaces NULL already", "keep one of them")
    return ColumnMapping(
        column=column.name,
        source=fields.optional_text("from"),
        year_of=year_of,
        constant=_text(fields, "constant", fields.get("constant")),
        format=fields.optional_text("format"),
        conversion=_conversion(fields, column),
        null_values=tuple(str(_text(fields, "null_values", value)) for value in fields.items("null_values") or ()),
        recode=_recode(fields),
        otherwise=_text(fields, "otherwise", fields.get("otherwise")),
        null_as=_text(fields, "null_as", fields.get("null_as")),
        null_from=tuple(str(_text(fields, "null_from", name)) for name in fields.items("null_from") or ()),
        from_zone=fields.optional_text("from_zone"),
        to_zone=fields.optional_text("to_zone"),
    )


def _conversion(fields: Fields, column: ContractColumn) -> Conversion:
    unit = fields.optional_text("unit")
    if unit is None:
        return UNCHANGED
    if column.unit is None or not column.type.is_numeric:
        raise fields.error("unit", f"the contract gives {column.name} no unit", "leave it out")
    try:
        return conversion(unit, column.unit)
    except ValueError as error:
        raise ValueError(f"{fields.path}.unit: {error}") from None


def _recode(fields: Fields) -> Mapping[str, str | None]:
    written = fields.get("recode")
    if written is None:
        return MappingProxyType({})
    if not isinstance(written, Mapping):
        raise fields.error("recode", "is no mapping", "write recode: {source text: contract value}")
    pairs = ((_text(fields, "recode", key), _text(fields, "recode", value)) for key, value in written.items())
    return MappingProxyType({key: value for key, value in pairs if key is not None})


def _text(fields: Fields, key: str, value: object) -> str | None:
    """A YAML scalar as the text that a source would hold: `yes` is true, a date is YYYY-MM-DD."""
    match value:
        case None:
            return None
        case bool():
            return str(value).lower()
        case str() | int() | float() | date():
            return str(value)
        case _:
            raise fields.error(key, "holds something else than texts, numbers, dates and truth values", "write those")
