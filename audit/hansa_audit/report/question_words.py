"""An opened question in words: who asked which cities what for, what became of it, and what it cost."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from hansa_audit.languages.language import Language
from hansa_audit.languages.message import Message, as_it_is, counted, message
from hansa_audit.report.figures import AGAIN, ANSWERED, REFUSED, outcome_of
from hansa_audit.report.opened_questions import OpenedQuestion
from hansa_audit.report.refusal_words import refusal_words, unit_words
from hansa_audit.report.shown_figures import NOT_NAMED
from hansa_core.evidence.body import Charge

_FIELDS = {
    "query": message("the question"),
    "analyst": message("who asked"),
    "causes": message("how many figures were withheld, and by which rule"),
    "deny": message("who is not answered"),
    "limits": message("which limits were exceeded"),
    "reason": message("the reason"),
    "steward": message("who approved it"),
    "policy_hash": message("the policy"),
    "manifest_hash": message("the rules of the data"),
}


def question_words(question: OpenedQuestion, language: Language) -> str:
    """A few sentences."""
    row = question.row
    asked = language.gettext(
        "%(day)s, entry %(index)s. %(organisation)s asked %(cities)s, for %(purpose)s.",
        day=language.day(row.time_unix_s),
        index=row.index,
        organisation=row.organisation or NOT_NAMED,
        cities=language.listing(list(question.cities)),
        purpose=row.purpose or NOT_NAMED,
    )
    return " ".join([asked, *(language.say(each) for each in _result(question))])


def field_words(fields: Sequence[str], language: Language) -> str:
    """Which sealed details, in a sentence."""
    return language.listing([language.say(_FIELDS.get(field, as_it_is(field))) for field in fields])


def cost_words(charges: Sequence[Charge]) -> list[Message]:
    """What was taken from each budget."""
    return [
        message("%(cost)s %(unit)s of %(budget)s", cost=each.cost, unit=unit_words(each.unit), budget=each.ledger)
        for each in charges
        if each.cost
    ]


def _result(question: OpenedQuestion) -> Iterator[Message]:
    row = question.row
    version = "" if row.data_version is None else str(row.data_version)
    match outcome_of(row.decision, recalled=bool(row.recalled)):
        case str(outcome) if outcome == ANSWERED:
            yield message("Answered, from data version %(version)s.", version=version)
        case str(outcome) if outcome == AGAIN:
            yield message(
                "Answered again, from data version %(version)s, with the same total as before.", version=version
            )
        case str(outcome) if outcome == REFUSED:
            yield message("Refused: %(why)s.", why=refusal_words(row.code or ""))
        case _:
            yield message("Neither: it waits for approval, or broke off.")
    if question.withheld is not None:
        yield counted(
            "%(number)s figure of the answer was withheld to protect those whom it is about.",
            "%(number)s figures of the answer were withheld to protect those whom they are about.",
            question.withheld,
        )
    for cost in cost_words(question.charges):
        yield message("It cost %(cost)s.", cost=cost)
