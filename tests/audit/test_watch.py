"""A standing watch: what it makes of a city that is down, set back, forked or damaged, and whom it tells."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa.errors import UnreachableError
from hansa_audit.fetching.log_source import FolderSource, LogSource, NotAllowedError
from hansa_audit.fetching.places import Wanted, wanted_log
from hansa_audit.watching import watch_round
from hansa_audit.watching.bounded_source import BoundedSource, size_of
from hansa_audit.watching.watch_round import WatchRound
from hansa_audit.watching.watched_log import WatchedLog
from hansa_core.errors import PeerError
from hansa_core.evidence.log_entries import PeerHead
from hansa_core.league.roster import Roster
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_local.profile import AuditorProfile
from hansa_log_cities import LogCity, log_cities, until
from hansa_published_log import PublishedLog, published_log

FIRST, SECOND, THIRD = "luebeck", "bremen", "hamburg"


def watch(folder: Path, profile: Path, *more: str | Path) -> Result:
    arguments = ["audit", "watch", *map(str, more), "--dir", str(folder), "--profile", str(profile)]
    return CliRunner().invoke(app, arguments, catch_exceptions=False)


def history(folder: Path) -> list[tuple[str, str]]:
    lines = map(json.loads, (folder / "history.jsonl").read_text().splitlines())
    return [(line["city"], line["state"]) for line in lines]


def program(folder: Path) -> tuple[Path, Path]:
    """A program that notes what it is told, and where it does."""
    told = folder / "told"
    path = folder / "tell"
    path.write_text(f'#!/bin/sh\necho "$1 $2 $(cat)" >> {told}\n')
    path.chmod(0o700)
    return path, told


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, PublishedLog]:
    """Logs that lie in folders `<city>-log`, each of which stands for its city's service."""
    first = published_log(tmp_path).ask(40)

    def in_folders(city: str, profile: AuditorProfile, roster: Roster) -> Any:
        return wanted_log(str(tmp_path / f"{city}-log"), profile, roster)

    monkeypatch.setattr(watch_round, "wanted_log", in_folders)
    logs = {FIRST: first, SECOND: PublishedLog(first.league, first.roster, SECOND).begin().ask(40)}
    for city, log in logs.items():
        log.write(tmp_path / f"{city}-log")
    return logs


def test_an_outage_is_told_apart_from_a_fork_and_its_end_is_told_too(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)
    profile = cities[SECOND].league / "auditors" / SECOND / "profile.toml"
    tell, told = program(tmp_path)
    codes: list[int] = []

    async def once() -> None:
        result = await asyncio.to_thread(in_a_process, tmp_path / "watched", profile, FIRST, "--alert", tell)
        codes.append(result.returncode)

    async def scene() -> None:
        async with AsyncExitStack() as others:
            for name in (SECOND, THIRD):
                await others.enter_async_context(cities[name].running())
            for _ in range(2):
                async with cities[FIRST].running() as (_, store):
                    await until(lambda store=store: is_covered(store))  # type: ignore[misc]
                    await once()
                if len(codes) == 1:
                    await once()

    asyncio.run(scene())
    assert codes == [0, 4, 0]
    assert [line.split(" {")[0] for line in told.read_text().splitlines()] == [f"outage {FIRST}", f"sound {FIRST}"]
    assert {state for _, state in history(tmp_path / "watched")} == {"sound", "outage"}


def is_covered(store: Any) -> bool:
    witnessed = store.log.witnessed()
    return witnessed is not None and witnessed[0] == store.log.size > 0


def in_a_process(folder: Path, profile: Path, *more: str | Path) -> subprocess.CompletedProcess[str]:
    arguments = [sys.executable, "-m", "hansa", "audit", "watch", *map(str, more)]
    arguments += ["--dir", str(folder), "--profile", str(profile)]
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def test_a_second_history_is_a_fork_in_this_round_and_in_every_later_one(
    logs: dict[str, PublishedLog], tmp_path: Path
) -> None:
    log, folder = logs[FIRST], tmp_path / "watched"
    assert watch(folder, log.profile, FIRST).exit_code == 0
    replace(log, leaves=[*log.leaves[:20], *log.leaves[21:]]).ask(50).write(tmp_path / f"{FIRST}-log")
    tell, told = program(tmp_path)
    for _ in range(2):
        result = watch(folder, log.profile, FIRST, "--alert", tell)
        assert (result.exit_code, f"{FIRST}: fork:" in result.stdout) == (5, True)
    assert len(told.read_text().splitlines()) == 1


