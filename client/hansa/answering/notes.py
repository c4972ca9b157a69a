"""Notes on a whole answer: what a reader has to know beside the marks of single values."""

from __future__ import annotations

from collections.abc import Sequence

from hansa.answering.coverage import CityReport, answered
from hansa.answering.marks import Marks
from hansa_core.contract.contract import Contract
from hansa_core.partial.merged_table import Mark, MergedTable
from hansa_core.plan.expression import columns_of
from hansa_core.plan.plan import AggregateFunction
from hansa_core.sql.statement import Statement


def notes_on(
    statement: Statement, contract: Contract, reports: Sequence[CityReport], merged: MergedTable, marks: Marks
) -> tuple[str, ...]:
    """The notes as whole sentences, the most serious first."""
    notes: list[str] = []
    levels = {report.level for report in answered(reports)}
    if len(levels) > 1:
        by_level = ", ".join(f"{report.city} {report.level}" for report in answered(reports))
        notes.append(f"Cities answer at different levels ({by_level}): their values are not comparable.")
    if marks.covered_up:
        names = ", ".join(marks.covered_up)
        notes.append(
            f"{names}: computed from missing values, which the SQL replaces or skips; not a figure of the cities."
        )
    for name, values in marks.of_some:
        meant = "at least so many" if values.is_count else "those that are missing may change it"
        notes.append(f"{name}: {values.text} is over the cells that came; {meant}.")
    if Mark.NOT_DEDUPLICATED in merged.notes:
        notes.append(f"COUNT(DISTINCT {contract.unit}) adds the cities up: whoever is in several counts once in each.")
    if any(one.function is AggregateFunction.QUANTILE_CONT for one in statement.plan.aggregates):
        notes.append(
            "Quantiles are read from the contract's bins: answer.intervals has the ends that hold each of them."
        )
    read = {name for key in statement.plan.keys for name in columns_of(key)}
    own = sorted(name for name in read if contract.columns[name].per_city)
    if own:
        notes.append(f"{', '.join(own)}: each city has values of its own; they are not comparable across cities.")
    return tuple(notes)
