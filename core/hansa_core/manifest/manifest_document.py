"""Manifest document: the shape of a city's declaration for one dataset, and the manifest in it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Annotated

from pydantic import Field

from hansa_core.contract.contract import Contract, ContractColumn, domain_of
from hansa_core.contract.contract_document import ContractName
from hansa_core.contract.level import LEVELS_BY_STRICTNESS, Level
from hansa_core.contract.types import DataType, Value, type_of_value
from hansa_core.documents.model import (
    YAML,
    Exact,
    ListOf,
    Text,
    Values,
    WholeRange,
    YamlSection,
    check_known,
    field_error,
    one_of,
    validated,
)
from hansa_core.manifest.cuts_document import cuts_from_document
from hansa_core.manifest.groups import Group
from hansa_core.manifest.groups_document import groups_from_document
from hansa_core.manifest.manifest import (
    DEFAULT_DOMINANT_ENTITIES,
    DEFAULT_DOMINANT_SHARE,
    DEFAULT_MIN_ENTITIES,
    DEFAULT_P_PERCENT,
    DEFAULT_THRESHOLD,
    CutLevels,
    Dependency,
    Manifest,
    Protection,
    TableDeclaration,
)
from hansa_core.nearest import nearest, shown

Cuts = Annotated[ListOf[object], Field(min_length=1)]
"""Cuts of one level, or lists of them, the coarsest level first."""

_Listed = Annotated[ListOf[object], Field(min_length=1)]


class TableDocument(YamlSection):
    """One published table: every combination of its dimensions, with its measures."""

    name: Text = Field(description="a lower-case word such as by_project")
    dimensions: ListOf[object] = Field((), description="columns with a public domain")
    measures: ListOf[object] = Field((), description="numeric columns")
    bins: Text | None = Field(None, description="the measure whose declared cuts are one more dimension")
    cuts: Cuts | None = Field(None, description="the cuts of the bins, where they are coarser than the manifest's")
    depth: Mapping[str, int] = Field(
        {}, description="how many levels of a dimension's hierarchy are published; 1: the coarsest groups alone"
    )


class DominanceDocument(YamlSection):
    """A total is unsafe where so many entities hold more than this share of it."""

    largest: int = Field(DEFAULT_DOMINANT_ENTITIES, description="how many entities")
    share: Exact = Field(DEFAULT_DOMINANT_SHARE, description="the share that they may hold; 0.85")


class DependencyDocument(YamlSection):
    """A dimension whose value follows from another's, as everybody knows."""

    column: Text = Field(description="the dimension that follows")
    follows: Text = Field(description="the dimension that it follows from")
    values: Mapping[object, object] = Field(
        description="its value for values of the other; of those left out it says nothing"
    )


class ManifestDocument(YamlSection):
    """A city's declaration for one dataset."""

    contract: ContractName = Field(description="name and version, such as housing.permits/1")
    population: Text = Field(description="whose records these are; one population has one level")
    level: Annotated[Level, one_of(Level)] = Field(description="the protection level")
    threshold: int = Field(DEFAULT_THRESHOLD, description="the least units of a published cell")
    min_entities: int = Field(
        DEFAULT_MIN_ENTITIES, description="the least entities of a published cell, where they are not units"
    )
    dominance: DominanceDocument = Field(
        DominanceDocument(largest=DEFAULT_DOMINANT_ENTITIES, share=DEFAULT_DOMINANT_SHARE),
        description="when few entities hold too much of a total; the city's secret",
    )
    p_percent: Exact = Field(
        DEFAULT_P_PERCENT,
        description="the share of the largest entity's part within which no other may tell it, 0.1; the city's secret",
    )
    dependencies: ListOf[DependencyDocument] = Field((), description="dimensions that follow from others")
    protection: Annotated[Protection, one_of(Protection)] = Field(
        Protection.SUPPRESSION,
        description="suppression, or primary: unsafe cells alone are suppressed, and some of them follow from others",
    )
    protection_version: int = Field(1, description="raised whenever a parameter of the protection changes")
    domains: Mapping[str, _Listed] = Field({}, description="public values of the columns left to the city")
    structural_zeros: Mapping[str, Values | None] = Field({}, description="values known to have no rows")
    hierarchies: Mapping[str, Mapping[str, object]] = Field(
        {}, description="groups of a dimension's values: labels above lists, ranges, smaller groups, or rest"
    )
    depth: Mapping[str, int] = Field(
        {}, description="how many levels of a dimension's hierarchy every table publishes; all if left out"
    )
    cuts: Mapping[str, Cuts] = Field({}, description="the cuts of a measure's bins, coarser than the contract's")
    tables: ListOf[TableDocument] = Field((), description="what level controlled publishes")
    period: Text | None = Field(
        None, description="the dimension whose values are the periods that level controlled publishes one by one"
    )
    mode: object = Field(None, description="replace, append or upsert: what becomes of the served rows; replace")
    key: object = Field(None, description="the columns that tell a row from all others, for upsert")
    watermark: object = Field(None, description="the date, time or number that rises from file to file, for append")
    source: object = Field(None, description="the city's own file, as the node reads it")
    mapping: object = Field(None, description="how each contract column follows from it, as the node reads it")
    max_rejected_share: object = Field(None, description="the greatest share of rows that ingest may reject; 0.01")
    max_clipped_share: object = Field(
        None, description="the greatest share of a column's values that it may clip; 0.01"
    )
    min_rows: object = Field(None, description="the least rows of a version; 1")
    max_change_share: object = Field(
        None, description="how much may change against the served version; any if left out"
    )