def test_a_head_that_another_city_says_it_cosigned_and_the_log_excludes_is_a_doubt_and_no_proof(
    logs: dict[str, PublishedLog], tmp_path: Path
) -> None:
    """A city that shows the auditor one history, and a witness another; or a witness that lies to accuse it."""
    log, other = logs[FIRST], logs[SECOND]
    true = root_of_leaves([leaf_hash(leaf) for leaf in log.leaves[:30]]).hex()
    other.append(PeerHead(origin=log.member.log_origin, size=30, root=true)).write(tmp_path / f"{SECOND}-log")
    assert watch(tmp_path / "watched", log.profile, FIRST, SECOND).exit_code == 0
    other.append(PeerHead(origin=log.member.log_origin, size=31, root="00" * 32)).write(tmp_path / f"{SECOND}-log")
    result = watch(tmp_path / "watched", log.profile, FIRST, SECOND)
    assert result.exit_code == 5
    assert f"{FIRST}: unsound: {SECOND} cosigned another root at 31 entries (entry 49 of its log)" in result.stdout
    assert f"{SECOND}: sound" in result.stdout


def in_place() -> Callable[[str, AuditorProfile, Roster], Wanted]:
    """What the round takes its sources from now."""
    found: Callable[[str, AuditorProfile, Roster], Wanted] = vars(watch_round)["wanted_log"]
    return found


class Hostile:
    """A mirror that answers whatever it is asked for so."""

    name, is_mirror, is_live = "a hostile mirror", True, False

    def __init__(self, answer: bytes | Exception) -> None:
        self.answer = answer

    def get(self, path: str, limit: int) -> bytes:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


HOSTILE = (NotAllowedError("403 go away"), b"garbage", PeerError("has more than 65536 bytes"))


