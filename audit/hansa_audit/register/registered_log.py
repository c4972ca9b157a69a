"""One log in a register: its questions, the rules in force, and whether it holds."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hansa_audit.entries.times import TimeSpan
from hansa_audit.folder.held_log import HeldLog, open_log
from hansa_audit.languages.message import Message, message
from hansa_audit.report.figures import OTHER, REFUSED, outcome_of
from hansa_audit.report.opened_questions import OpenedQuestion, opened_questions
from hansa_audit.report.outcome_words import WORDS
from hansa_audit.report.question_words import cost_words
from hansa_audit.report.refusal_words import refusal_words
from hansa_audit.rules.history import AnnouncedRules, rules_in_force
from hansa_audit.verifying.verdict import Verdict
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.log_entries import NodeStarted
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.evidence.rows import ABORTED, row_of
from hansa_local.trust_anchor import TrustAnchor


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredQuestion:
    """One question, in words. `sql`, `cities`: of one that was opened; None: the log has only a commitment to it.

    `costs`: what it took from each privacy budget. `why`: the rule of a refusal.
    """

    index: int
    time_unix_s: int
    outcome: Message
    organisation: str
    purpose: str | None
    dataset: str | None
    level: str | None
    costs: tuple[Message, ...]
    why: Message | None
    query_hash: str
    sql: str | None
    cities: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class RegisteredLog:
    """`takes_part`: by its newest start. `questions`: in the order of the log; none where its entries do not hold."""

    city: str
    verdict: Verdict
    takes_part: bool
    questions: tuple[RegisteredQuestion, ...] = ()
    rules: tuple[AnnouncedRules, ...] = ()


def registered_log(folder: Path, anchor: TrustAnchor | None) -> RegisteredLog:
    """Verify the log and read its questions. Raises ConfigError for no such folder, PeerError for nothing to check by.

    A city whose entries are not those that it signed takes no part: nobody knows whether it wanted to. Nor does a log
    of which nobody knows the city: its name is any text, and pages lie in a folder of the city's name.
    """
    verdict = verify_folder(folder, anchor=anchor)
    if not verdict.city:
        return RegisteredLog(city=verdict.origin, verdict=verdict, takes_part=False)
    city = verdict.city
    try:
        log = open_log(folder)
        rules = rules_in_force(log)
    except (ConfigError, PeerError):
        return RegisteredLog(city=city, verdict=verdict, takes_part=False)
    takes_part, questions = _read(log)
    return RegisteredLog(city=city, verdict=verdict, takes_part=takes_part, questions=questions, rules=rules)


def _read(log: HeldLog) -> tuple[bool, tuple[RegisteredQuestion, ...]]:
    opened = {each.row.index: each for each in opened_questions(log, TimeSpan())}
    takes_part, questions = False, []
    for index, entry in log.entries():
        body = entry.body
        if isinstance(body, NodeStarted):
            takes_part = body.register is True
        elif isinstance(body, QueryDecision | QueryAborted):
            questions.append(_question(index, entry, body, opened.get(index)))
    return takes_part, tuple(questions)


def _question(
    index: int, entry: Entry, body: QueryDecision | QueryAborted, opened: OpenedQuestion | None
) -> RegisteredQuestion:
    row = row_of(index, entry)
    outcome = outcome_of(row.decision, recalled=bool(row.recalled))
    return RegisteredQuestion(
        index=index,
        time_unix_s=entry.time_unix_s,
        outcome=_other(row.decision) if outcome == OTHER else WORDS[outcome],
        organisation=body.organisation,
        purpose=body.purpose,
        dataset=body.dataset,
        level=body.level,
        costs=tuple(cost_words(body.ledgers)),
        why=refusal_words(row.code) if outcome == REFUSED and row.code is not None else None,
        query_hash=body.query_hash,
        sql=None if opened is None else opened.sql,
        cities=() if opened is None else opened.cities,
    )


def _other(decision: str | None) -> Message:
    return message("charged, and not answered") if decision == ABORTED else message("waits for a person")
