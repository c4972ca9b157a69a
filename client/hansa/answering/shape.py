"""From what the cities signed to the table that the analyst asked for, with its marks."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

from hansa.answer import Answer, AnswerColumn
from hansa.answering.gaps import mask_gaps
from hansa.answering.intervals import find_intervals, uncertainty_notes
from hansa.answering.marks import find_marks
from hansa.answering.notes import notes_on
from hansa.answering.outer import OuterEngine
from hansa.answering.selection_notes import selection_notes
from hansa.asking.follow import CityWord
from hansa.answering.verify import Expected, VerifiedRelease
from hansa.evidence.evidence import Evidence
from hansa_core.partial.answer import Refusal
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome, merge
from hansa_core.sql.statement import Statement

if TYPE_CHECKING:
    import pyarrow as pa


def shape_answer(
    asked: Statement,
    expected: Expected,
    words: Mapping[str, CityWord[VerifiedRelease | Refusal]],
    engine: OuterEngine,
    *,
    purpose: str,
    min_cities: int,
    partial: bool,
    evidence: Evidence,
    tables: Mapping[str, pa.Table] = MappingProxyType({}),
) -> Answer:
    """Merge the releases, run the outer SELECT, and carry the marks over. Raises RefusedError `mixed_levels`.

    `tables`: the analyst's own, by name in lower case.
    """
    outcomes = {city: _outcome(word) for city, word in words.items()}
    merged = merge(asked.plan, expected.contract, outcomes, by_city=asked.by_city, partial=partial)
    masks = mask_gaps(merged)
    table, hidden = engine.run(asked.outer, merged.to_arrow(), gaps=masks.of_rows, tables=tables)
    marks = find_marks(table, hidden, asked.outer, merged, masks)
    unsure = selection_notes(hidden, asked.outer, merged)
    intervals = find_intervals(hidden, asked.outer, merged)
    reports = tuple(word.report for word in words.values())
    return Answer(
        table=table,
        columns=tuple(
            AnswerColumn(
                name=column.name, measured=any(name in asked.outer.aggregate_columns for name in column.depends_on)
            )
            for column in asked.outer.columns
        ),
        cities=reports,
        suppressed=marks.suppressed,
        partial=marks.partial,
        intervals=intervals,
        notes=(
            *notes_on(asked, expected.contract, reports, merged, marks),
            *uncertainty_notes(table, intervals),
            *unsure,
        ),
        rows_are_unsure=bool(unsure),
        plan=expected.plan,
        outer=asked.outer,
        contract=expected.contract,
        purpose=purpose,
        plan_hash=expected.plan_hash,
        query_hash=expected.query_hash,
        min_cities=min_cities,
        evidence=evidence,
    )


def _outcome(word: CityWord[VerifiedRelease | Refusal]) -> CityOutcome:
    if isinstance(word.word, VerifiedRelease):
        return CityAnswer(city=word.report.city, level=word.word.level, table=word.word.table)
    return CityMissing(city=word.report.city, reason=word.report.gap)
