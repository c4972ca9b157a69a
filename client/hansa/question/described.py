"""A dataset as its contract and the roster describe it."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Self

from hansa.question.named import Named
from hansa_core.contract.contract import Contract, ContractColumn, Scope
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import DataType, Value
from hansa_core.league.roster import Roster
from hansa_core.plan.keys import key_ways, naming_columns


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetColumn:
    """One column of a dataset.

    `unit`: of measure, None without one. `lower`, `upper`: what a number is held to. `values`: its public values;
    `per_city`: each city has its own. `required`: never NULL. `is_naming`: names a person or thing, and below `open`
    can only be counted. `keys`: how it may stand in GROUP BY at any level, as SQL; at `open` every way is allowed.
    """

    name: str
    type: DataType
    meaning: str
    unit: str | None
    required: bool
    lower: int | float | None
    upper: int | float | None
    values: tuple[Value, ...] | None
    per_city: bool
    is_naming: bool
    keys: tuple[str, ...]

    @property
    def is_key(self) -> bool:
        """Whether it may stand in GROUP BY at any level, in some way."""
        return bool(self.keys)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DescribedDataset:
    """One version of a dataset.

    `unit`: the column whose persons or things are protected; `unit_scope`: whether one can be in several cities.
    `least_level`: what every city that serves it protects at least. `cities`: those that serve it, by the roster.
    """

    id: ContractId
    title: str
    columns: Named[DatasetColumn]
    unit: str
    unit_scope: Scope
    least_level: Level
    cities: tuple[str, ...]

    @classmethod
    def of(cls, contract: Contract, roster: Roster) -> Self:
        """The dataset that a contract describes, with the cities that serve it."""
        naming = naming_columns(contract)
        columns = {name: _column(column, is_naming=name in naming) for name, column in contract.columns.items()}
        return cls(
            id=contract.id,
            title=contract.title,
            columns=Named(columns, whole=f"the columns of {contract.id}", code="unknown_column"),
            unit=contract.unit,
            unit_scope=contract.unit_scope,
            least_level=contract.least_level,
            cities=roster.cities_serving(contract.id),
        )


def _column(column: ContractColumn, *, is_naming: bool) -> DatasetColumn:
    return DatasetColumn(
        name=column.name,
        type=column.type,
        meaning=column.meaning,
        unit=column.unit,
        required=column.required,
        lower=_number(column.lower),
        upper=_number(column.upper),
        values=column.domain,
        per_city=column.per_city,
        is_naming=is_naming,
        keys=() if is_naming else tuple(key_ways(column)),
    )


def _number(bound: Fraction | None) -> int | float | None:
    if bound is None:
        return None
    return int(bound) if bound.denominator == 1 else float(bound)
