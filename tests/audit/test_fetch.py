"""Bringing a log to disk: over HTTPS, from a mirror, from a folder; and never less than was there before."""

from __future__ import annotations

import asyncio
import gzip
import json
import shutil
import socketserver
import ssl
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import urllib3
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa.errors import TrustError, UnreachableError
from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import ContradictionError, Fetched, MirrorError, ShrunkError, fetch_log
from hansa_audit.fetching.fetch_opening import fetch_opening
from hansa_audit.fetching.in_flight import IN_FLIGHT, answered
from hansa_audit.fetching.log_source import FolderSource, HttpsSource, LogSource
from hansa_audit.fetching.places import Wanted, wanted_log
from hansa_audit.folder.findings import FileRule
from hansa_audit.folder.held_log import open_log
from hansa_audit.rules.history import rules_in_force
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.log_entries import KeyAdded, OpeningRead
from hansa_core.evidence.opening import Disclosure, encode_disclosure
from hansa_core.evidence.rule_entries import RosterAccepted
from hansa_core.league.roster import roster_hash, roster_payload
from hansa_core.league.witnesses import log_url
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_log_cities import PATIENCE_S, LogCity, log_cities, until
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.node_store import NodeStore
from hansa_process import assert_full_disk_is_told
from hansa_published_log import PublishedLog, published_log

FIRST, SECOND, THIRD = "luebeck", "bremen", "hamburg"
Running = dict[str, tuple[LogKeeper, NodeStore]]


@pytest.fixture
def log(tmp_path: Path) -> PublishedLog:
    return published_log(tmp_path).ask(600)


def hansa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def fetched(node: str | Path, folder: Path, profile: Path, **options: Any) -> Fetched:
    settings = load_auditor(profile)
    roster, document = roster_of(settings, utc_now())
    return fetch_log(wanted_log(str(node), settings, roster), folder, roster=roster, document=document, **options)


def contents(folder: Path) -> dict[str, bytes]:
    files = (
        path for path in folder.rglob("*") if path.is_file() and not {"contradicting", "fetched.json"} & set(path.parts)
    )
    return {str(path.relative_to(folder)): path.read_bytes() for path in files}


class Counting:
    """A source that remembers what it was asked for."""

    def __init__(
        self, source: LogSource, change: Callable[[str, bytes], bytes] = lambda path, content: content
    ) -> None:
        self.name, self.is_mirror, self.is_live = source.name, source.is_mirror, source.is_live
        self.asked: list[str] = []
        self._source, self._change = source, change

    def get(self, path: str, limit: int) -> bytes:
        self.asked.append(path)
        return self._change(path, self._source.get(path, limit))


def through(
    served: Path,
    folder: Path,
    log: PublishedLog,
    change: Callable[[str, bytes], bytes] = lambda path, content: content,
    *,
    is_mirror: bool = False,
    is_live: bool = False,
) -> Counting:
    """A fetch from `served`, changed on its way."""
    settings = load_auditor(log.profile)
    roster, document = roster_of(settings, utc_now())
    wanted = wanted_log(str(served), settings, roster)
    assert wanted.own is not None
    counting = Counting(wanted.own, change)
    counting.is_mirror, counting.is_live = is_mirror, is_live
    fetch_log(Wanted(member=wanted.member, own=counting), folder, roster=roster, document=document)
    return counting


def test_what_lies_there_is_not_fetched_again(log: PublishedLog, tmp_path: Path) -> None:
    through(log.write(tmp_path / "first", 550), tmp_path / "log", log)
    second = through(log.write(tmp_path / "second"), tmp_path / "log", log)
    assert "tile/0/002.p/96" in second.asked
    assert not {"tile/0/000", "tile/entries/000", "tile/entries/001"} & set(second.asked)
    assert verify_folder(tmp_path / "log").holds
    assert {name for name in contents(tmp_path / "log") if ".p/" in name} == {
        "tile/0/002.p/96",
        "tile/1/000.p/2",
        "tile/entries/002.p/96",
    }


