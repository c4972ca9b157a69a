"""Contract document: the shape of `contracts/<name>.<version>.yaml`, and the contract in it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from hansa_core.contract.column_document import ColumnDocument, column_from_document
from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.contract import Contract, Scope
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.documents.model import YAML, Text, YamlSection, field_error, one_of, validated

_COLUMN_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


def _contract_id(value: object) -> ContractId:
    try:
        return ContractId.parse(str(value))
    except ValueError as error:
        raise ValueError(f"{error}; write for example contract: housing.permits/1") from None


def _column_name(name: str) -> str:
    # The city is a pseudo-column of the question language, never stored in data.
    if not _COLUMN_NAME.fullmatch(name) or name == CITY_COLUMN:
        raise ValueError(f"{name!r} is no column name; use lower-case letters, digits and _, and not city")
    return name


ContractName = Annotated[ContractId, PlainValidator(_contract_id), WithJsonSchema({"type": "string"})]
"""A contract's name and version, written `housing.permits/1`."""


class ContractDocument(YamlSection):
    """The shared description of one dataset, as the league's governors write it."""

    contract: ContractName = Field(description="name and version, such as housing.permits/1")
    title: Text = Field(description="what the dataset is, for people")
    unit: Text = Field(description="the column that identifies the privacy unit; it must be required")
    entity: Text | None = Field(None, description="the holder for dominance and entity counts; the unit by default")
    unit_scope: Annotated[Scope, one_of(Scope)] = Field(description="whether a unit is of one city, or of several")
    max_cities_per_unit: int | None = Field(None, description="how many cities a unit of scope global can appear in")
    least_level: Annotated[Level, one_of(Level)] = Field(description="the level that a city may tighten, never loosen")
    least_level_reason: Text | None = Field(None, description="why it is open though an identifier names people")
    columns: Mapping[Annotated[str, AfterValidator(_column_name)], ColumnDocument] = Field(
        description="each column by its name", min_length=1
    )


def contract_from_document(document: object) -> Contract:
    """The contract in a parsed document. Raises ValueError that names the field, the rule and the remedy."""
    written = validated(document, ContractDocument, YAML)
    return Contract(
        id=written.contract,
        title=written.title,
        columns={name: column_from_document(name, entry, f"columns.{name}") for name, entry in written.columns.items()},
        unit=written.unit,
        entity=written.entity or written.unit,
        unit_scope=written.unit_scope,
        max_cities_per_unit=_max_cities(written.unit_scope, written.max_cities_per_unit),
        least_level=written.least_level,
        least_level_reason=written.least_level_reason,
    )


def _max_cities(scope: Scope, declared: int | None) -> int:
    """How many cities one unit can appear in: 1 for a city-scoped unit, and declared for a global one."""
    field = "max_cities_per_unit"
    if scope is Scope.CITY and declared not in (None, 1):
        raise field_error(field, "a unit of scope city appears in one city", "leave it out")
    if scope is Scope.GLOBAL and (declared is None or declared < 1):
        raise field_error(field, "a unit of scope global needs it, at least 1", "write the league's size")
    return declared or 1
