"""Shaping: the cities' releases become the table that the analyst asked for, with its marks and notes."""

from __future__ import annotations

from collections.abc import Mapping

from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa.answering.clock_notes import clock_notes
from hansa.answering.domain_notes import domain_notes
from hansa.answering.fixed_notes import fixed_notes
from hansa.answering.gaps import mask_gaps
from hansa.answering.intervals import find_intervals, uncertainty_notes
from hansa.answering.marks import find_marks
from hansa.answering.notes import notes_on
from hansa.answering.outer import OuterEngine
from hansa.answering.selection_notes import selection_notes
from hansa.answering.shaped import AnswerColumn, ShapedAnswer
from hansa.answering.stage import OnStage, Stage, tell_nobody
from hansa.answering.witness_notes import witness_notes
from hansa.question.left_out import own_table_notes
from hansa.question.question import Question
from hansa_core.partial.answer import Refusal
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome
from hansa_core.partial.merge_again import Merges
from hansa_core.sql.statement import OuterSelect

_merges = Merges()


def shape_answer(
    question: Question,
    words: Mapping[str, CityWord[VerifiedRelease | Refusal]],
    engine: OuterEngine,
    on_stage: OnStage = tell_nobody,
) -> ShapedAnswer:
    """Merge the releases, run the outer SELECT, and carry the marks over. `words`: of every addressed city, by name.

    Raises RefusedError `mixed_levels`, and what the outer SELECT is refused for.
    """
    asked, expected = question.asked, question.expected
    on_stage(Stage.MERGING)
    outcomes = {city: _outcome(word) for city, word in words.items()}
    merged = _merges.merge(asked.plan, expected.contract, outcomes, by_city=asked.by_city, partial=question.partial)
    on_stage(Stage.SHAPING)
    masks = mask_gaps(merged)
    table, hidden = engine.run(
        asked.outer, merged.to_arrow(), gaps=masks.of_rows, partial=question.partial, tables=question.tables
    )
    marks = find_marks(table, hidden, asked.outer, merged, masks)
    unsure = selection_notes(hidden, asked.outer, merged)
    intervals = find_intervals(hidden, asked.outer, merged)
    reports = tuple(word.report for word in words.values())
    return ShapedAnswer(
        table=table,
        columns=_columns(asked.outer),
        cities=reports,
        suppressed=marks.suppressed,
        partial=marks.partial,
        intervals=intervals,
        notes=(
            *clock_notes(question.asked_at, words, question.coordinator_ahead_s),
            *fixed_notes(asked),
            *witness_notes(words.values()),
            *domain_notes(asked.plan, expected.contract),
            *notes_on(asked, expected.contract, reports, merged, marks),
            *uncertainty_notes(table, intervals),
            *unsure,
            *own_table_notes(question.tables),
        ),
        rows_are_unsure=bool(unsure),
        plan=expected.plan,
        outer=asked.outer,
        contract=expected.contract,
        purpose=expected.purpose,
        plan_hash=expected.plan_hash,
        query_hash=expected.query_hash,
        min_cities=question.min_cities,
    )


def _columns(outer: OuterSelect) -> tuple[AnswerColumn, ...]:
    released = set(outer.aggregate_columns)
    return tuple(
        AnswerColumn(name=column.name, measured=not released.isdisjoint(column.depends_on)) for column in outer.columns
    )


def _outcome(word: CityWord[VerifiedRelease | Refusal]) -> CityOutcome:
    if isinstance(word.word, VerifiedRelease):
        return CityAnswer(city=word.report.city, level=word.word.level, table=word.word.table)
    return CityMissing(city=word.report.city, reason=word.report.gap)