def test_a_file_that_was_lost_comes_back(log: PublishedLog, tmp_path: Path) -> None:
    served = log.write(tmp_path / "served")
    fetched(served, tmp_path / "log", log.profile)
    before = contents(tmp_path / "log")
    (tmp_path / "log/tile/entries/001").unlink()
    fetched(served, tmp_path / "log", log.profile)
    assert contents(tmp_path / "log") == before


def test_a_full_disk_behind_standard_output_ends_a_fetch_without_a_traceback(log: PublishedLog, tmp_path: Path) -> None:
    served = log.write(tmp_path / "served")
    assert_full_disk_is_told("audit", "fetch", served, tmp_path / "log", "--profile", log.profile)
    assert verify_folder(tmp_path / "log").holds


@pytest.mark.parametrize("path", ["tile/0/000", "tile/0/002.p/96", "tile/1/000.p/2", "tile/entries/001", "checkpoint"])
def test_a_bit_changed_on_the_way_is_refused_and_nothing_is_believed(
    log: PublishedLog, tmp_path: Path, path: str
) -> None:
    def change(asked: str, content: bytes) -> bytes:
        return bytes([content[0] ^ 1]) + content[1:] if asked == path else content

    with pytest.raises(PeerError):
        through(log.write(tmp_path / "served"), tmp_path / "log", log, change)
    assert not (tmp_path / "log/checkpoint").exists()


def test_an_earlier_copy_of_the_same_log_is_no_contradiction(log: PublishedLog, tmp_path: Path) -> None:
    fetched(log.write(tmp_path / "new"), tmp_path / "log", log.profile)
    before = contents(tmp_path / "log")
    result = hansa("fetch", log.write(tmp_path / "old", 400), tmp_path / "log", "--profile", log.profile)
    assert result.exit_code == 0, result.output
    assert "608 entries, 0 new" in result.output
    assert "an earlier state of the same log" in result.output
    assert contents(tmp_path / "log") == before
    assert not (tmp_path / "log/contradicting").exists()
    assert verify_folder(tmp_path / "log").holds


def test_a_city_that_shows_less_than_before_is_refused_and_accused_of_nothing(
    log: PublishedLog, tmp_path: Path
) -> None:
    fetched(log.write(tmp_path / "new"), tmp_path / "log", log.profile)
    before = contents(tmp_path / "log")
    with pytest.raises(ShrunkError, match="alone proves nothing"):
        through(log.write(tmp_path / "old", 400), tmp_path / "log", log, is_live=True)
    assert contents(tmp_path / "log") == before
    assert verify_folder(tmp_path / "log").holds


def test_an_accusation_that_an_earlier_version_left_behind_is_withdrawn(log: PublishedLog, tmp_path: Path) -> None:
    fetched(log.write(tmp_path / "new", 500), tmp_path / "log", log.profile)
    (tmp_path / "log/contradicting").mkdir()
    wrong = tmp_path / "log/contradicting/00112233aabbccdd.checkpoint"
    wrong.write_bytes(log.note(400))
    forked = replace(log, leaves=[*log.leaves[:100], *log.leaves[101:]])
    right = tmp_path / "log/contradicting/ffeeddccbbaa9988.checkpoint"
    right.write_bytes(forked.note(400))
    [finding] = verify_folder(tmp_path / "log").findings
    assert (finding.file, finding.rule) == (f"contradicting/{right.name}", FileRule.CONSISTENCY)
    again = fetched(log.write(tmp_path / "newer"), tmp_path / "log", log.profile)
    assert any(wrong.name in note and "withdrawn" in note for note in again.notes)
    assert [path.name for path in (tmp_path / "log/contradicting").iterdir()] == [right.name]


