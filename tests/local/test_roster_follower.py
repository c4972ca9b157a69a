"""A roster file followed while a process runs: what is taken from it, what is refused, and how often that is told."""

from __future__ import annotations

import logging
import os
import resource
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


def test_a_file_that_cannot_be_read_at_this_moment_is_read_later_though_it_has_not_changed(
    followed: Followed, caplog: pytest.LogCaptureFixture
) -> None:
    """This process has no file descriptor left for a while."""
    followed.write(version=6)
    limit = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (0, limit[1]))
    try:
        assert [followed.follower.look() for _ in range(3)] == [None] * 3
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, limit)
    newer = followed.follower.look()
    assert newer is not None
    assert newer.version == 6
    assert len(told(caplog, REFUSED)) == 1


def test_a_file_rewritten_in_place_with_its_old_time_and_size_is_seen(followed: Followed) -> None:
    assert followed.follower.look() is None
    before = followed.path.stat()
    while followed.path.stat().st_ctime_ns == before.st_ctime_ns:  # the clock of the file system ticks in milliseconds
        followed.path.write_bytes(envelope_to_json(followed.league.signed(version=6)))
        os.utime(followed.path, ns=(before.st_atime_ns, before.st_mtime_ns))
    after = followed.path.stat()
    assert (after.st_size, after.st_ino, after.st_mtime_ns) == (before.st_size, before.st_ino, before.st_mtime_ns)
    assert followed.follower.look() is not None


def test_the_file_behind_a_link_is_followed_wherever_the_link_leads(followed: Followed) -> None:
    """As an orchestrator swaps mounted files: the link is renamed into place, and no file changes."""
    folders = [followed.path.parent / name for name in ("..5", "..6")]
    for folder, version in zip(folders, (5, 6), strict=True):
        folder.mkdir()
        (folder / "roster.json").write_bytes(envelope_to_json(followed.league.signed(version=version)))
    for folder in folders:
        link = followed.path.with_suffix(".link")
        link.symlink_to(folder / "roster.json")
        os.replace(link, followed.path)
        newer = followed.follower.look()
    assert newer is not None
    assert newer.version == 6


def test_a_follower_is_settled_only_when_the_file_has_been_read_and_its_roster_taken(followed: Followed) -> None:
    assert not followed.follower.is_settled()
    followed.follower.look()
    assert followed.follower.is_settled()
    followed.write(version=6)
    assert not followed.follower.is_settled()
    newer = followed.follower.look()
    assert newer is not None
    assert not followed.follower.is_settled()
    followed.follower.accept(newer)
    assert followed.follower.is_settled()
    followed.path.unlink()
    assert not followed.follower.is_settled()
