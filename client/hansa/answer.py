"""What an analyst gets: the verified, merged and shaped table, with what is missing from it and why."""

from __future__ import annotations

import importlib
import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hansa.answering.coverage import CityReport, ExitCode, answered, exit_code
from hansa.answering.intervals import Interval
from hansa.answering.marks import MarkedCell
from hansa.evidence.evidence import Evidence

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from rich.console import RenderableType

    from hansa.view.explanation import Explanation
    from hansa_core.contract.contract import Contract
    from hansa_core.plan.plan import Plan
    from hansa_core.sql.statement import OuterSelect


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerColumn:
    """One column. `measured`: it is computed from aggregates; otherwise it names the cell."""

    name: str
    measured: bool


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Answer:
    """A table from the cities that answered. A value that lacks a city is null, or marked as partial.

    `cities`: every addressed city, by name. `suppressed`: the values that are withheld; `partial`: those that are given
    over some cities only. `intervals`: where the true value of each shown quantile lies. `notes`: what a reader of the
    whole has to know. `plan`: what each city was asked; `outer`: what was computed from their answers at the analyst's
    side; `contract`: what the columns mean. `min_cities`: how many had to answer. `evidence`: everything that the table
    follows from, with the cities' signatures and receipts.
    `rows_are_unsure`: which rows there are depends on values that are withheld; `notes` say by which clause.
    """

    table: pa.Table
    columns: tuple[AnswerColumn, ...]
    cities: tuple[CityReport, ...]
    suppressed: tuple[MarkedCell, ...]
    partial: tuple[MarkedCell, ...]
    notes: tuple[str, ...]
    plan: Plan
    outer: OuterSelect
    contract: Contract
    purpose: str
    plan_hash: bytes
    query_hash: bytes
    min_cities: int
    evidence: Evidence
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

    def to_arrow(self) -> pa.Table:
        """The table; a missing value is null with nothing behind it."""
        return self.table

    def to_pandas(self) -> pd.DataFrame:
        """The table in pandas' nullable types: a missing count stays an integer column with <NA>."""
        import pyarrow as pa

        pandas = _optional("pandas")
        kinds = {pa.int64(): "Int64Dtype", pa.bool_(): "BooleanDtype", pa.float64(): "Float64Dtype"}
        nullable = {kind: getattr(pandas, name)() for kind, name in kinds.items()}
        frame: pd.DataFrame = self.table.to_pandas(types_mapper=nullable.get)
        return frame

    def to_polars(self) -> pl.DataFrame:
        """The table in polars."""
        frame: pl.DataFrame = _optional("polars").from_arrow(self.table)
        return frame

    def explain(self) -> Explanation:
        """What was asked and computed where, who answered, what is missing and why: as text, HTML or parts."""
        from hansa.view.explain import explain_answer

        return explain_answer(self)

    def plot(self, value: str | None = None, *, dark: bool = False) -> alt.LayerChart | alt.FacetChart:
        """The answer as an Altair chart: bars over categories, lines over time and numbers.

        `value`: the column to draw, by default the first measured number. Withheld values are drawn hatched, values
        over some cities only hollow, and what is missing is said below the title. Raises ImportError without Altair,
        ValueError if the answer has no such column or more than three keys.
        """
        _optional("altair", "run `pip install 'hansa[plot]'`")
        from hansa.view.plotting.chart import plot_answer

        return plot_answer(self, value, dark=dark)

    def save_evidence(self, folder: str | os.PathLike[str]) -> None:
        """Keep what proves this table in a new or an empty folder; `hansa audit replay` derives it again from there.

        Raises ConfigError.
        """
        self.evidence.save(folder)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def __rich__(self) -> RenderableType:
        from hansa.view.render.text import whole_answer

        return whole_answer(self)

    def __repr__(self) -> str:
        from hansa.view.render.text import plain_text

        return plain_text(self.__rich__())

    def _repr_html_(self) -> str:
        from hansa.view.render.html import answer_html

        return answer_html(self)


def _optional(library: str, remedy: str | None = None) -> Any:
    """A library that Hansa works without. Raises ImportError that says how to get it."""
    try:
        return importlib.import_module(library)
    except ModuleNotFoundError as absent:
        remedy = remedy or f"run `pip install {library}`, or take to_arrow()"
        raise ImportError(f"this needs {library}, which is not installed; {remedy}") from absent