def test_tiles_that_do_not_make_their_root_are_an_error_and_no_fork(log: PublishedLog, tmp_path: Path) -> None:
    """Whoever carries the pages can spoil them: only what the city signed speaks against the city."""
    fetched(log.write(tmp_path / "first", 550), tmp_path / "log", log.profile)

    def change(path: str, content: bytes) -> bytes:
        return bytes([content[0] ^ 1]) + content[1:] if path == "tile/0/002.p/96" else content

    with pytest.raises(PeerError, match="do not make the root") as raised:
        through(log.write(tmp_path / "second"), tmp_path / "log", log, change)
    assert not isinstance(raised.value, ContradictionError)
    assert not (tmp_path / "log/contradicting").exists()


def test_a_larger_fork_is_proven_without_the_tiles_that_showed_it(log: PublishedLog, tmp_path: Path) -> None:
    """What is kept proves by itself that the larger root excludes the folder's; forged, it proves nothing."""
    fetched(log.write(tmp_path / "ours"), tmp_path / "log", log.profile)
    forked = replace(log, leaves=[*log.leaves[:100], *log.leaves[101:]]).ask(50)
    with pytest.raises(ContradictionError, match="does not begin with"):
        fetched(forked.write(tmp_path / "theirs"), tmp_path / "log", log.profile)
    [proof] = (tmp_path / "log/contradicting").glob("*.json")
    [finding] = verify_folder(tmp_path / "log").findings
    assert (finding.rule, "608 entries" in finding.text) == (FileRule.CONSISTENCY, True)
    content = proof.read_bytes()
    proof.write_bytes(content.replace(json.loads(content)["root"].encode(), b"00" * 32))
    [finding] = verify_folder(tmp_path / "log").findings
    assert finding.rule is FileRule.SIGNATURE
    proof.unlink()
    [finding] = verify_folder(tmp_path / "log").findings
    assert finding.rule is FileRule.UNCHECKED


@pytest.mark.parametrize("size", [600, 608, 650])
def test_a_fork_is_refused_and_kept_as_evidence(log: PublishedLog, tmp_path: Path, size: int) -> None:
    fetched(log.write(tmp_path / "ours"), tmp_path / "log", log.profile)
    before = contents(tmp_path / "log")
    forked = replace(log, leaves=[*log.leaves[:100], *log.leaves[101:]]).ask(50)
    with pytest.raises(ContradictionError, match="forked"):
        fetched(forked.write(tmp_path / "theirs", size), tmp_path / "log", log.profile)
    assert contents(tmp_path / "log") == before
    assert len(list((tmp_path / "log/contradicting").glob("*.checkpoint"))) == 1
    assert [each.rule for each in verify_folder(tmp_path / "log").findings] == [FileRule.CONSISTENCY]


def test_another_citys_log_does_not_go_into_the_same_folder(log: PublishedLog, tmp_path: Path) -> None:
    fetched(log.write(tmp_path / "first"), tmp_path / "log", log.profile)
    other = PublishedLog(log.league, log.roster, SECOND).begin()
    with pytest.raises(ConfigError, match=r"holds the log node\.luebeck/log"):
        fetched(other.write(tmp_path / "second"), tmp_path / "log", log.profile)


def test_a_log_without_its_quorum_is_not_kept(log: PublishedLog, tmp_path: Path, monkeypatch: Any) -> None:
    monkeypatch.setattr("hansa_audit.fetching.fetch_log._COSIGNING_S", 0.0)
    served = log.write(tmp_path / "served")
    (served / "checkpoint").write_bytes(log.note(witnesses=1))
    with pytest.raises(PeerError, match="1 of 2 witnesses"):
        fetched(served, tmp_path / "log", log.profile)


def test_a_mirror_that_waits_for_cosignatures_speaks_neither_for_nor_against_the_city(
    log: PublishedLog, tmp_path: Path, monkeypatch: Any
) -> None:
    monkeypatch.setattr("hansa_audit.fetching.fetch_log._COSIGNING_S", 0.0)
    served = log.write(tmp_path / "served")
    (served / "checkpoint").write_bytes(log.note(witnesses=1))
    with pytest.raises(UnreachableError, match="1 of 2 witnesses"):
        through(served, tmp_path / "log", log, is_mirror=True)
    unsigned = b"".join(line for line in log.note(witnesses=1).splitlines(keepends=True) if b"/log " not in line)
    (served / "checkpoint").write_bytes(unsigned)
    with pytest.raises(PeerError):
        through(served, tmp_path / "log", log, is_mirror=True)
    assert not (tmp_path / "log/checkpoint").exists()