def manifest_from_document(document: object, contract: Contract) -> Manifest:
    """The manifest in a parsed document, held against its contract; its tables are not laid out yet.

    Raises ValueError that names the field, the rule and the remedy.
    """
    written = validated(document, ManifestDocument, YAML)
    if written.contract != contract.id:
        rule = f"the manifest is for {written.contract}"
        raise field_error("contract", rule, f"read it with that contract, not {contract.id}")
    domains = _domains(written.domains, contract)
    return Manifest(
        contract=written.contract,
        population=written.population,
        level=_level(written.level, contract),
        threshold=written.threshold,
        min_entities=written.min_entities,
        dominant_entities=written.dominance.largest,
        dominant_share=written.dominance.share,
        p_percent=written.p_percent,
        dependencies=tuple(
            _dependency(dependency, f"dependencies[{i}]", contract, domains)
            for i, dependency in enumerate(written.dependencies)
        ),
        protection=written.protection,
        protection_version=written.protection_version,
        domains=domains,
        structural_zeros=_structural_zeros(written.structural_zeros, contract, domains),
        hierarchies=_hierarchies(written.hierarchies, contract, domains),
        depths=written.depth,
        cuts=_cuts(written.cuts, contract),
        tables=tuple(_table(table, f"tables[{i}]", contract) for i, table in enumerate(written.tables)),
        period=_period(written.period, contract),
    )


def _level(level: Level, contract: Contract) -> Level:
    if LEVELS_BY_STRICTNESS.index(level) < LEVELS_BY_STRICTNESS.index(contract.least_level):
        rule = f"a city may tighten the floor of {contract.id}, never loosen it"
        raise field_error("level", rule, f"write {contract.least_level}")
    return level


def _table(written: TableDocument, path: str, contract: Contract) -> TableDeclaration:
    columns = [column for column in contract.columns.values() if not column.identifier]
    with_domain = [column.name for column in columns if _may_have_domain(column)]
    numeric = [column.name for column in columns if column.type.is_numeric]
    if written.bins is not None:
        _check_column(written.bins, [column.name for column in columns if column.bins], f"{path}.bins")
    return TableDeclaration(
        name=written.name,
        dimensions=tuple(_check_column(name, with_domain, f"{path}.dimensions") for name in written.dimensions),
        measures=tuple(_check_column(name, numeric, f"{path}.measures") for name in written.measures),
        bins=written.bins,
        cuts=None if written.cuts is None else _table_cuts(written, path, contract),
        depths=written.depth,
    )


def _table_cuts(written: TableDocument, path: str, contract: Contract) -> CutLevels:
    if written.bins is None or written.cuts is None:
        raise field_error(f"{path}.cuts", "are those of its bins, and it has none", "add bins, or drop the cuts")
    return cuts_from_document(written.cuts, contract.columns[written.bins], f"{path}.cuts")


def _cuts(written: Mapping[str, Sequence[object]], contract: Contract) -> dict[str, CutLevels]:
    check_known(written, [column.name for column in contract.columns.values() if column.bins], "cuts")
    return {name: cuts_from_document(cuts, contract.columns[name], f"cuts.{name}") for name, cuts in written.items()}


