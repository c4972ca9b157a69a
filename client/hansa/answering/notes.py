"""Notes on a whole answer: what a reader has to know beside the marks of single values."""

from __future__ import annotations

from collections.abc import Sequence

from hansa.answering.coverage import answered
from hansa.answering.marks import Marks
from hansa.answering.released_parts import quantile_columns
from hansa.answering.shaped import AnsweredQuestion
from hansa_core.contract.contract import Scope
from hansa_core.partial.merged_table import Mark
from hansa_core.plan.expression import columns_of
from hansa_core.sql.statement import OuterSelect


def notes_on(
    questions: Sequence[AnsweredQuestion], outer: OuterSelect, kinds: frozenset[Mark], marks: Marks
) -> tuple[str, ...]:
    """The notes as whole sentences, the most serious first. `kinds`: the marks of all released values."""
    notes: list[str] = []
    reports = {report.city: report for one in questions for report in answered(one.cities)}
    if len({report.level for report in reports.values()}) > 1:
        by_level = ", ".join(f"{city} {report.level}" for city, report in sorted(reports.items()))
        notes.append(f"Cities answer at different levels ({by_level}): their values are not comparable.")
    if marks.covered_up:
        names = ", ".join(marks.covered_up)
        notes.append(
            f"{names}: computed from missing values, which the SQL replaces or skips; not a figure of the cities."
        )
    for name, values in marks.of_some:
        meant = "at least so many" if values.is_count else "those that are missing may change it"
        notes.append(f"{name}: {values.text} is over the cells that came; {meant}.")
    if Mark.NOT_DEDUPLICATED in kinds:
        units = dict.fromkeys(one.contract.unit for one in questions if one.contract.unit_scope is not Scope.CITY)
        named = ", ".join(f"COUNT(DISTINCT {unit})" for unit in units)
        notes.append(f"{named} adds the cities up: whoever is in several counts once in each.")
    notes += _quantile_notes(questions, outer)
    own = dict.fromkeys(name for one in questions for name in _own_columns(one))
    if own:
        notes.append(f"{', '.join(own)}: each city has values of its own; they are not comparable across cities.")
    return tuple(notes)


def _quantile_notes(questions: Sequence[AnsweredQuestion], outer: OuterSelect) -> list[str]:
    """Which columns show a quantile, within its interval, and which are computed from some."""
    of_bins = quantile_columns([(one.asked, one.contract) for one in questions], outer)
    columns = [one for one in outer.columns if not of_bins.isdisjoint(one.depends_on)]
    shown = [one for one in columns if one.shows_one_value]
    notes = []
    if shown:
        notes.append(
            "Quantiles are read from the contract's bins: answer.intervals has the ends that hold each of them."
        )
    computed = ", ".join(one.name for one in columns if one not in shown)
    if computed:
        notes.append(
            f"{computed}: computed from quantiles, which are read from the contract's bins; no ends are known."
        )
    return notes


def _own_columns(question: AnsweredQuestion) -> list[str]:
    """The columns of its keys of which each city has values of its own."""
    read = {name for key in question.asked.plan.keys for name in columns_of(key)}
    return sorted(name for name in read if question.contract.columns[name].per_city)
