"""Shaping: the cities' releases become the table that the analyst asked for, with its marks and notes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hansa.answering.city_words import CityWord, VerifiedRelease
from hansa.answering.clock_notes import clock_notes
from hansa.answering.comparison_notes import comparison_notes
from hansa.answering.domain_notes import domain_notes
from hansa.answering.fixed_notes import fixed_notes
from hansa.answering.gaps import mask_gaps
from hansa.answering.intervals import find_intervals, uncertainty_notes
from hansa.answering.label_notes import label_notes
from hansa.answering.marks import find_marks
from hansa.answering.notes import notes_on
from hansa.answering.outer import OuterEngine
from hansa.answering.own_domain_notes import own_domain_notes
from hansa.answering.selection_notes import selection_notes
from hansa.answering.shaped import AnswerColumn, AnsweredQuestion, ShapedAnswer
from hansa.answering.stage import OnStage, Stage, tell_nobody
from hansa.answering.statement_cells import StatementCells
from hansa.answering.witness_notes import witness_notes
from hansa.question.left_out import own_table_notes
from hansa.question.question import Question, QuestionPart
from hansa_core.partial.answer import Refusal
from hansa_core.partial.merge import CityAnswer, CityMissing, CityOutcome
from hansa_core.sql.statement import CityQuestion, OuterSelect


def shape_answer(
    question: Question,
    words: Sequence[Mapping[str, CityWord[VerifiedRelease | Refusal]]],
    engine: OuterEngine,
    on_stage: OnStage = tell_nobody,
) -> ShapedAnswer:
    """Merge the releases, run the outer SELECT, and carry the marks over.

    `words`: of each query, of every addressed city, by name. Raises RefusedError `mixed_levels`, and what the outer
    SELECT is refused for.
    """
    asked = question.asked
    on_stage(Stage.MERGING)
    cells = StatementCells()
    for one, place in zip(asked.questions, question.part_of, strict=True):
        outcomes = {city: _outcome(word) for city, word in words[place].items()}
        cells.add(one, question.parts[place].expected.contract, outcomes, partial=question.partial)
    on_stage(Stage.SHAPING)
    masks = mask_gaps(cells)
    first, *others = cells.tables
    table, hidden = engine.run(
        asked.outer, first, others=others, gaps=masks.of_rows, partial=question.partial, tables=question.tables
    )
    marks = find_marks(table, hidden, asked.outer, cells, masks)
    unsure = selection_notes(hidden, asked.outer, cells)
    intervals = find_intervals(hidden, asked.outer, cells)
    questions = tuple(
        _answered(one, question.parts[place], words[place])
        for one, place in zip(asked.questions, question.part_of, strict=True)
    )
    return ShapedAnswer(
        table=table,
        columns=_columns(asked.outer),
        questions=questions,
        suppressed=marks.suppressed,
        partial=marks.partial,
        intervals=intervals,
        labels=tuple(cells.labelled),
        notes=(
            *clock_notes(question.asked_at, words[0], question.coordinator_ahead_s),
            *fixed_notes(asked),
            *witness_notes(word for said in words for word in said.values()),
            *dict.fromkeys(note for one in questions for note in domain_notes(one.asked.plan, one.contract)),
            *own_domain_notes([(one.asked.plan, one.contract) for one in questions], cells.merged),
            *label_notes(questions, cells.labelled),
            *notes_on(questions, asked.outer, cells.notes, marks),
            *uncertainty_notes(table, intervals),
            *unsure,
            *own_table_notes(question.tables),
            *comparison_notes(asked.outer, cells.tables, question.tables),
        ),
        rows_are_unsure=bool(unsure),
        outer=asked.outer,
        purpose=question.parts[0].expected.purpose,
    )


def _answered(
    asked: CityQuestion, part: QuestionPart, words: Mapping[str, CityWord[VerifiedRelease | Refusal]]
) -> AnsweredQuestion:
    expected = part.expected
    return AnsweredQuestion(
        asked=asked,
        contract=expected.contract,
        plan_hash=expected.plan_hash,
        query_hash=expected.query_hash,
        cities=tuple(word.report for word in words.values()),
        min_cities=part.min_cities,
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
