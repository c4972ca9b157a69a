"""A roster file followed while a process runs: what is taken from it, what is refused, and how often that is told."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hansa_core.signing.envelope_json import envelope_to_json
from hansa_local.roster_follower import RosterFollower
from hansa_local.trust_anchor import TrustAnchor
from hansa_trust_values import NOW, League, league_of

REFUSED, IN_FORCE = "roster refused", "roster in force"


class Followed:
    """A league's roster file, and what follows it."""

    def __init__(self, folder: Path) -> None:
        self.league: League = league_of("bremen", "luebeck")
        self.path = folder / "roster.json"
        self.write(version=5)
        keys = [key.hex() for key in self.league.roster.governance_keys]
        anchor = TrustAnchor.model_validate(
            {"roster": str(self.path), "governance_keys": keys, "governance_threshold": 2},
            context={"folder": folder},
        )
        self.follower = RosterFollower(anchor, replace(self.league.roster, version=5), lambda: NOW)

    def write(self, *, by: int | None = None, **changes: Any) -> None:
        """Replace the file as a publisher does: whole."""
        self.write_bytes(envelope_to_json(self.league.signed(by=by, **changes)))

    def write_bytes(self, content: bytes) -> None:
        new = self.path.with_suffix(".new")
        new.write_bytes(content)
        os.replace(new, self.path)


@pytest.fixture
def followed(tmp_path: Path) -> Followed:
    return Followed(tmp_path)


def told(caplog: pytest.LogCaptureFixture, event: str) -> list[logging.LogRecord]:
    return [record for record in caplog.records if record.getMessage() == event]


def test_a_newer_roster_is_offered_until_it_is_accepted(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    assert followed.follower.look() is None
    followed.write(version=7)
    newer = followed.follower.look()
    assert newer is not None
    assert newer.version == 7
    assert followed.follower.look() is newer
    followed.follower.accept(newer)
    assert followed.follower.look() is None
    (line,) = told(caplog, IN_FORCE)
    assert vars(line)["version"] == 7
    assert not told(caplog, REFUSED)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"version": 4}, "version 4, older than 5"),
        ({"version": 5, "purposes": ("other",)}, "another roster under the version in force, 5"),
        ({"version": 6, "league": "rhine"}, "roster of rhine"),
        ({"version": 6, "by": 1}, "cannot be trusted"),
        ({"version": 6, "expires": NOW}, "expired"),
    ],
)
def test_a_roster_that_may_not_follow_is_refused_and_told_once(
    followed: Followed, caplog: pytest.LogCaptureFixture, changes: dict[str, Any], reason: str
) -> None:
    followed.write(**changes)
    assert followed.follower.look() is None
    assert followed.follower.look() is None
    followed.write(**changes)  # the same again: another file, the same reason
    assert followed.follower.look() is None
    (line,) = told(caplog, REFUSED)
    assert reason in vars(line)["reason"]
    assert "newest roster" in vars(line)["remedy"]
    followed.write(version=6)
    assert followed.follower.look() is not None


def test_a_broken_file_takes_back_what_was_offered(followed: Followed, caplog: pytest.LogCaptureFixture) -> None:
    followed.write(version=6)
    assert followed.follower.look() is not None
    followed.write_bytes(b"{")
    assert followed.follower.look() is None
    assert len(told(caplog, REFUSED)) == 1


def test_a_missing_file_is_told_once_and_read_when_it_is_back(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    followed.path.unlink()
    assert followed.follower.look() is None
    assert followed.follower.look() is None
    assert len(told(caplog, REFUSED)) == 1
    followed.write(version=6)
    assert followed.follower.look() is not None