def test_a_log_that_could_fill_the_disk_is_not_begun(log: PublishedLog, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="--max-entries allows 100"):
        fetched(log.write(tmp_path / "served"), tmp_path / "log", log.profile, max_entries=100)


def test_a_folder_with_something_else_in_it_is_left_alone(log: PublishedLog, tmp_path: Path) -> None:
    (tmp_path / "log").mkdir()
    (tmp_path / "log/letter.txt").write_text("dear")
    with pytest.raises(ConfigError, match=r"holds letter\.txt"):
        fetched(log.write(tmp_path / "served"), tmp_path / "log", log.profile)


def test_an_address_that_no_city_has_is_refused(log: PublishedLog, tmp_path: Path) -> None:
    for url in ("https://127.0.0.1:1", "https://[", "https://elsewhere.example/x?y"):
        with pytest.raises(ConfigError):
            fetched(url, tmp_path / "log", log.profile)


async def grown(running: Running, city: LogCity) -> None:
    """40 more entries in the first city's log, cosigned and mirrored."""
    log = running[FIRST][1].log
    await until(lambda: log.size > 0)  # the genesis waits for a witness
    for _ in range(40):
        log.append(KeyAdded(role="answer", key=f"{log.size:064x}"), now=utc_now())
    await until(lambda: is_mirrored(running, city))


def is_mirrored(running: Running, city: LogCity) -> bool:
    log = running[FIRST][1].log
    mirrors = [running[name][1].peers.mirrored_cosigned(city.member.log_origin) for name in (SECOND, THIRD)]
    witnessed = log.witnessed()
    return {witnessed and witnessed[0], *(mirror and mirror[0] for mirror in mirrors)} == {log.size}


@asynccontextmanager
async def covered(cities: dict[str, LogCity]) -> AsyncIterator[Running]:
    """All cities running, the first one's log grown."""
    async with AsyncExitStack() as stack:
        running = {name: await stack.enter_async_context(city.running()) for name, city in cities.items()}
        await grown(running, cities[FIRST])
        yield running


def auditor(city: LogCity) -> Path:
    return city.league / "auditors" / city.name / "profile.toml"


def test_a_city_is_read_over_https_with_its_own_authority(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)

    async def scene() -> None:
        async with covered(cities) as running:
            for node in (FIRST, log_url(cities[FIRST].member)):
                got = await asyncio.to_thread(fetched, node, tmp_path / f"log{len(node)}", auditor(cities[SECOND]))
                assert got.size >= 40
                assert got.notes == ()
            await grown(running, cities[FIRST])
            again = await asyncio.to_thread(fetched, FIRST, tmp_path / f"log{len(FIRST)}", auditor(cities[SECOND]))
            assert again.size >= again.before + 40 >= 80

    asyncio.run(scene())
    assert verify_folder(tmp_path / f"log{len(FIRST)}").holds


def test_a_city_that_is_down_is_read_at_its_mirrors_and_the_auditor_is_told(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)

    async def scene() -> Fetched:
        async with AsyncExitStack() as stack:
            first = await stack.enter_async_context(AsyncExitStack())
            running = {FIRST: await first.enter_async_context(cities[FIRST].running())}
            for name in (SECOND, THIRD):
                running[name] = await stack.enter_async_context(cities[name].running())
            await grown(running, cities[FIRST])
            log = running[FIRST][1].log
            named = [each.hash for each in log.announced_rules.between(0, log.size)]
            await until(lambda: any(has_rules(running[name][1], cities[FIRST], named) for name in (SECOND, THIRD)))
            await first.aclose()
            return await asyncio.to_thread(fetched, FIRST, tmp_path / "log", auditor(cities[THIRD]))

    got = asyncio.run(scene())
    assert got.size > 40
    assert any("itself did not answer: its log was read at a mirror" in note for note in got.notes)
    verdict = verify_folder(tmp_path / "log")
    assert (verdict.holds, verdict.rules) == (True, len(rules_in_force(open_log(tmp_path / "log"))))
    assert verdict.rules > 0


