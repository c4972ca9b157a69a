"""A daemon says in time what is going to expire, each thing once a step, and who has to replace it."""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hansa_local.expiry import Expiring, ExpiryWatch, certificate_of_service, expiry_of, of_roster, warn_of_expiry
from hansa_new_league import CITIES, new_league
from hansa_test_tls import TestAuthority

END = datetime(2027, 1, 31, 12)
ROSTER = Expiring(what="the roster", expires=END, remedy="the governors sign a new one")


def told(watch: ExpiryWatch, *days_before: float) -> list[list[int]]:
    return [[step for _, step in watch.due([ROSTER], END - timedelta(days=days))] for days in days_before]


def test_each_step_is_told_once() -> None:
    days = (40, 30, 29, 15, 14, 13, 7, 1.5, 1, 0.5, 0, -1)
    assert told(ExpiryWatch(), *days) == [[], [30], [], [], [14], [], [7], [], [1], [], [0], []]


def test_a_start_close_to_the_end_tells_only_how_close_it_is() -> None:
    assert told(ExpiryWatch(), 5, 5, 0.2) == [[7], [], [1]]
    assert told(ExpiryWatch(), -3, -4) == [[0], []]


def test_all_that_a_league_rests_on_is_watched(tmp_path: Path) -> None:
    directory, roster = new_league(tmp_path)
    watched = of_roster(roster)
    assert [each.what for each in watched] == [
        "the roster of hanse, version 1",
        *(f"the CA certificate of {city}" for city in (*CITIES, "coordinator")),
    ]
    own = certificate_of_service((directory / "coordinator" / "tls.pem").read_bytes(), service="coordinator")
    assert {each.expires for each in (own, *watched)} == {roster.expires}
    assert all(each.remedy for each in (own, *watched))


def test_of_several_certificates_the_first_to_expire_counts() -> None:
    authority = TestAuthority("luebeck")
    soon, late = (authority.issue("node", valid_for=timedelta(days=days)).cert_pem for days in (3, 90))
    assert expiry_of(late + soon) == expiry_of(soon) < expiry_of(late)


def test_what_is_due_is_logged_with_its_remedy(caplog: pytest.LogCaptureFixture) -> None:
    async def look(now: datetime) -> None:
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.05):
                await warn_of_expiry(lambda: [ROSTER], lambda: now)

    caplog.set_level(logging.INFO)
    asyncio.run(look(END - timedelta(days=10)))
    asyncio.run(look(END))
    soon, over = (record.__dict__ for record in caplog.records)
    assert (soon["levelname"], soon["message"], soon["within_days"]) == ("WARNING", "expires soon", 14)
    assert (over["levelname"], over["message"], over["remedy"]) == ("ERROR", "has expired", ROSTER.remedy)
