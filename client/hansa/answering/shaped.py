"""A question's answer as a plain value: the table, with what is missing from it and why."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hansa.answering.coverage import CityReport, ExitCode, answered, exit_code
from hansa.answering.intervals import Interval
from hansa.answering.marked_cells import MarkedCells

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa_core.contract.contract import Contract
    from hansa_core.plan.plan import Plan
    from hansa_core.sql.statement import OuterSelect


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumn:
    """One column of an answer. `measured`: it is computed from aggregates; otherwise it names the cell."""

    name: str
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ShapedAnswer:
    """A table from the cities that answered. A value that lacks a city is null, or marked as partial.

    `cities`: every addressed city, by name. `suppressed`: the values that are withheld; `partial`: those that are given
    over some cities only. `intervals`: where the true value of each shown quantile lies. `notes`: what a reader of the
    whole has to know. `plan`: what each city was asked; `outer`: what was computed from their answers at the analyst's
    side; `contract`: what the columns mean. `min_cities`: how many had to answer.
    `rows_are_unsure`: which rows there are depends on values that are withheld; `notes` say by which clause.
    """

    table: pa.Table
    columns: tuple[AnswerColumn, ...]
    cities: tuple[CityReport, ...]
    suppressed: MarkedCells
    partial: MarkedCells
    notes: tuple[str, ...]
    plan: Plan
    outer: OuterSelect
    contract: Contract
    purpose: str
    plan_hash: bytes
    query_hash: bytes
    min_cities: int
    intervals: tuple[Interval, ...] = ()
    rows_are_unsure: bool = False

    @property
    def plan_sql(self) -> str:
        """What each city was asked, as canonical SQL: whoever asks it again gets the same releases."""
        from hansa_core.sql.render import render_plan

        return render_plan(self.plan)

    @property
    def exit_code(self) -> ExitCode:
        """What `hansa query` ends with: 0 if at least `min_cities` answered and nothing was forged."""
        return exit_code(self.cities, self.min_cities)

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
