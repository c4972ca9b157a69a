"""What can be asked about, from the contracts that the governors signed: no city and no network is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING

from hansa.question.named import Named, completions, unknown
from hansa_core.contract.contract import Contract, ContractColumn, Scope
from hansa_core.contract.types import DataType, Value
from hansa_core.league.roster import Roster
from hansa_core.plan.keys import key_ways, naming_columns
from hansa_core.plan.plan import ContractId, Level

if TYPE_CHECKING:
    from rich.console import RenderableType


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetColumn:
    """One column.

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
class Dataset:
    """One version of a dataset, as its contract describes it.

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

    def __rich__(self) -> RenderableType:
        from hansa.view.catalogue_view import whole_dataset

        return whole_dataset(self)

    def __repr__(self) -> str:
        from hansa.view.catalogue_view import dataset_text

        return dataset_text(self)

    def _repr_html_(self) -> str:
        from hansa.view.catalogue_view import dataset_html

        return dataset_html(self)


class Catalogue:
    """The league's datasets: `catalogue.housing.permits` or `catalogue["housing.permits"]` is the newest version of it,
    `catalogue["housing.permits/1"]` is that version. Iterating gives the newest of each, by name."""

    def __init__(self, contracts: Mapping[ContractId, Contract], roster: Roster) -> None:
        self._contracts = contracts
        self._roster = roster

    def __getitem__(self, name: str) -> Dataset:
        found = self._by_name.get(name)
        if found is None:
            raise unknown(name, self._by_name, whole=f"the catalogue of {self._roster.league}", code="unknown_contract")
        return found

    def __getattr__(self, name: str) -> Named[Dataset]:
        if name.startswith("_"):
            raise AttributeError(name)
        if name not in self._topics:
            raise unknown(name, self._topics, whole=f"the topics of {self._roster.league}", code="unknown_contract")
        return self._topics[name]

    def __contains__(self, name: object) -> bool:
        return name in self._by_name

    def __iter__(self) -> Iterator[Dataset]:
        return (self._by_name[name] for name in sorted({id_.name for id_ in self._contracts}))

    def __len__(self) -> int:
        return len({id_.name for id_ in self._contracts})

    def __dir__(self) -> list[str]:
        return sorted({*super().__dir__(), *completions(self._topics)})

    def _ipython_key_completions_(self) -> list[str]:
        return list(self._by_name)

    def __repr__(self) -> str:
        lines = [f"{dataset.id}  {dataset.title} ({', '.join(dataset.cities) or 'no city'})" for dataset in self]
        return "\n".join([f"<Catalogue of {self._roster.league}>", *lines])

    def _repr_html_(self) -> str:
        from hansa.view.catalogue_view import catalogue_html

        return catalogue_html(self)

    @cached_property
    def _by_name(self) -> Mapping[str, Dataset]:
        """Every version by its id, and the newest of each by its name alone."""
        versions = {id_: self._dataset(contract) for id_, contract in sorted(self._contracts.items())}
        newest = {id_.name: dataset for id_, dataset in versions.items()}  # the last, in rising order
        return newest | {str(id_): dataset for id_, dataset in versions.items()}

    @cached_property
    def _topics(self) -> Mapping[str, Named[Dataset]]:
        topics: dict[str, dict[str, Dataset]] = {}
        for dataset in self:
            topic, _, rest = dataset.id.name.partition(".")
            topics.setdefault(topic, {})[rest] = dataset
        return {
            topic: Named(datasets, whole=f"the datasets of {topic}", code="unknown_contract")
            for topic, datasets in topics.items()
        }

    def _dataset(self, contract: Contract) -> Dataset:
        naming = naming_columns(contract)
        columns = {name: _column(column, is_naming=name in naming) for name, column in contract.columns.items()}
        return Dataset(
            id=contract.id,
            title=contract.title,
            columns=Named(columns, whole=f"the columns of {contract.id}", code="unknown_column"),
            unit=contract.unit,
            unit_scope=contract.unit_scope,
            least_level=contract.least_level,
            cities=self._roster.cities_serving(contract.id),
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
