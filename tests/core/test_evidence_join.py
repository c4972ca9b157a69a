"""One question across cities, and one log as a table."""

from __future__ import annotations

import pytest

from hansa_core.evidence.body import Body
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.join import SETTLED_S, Addressed, Fate, JoinedLog, join
from hansa_core.evidence.query_entries import Decision
from hansa_core.evidence.rows import COLUMNS, LogFilter, LogRow, row_of
from hansa_log_entries import (
    NOON,
    ONE_OF_EACH,
    aborted,
    charge,
    decision_on,
    digest_of,
    opening_of,
    recalled,
    refusal_of,
)


def entries_of(city: str, *bodies: Body) -> list[tuple[int, Entry | None]]:
    return [
        (index, Entry(time_unix_s=NOON + index, node=city, software="0.1.0", body=body))
        for index, body in enumerate(bodies)
    ]


def log_of(city: str, *bodies: Body, known_until_unix_s: int = NOON + SETTLED_S) -> JoinedLog:
    return JoinedLog(entries=entries_of(city, *bodies), known_until_unix_s=known_until_unix_s)


def asked(*cities: str) -> Addressed:
    return Addressed(cities=cities, expires_unix_s=NOON)


def test_a_question_is_followed_through_every_city_that_it_addressed() -> None:
    waiting = decision_on("q", decision=Decision.NEEDS_APPROVAL, opening=opening_of("query", "analyst"))
    logs = {
        "bremen": log_of("bremen", refusal_of("q", "not_published")),
        "hamburg": log_of("hamburg", ONE_OF_EACH[0], aborted("q", ledgers=(charge(5, 5),)), decision_on("q")),
        "luebeck": log_of("luebeck", decision_on("another")),
        "rostock": log_of("rostock", waiting),
    }
    addressed = {digest_of("q"): asked("wismar", "luebeck", "hamburg", "bremen", "rostock")}
    question = next(each for each in join(logs, addressed) if each.query_hash == digest_of("q"))
    assert [(part.city, part.fate, part.index, part.code) for part in question.parts] == [
        ("bremen", Fate.REFUSED, 0, "not_published"),
        ("hamburg", Fate.ABORTED, 1, None),
        ("hamburg", Fate.ANSWERED, 2, None),
        ("luebeck", Fate.NO_ENTRY, None, None),
        ("rostock", Fate.NEEDS_APPROVAL, 0, None),
        ("wismar", Fate.NO_LOG, None, None),
    ]
    assert question.parts[1].charges == (charge(5, 5),)
    assert question.cities(Fate.ANSWERED) == ("hamburg",)
    assert question.cities(Fate.NO_ENTRY, Fate.NO_LOG) == ("luebeck", "wismar")
    assert (question.organisation, question.purpose) == ("Stadtwerke Köln", "statistics")
    assert question.addressed == ("bremen", "hamburg", "luebeck", "rostock", "wismar")


def test_a_log_that_ends_too_early_does_not_say_that_a_city_was_silent() -> None:
    """Neither does one that has entries which nobody here can read: the missing one may be among them."""
    unreadable = JoinedLog(
        entries=[*entries_of("hamburg", decision_on("another")), (1, None)], known_until_unix_s=NOON + SETTLED_S
    )
    logs = {
        "bremen": log_of("bremen", decision_on("another"), known_until_unix_s=NOON + SETTLED_S - 1),
        "hamburg": unreadable,
        "luebeck": log_of("luebeck", decision_on("another")),
    }
    addressed = {digest_of("q"): asked("bremen", "hamburg", "luebeck")}
    question = next(each for each in join(logs, addressed) if each.query_hash == digest_of("q"))
    assert [part.fate for part in question.parts] == [Fate.LOG_TOO_OLD, Fate.LOG_UNREADABLE, Fate.NO_ENTRY]


def test_who_was_addressed_is_unknown_until_somebody_shows_the_query() -> None:
    (question,) = join({"bremen": log_of("bremen", recalled("q")), "hamburg": log_of("hamburg")}, {})
    assert question.addressed is None
    assert [(part.city, part.recalled) for part in question.parts] == [("bremen", True)]


def test_questions_come_in_the_order_of_their_first_entry() -> None:
    logs = {
        "bremen": log_of("bremen", decision_on("b"), decision_on("a")),
        "hamburg": log_of("hamburg", decision_on("a")),
    }
    silent = {digest_of("nobody"): asked("bremen")}
    joined = [question.query_hash for question in join(logs, silent)]
    assert joined[0] == digest_of("nobody")
    assert set(joined[1:]) == {digest_of("a"), digest_of("b")}


def rows() -> list[LogRow]:
    return [row_of(index, entry) for index, entry in entries_of("hamburg", *ONE_OF_EACH) if entry is not None]


def test_every_entry_is_a_row() -> None:
    row = rows()[8]
    assert [getattr(row, column) for column in COLUMNS] == [
        8,
        NOON + 8,
        "hamburg",
        "query.decision",
        "Stadtwerke Köln",
        "statistics",
        "housing.permits/1",
        "controlled",
        1,
        "open-data/1",
        "permit",
        None,
        False,
        30,
        digest_of("q1"),
    ]
    assert rows()[11].decision == "aborted"
    assert rows()[0] == LogRow(index=0, time_unix_s=NOON, node="hamburg", type="log.genesis")


@pytest.mark.parametrize(
    ("wanted", "indices"),
    [
        (LogFilter(), list(range(len(ONE_OF_EACH)))),
        (LogFilter(decision="refuse"), [9]),
        (LogFilter(decision="aborted"), [11]),
        (LogFilter(code="not_published", organisation="Stadtwerke Köln"), [9]),
        (LogFilter(code="not_published", organisation="anybody else"), []),
        (LogFilter(min_cost=5), [8, 11, 23]),
        (LogFilter(since_unix_s=NOON + 9, until_unix_s=NOON + 10), [9, 10]),
        (LogFilter(query_hash=digest_of("q4")), [12, 13, 14]),
        (LogFilter(type="peer.head"), [20]),
        (LogFilter(dataset="housing.permits/1", type="data.version"), [4]),
    ],
)
def test_rows_are_filtered_by_what_people_ask_for(wanted: LogFilter, indices: list[int]) -> None:
    assert [row.index for row in rows() if wanted.admits(row)] == indices
