"""The catalogue of a league: what can be asked about, by the contracts that the governors signed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import TYPE_CHECKING

from hansa.question.described import DescribedDataset
from hansa.question.named import Named, completions, unknown
from hansa.view.catalogue_view import catalogue_html, dataset_html, dataset_text, whole_dataset
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.league.roster import Roster

if TYPE_CHECKING:
    from rich.console import RenderableType


class Dataset(DescribedDataset):
    """One version of a dataset, as its contract describes it; it shows itself at a prompt and in a notebook.

    Its fields are those of `DescribedDataset`.
    """

    __slots__ = ()

    def __rich__(self) -> RenderableType:
        return whole_dataset(self)

    def __repr__(self) -> str:
        return dataset_text(self)

    def _repr_html_(self) -> str:
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
        return catalogue_html(self)

    @cached_property
    def _by_name(self) -> Mapping[str, Dataset]:
        """Every version by its id, and the newest of each by its name alone."""
        versions = {id_: Dataset.of(contract, self._roster) for id_, contract in sorted(self._contracts.items())}
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