def _hierarchies(
    written: Mapping[str, Mapping[str, object]], contract: Contract, domains: Mapping[str, tuple[Value, ...]]
) -> dict[str, tuple[Group, ...]]:
    public = {column.name: values for column in contract.columns.values() if (values := domain_of(column, domains))}
    check_known(written, public, "hierarchies")
    return {
        name: groups_from_document(groups, contract.columns[name], public[name], _value)
        for name, groups in written.items()
    }


def _check_column(name: object, known: Collection[str], where: str) -> str:
    if not isinstance(name, str) or name not in known:
        raise field_error(where, f"{shown(str(name))} is no column that may stand here", nearest(str(name), known))
    return name


def _period(name: str | None, contract: Contract) -> str | None:
    if name is None:
        return None
    return _check_column(name, [each.name for each in contract.columns.values() if _may_have_domain(each)], "period")


def _may_have_domain(column: ContractColumn) -> bool:
    return bool(column.domain) or column.per_city or column.type is DataType.BOOLEAN


def _domains(written: Mapping[str, Sequence[object]], contract: Contract) -> dict[str, tuple[Value, ...]]:
    check_known(written, [column.name for column in contract.columns.values() if column.per_city], "domains")
    return {
        name: tuple(_value(value, contract.columns[name], f"domains.{name}") for value in values)
        for name, values in written.items()
    }


def _dependency(
    written: DependencyDocument, where: str, contract: Contract, domains: Mapping[str, tuple[Value, ...]]
) -> Dependency:
    """A dependency whose values are all of the two domains."""
    public = {column.name: values for column in contract.columns.values() if (values := _public(column, domains))}
    for name, field in ((written.column, "column"), (written.follows, "follows")):
        if name not in public:
            raise field_error(f"{where}.{field}", f"{shown(name)} has no public domain", nearest(name, public))
    column, follows = contract.columns[written.column], contract.columns[written.follows]
    of_each = [
        _in_domain(value, known, public[known.name], f"{where}.values")
        for pair in written.values.items()
        for value, known in zip(pair, (follows, column), strict=True)
    ]
    return Dependency(
        column=column.name, follows=follows.name, values=dict(zip(of_each[::2], of_each[1::2], strict=True))
    )


def _public(column: ContractColumn, domains: Mapping[str, tuple[Value, ...]]) -> tuple[Value, ...]:
    return tuple(domain_of(column, domains))


def _in_domain(value: object, column: ContractColumn, domain: Sequence[Value], where: str) -> Value | None:
    if value is None and not column.required:
        return None
    found = _value(value, column, where)
    if found not in domain:
        rule = f"{shown(str(value))} is no value of {column.name}"
        raise field_error(where, rule, nearest(str(value), map(str, domain)))
    return found


def _structural_zeros(
    written: Mapping[str, Sequence[object] | WholeRange | None],
    contract: Contract,
    domains: Mapping[str, tuple[Value, ...]],
) -> dict[str, tuple[Value, ...]]:
    """Values of a column's domain, as a list or as `{from: 1980, to: 2019}`."""
    public = {column.name: values for column in contract.columns.values() if (values := domain_of(column, domains))}
    check_known(written, public, "structural_zeros")
    return {
        name: _empty_values(values, contract.columns[name], public[name])
        for name, values in written.items()
        if values is not None
    }


def _empty_values(
    written: Sequence[object] | WholeRange, column: ContractColumn, domain: Sequence[Value]
) -> tuple[Value, ...]:
    where = f"structural_zeros.{column.name}"
    if isinstance(written, WholeRange):
        if column.type is not DataType.INTEGER:
            raise field_error(where, "from and to are whole numbers, for an integer column", "list the values instead")
        first, last = written.first, written.last
        found = tuple(value for value in domain if isinstance(value, int) and first <= value <= last)
        if not found:
            raise field_error(where, f"no value of the domain lies from {first} to {last}", "correct the range")
        return found
    values = tuple(_value(value, column, where) for value in written)
    for value in values:
        if value not in domain:  # a misspelt value would silently declare nothing
            raise field_error(where, f"{shown(str(value))} is not in the domain", "correct it or leave it out")
    return values


def _value(value: object, column: ContractColumn, where: str) -> Value:
    """One value of a list, of the column's type."""
    if column.type is DataType.NUMBER and isinstance(value, int) and not isinstance(value, bool):
        value = float(value)
    if isinstance(value, bool | int | float | str) or hasattr(value, "isoformat"):
        checked: Value = value  # type: ignore[assignment]
        if type_of_value(checked) is column.type:
            return checked
    raise field_error(where, f"{shown(str(value))} is no {column.type}", "quote text; leave numbers and dates bare")
