"""The answer that an analyst gets: the table with its evidence, and the ways to see, explain, plot and keep it."""

from __future__ import annotations

import importlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self, overload

from hansa.answering.shaped import AnswerColumn, ShapedAnswer
from hansa.evidence.evidence import Evidence, ProvenAnswer
from hansa_core.nearest import nearest, shown

if TYPE_CHECKING:
    import altair as alt
    import pandas as pd
    import polars as pl
    import pyarrow as pa
    from rich.console import RenderableType

    from hansa.view.explanation import Explanation
    from hansa_local.trust_anchor import TrustAnchor

__all__ = ["Answer", "AnswerColumn"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False, repr=False)
class Answer(ShapedAnswer):
    """A table from the cities that answered, with what is missing from it and why; its values are `ShapedAnswer`'s.

    `evidence`: everything that the table follows from, with the cities' signatures and receipts.
    """

    evidence: Evidence

    @classmethod
    def of(cls, proven: ProvenAnswer) -> Self:
        """The answer of a question that was asked."""
        values = {field.name: getattr(proven.answer, field.name) for field in fields(ShapedAnswer)}
        return cls(**values, evidence=proven.evidence)

    @classmethod
    def from_evidence(cls, folder: str | os.PathLike[str], anchor: TrustAnchor | None = None) -> Self:
        """The answer that `save_evidence` kept in `folder`, derived again offline, every document verified.

        `anchor`: whose governors to trust; None: those that the folder's own roster names. Raises TrustError,
        ConfigError.
        """
        from hansa.evidence.replay import replay_folder

        replayed = replay_folder(Path(folder), anchor)
        return cls.of(ProvenAnswer(answer=replayed.answer, evidence=replayed.evidence))

    def to_arrow(self) -> pa.Table:
        """The table; a missing value is null with nothing behind it.

        Counts, and sums of whole numbers, are int64; a sum that outgrows it is decimal128(38, 0).
        """
        return self.table

    def to_pandas(self) -> pd.DataFrame:
        """The table in pandas' nullable types: a missing count stays an integer column with <NA>, days are datetimes.

        A column of sums that outgrow int64 holds `decimal.Decimal` objects, exact to the last digit.
        """
        import pyarrow as pa

        pandas = _optional("pandas")
        kinds = {pa.int64(): "Int64Dtype", pa.bool_(): "BooleanDtype", pa.float64(): "Float64Dtype"}
        nullable = {kind: getattr(pandas, name)() for kind, name in kinds.items()}
        frame: pd.DataFrame = self.table.to_pandas(types_mapper=nullable.get, date_as_object=False)
        return frame

    def to_polars(self) -> pl.DataFrame:
        """The table in polars; sums that outgrow Int64 are Decimal(38, 0)."""
        frame: pl.DataFrame = _optional("polars").from_arrow(self.table)
        return frame

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        """The table for whatever reads Arrow: `pl.DataFrame(answer)`, DuckDB's `FROM answer`.

        Source: Arrow PyCapsule interface.
        """
        return self.table.__arrow_c_stream__(requested_schema)

    def __dataframe__(self, nan_as_null: bool = False, allow_copy: bool = True) -> object:
        """The table for whatever reads dataframes by the interchange protocol. Source: data-apis.org, version 0."""
        return self.table.__dataframe__(nan_as_null, allow_copy)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """The rows as Python values by column name, as `table_rows`: `pd.DataFrame(answer)` is made of them."""
        return iter(self.table_rows)

    @overload
    def __getitem__(self, place: str) -> pa.ChunkedArray: ...
    @overload
    def __getitem__(self, place: int) -> dict[str, Any]: ...
    @overload
    def __getitem__(self, place: slice) -> list[dict[str, Any]]: ...
    def __getitem__(self, place: str | int | slice) -> Any:
        """A column by its name as an Arrow array, a row by its number as Python values, rows by a slice.

        Raises KeyError that names the nearest column, IndexError past the end.
        """
        if isinstance(place, str):
            return self.table.column(self._checked(place))
        if isinstance(place, slice):
            return self.table.take(list(range(len(self))[place])).to_pylist()
        return self.table.slice(range(len(self))[place], 1).to_pylist()[0]

    def _checked(self, name: str) -> str:
        if name not in self.table.column_names:
            raise KeyError(f"{shown(name)} is no column of the answer; {nearest(name, self.table.column_names)}")
        return name

    def explain(self) -> Explanation:
        """What was asked and computed where, who answered, what is missing and why: as text, HTML or parts."""
        from hansa.view.explain import explain_answer

        return explain_answer(self)

    def plot(self, value: str | None = None, *, dark: bool = False) -> alt.LayerChart | alt.FacetChart:
        """The answer as an Altair chart: bars over categories and bins, lines over time and numbers.

        `value`: the column to draw, by default the first measured number, or else the first histogram. Withheld values
        are drawn hatched, values over some cities only hollow, and what is missing is said below the title. A notebook
        shows and keeps it as SVG, without a network; `chart.save("waits.svg")` is Altair's.

        Raises ImportError without `hansa[plot]`, ValueError if the answer has no such column or more than three keys.
        """
        for library in ("altair", "vl_convert"):
            _optional(library, "run `pip install 'hansa[plot]'`")
        from hansa.view.plotting.chart import plot_answer

        return plot_answer(self, value, dark=dark)

    def save_evidence(self, folder: str | os.PathLike[str]) -> None:
        """Keep what proves this table in a new or an empty folder; `hansa audit replay` derives it again from there.

        Raises ConfigError.
        """
        from hansa.evidence.evidence_folder import write_evidence

        write_evidence(self.evidence, Path(folder))

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
