"""One question across the logs of the cities that it addressed, as tables."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Sequence
from datetime import UTC
from pathlib import Path

import pyarrow as pa

from hansa.evidence.evidence_folder import blame, query_name, read_evidence
from hansa_audit.entries.opened_fields import asked_query, disclosures_of
from hansa_audit.entries.times import time_text
from hansa_audit.folder.held_log import HeldLog
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.evidence.join import NOT_KNOWN, Addressed, Fate, JoinedLog, JoinedQuestion, join
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.plan.query import Query
from hansa_wire.codec.query_codec import decode_query

_SAID = {
    Fate.ANSWERED: "answered",
    Fate.REFUSED: "refused",
    Fate.NEEDS_APPROVAL: "waits for approval",
    Fate.ABORTED: "charged, not answered",
    Fate.NO_ENTRY: "no entry in its log",
    Fate.NO_LOG: "not known: its log is not here",
    Fate.LOG_TOO_OLD: "not known: its log here ends before the question was settled",
    Fate.LOG_UNREADABLE: "not known: its log here has entries that cannot be read",
}


def joined_questions(logs: Sequence[HeldLog], evidence: Path | None) -> tuple[JoinedQuestion, ...]:
    """Every question of the logs. `evidence`: of `hansa query --receipt`, whose query says whom it addressed.

    Raises ConfigError where two folders hold one city's log.
    """
    by_city: dict[str, HeldLog] = {}
    for log in logs:
        other = by_city.setdefault(log.city, log)
        if other is not log:
            raise ConfigError(
                f"{other.folder.root} and {log.folder.root} both hold the log of {log.city}; name each city once"
            )
    addressed = {} if evidence is None else addressed_by(evidence)
    for log in logs:
        addressed.update(_opened(log))
    joined = {
        city: JoinedLog(entries=log.entries_or_none(), known_until_unix_s=log.freshness.known_until_unix_s)
        for city, log in by_city.items()
    }
    return join(joined, addressed)


def addressed_by(evidence: Path) -> dict[str, Addressed]:
    """Whom the queries in a folder of evidence ask until when, by the hash of each. Raises TrustError."""
    addressed: dict[str, Addressed] = {}
    for place, asked in enumerate(read_evidence(evidence).queries):
        payload = asked.query.payload
        with blame(query_name(place)):
            addressed[hashlib.sha256(payload).hexdigest()] = _addressed(decode_query(payload))
    return addressed


def chosen(questions: Iterable[JoinedQuestion], query_hash: str) -> JoinedQuestion:
    """The one whose hash begins so. Raises ConfigError where none does, or several."""
    found = [each for each in questions if each.query_hash.startswith(query_hash.lower())]
    if len(found) != 1:
        some = "no question in these logs begins" if not found else f"{len(found)} questions in these logs begin"
        raise ConfigError(f"{some} with {query_hash}; give more of the hash, or other folders")
    return found[0]


def in_several(questions: Iterable[JoinedQuestion]) -> list[JoinedQuestion]:
    """Those that more than one city speaks of, or should."""
    return [each for each in questions if len({part.city for part in each.parts}) > 1]


def listing(questions: Collection[JoinedQuestion]) -> pa.Table:
    """One row for each question."""
    rows = list(questions)
    return pa.table(
        {
            "time (UTC)": array_of([_first(each) for each in rows], pa.string()),
            "query_hash": array_of([each.query_hash for each in rows], pa.string()),
            "organisation": array_of([each.organisation for each in rows], pa.string()),
            "purpose": array_of([each.purpose for each in rows], pa.string()),
            "dataset": array_of([each.dataset for each in rows], pa.string()),
            "answered": array_of([_cities(each, Fate.ANSWERED) for each in rows], pa.string()),
            "refused": array_of([_cities(each, Fate.REFUSED) for each in rows], pa.string()),
            "no entry": array_of([_cities(each, Fate.NO_ENTRY) for each in rows], pa.string()),
            "not known": array_of([_cities(each, *NOT_KNOWN) for each in rows], pa.string()),
        }
    )


def parts(questions: Sequence[JoinedQuestion]) -> pa.Table:
    """One row for each city's entry, or lack of one, and ledger that it charged; of several questions by number."""
    rows = [
        (number, part, charge)
        for number, question in enumerate(questions, start=1)
        for part in question.parts
        for charge in (part.charges or (None,))
    ]
    numbers = {"question": array_of([number for number, _, _ in rows], pa.int64())} if len(questions) > 1 else {}
    return pa.table(
        {
            **numbers,
            "city": array_of([part.city for _, part, _ in rows], pa.string()),
            "outcome": array_of([_outcome(part.fate, recalled=part.recalled) for _, part, _ in rows], pa.string()),
            "code": array_of([part.code for _, part, _ in rows], pa.string()),
            "time (UTC)": array_of([_time(part.time_unix_s) for _, part, _ in rows], pa.string()),
            "entry": array_of([part.index for _, part, _ in rows], pa.int64()),
            "ledger": array_of([charge and charge.ledger for *_, charge in rows], pa.string()),
            "cost": array_of([None if charge is None else charge.cost for *_, charge in rows], pa.int64()),
            "spent": array_of([None if charge is None else charge.spent for *_, charge in rows], pa.int64()),
            "limit": array_of([None if charge is None else charge.limit for *_, charge in rows], pa.int64()),
            "unit": array_of([charge and charge.unit for *_, charge in rows], pa.string()),
        }
    )