@pytest.mark.parametrize("answer", HOSTILE)
def test_a_hostile_mirror_of_one_city_stops_no_watch_and_accuses_nobody(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: bytes | Exception
) -> None:
    at_folders = in_place()

    def with_mirror(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        wanted = at_folders(city, profile, roster)
        mirrors: tuple[LogSource, ...] = (Hostile(answer),)
        if city != FIRST:
            return replace(wanted, mirrors=mirrors)
        assert wanted.own is not None
        honest = FolderSource(Path(wanted.own.name), is_mirror=True)
        return replace(wanted, own=None, mirrors=(*mirrors, *(honest,) * has_honest))

    monkeypatch.setattr(watch_round, "wanted_log", with_mirror)
    for has_honest, code, state in ((True, 0, "sound"), (False, 4, "outage")):
        result = watch(tmp_path / f"watched-{has_honest}", logs[FIRST].profile, FIRST, SECOND)
        assert (result.exit_code, f"{FIRST}: {state}:" in result.stdout) == (code, True)
        assert f"{SECOND}: sound" in result.stdout


def test_a_mirror_proves_a_fork_of_a_city_that_does_not_answer(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_folders, log = in_place(), logs[FIRST]

    def at_mirror(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        wanted = at_folders(city, profile, roster)
        assert wanted.own is not None
        return replace(wanted, own=None, mirrors=(FolderSource(Path(wanted.own.name), is_mirror=True),))

    monkeypatch.setattr(watch_round, "wanted_log", at_mirror)
    assert watch(tmp_path / "watched", log.profile, FIRST).exit_code == 0
    replace(log, leaves=[*log.leaves[:20], *log.leaves[21:]]).ask(50).write(tmp_path / f"{FIRST}-log")
    result = watch(tmp_path / "watched", log.profile, FIRST)
    assert (result.exit_code, f"{FIRST}: fork:" in result.stdout) == (5, True)


@pytest.mark.parametrize("more", [0, 50])
def test_a_mirror_proves_a_fork_of_a_city_that_shows_the_auditor_another_history(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, more: int
) -> None:
    """Whether the history that the others hold has as many entries or more."""
    at_folders, log = in_place(), logs[FIRST]
    elsewhere = tmp_path / "at-a-mirror"
    replace(log, leaves=[*log.leaves[:20], *log.leaves[21:]]).ask(more).write(elsewhere)

    def mirrored(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        return replace(at_folders(city, profile, roster), mirrors=(FolderSource(elsewhere, is_mirror=True),))

    monkeypatch.setattr(watch_round, "wanted_log", mirrored)
    for said in ("has a signed root at", "it forked"):  # by the mirror, and then by what was kept of it
        result = watch(tmp_path / "watched", log.profile, FIRST)
        assert (result.exit_code, f"{FIRST}: fork:" in result.stdout) == (5, True)
        assert said in result.stdout
    monkeypatch.setattr(watch_round, "wanted_log", at_folders)
    assert watch(tmp_path / "watched", log.profile, FIRST).exit_code == 5


def test_a_mirror_that_is_ahead_of_the_city_with_the_same_history_is_no_fork(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_folders, log = in_place(), logs[FIRST]
    ahead, broken = tmp_path / "ahead", tmp_path / "broken"
    for folder in (ahead, broken):
        replace(log, leaves=list(log.leaves)).ask(400).write(folder)
    for tile in (broken / "tile/0").iterdir():
        if tile.is_file():
            tile.write_bytes(bytes(len(tile.read_bytes())))

    def mirrored(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        sources = tuple(FolderSource(folder, is_mirror=True) for folder in (broken, ahead))
        return replace(at_folders(city, profile, roster), mirrors=sources)

    monkeypatch.setattr(watch_round, "wanted_log", mirrored)
    result = watch(tmp_path / "watched", log.profile, FIRST)
    assert (result.exit_code, f"{FIRST}: sound:" in result.stdout) == (0, True), result.stdout


def test_a_log_that_fills_its_room_ends_no_watch_of_the_others(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    at_folders, log = in_place(), logs[FIRST]

    def mirrored(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        wanted = at_folders(city, profile, roster)
        assert wanted.own is not None
        return replace(wanted, mirrors=(FolderSource(Path(wanted.own.name), is_mirror=True),))

    monkeypatch.setattr(watch_round, "wanted_log", mirrored)
    assert watch(tmp_path / "watched", log.profile, FIRST, SECOND).exit_code == 0
    room = size_of(tmp_path / "watched" / FIRST)
    logs[FIRST].ask(500).write(tmp_path / f"{FIRST}-log")
    result = watch(tmp_path / "watched", log.profile, FIRST, SECOND, "--max-bytes", str(room))
    assert (result.exit_code, f"{FIRST}: blocked:" in result.stdout) == (2, True), result.stdout
    assert f"{SECOND}: " in result.stdout


def test_a_city_that_drips_is_given_up_and_holds_no_other_one_up(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fetched: dict[str, threading.Event] = {FIRST: threading.Event(), SECOND: threading.Event()}
    at_folders, seconds = in_place(), iter(range(0, 10**9, 100))

    class Dripping(FolderSource):
        def get(self, path: str, limit: int) -> bytes:
            assert fetched[SECOND].wait(60)  # it comes while this city's pages do not
            return FolderSource.get(self, path, limit)

    def slow_first(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        wanted = at_folders(city, profile, roster)
        assert wanted.own is not None
        if city != FIRST:
            return wanted
        return replace(wanted, own=BoundedSource(Dripping(Path(wanted.own.name)), lambda: float(next(seconds))))

    def told(self: WatchRound, city: str, unread: WatchedLog | None, now: datetime) -> WatchedLog:
        state = verified(self, city, unread, now)
        fetched[city].set()
        return state

    verified = WatchRound._verified
    monkeypatch.setattr(WatchRound, "_verified", told)
    monkeypatch.setattr(watch_round, "wanted_log", slow_first)
    monkeypatch.setattr("hansa_audit.watching.bounded_source.MOST_S", 150.0)  # one page is as if it took 100 s
    result = watch(tmp_path / "watched", logs[FIRST].profile, FIRST, SECOND)
    assert (result.exit_code, f"{FIRST}: outage:" in result.stdout) == (4, True)
    assert "take longer than 150 s together" in result.stdout
    assert f"{SECOND}: sound" in result.stdout


def test_a_folder_that_lost_its_keys_ends_no_watch(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, at_folders = tmp_path / "watched", in_place()
    watch(folder, logs[FIRST].profile, FIRST)
    for name in ("policy.txt", "vkeys.txt", "roster.json"):
        (folder / FIRST / name).unlink()

    def away(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        wanted = at_folders(city, profile, roster)
        return wanted if city != FIRST else replace(wanted, own=Hostile(UnreachableError("away")))

    monkeypatch.setattr(watch_round, "wanted_log", away)
    result = watch(folder, logs[FIRST].profile, FIRST, SECOND)
    assert (result.exit_code, f"{FIRST}: unsound:" in result.stdout) == (5, True)
    assert f"{SECOND}: sound" in result.stdout


def test_a_city_that_does_not_admit_the_auditor_is_in_no_outage(
    logs: dict[str, PublishedLog], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, at_folders = tmp_path / "watched", in_place()
    closed = NotAllowedError("this is for members of the league")

    def shut(city: str, profile: AuditorProfile, roster: Roster) -> Wanted:
        return replace(at_folders(city, profile, roster), own=Hostile(closed))

    monkeypatch.setattr(watch_round, "wanted_log", shut)
    before = watch(folder, logs[FIRST].profile, FIRST)
    monkeypatch.setattr(watch_round, "wanted_log", at_folders)
    assert watch(folder, logs[FIRST].profile, FIRST).exit_code == 0
    monkeypatch.setattr(watch_round, "wanted_log", shut)
    for result in (before, watch(folder, logs[FIRST].profile, FIRST)):
        assert (result.exit_code, f"{FIRST}: not allowed: this is for members" in result.stdout) == (2, True)


@pytest.mark.parametrize(
    ("limit", "said"), [("--max-entries", "--max-entries allows 40; raise it"), ("--max-bytes", "than --max-bytes")]
)
def test_a_log_beyond_the_auditors_limits_fills_no_disk_and_stops_no_watch(
    logs: dict[str, PublishedLog], tmp_path: Path, limit: str, said: str
) -> None:
    folder = tmp_path / "watched"
    logs[FIRST].ask(600).write(tmp_path / f"{FIRST}-log")
    most = {"--max-entries": 40, "--max-bytes": 200_000}[limit]
    result = watch(folder, logs[FIRST].profile, FIRST, SECOND, limit, str(most if limit == "--max-bytes" else 40))
    assert result.exit_code == 2
    assert f"{FIRST}: blocked:" in result.stdout
    assert said in result.stdout
    assert size_of(folder / FIRST) < 200_000
    if limit == "--max-bytes":
        assert f"{SECOND}: sound" in result.stdout


def test_entries_that_a_city_withholds_are_missed(logs: dict[str, PublishedLog], tmp_path: Path) -> None:
    log, other = logs[FIRST], logs[SECOND]
    hidden = root_of_leaves([leaf_hash(leaf) for leaf in log.leaves]).hex()
    other.append(PeerHead(origin=log.member.log_origin, size=len(log.leaves), root=hidden))
    other.write(tmp_path / f"{SECOND}-log")
    log.time_unix_s += 3600  # its witnesses saw the smaller one as the newest after that
    log.write(tmp_path / f"{FIRST}-log", 40)
    result = watch(tmp_path / "watched", log.profile, FIRST, SECOND)
    assert (result.exit_code, f"{FIRST}: unsound: {SECOND} had cosigned 48 entries" in result.stdout) == (5, True)


def test_a_witness_whose_clock_is_late_makes_nobody_withhold_entries(
    logs: dict[str, PublishedLog], tmp_path: Path
) -> None:
    """It cosigned what came after this fetch, and dates it before: ten minutes are a clock's, and no proof."""
    log, other = logs[FIRST], logs[SECOND]
    log.time_unix_s = other.time_unix_s + 600
    log.write(tmp_path / f"{FIRST}-log", 40)
    later = root_of_leaves([leaf_hash(leaf) for leaf in log.leaves]).hex()
    other.append(PeerHead(origin=log.member.log_origin, size=len(log.leaves), root=later))
    other.write(tmp_path / f"{SECOND}-log")
    result = watch(tmp_path / "watched", log.profile, FIRST, SECOND)
    assert (result.exit_code, f"{FIRST}: sound" in result.stdout) == (0, True), result.stdout


def test_a_file_that_changed_on_the_auditors_disk_is_unsound_and_no_fork(
    logs: dict[str, PublishedLog], tmp_path: Path
) -> None:
    log, folder = logs[FIRST], tmp_path / "watched"
    watch(folder, log.profile, FIRST)
    checkpoint = folder / FIRST / "checkpoint"
    checkpoint.write_bytes(checkpoint.read_bytes().replace(b"\n48\n", b"\n49\n"))
    result = watch(folder, log.profile, FIRST, SECOND)
    assert (result.exit_code, f"{FIRST}: unsound: checkpoint" in result.stdout) == (5, True)
    assert f"{SECOND}: sound" in result.stdout


def test_a_log_that_nobody_confirmed_lately_is_stale(logs: dict[str, PublishedLog], tmp_path: Path) -> None:
    result = watch(tmp_path / "watched", logs[FIRST].profile, FIRST, "--max-age", "7d")
    assert (result.exit_code, f"{FIRST}: stale:" in result.stdout) == (6, True)


def test_an_alert_that_did_not_arrive_is_told_again(logs: dict[str, PublishedLog], tmp_path: Path) -> None:
    profile, folder = logs[FIRST].profile, tmp_path / "watched"
    with hook(500) as (url, told):
        result = watch(folder, profile, FIRST, "--max-age", "7d", "--alert", url)
        assert "told again next time" in result.stderr
        assert told
    with hook(204) as (url, told):
        for _ in range(2):
            watch(folder, profile, FIRST, "--max-age", "7d", "--alert", url)
        [alert] = told
    assert (alert["league"], alert["city"], alert["before"], alert["state"]) == ("hanse", FIRST, "sound", "stale")


@contextmanager
def hook(status: int) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A web server that answers each alert with this status, and what it was told."""
    told: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            told.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(status)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *arguments: Any) -> None:
            pass

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--alert", "no-such-program"), "neither a URL"),
        (("--every", "often"), "often is no length of time"),
        (("atlantis",), "atlantis"),
    ],
)
def test_what_cannot_be_watched_is_refused(tmp_path: Path, more: tuple[str, ...], said: str) -> None:
    log = published_log(tmp_path)
    result = watch(tmp_path / "watched", log.profile, *more)
    assert (result.exit_code, said in result.stderr) == (2, True)


def test_a_status_that_was_changed_is_named(logs: dict[str, PublishedLog], tmp_path: Path) -> None:
    watch(tmp_path / "watched", logs[FIRST].profile, FIRST)
    (tmp_path / "watched/status.json").write_text('{"at":"now","cities":[{}],"alerted":{}}')
    result = watch(tmp_path / "watched", logs[FIRST].profile, FIRST)
    assert (result.exit_code, "status.json: is not what a watch writes" in result.stderr) == (2, True)


def test_a_standing_watch_ends_whole_when_it_is_stopped_and_none_runs_beside_it(tmp_path: Path) -> None:
    cities: dict[str, LogCity] = log_cities(tmp_path)
    profile, folder = cities[FIRST].league / "auditors" / FIRST / "profile.toml", tmp_path / "watched"
    arguments = [sys.executable, "-m", "hansa", "audit", "watch", FIRST, "--every", "1h"]
    arguments += ["--dir", str(folder), "--profile", str(profile)]
    environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
    with subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True, env=environment) as process:
        try:
            assert process.stdout is not None
            assert f"{FIRST}: outage:" in process.stdout.readline()
            beside = watch(folder, profile, FIRST)
            assert (beside.exit_code, "another watch uses it" in beside.stderr) == (2, True)
        finally:
            process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 4
