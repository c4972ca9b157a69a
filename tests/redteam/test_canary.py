"""Marked values in the data stand in nothing that leaves the node, and in nothing that it keeps beside the data."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from hansa.answering.city_words import CityWord
from hansa_demo.league import node_home
from hansa_redteam.attacks.homes import CITY, CONTRACT, WARDS, marked, marks
from hansa_redteam.attacks.metadata import QUESTIONS
from hansa_redteam.profile import QUICK
from hansa_redteam.running.attacker import Attacker, AttackReply
from hansa_redteam.running.public_bytes import log_pages, spoken
from hansa_redteam.running.stage import AttackedLeague, staged
from hansa_redteam.running.traces import traces, unpacked
from hansa_redteam.strawmen.cell_rule import LeftToTheMerge
from hansa_redteam.strawmen.masked_cells import MASKED_BUFFERS
from hansa_redteam.strawmen.rows_answering import AnswersFromRows, served_by

NAMES = [
    *(f"Marked-{ward}" for ward in WARDS),
    *(f"{ward}-marked-home-{number}" for ward in WARDS for number in range(8)),
]
# Beside what is answered: what is refused by the client, by the node, and what names a marked value itself.
ASKED = (
    *QUESTIONS,
    f"SELECT SUM(income) AS s, MEDIAN(income) AS m, HISTOGRAM(income) AS h FROM {CONTRACT}",
    f"SELECT ward, kind, SUM(income) AS s FROM {CONTRACT} GROUP BY CUBE (ward, kind)",
    f"SELECT COUNT(*) AS n FROM {CONTRACT} WHERE 1 / (income - income) > 0",
    f"SELECT COUNT(*) AS n FROM {CONTRACT} WHERE TRY_CAST(surname AS INTEGER) > 0",
    f"SELECT VAR_SAMP(income) AS v FROM {CONTRACT}",
    f"SELECT home FROM {CONTRACT}",
)


@pytest.fixture(scope="module")
def stage() -> Iterator[AttackedLeague]:
    with staged(marked(QUICK)) as running:
        yield running


@pytest.fixture(scope="module")
def replies(stage: AttackedLeague) -> list[AttackReply]:
    attacker = Attacker(stage.league)
    return [attacker.ask(statement, partial=partial) for statement in ASKED for partial in (False, True)]


def found(content: bytes) -> set[int | str]:
    return set(traces(content, marks(), NAMES))


def test_no_answer_refusal_or_receipt_has_a_marked_value(replies: list[AttackReply]) -> None:
    given = [one for reply in replies for one in reply.given]
    assert len(given) > len(ASKED)  # most of it reached the city
    assert any(any(reply.refusals()) for reply in replies)
    assert any(reply.rows and None in reply.rows[0].values() for reply in replies)
    assert [found(one.envelope.payload) | found(one.receipt) for one in given] == [set()] * len(given)
    assert found(repr([(reply.rows, reply.codes) for reply in replies]).encode()) == set()


def test_no_arrow_buffer_or_dictionary_has_a_marked_value(replies: list[AttackReply]) -> None:
    released = [release.partial_ipc for reply in replies for release in reply.releases()]
    assert released
    assert set().union(*(found(unpacked(ipc)) for ipc in released)) == set()


def test_no_error_that_the_asker_sees_has_a_marked_value(stage: AttackedLeague, replies: list[AttackReply]) -> None:
    verdicts = list(spoken(stage, ASKED))
    assert len(verdicts) > len(QUESTIONS)
    assert set().union(*(found(content) for content in verdicts)) == set()
    words: list[CityWord] = stage.league.published()  # type: ignore[type-arg]
    assert found(repr(words).encode()) == set()


def test_no_page_of_the_log_and_no_opening_has_a_marked_value(
    stage: AttackedLeague, replies: list[AttackReply]
) -> None:
    pages = list(log_pages(stage))
    assert len(pages) > len(replies)  # openings among them
    assert set().union(*map(found, pages)) == set()


def test_no_line_of_the_operators_log_has_a_marked_value(stage: AttackedLeague, replies: list[AttackReply]) -> None:
    log = stage.operator_log.read_bytes()
    assert b" INFO query " in log
    assert found(log) == set()


def test_nothing_that_the_node_serves_from_has_a_marked_value(
    stage: AttackedLeague, replies: list[AttackReply]
) -> None:
    """The published file, the store with its write-ahead log, and whatever else an ingest leaves.

    The profile of the data counts rows by value, for the operator, who has the source: nobody else may read the file.
    """
    home = node_home(stage.directory, CITY)
    files = [path for path in home.rglob("*") if path.is_file() and path.parent != home / "source"]
    profiles = [path for path in files if path.name.endswith(".profile.json")]
    assert [path.stat().st_mode & 0o077 for path in profiles] == [0]
    kept = [path for path in files if path not in profiles]
    assert {path.suffix for path in kept} >= {".duckdb", ".sqlite"}
    assert {path.name: found(path.read_bytes()) for path in kept if found(path.read_bytes())} == {}
    assert found((home / "source" / f"{CONTRACT}.csv").read_bytes())


@pytest.mark.parametrize(
    "removals", [MASKED_BUFFERS, (served_by(AnswersFromRows(rule=LeftToTheMerge())),)], ids=["masked", "unprotected"]
)
def test_the_search_finds_what_a_strawman_leaves(removals: tuple[object, ...], tmp_path: Path) -> None:
    with staged(marked(QUICK), removals) as weak:  # type: ignore[arg-type]
        reply = Attacker(weak.league).ask(QUESTIONS[0])
    assert set().union(*(found(unpacked(release.partial_ipc)) for release in reply.releases())) == set(marks())


@pytest.mark.parametrize("written", [b"%d", b"{}"])
def test_a_number_is_found_however_it_is_written(written: bytes) -> None:
    number = 123_456_789_012_345
    for content in (
        b"x=123456789012345",
        b"123,456,789,012,345",
        number.to_bytes(16, "little"),
        number.to_bytes(8, "big"),
    ):
        assert list(traces(content, [number])) == [number]
    assert list(traces(written, [number])) == []