def has_rules(store: NodeStore, city: LogCity, hashes: list[str]) -> bool:
    return all(store.peers.rules(city.member.log_origin, each) is not None for each in hashes)


def test_when_nobody_is_there_the_command_says_so(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)
    with pytest.raises(UnreachableError, match="luebeck at https"):
        fetched(FIRST, tmp_path / "log", auditor(cities[FIRST]))
    assert hansa("fetch", FIRST, tmp_path / "log", "--profile", auditor(cities[FIRST])).exit_code == 4


def test_a_stranger_behind_a_citys_address_is_not_heard(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)
    impostor = cities[SECOND].changed(port=cities[FIRST].member.log_port)

    async def scene() -> None:
        async with impostor.opened():
            with pytest.raises(UnreachableError, match="TLS"):
                await asyncio.to_thread(fetched, FIRST, tmp_path / "log", auditor(cities[FIRST]))

    asyncio.run(scene())


def test_an_opening_is_asked_for_and_its_reading_is_in_the_log(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)
    folder, profile = tmp_path / "log", auditor(cities[FIRST])

    async def scene() -> None:
        async with covered(cities):
            await asyncio.to_thread(fetched, FIRST, folder, profile)
            entries = list(open_log(folder).entries())
            index = next(index for index, entry in entries if entry.type == "policy.published")
            await asyncio.to_thread(opened, index)
            body: list[OpeningRead] = []
            async with asyncio.timeout(PATIENCE_S):
                while not body:  # what is shown of the log is what a quorum has cosigned
                    await asyncio.to_thread(fetched, FIRST, folder, profile)
                    read = (entry.body for _, entry in open_log(folder).entries())
                    body = [each for each in read if isinstance(each, OpeningRead)]
            assert body == [OpeningRead(index=index, field="deny", reader=FIRST)]

    def opened(index: int) -> None:
        settings = load_auditor(profile)
        roster, _ = roster_of(settings, utc_now())
        name, disclosure = fetch_opening(wanted_log(FIRST, settings, roster), open_log(folder), index, "deny")
        assert (folder / name).is_file()
        shown = hansa("show", folder, str(index)).output
        assert "deny organisations: none" in shown
        assert disclosure.value == {"keys": [], "organisations": [], "subjects": []}
        assert decode_entry(open_log(folder).leaf(index)).type in shown

    asyncio.run(scene())
    assert verify_folder(folder).openings == 1


@pytest.mark.produces("opening_invalid")
def test_an_opening_that_the_entry_does_not_commit_to_is_not_kept(log: PublishedLog, tmp_path: Path) -> None:
    served, folder, index = log.write(tmp_path / "served"), tmp_path / "log", 2
    other = Disclosure(field="deny", salt=bytes(16), value="0" * 64)
    (served / f"opening/{index}").mkdir(parents=True)
    (served / f"opening/{index}/deny").write_bytes(encode_disclosure(other))
    fetched(served, folder, log.profile)
    settings = load_auditor(log.profile)
    with pytest.raises(TrustError, match="opening_invalid"):
        fetch_opening(
            wanted_log(str(served), settings, roster_of(settings, utc_now())[0]),
            open_log(folder),
            index,
            "deny",
        )
    assert not (folder / "openings").exists()


