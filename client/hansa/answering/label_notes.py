"""Notes on city sets: which cities a condition asked, and which answered under each label."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hansa.answering.shaped import AnsweredQuestion
from hansa.answering.statement_cells import LabelledCities
from hansa_core.nearest import shown

_MOST_TOLD = 12


def label_notes(questions: Iterable[AnsweredQuestion], labelled: Sequence[LabelledCities]) -> tuple[str, ...]:
    """Whole sentences; none where the statement names the cities that it asks, and keeps each by itself."""
    notes = dict.fromkeys(_asked(one) for one in questions if one.asked.predicates)
    return (*notes, *_told(labelled))


def _asked(question: AnsweredQuestion) -> str:
    names = ", ".join(report.city for report in question.cities)
    return f"{' AND '.join(question.asked.predicates)}: {names} {'was' if len(question.cities) == 1 else 'were'} asked."


def _told(labelled: Sequence[LabelledCities]) -> list[str]:
    """What stands under the labels that are not each the name of their one city."""
    sets = [one for one in labelled if one.label and list(one.label.values()) != list(one.cities)]
    told = [f"{_label(one)} is {_cities(one)}" for one in sets]
    rest = len(told) - _MOST_TOLD
    if rest > 0:
        told = [*told[:_MOST_TOLD], f"{rest} more labels are in answer.labels"]
    return [f"Cities by label: {'; '.join(told)}."] if told else []


def _label(one: LabelledCities) -> str:
    values = [value for value in one.label.values() if value is not None]
    if not values:
        return "the total" if len(one.cities) > 1 else "NULL"
    return " and ".join(shown(str(value)) for value in values)


def _cities(one: LabelledCities) -> str:
    missing = [city for city in one.cities if city not in one.answered]
    names = ", ".join(one.answered) or "no city that answered"
    return f"{names} without {', '.join(missing)}" if missing else names
