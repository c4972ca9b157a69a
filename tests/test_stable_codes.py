"""Every code that a person or a program may branch on is produced in a test, and every exit code is ended with.

A test that is marked `produces` fails unless a place of the source gave the code while it ran (`conftest.py`). So a
code that nobody can produce any more fails here or there.
"""

from __future__ import annotations

import re

import pytest

from hansa.answering.coverage import ExitCode
from hansa.errors import TrustError
from hansa_core.errors import RefusedError
from hansa_stable_codes import ROOT, births, marked_codes, places
from hansa_wire.codec.messages import too_deep
from hansa_wire.rpc import status

CODES = sorted(places())


@pytest.fixture(scope="module")
def marked() -> frozenset[str]:
    return marked_codes()


def test_codes_are_found_where_they_are_made_and_where_they_are_handed_on() -> None:
    direct, handed_on, by_name = "replay", "cannot_split", "unpinned_peer"
    assert {direct, handed_on, by_name, "receipt_missing", "circuit_open", "too_deep"} <= set(CODES)
    assert len(CODES) > 60


@pytest.mark.parametrize("code", CODES)
def test_each_code_is_produced_in_a_test(code: str, marked: frozenset[str]) -> None:
    assert code in marked


def test_no_test_says_that_it_produces_what_the_source_gives_nowhere(marked: frozenset[str]) -> None:
    assert marked <= set(CODES)


def test_a_code_counts_only_where_a_place_of_the_source_gives_it() -> None:
    with births() as born:
        RefusedError("too_deep", "from a test", "")
        TrustError("receipt_missing", "from a test")
        assert born == set()
        too_deep()
    too_deep()
    assert born == {"too_deep"}


@pytest.mark.parametrize("code", sorted(status.UNAUTHENTICATED_CODES | status.UNAVAILABLE_CODES))
def test_each_code_that_has_a_status_of_its_own_is_one_that_something_raises(code: str) -> None:
    assert code in CODES


@pytest.mark.parametrize("code", list(ExitCode))
def test_each_exit_code_is_one_that_a_command_ends_with_in_a_test(code: ExitCode) -> None:
    text = "".join(path.read_text() for path in (ROOT / "tests").rglob("test_*.py"))
    assert re.search(rf"exit_code(?:, [^)]*)?\)? == \(?{int(code)}\b|exit_code is ExitCode\.{code.name}\b", text)