def test_everything_that_an_auditor_may_see_comes_in_one_go(tmp_path: Path) -> None:
    cities = log_cities(tmp_path)
    folder, profile = tmp_path / "log", auditor(cities[FIRST])

    def opened(*options: str) -> Result:
        return hansa("opening", FIRST, folder, "--all", *options, "--profile", profile)

    async def scene() -> None:
        async with covered(cities):
            await asyncio.to_thread(fetched, FIRST, folder, profile)
            first = await asyncio.to_thread(opened)
            assert (first.exit_code, first.output.endswith(", in 1 request\n")) == (0, True), first.output
            again = await asyncio.to_thread(opened)
            assert "the folder has all that entries commit to" in again.output
            body: list[OpeningRead] = []
            async with asyncio.timeout(PATIENCE_S):
                while not body:
                    await asyncio.to_thread(fetched, FIRST, folder, profile)
                    read = (entry.body for _, entry in open_log(folder).entries())
                    body = [each for each in read if isinstance(each, OpeningRead)]
            [one] = body
            assert (one.field, one.reader) == (None, FIRST)
            assert one.fields == (
                "query",
                "analyst",
                "causes",
                "deny",
                "limits",
                "reason",
                "policy_hash",
                "manifest_hash",
            )
            wrong = await asyncio.to_thread(opened, "--fields", "policy")
            assert (wrong.exit_code, "did you mean policy_hash?" in wrong.output) == (2, True)

    asyncio.run(scene())
    committed = sum(len(entry.body.commitments) for _, entry in open_log(folder).entries())
    verdict = verify_folder(folder)
    assert (verdict.holds, verdict.openings) == (True, committed)
    assert committed
    html = folder.parent / "page.html"
    assert hansa("report", folder, "--html", html).exit_code == 0
    assert "of many entries, by the auditor of luebeck: 1" in html.read_text()


def test_a_broken_off_fetch_goes_on_where_it_was(log: PublishedLog, tmp_path: Path) -> None:
    served = log.write(tmp_path / "served")
    shutil.copytree(served / "tile/0", tmp_path / "log/tile/0")
    assert "tile/0/001" not in through(served, tmp_path / "log", log).asked
    assert verify_folder(tmp_path / "log").holds


def test_an_older_roster_is_kept_beside_the_newer_one(log: PublishedLog, tmp_path: Path) -> None:
    fetched(log.write(tmp_path / "first"), tmp_path / "log", log.profile)
    newer = replace(log.roster, version=2)
    signers = [read_signer(path) for path in sorted((log.league / "governance").glob("*.key"))]
    signed = envelope_to_json(sign(payload_types.ROSTER, roster_payload(newer), *signers))
    (log.league / "roster.json").write_bytes(signed)
    log.append(RosterAccepted(roster=RosterRef(version=2, hash=roster_hash(newer))))
    fetched(log.write(tmp_path / "second"), tmp_path / "log", log.profile)
    assert (tmp_path / "log/rosters/1.json").is_file()
    assert verify_folder(tmp_path / "log").holds
    newest = (tmp_path / "log/roster.json").read_bytes()
    assert newest == signed
    (log.league / "roster.json").write_bytes((tmp_path / "log/rosters/1.json").read_bytes())
    with pytest.raises(ConfigError, match=r"bring the profile's up to date"):
        fetched(log.write(tmp_path / "third"), tmp_path / "log", log.profile)


def test_entries_come_packed_to_those_who_read_and_never_to_a_node(tmp_path: Path) -> None:
    """A node of any version mirrors and recovers by these pages; what is unpacked is bounded as what is not packed."""
    cities = log_cities(tmp_path)

    async def scene() -> None:
        async with covered(cities) as running:
            size = (running[FIRST][1].log.witnessed() or (0,))[0]
            path = f"/tile/entries/000.p/{size}"
            _, plain = await cities[FIRST].get(path, shown="auditor")
            for role, packed in (("auditor", "gzip"), ("node", None)):
                folder = cities[FIRST].league / ("cities" if role == "node" else "auditors") / FIRST
                status, headers, body = await asyncio.to_thread(raw_page, cities[FIRST], path, folder)
                assert (status, headers.get("Content-Encoding")) == (200, packed)
                assert (gzip.decompress(body) if packed else body) == plain
                assert packed is None or len(body) < len(plain)
            settings = load_auditor(auditor(cities[FIRST]))
            roster, _ = roster_of(settings, utc_now())
            own = wanted_log(FIRST, settings, roster).own
            assert own is not None
            assert await asyncio.to_thread(own.get, path[1:], len(plain)) == plain
            with pytest.raises(PeerError, match="has more than 1000 bytes"):
                await asyncio.to_thread(own.get, path[1:], 1000)

    asyncio.run(scene())


