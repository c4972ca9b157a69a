"""The questions of a log whose text was opened, as SQL, with who asked what for and what became of it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hansa_audit.entries.opened_fields import asked_query, disclosures_of
from hansa_audit.entries.times import TimeSpan
from hansa_audit.folder.held_log import HeldLog
from hansa_audit.folder.log_folder import OPENINGS
from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.evidence.body import Charge
from hansa_core.evidence.entry import Entry, decode_entry
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.evidence.rows import LogRow, row_of
from hansa_core.sql.render import render_plan

_QUERY_FILE = re.compile(rf"{OPENINGS}/(0|[1-9][0-9]{{0,15}})\.query\.json")


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedQuestion:
    """One entry whose query was opened and is the one that the entry names. `sql`: rendered from its plan.

    `withheld`: how many figures of the answer were suppressed; None where the city did not open that.
    """

    row: LogRow
    sql: str
    cities: tuple[str, ...]
    charges: tuple[Charge, ...]
    withheld: int | None


def opened_questions(log: HeldLog, span: TimeSpan) -> tuple[OpenedQuestion, ...]:
    """All of the span, in the order of the log. What does not hold is a finding of the verdict, and is left out."""
    names = (_QUERY_FILE.fullmatch(name) for name in log.folder.names(OPENINGS))
    indices = sorted(int(name[1]) for name in names if name is not None)
    questions = (_question(log, index, span) for index in indices)
    return tuple(question for question in questions if question is not None)


def _question(log: HeldLog, index: int, span: TimeSpan) -> OpenedQuestion | None:
    try:
        entry = decode_entry(log.leaf(index))
        if not span.admits(entry.time_unix_s):
            return None
        return _opened(log, index, entry)
    except (ConfigError, PeerError, RefusedError):
        return None


def _opened(log: HeldLog, index: int, entry: Entry) -> OpenedQuestion | None:
    if not isinstance(entry.body, QueryDecision | QueryAborted):
        return None
    shown = {disclosure.field: disclosure for disclosure in disclosures_of(log.folder, index, entry)}
    if "query" not in shown:
        return None
    query = asked_query(shown["query"], entry.body.query_hash)
    return OpenedQuestion(
        row=row_of(index, entry),
        sql=render_plan(query.plan),
        cities=query.cities,
        charges=entry.body.ledgers,
        withheld=_withheld(shown["causes"].value) if "causes" in shown else None,
    )


def _withheld(causes: JsonValue) -> int | None:
    """Of how many cells; by which rule is not for everybody."""
    if not isinstance(causes, dict):
        return None
    return sum(number for number in causes.values() if type(number) is int)
