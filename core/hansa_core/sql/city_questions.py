"""City questions: the SELECTs of one statement that cities are asked, read in the order in which they come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.sql.keys import SelectItem
from hansa_core.sql.numbering import Place
from hansa_core.sql.outer_select import Input
from hansa_core.sql.question import read_question
from hansa_core.sql.statement import CityQuestion, CountedValues


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadSelect:
    """A question that was read: the SELECT as the outer side sees it, its items, and what they are computed over."""

    select: exp.Select
    items: Sequence[SelectItem]
    rows: Input


class CityQuestions:
    """The questions of one statement. `contracts`, `cities`: those of the league."""

    def __init__(self, contracts: Mapping[ContractId, Contract], cities: Collection[str]) -> None:
        self._contracts = contracts
        self._cities = cities
        self.asked: list[CityQuestion] = []
        self.counted: list[CountedValues] = []
        self.end = Place()

    @property
    def contract_names(self) -> frozenset[str]:
        """What a FROM of a question names."""
        return frozenset(known.name for known in self._contracts)

    def read(self, select: exp.Select) -> ReadSelect:
        """Read a SELECT over a contract as one more question. Raises RefusedError."""
        read = read_question(select, self._contracts, self._cities, self.end)
        counted = read.released.cells.counted
        self.asked.append(read.question)
        self.counted.extend(counted)
        self.end = self.end.behind(read.question, len(counted))
        return ReadSelect(select=read.select, items=read.items, rows=read.released.as_input())
