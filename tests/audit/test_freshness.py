"""How old a log is stands first, and too old ends a command with a code of its own."""

from __future__ import annotations

import json
import re
import time
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa_audit.entries.times import age_text, seconds_of
from hansa_core.errors import ConfigError
from hansa_log_entries import NOON
from hansa_published_log import PublishedLog, published_log


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> PublishedLog:
    """A log whose newest entry and cosignatures are of January 2026."""
    log = published_log(tmp_path_factory.mktemp("old")).ask(20)
    assert fetched(log).exit_code == 0
    return log


@pytest.fixture(scope="module")
def fresh(tmp_path_factory: pytest.TempPathFactory) -> PublishedLog:
    """A log that ends 3 hours and 20 minutes before now; its entries are a minute apart."""
    log = published_log(tmp_path_factory.mktemp("fresh"))
    log.leaves.clear()
    log.time_unix_s = int(time.time()) - 3 * 3600 - 20 * 60 - 28 * 60
    log.begin().ask(20)
    assert fetched(log).exit_code == 0
    return log


def fetched(log: PublishedLog) -> Result:
    served = log.write(log.league / "served")
    return hansa("fetch", served, log.league / "log", "--profile", log.profile)


def hansa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def command(name: str, log: PublishedLog) -> tuple[str | Path, ...]:
    more = ("--html", log.league / "page.html") if name == "report" else ()
    return (name, log.league / "log", *more)


@pytest.mark.parametrize("name", ["verify", "join", "report"])
def test_a_log_that_nobody_saw_for_long_is_stale_where_an_age_is_demanded(log: PublishedLog, name: str) -> None:
    stale = hansa(*command(name, log), "--max-age", "7d")
    assert stale.exit_code == 6
    assert "stale" in stale.output.lower()
    assert hansa(*command(name, log)).exit_code == 0


@pytest.mark.parametrize("name", ["verify", "join", "report"])
def test_a_log_within_the_demanded_age_is_not_stale(fresh: PublishedLog, name: str) -> None:
    assert hansa(*command(name, fresh), "--max-age", "5h").exit_code == 0
    assert hansa(*command(name, fresh), "--max-age", "2h").exit_code == 6


def test_the_age_is_the_first_line(fresh: PublishedLog) -> None:
    first, second, *_ = hansa("verify", fresh.league / "log").output.splitlines()
    assert first.startswith("As of 20")
    assert "UTC, 3 hours ago, when a quorum of witnesses knew nothing newer" in first
    assert second == "Everything holds."
    assert "3 hours ago" in hansa("join", fresh.league / "log").stderr.splitlines()[0]


def test_the_page_says_the_age_before_the_verdict(log: PublishedLog) -> None:
    html = log.league / "page.html"
    hansa("report", log.league / "log", "--html", html)
    text = html.read_text()
    assert text.index("is as of 1 Jan 2026") < text.index("The log holds")
    assert re.search(r"It was fetched at \d+ \w+ 20\d\d", text)
    hansa("report", log.league / "log", "--html", html, "--max-age", "7d")
    assert html.read_text().index("This copy is stale") < html.read_text().index("The log holds")


def test_a_program_reads_the_same(log: PublishedLog) -> None:
    said: dict[str, Any] = json.loads(hansa("verify", log.league / "log", "--json", "--max-age", "7d").stdout)
    assert (said["holds"], said["stale"]) == (True, True)
    assert said["as_of_unix_s"] == said["seen_by_quorum_at_unix_s"] == said["newest_entry_at_unix_s"]
    assert said["as_of_unix_s"] == NOON + 60 * len(log.leaves)
    assert said["age_s"] > 7 * 86_400
    assert said["read_at"].startswith("20")
    assert json.loads(hansa("verify", log.league / "log", "--json").stdout)["stale"] is None


def test_what_does_not_hold_goes_before_what_is_stale(log: PublishedLog, tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(log.note(5).replace(b"\n5\n", b"\n6\n"))
    assert hansa("verify", log.league / "log", "--max-age", "7d", "--since", tmp_path / "saved").exit_code == 5


def test_a_changed_time_of_reading_is_no_time(log: PublishedLog) -> None:
    note = log.league / "log/fetched.json"
    content = note.read_bytes()
    note.write_bytes(content.replace(b'"read_at":"20', b'"read_at":"19'))
    try:
        result = hansa("verify", log.league / "log")
        assert (result.exit_code, "fetched.json [unchecked]" in result.output) == (5, True)
        note.unlink()
        without = hansa("verify", log.league / "log")
        assert (without.exit_code, "Read: not known when" in without.output) == (0, True)
    finally:
        note.write_bytes(content)


def test_lengths_of_time_are_read_and_told() -> None:
    assert [seconds_of(text) for text in ("30m", "12h", "7d")] == [1800, 43_200, 604_800]
    assert [age_text(age_s) for age_s in (59, 60, 7200, 86_400, 100_000_000)] == [
        "less than a minute",
        "1 minute",
        "2 hours",
        "1 day",
        "3 years",
    ]
    with pytest.raises(ConfigError, match="write 30m, 12h or 7d"):
        seconds_of("soon")
