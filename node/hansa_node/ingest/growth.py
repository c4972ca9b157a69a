"""Growth: whether a file replaces the rows that are served, is added to them, or changes them by a key."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated

from pydantic import BeforeValidator, Field

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.documents.model import YAML, ListOf, Text, YamlSection, field_error, one_of, validated
from hansa_core.manifest.manifest import Manifest
from hansa_core.nearest import nearest, shown


class GrowthMode(StrEnum):
    """What becomes of the rows that are served when a file is ingested."""

    REPLACE = "replace"
    APPEND = "append"
    UPSERT = "upsert"


@dataclass(frozen=True, slots=True, kw_only=True)
class Growth:
    """`replace`: the file is the dataset. `append`: its rows come to those that are there. `upsert`: a row takes the
    place of the one with the same `key`, or comes to the others.

    `watermark`: a column that rises from file to file. At `append` a row that is not after all that is there is late;
    at `upsert` one that is older than the row that it would replace. Late rows are rejected.
    """

    mode: GrowthMode = GrowthMode.REPLACE
    key: tuple[str, ...] = ()
    watermark: str | None = None

    @property
    def keeps_rows(self) -> bool:
        """Whether rows of the version that is served stay."""
        return self.mode is not GrowthMode.REPLACE

    @property
    def columns(self) -> frozenset[str]:
        """The columns that a row cannot do without."""
        return frozenset(self.key if self.watermark is None else (*self.key, self.watermark))


def _one_or_several(written: object) -> object:
    return [written] if isinstance(written, str) else written


def _mode(written: object) -> object:
    if isinstance(written, str) and written.split()[:2] == ["upsert", "by"]:
        raise ValueError(f"is written as two keys; write mode: upsert, and key: [{', '.join(written.split()[2:])}]")
    return written


class GrowthDocument(YamlSection):
    """The keys of a manifest that say how a dataset grows."""

    mode: Annotated[GrowthMode, one_of(GrowthMode), BeforeValidator(_mode)] = Field(
        GrowthMode.REPLACE, description="what becomes of the rows that are served"
    )
    key: Annotated[ListOf[Text], BeforeValidator(_one_or_several, json_schema_input_type=str | list[str])] = Field(
        (), description="the columns that tell a row from all others, for upsert"
    )
    watermark: Text | None = Field(None, description="the date, time or number that rises from file to file")


def growth_from_document(document: object, contract: Contract, manifest: Manifest) -> Growth:
    """How a dataset grows by its manifest. Raises ValueError that names the field, the rule and the remedy."""
    sections = document if isinstance(document, Mapping) else {}
    written = validated(
        {key: sections[key] for key in GrowthDocument.model_fields if key in sections}, GrowthDocument, YAML
    )
    for name in written.key:
        _check_column("key", name, contract)
    if len(set(written.key)) != len(written.key):
        raise field_error("key", "names a column twice", "name each once")
    _check_together(written, contract, manifest)
    return Growth(mode=written.mode, key=tuple(written.key), watermark=written.watermark)


def _check_together(written: GrowthDocument, contract: Contract, manifest: Manifest) -> None:
    mode, watermark = written.mode, written.watermark
    if bool(written.key) != (mode is GrowthMode.UPSERT):
        rule = "is for mode upsert" if written.key else "is missing: upsert tells by it which row is meant"
        raise field_error("key", rule, "leave it out" if written.key else "write such as key: [permit]")
    if watermark is not None:
        _check_column("watermark", watermark, contract)
        if not (contract.columns[watermark].type.is_temporal or contract.columns[watermark].type.is_numeric):
            raise field_error("watermark", f"{watermark} is no date, time or number", "name a column that rises")
        if mode is GrowthMode.REPLACE:
            raise field_error("watermark", "is for append and upsert", "leave it out")
    if manifest.level is Level.CONTROLLED and mode is not GrowthMode.REPLACE:
        if manifest.period is None:
            rule = f"is missing: at level controlled, {mode} adds periods to those that are published"
            raise field_error("period", rule, "name the column whose values are the periods")
        if watermark is not None:
            raise field_error("watermark", "is period at level controlled, where no rows are kept", "leave it out")
    elif mode is GrowthMode.APPEND and watermark is None:
        rule = "is missing: append tells by it which rows are there already"
        raise field_error("watermark", rule, "name a date, time or number that rises from file to file")


def _check_column(where: str, name: str, contract: Contract) -> None:
    if name not in contract.columns:
        raise field_error(where, f"{shown(name)} is no column of the contract", nearest(name, contract.columns))
