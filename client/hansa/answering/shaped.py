"""A statement's answer as a plain value: the table, with what is missing from it and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hansa.answering.coverage import CityReport, ExitCode, answered, worst_exit_code, worst_reports
from hansa.answering.intervals import Interval
from hansa.answering.marked_cells import MarkedCells

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa.answering.statement_cells import LabelledCities
    from hansa_core.contract.contract import Contract
    from hansa_core.plan.plan import Plan
    from hansa_core.sql.statement import CityQuestion, OuterSelect


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumn:
    """One column of an answer. `measured`: it is computed from aggregates; otherwise it names the cell."""

    name: str
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class AnsweredQuestion:
    """One question of a statement, and how it ended.

    `cities`: every addressed city, by name. `min_cities`: how many of them had to answer.
    """

    asked: CityQuestion
    contract: Contract
    plan_hash: bytes
    query_hash: bytes
    cities: tuple[CityReport, ...]
    min_cities: int


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapedAnswer:
    """A table from the cities that answered. A value that lacks a city is null, or marked as partial.

    `questions`: what the cities were asked, most often one thing, and how each ended. `labels`: the cities under each
    label, where a statement puts several under one. `suppressed`: the values that are withheld; `partial`: those that
    are given over some cities only. `intervals`: where the true value of each shown quantile lies. `notes`: what a
    reader of the whole has to know. `outer`: what was computed from the cities' answers at the analyst's side.
    `rows_are_unsure`: which rows there are depends on values that are withheld; `notes` say by which clause.
    """

    table: pa.Table
    columns: tuple[AnswerColumn, ...]
    questions: tuple[AnsweredQuestion, ...]
    suppressed: MarkedCells
    partial: MarkedCells
    notes: tuple[str, ...]
    outer: OuterSelect
    purpose: str
    intervals: tuple[Interval, ...] = ()
    labels: tuple[LabelledCities, ...] = ()
    rows_are_unsure: bool = False

    @property
    def cities(self) -> tuple[CityReport, ...]:
        """Every addressed city once, by name: of several questions, the one that ended worst there."""
        return worst_reports(question.cities for question in self.questions)

    @property
    def plan(self) -> Plan:
        """What each city was asked; of several questions the first one."""
        return self.questions[0].asked.plan

    @property
    def contract(self) -> Contract:
        """What the columns mean; of several questions the first one's."""
        return self.questions[0].contract

    @property
    def plan_hash(self) -> bytes:
        """SHA-256 of the canonical plan; of several questions the first one's."""
        return self.questions[0].plan_hash

    @property
    def query_hash(self) -> bytes:
        """SHA-256 of the signed query; of several questions the first one's."""
        return self.questions[0].query_hash

    @property
    def min_cities(self) -> int:
        """How many cities had to answer; of several questions the first one."""
        return self.questions[0].min_cities

    @property
    def plan_sql(self) -> str:
        """What each city was asked, as canonical SQL: whoever asks it again gets the same releases.

        Of several questions each stands on a line of its own, and what is asked alike once.
        """
        from hansa_core.sql.render import render_plan

        return ";\n".join(dict.fromkeys(render_plan(question.asked.plan) for question in self.questions))

    @property
    def exit_code(self) -> ExitCode:
        """What `hansa query` ends with: 0 if enough cities answered each question and nothing was forged."""
        return worst_exit_code((one.cities, one.min_cities) for one in self.questions)

    @property
    def is_complete(self) -> bool:
        """Whether every addressed city answered, and no value or row lacks one."""
        is_whole = not self.suppressed and not self.partial and not self.rows_are_unsure
        return is_whole and len(answered(self.cities)) == len(self.cities)

    @property
    def table_rows(self) -> list[dict[str, Any]]:
        """The rows as Python values by column name; a missing value is None."""
        rows: list[dict[str, Any]] = self.table.to_pylist()
        return rows

    def __len__(self) -> int:
        return int(self.table.num_rows)


def asked_of(answer: ShapedAnswer) -> list[tuple[CityQuestion, Contract]]:
    """The questions of an answer, each with the contract that it is about."""
    return [(question.asked, question.contract) for question in answer.questions]