def verdicts(questions: Sequence[JoinedQuestion]) -> list[str]:
    """What the table comes to, a sentence for each question."""
    if len(questions) == 1:
        return [_verdict(questions[0])]
    return [f"Question {number}: {_verdict(each)}" for number, each in enumerate(questions, start=1)]


def _verdict(question: JoinedQuestion) -> str:
    if question.addressed is None:
        return (
            "Which cities were asked is sealed: fetch the opening `query` of an entry, or give --receipt; "
            "until then a city without an entry cannot be told from one that was not asked."
        )
    said = [f"Asked were {len(question.addressed)} cities"]
    if question.cities(Fate.NO_ENTRY):
        said.append(f"nothing speaks for {_cities(question, Fate.NO_ENTRY)}")
    if question.cities(Fate.NO_LOG):
        said.append(f"not known without their logs: {_cities(question, Fate.NO_LOG)}")
    if question.cities(Fate.LOG_TOO_OLD):
        said.append(f"to be fetched again, since the logs here end too early: {_cities(question, Fate.LOG_TOO_OLD)}")
    if question.cities(Fate.LOG_UNREADABLE):
        said.append(f"not known, since entries cannot be read: {_cities(question, Fate.LOG_UNREADABLE)}")
    if len(said) == 1:
        return f"All {len(question.addressed)} cities that were asked have an entry."
    return f"{'; '.join(said)}."


def _opened(log: HeldLog) -> dict[str, Addressed]:
    found: dict[str, Addressed] = {}
    names = {name.split("/")[1].partition(".")[0] for name in log.folder.names("openings") if ".query." in name}
    if not names:
        return found
    for index, entry in log.entries():
        query_hash = getattr(entry.body, "query_hash", None)
        if str(index) not in names or query_hash is None:
            continue
        try:
            for disclosure in disclosures_of(log.folder, index, entry):
                if disclosure.field == "query":
                    found[query_hash] = _addressed(asked_query(disclosure, query_hash))
        except (PeerError, RefusedError):
            continue  # an opening that does not hold says nothing; `hansa audit verify` names it
    return found


def _addressed(query: Query) -> Addressed:
    return Addressed(cities=query.cities, expires_unix_s=int(query.expires_at.replace(tzinfo=UTC).timestamp()))


def _outcome(fate: Fate, *, recalled: bool) -> str:
    return "answered again, at no cost" if recalled else _SAID[fate]


def _cities(question: JoinedQuestion, *fates: Fate) -> str:
    return ", ".join(question.cities(*fates))


def _first(question: JoinedQuestion) -> str | None:
    times = [part.time_unix_s for part in question.parts if part.time_unix_s is not None]
    return _time(min(times, default=None))


def _time(at: int | None) -> str | None:
    return None if at is None else time_text(at).removesuffix(" UTC")