def raw_page(city: LogCity, path: str, folder: Path) -> tuple[int, Any, bytes]:
    """A page as it comes over the line."""
    tls = ssl.create_default_context(cadata=city.member.ca_pem.decode())
    tls.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    assert city.member.host is not None
    assert city.member.log_port is not None
    name = city.member.server_name
    with urllib3.HTTPSConnectionPool(
        city.member.host, city.member.log_port, ssl_context=tls, server_hostname=name, assert_hostname=name
    ) as pool:
        answer = pool.request("GET", path, headers={"Accept-Encoding": "gzip"}, decode_content=False)
        return answer.status, answer.headers, answer.data


def test_pages_are_asked_for_several_at_once_and_come_in_order() -> None:
    together, barrier = [], threading.Barrier(IN_FLIGHT, timeout=PATIENCE_S)

    def ask(number: int) -> int:
        barrier.wait()  # nobody goes on before so many have come
        together.append(number)
        return number * number

    wanted = list(range(3 * IN_FLIGHT))
    assert list(answered(ask, wanted)) == [(number, number * number) for number in wanted]
    with pytest.raises(ZeroDivisionError):
        list(answered(lambda number: 1 // (number - 5), wanted))


def test_headers_that_drip_hold_nobody_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each byte comes in time, and the page never does."""
    monkeypatch.setattr("hansa_audit.fetching.log_source._PAGE_S", 0.5)
    log = published_log(tmp_path)
    city, settings = log.league / "cities" / log.city, load_auditor(log.profile)
    with dripping(city / "tls.pem", city / "tls.key") as port:
        source = HttpsSource(
            log.member, address=("127.0.0.1", port), certificate=settings.tls_cert, key=settings.tls_key
        )
        with pytest.raises(UnreachableError):
            source.get("checkpoint", 1000)


@contextmanager
def dripping(certificate: Path, key: Path) -> Iterator[int]:
    """A server whose headers take much longer than a page may, although something comes all the time."""
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate, key)

    class Handler(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with suppress(OSError), tls.wrap_socket(self.request, server_side=True) as connection:
                connection.sendall(b"HTTP/1.1 200 OK\r\nX: ")
                for _ in range(100):
                    connection.sendall(b".")
                    time.sleep(0.05)
                connection.sendall(b"\r\nContent-Length: 2\r\n\r\nok")

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_mirror_that_answers_nonsense_hides_the_log_from_nobody_and_proves_a_fork_if_it_has_one(
    log: PublishedLog, tmp_path: Path
) -> None:
    settings, folder = load_auditor(log.profile), tmp_path / "log"
    roster, document = roster_of(settings, utc_now())
    mirror = FolderSource(log.write(tmp_path / "served"), is_mirror=True)
    nonsense = Counting(mirror, lambda path, content: b"nonsense")

    def fetch(*mirrors: LogSource) -> Fetched:
        return fetch_log(Wanted(member=log.member, own=None, mirrors=mirrors), folder, roster=roster, document=document)

    with pytest.raises(MirrorError, match="served"):
        fetch(nonsense)
    assert fetch(nonsense, mirror).size == len(log.leaves)
    replace(log, leaves=[*log.leaves[:20], *log.leaves[21:]]).ask(50).write(tmp_path / "served")
    with pytest.raises(ContradictionError):
        fetch(nonsense, mirror)
