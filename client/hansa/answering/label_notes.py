"""Notes on city sets: which cities a condition asked, and which answered under each label."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from hansa.answering.coverage import answered
from hansa.answering.shaped import AnsweredQuestion
from hansa.answering.statement_cells import LabelledCities, who_answered
from hansa_core.nearest import shown
from hansa_core.sql.render import wording

_MOST_TOLD = 12


def label_notes(questions: Iterable[AnsweredQuestion], labelled: Sequence[LabelledCities]) -> tuple[str, ...]:
    """Whole sentences; none where the statement names the cities that it asks, and keeps each by itself."""
    questions = list(questions)
    asked = dict.fromkeys(_asked(one) for one in questions if one.asked.predicates)
    over_some = dict.fromkeys(note for one in questions for note in _over_some(one))
    return (*asked, *over_some, *_told(labelled))


def _asked(question: AnsweredQuestion) -> str:
    names = [report.city for report in question.cities]
    asked = (
        f"{' AND '.join(question.asked.predicates)}: {', '.join(names)} {'was' if len(names) == 1 else 'were'} asked"
    )
    given = [report.city for report in answered(question.cities)]
    return f"{asked}." if len(given) == len(names) else f"{asked}; {', '.join(given) or 'nobody'} answered."


def _over_some(question: AnsweredQuestion) -> Iterator[str]:
    """Of each aggregate over cities that the statement does not list, who is in it."""
    given = [report.city for report in answered(question.cities)]
    for one in question.asked.over_some:
        if not one.cities <= question.asked.named:
            words = wording(question.asked.plan.aggregates[one.aggregate])
            yield f"{words} over some cities is {who_answered(sorted(one.cities), given)}."


def _told(labelled: Sequence[LabelledCities]) -> list[str]:
    """What stands under the labels that are not each the name of their one city."""
    sets = [one for one in labelled if one.label and list(one.label.values()) != list(one.cities)]
    told = [f"{_label(one)} is {one.words}" for one in sets]
    rest = len(told) - _MOST_TOLD
    if rest > 0:
        told = [*told[:_MOST_TOLD], f"{rest} more labels are in answer.labels"]
    return [f"Cities by label: {'; '.join(told)}."] if told else []


def _label(one: LabelledCities) -> str:
    values = [value for value in one.label.values() if value is not None]
    if not values:
        return "the total" if len(one.cities) > 1 else "NULL"
    return " and ".join(shown(str(value)) for value in values)
