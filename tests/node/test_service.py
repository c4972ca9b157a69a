"""The node's process over real mutual TLS: who gets in, what it serves, how it starts and stops.

What it serves, and how it stops, is the same whether it listens or attaches: those tests run for both ways.
"""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, asynccontextmanager, closing, contextmanager, suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import tomlkit

from hansa_attach_point import AttachPoint, attach_point
from hansa_core.contract.level import Level
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.query_entries import QueryDecision
from hansa_core.evidence.rule_entries import RosterAccepted
from hansa_core.partial.answer import Release
from hansa_core.plan.plan import Plan
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_league.founding.create import DEFAULT_VALID_DAYS, create_league
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_local.peer_clocks import PeerClocks
from hansa_local.trust_anchor import load_roster, read_anchor
from hansa_log_checks import audit_findings, entries
from hansa_node import __version__
from hansa_ports import free_ports
from hansa_test_node import BY_KIND, CITY, COUNT, OTHER_CITY, PERMITS, TRIPS, NodeHome, make_node, publish_roster
from hansa_wire.attach.messages import Attacher
from hansa_wire.codec.answer_codec import decode_dry_run
from hansa_wire.codec.description_codec import decode_description
from hansa_wire.rpc.node_rpc import NodeClient
from hansa_wire.rpc.tls import dial_aio

ROOT = Path(__file__).parents[2]
DEADLINE_S = 60.0


LISTENING, ATTACHED = "listening", "attached"


@dataclass(frozen=True)
class Running:
    """A node's process, where it listens, or else where it is attached."""

    node: NodeHome
    process: subprocess.Popen[str]
    port: int
    point: AttachPoint | None


def start(node: NodeHome, port: int, way: str = LISTENING) -> subprocess.Popen[str]:
    config = node.home / "node.toml"
    said = tomlkit.parse(config.read_text(encoding="utf-8"))
    said["attach"] = [] if way == LISTENING else ["coordinator"]
    said["listen"].update({"enabled": way == LISTENING, "port": port})
    said["log"]["port"] = 0
    config.write_text(tomlkit.dumps(said), encoding="utf-8")
    folders = ":".join(str(ROOT / name) for name in ("core", "protos", "node"))
    code = "from hansa_node.app.cli import app; app()"
    return subprocess.Popen(
        [sys.executable, "-c", code, "serve", "--config", str(config)],
        env={**os.environ, "PYTHONPATH": folders},
        stderr=subprocess.PIPE,
        text=True,
    )


def node_in(folder: Path) -> NodeHome:
    """A node whose league's coordinator has a port of its own."""
    return make_node(folder / "league", base_port=free_ports(8)[0])


@contextmanager
def running(node: NodeHome, way: str = LISTENING) -> Iterator[Running]:
    """The node, listening or attached; stopped at the end."""
    port = free_ports(1)[0]
    with ExitStack() as stack:
        point = stack.enter_context(coordinator_of(node)) if way == ATTACHED else None
        process = start(node, port, way)
        stack.callback(process.communicate)
        stack.callback(process.kill)
        deadline = time.monotonic() + DEADLINE_S
        while CITY not in point.lines if point else not answers_knocks(port):
            assert process.poll() is None, process.communicate()[1]
            assert time.monotonic() < deadline
            time.sleep(0.02)
        served = Running(node, process, port, point)
        if point is None:  # the port is had before the log is open, and served after
            call(served, lambda client: client.describe(deadline_s=DEADLINE_S))
        yield served


def answers_knocks(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


def coordinator_of(node: NodeHome, port: int | None = None) -> AbstractContextManager[AttachPoint]:
    """The league's coordinator, where nodes may attach, at the roster's port or another one."""
    entry, keys = node.roster.coordinator(), node.league / "coordinator"
    return attach_point(
        entry.name,
        port=port or entry.port,
        cert_pem=(keys / "tls.pem").read_bytes(),
        key_pem=(keys / "tls.key").read_bytes(),
        authorities=[member.ca_pem for member in node.roster.members],
        pins={member.tls_spki: Attacher(name=member.city, is_city=True) for member in node.roster.members},
    )


@pytest.fixture(scope="module", params=[LISTENING, ATTACHED])
def up(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(node_in(tmp_path_factory.mktemp("service")), request.param) as served:
        yield served


@pytest.fixture(scope="module")
def listening(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with running(node_in(tmp_path_factory.mktemp("listening"))) as served:
        yield served


both_ways = pytest.mark.parametrize("way", [LISTENING, ATTACHED])


@asynccontextmanager
async def dialled(up: Running, caller: str = "coordinator", as_city: str = CITY) -> Any:
    """A client that shows the certificate in the league's folder `caller`, and expects the node of `as_city`."""
    keys = up.node.league / caller
    member = up.node.roster.member(as_city)
    channel = dial_aio(
        "127.0.0.1",
        up.port,
        ca_pem=member.ca_pem,
        server_name=member.server_name,
        cert_pem=(keys / "tls.pem").read_bytes(),
        key_pem=(keys / "tls.key").read_bytes(),
    )
    async with channel:
        yield NodeClient(channel, CITY, PeerClocks(utc_now))


def call(up: Running, calls: Callable[[Any], Any], **dial: str) -> Any:
    """Make a call; `calls` gets a NodeClient, or the attached node with the same methods."""
    if up.point is not None:
        return up.point.run(calls(up.point.client(CITY)))

    async def one() -> Any:
        async with dialled(up, **dial) as client:
            return await calls(client)

    return asyncio.run(one())


def test_the_coordinator_gets_a_signed_answer(up: Running) -> None:
    query = up.node.signed(up.node.query())
    answer = call(up, lambda client: client.ask(query, up.node.credential, deadline_s=DEADLINE_S))
    assert isinstance(up.node.opened(answer.envelope).outcome, Release)


def test_the_description_is_signed_and_names_what_is_served(up: Running) -> None:
    envelope = call(up, lambda client: client.describe(deadline_s=DEADLINE_S))
    key = up.node.roster.member(CITY).answer_key
    described = decode_description(verify(envelope, payload_types.DESCRIPTION, (key,)))
    assert (described.city, described.software_version) == (CITY, __version__)
    assert [(each.contract, each.level, each.tables) for each in described.datasets] == [
        (PERMITS, Level.CONTROLLED, ("by_kind",)),
        (TRIPS, Level.OPEN, ()),
    ]


def test_a_dry_run_says_what_would_happen_and_stores_nothing(up: Running) -> None:
    query = up.node.signed(up.node.query(BY_KIND), payload_types.DRY_RUN)
    envelope = call(up, lambda client: client.dry_run(query, up.node.credential, deadline_s=DEADLINE_S))
    key = up.node.roster.member(CITY).answer_key
    report = decode_dry_run(verify(envelope, payload_types.DRY_RUN_REPORT, (key,)))
    assert (report.refusal, report.table, report.cells, report.cost_microrho) == (None, "by_kind", 3, 0)
    assert report.level is Level.CONTROLLED
    asked = [entry.body.query_hash for entry in entries(up.node.config.store) if isinstance(entry.body, QueryDecision)]
    assert report.query_hash.hex() not in asked


def test_a_dry_run_carries_the_refusal(up: Running) -> None:
    query = up.node.signed(up.node.query(purpose="curiosity"), payload_types.DRY_RUN)
    envelope = call(up, lambda client: client.dry_run(query, up.node.credential, deadline_s=DEADLINE_S))
    report = decode_dry_run(envelope.payload)
    assert report.refusal is not None
    assert report.refusal.code == "purpose_not_allowed"


def test_a_query_cannot_be_passed_off_as_a_dry_run_nor_the_other_way_round(up: Running) -> None:
    query = up.node.signed(up.node.query())
    dry = up.node.signed(up.node.query(), payload_types.DRY_RUN)
    with pytest.raises(RefusedError, match="signature_invalid"):
        call(up, lambda client: client.dry_run(query, up.node.credential, deadline_s=DEADLINE_S))
    with pytest.raises(RefusedError, match="signature_invalid"):
        call(up, lambda client: client.ask(dry, up.node.credential, deadline_s=DEADLINE_S))


@pytest.mark.parametrize("caller", [f"cities/{CITY}", f"cities/{OTHER_CITY}", f"analysts/{CITY}"])
def test_nobody_but_the_rosters_coordinators_gets_in(listening: Running, caller: str) -> None:
    with pytest.raises((ConnectionError, RefusedError)):
        call(listening, lambda client: client.describe(deadline_s=DEADLINE_S), caller=caller)


def test_a_node_cannot_stand_in_for_another_city(listening: Running) -> None:
    with pytest.raises(ConnectionError):
        call(listening, lambda client: client.describe(deadline_s=DEADLINE_S), as_city=OTHER_CITY)


@both_ways
def test_an_unforeseen_error_ends_the_call_without_a_word(tmp_path: Path, way: str) -> None:
    """A table of the store is dropped under the running node."""
    node = node_in(tmp_path)
    with running(node, way) as served:
        store = sqlite3.connect(node.config.store)
        store.execute("DROP TABLE releases")
        store.commit()
        store.close()
        query = node.signed(node.query(Plan(TRIPS, None, (), (COUNT,))))
        with pytest.raises(PeerError, match="the peer failed without saying why"):
            call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))


@both_ways
def test_a_full_disk_is_told_to_the_asker_without_a_path_and_the_same_question_is_answered_later(
    tmp_path: Path, way: str
) -> None:
    node = node_in(tmp_path)
    query = node.signed(node.query())
    with running(node, way) as served:
        limit = resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE)
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, (1, limit[1]))  # no file may grow from here on
        with pytest.raises(RefusedError) as refused:
            call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))
        resource.prlimit(served.process.pid, resource.RLIMIT_FSIZE, limit)
        answer = call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=DEADLINE_S)
    assert refused.value.code == "unavailable"
    assert "ask again later" in refused.value.remedy
    assert str(tmp_path) not in str(refused.value)
    assert "ERROR query failed" in log
    assert "free space" in log
    assert isinstance(node.opened(answer.envelope).outcome, Release)


@both_ways
def test_sigterm_stops_the_node_after_the_queries_under_way(tmp_path: Path, way: str) -> None:
    node = node_in(tmp_path)
    with running(node, way) as served:
        query = node.signed(node.query())
        call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=DEADLINE_S)
        assert served.process.returncode == 0
    assert "INFO node started city=bremen" in log
    assert "INFO query answered query_id=" in log
    assert "INFO node stopped" in log


@both_ways
def test_a_node_killed_and_started_again_gives_the_same_answer(tmp_path: Path, way: str) -> None:
    node = node_in(tmp_path)
    query = node.signed(node.query())
    answers = []
    for _ in range(2):
        with running(node, way) as served:
            answers.append(call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S)))
            served.process.kill()
    assert answers[0] == answers[1]


def test_a_port_in_use_stops_the_start_with_one_clear_line(tmp_path: Path) -> None:
    node = make_node(tmp_path / "league")
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        process = start(node, taken.getsockname()[1])
        _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert "stop the other program or choose another port" in log
    assert "Traceback" not in log
    assert entries(node.home / "state" / "store.sqlite") == []  # it has not started, so its log does not say so


@both_ways
def test_a_corrupt_release_stops_the_node_with_its_exit_code_and_signs_no_wrong_number(
    tmp_path: Path, way: str
) -> None:
    node = node_in(tmp_path)
    store = node.home / "state" / "store.sqlite"
    with running(node, way) as served:
        call(served, lambda client: client.ask(node.signed(node.query()), node.credential, deadline_s=DEADLINE_S))
        with closing(sqlite3.connect(store)) as connection:
            ((partial_ipc,),) = connection.execute("SELECT partial_ipc FROM releases")
            changed = bytes([partial_ipc[0], partial_ipc[1] ^ 1]) + partial_ipc[2:]
            connection.execute("UPDATE releases SET partial_ipc = ?", (changed,))
            connection.commit()
        with pytest.raises((ConnectionError, PeerError)):
            call(served, lambda client: client.ask(node.signed(node.query()), node.credential, deadline_s=DEADLINE_S))
        _, log = served.process.communicate(timeout=DEADLINE_S)
    assert served.process.returncode == 2
    assert "a release in the store is not what was written there" in log
    assert "Traceback" not in log
    assert sum(isinstance(entry.body, QueryDecision) for entry in entries(store)) == 1


def test_a_roster_that_misses_the_city_stops_the_start_with_one_clear_line(tmp_path: Path) -> None:
    node = make_node(tmp_path / "league")
    config = node.home / "node.toml"
    config.write_text(config.read_text().replace(f'city = "{CITY}"', 'city = "bremem"'))
    process = start(node, free_ports(1)[0])
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert f"{node.config.roster}: city bremem: " in log
    assert "did you mean bremen?" in log
    assert log.count("\n") == 1


def test_two_nodes_cannot_share_one_store(listening: Running) -> None:
    process = start(listening.node, free_ports(1)[0])
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert "another process has this store open" in log
    assert "Traceback" not in log


def test_a_node_comes_back_to_a_coordinator_that_went_away_and_answers_as_before(tmp_path: Path) -> None:
    node = node_in(tmp_path)
    query = node.signed(node.query())
    with ExitStack() as stack:
        answers = []
        with coordinator_of(node) as point:
            process = start(node, 0, ATTACHED)
            stack.callback(process.communicate)
            stack.callback(process.kill)
            point.wait(lambda lines: CITY in lines)
            answers.append(point.run(point.client(CITY).ask(query, node.credential, deadline_s=DEADLINE_S)))
        with coordinator_of(node) as point:
            point.wait(lambda lines: CITY in lines)
            answers.append(point.run(point.client(CITY).ask(query, node.credential, deadline_s=DEADLINE_S)))
    assert answers[0] == answers[1]


def test_a_node_warns_of_what_expires_and_says_who_replaces_it(tmp_path: Path) -> None:
    founded = utc_now() - timedelta(days=DEFAULT_VALID_DAYS - 6)
    node = make_node(tmp_path / "league", now=founded, base_port=free_ports(8)[0])
    with running(node) as served:
        served.process.terminate()
        served.process.wait()
        assert served.process.stderr is not None
        said = served.process.stderr.read()
    warned = [line for line in said.splitlines() if "WARNING expires soon" in line and "within_days=7" in line]
    for what in (f"the TLS certificate of the node of {CITY}", "the roster of hanse", f"the CA certificate of {CITY}"):
        assert any(what in line and "remedy=" in line for line in warned), said


@both_ways
@pytest.mark.parametrize("harm", ["moved away", "damaged"])
def test_data_that_cannot_be_read_are_unavailable_and_not_logged_and_heal_without_a_restart(
    tmp_path: Path, way: str, harm: str
) -> None:
    node = node_in(tmp_path)
    path = next((node.config.data_dir / "town.trips.1").glob("*.duckdb"))
    intact = path.rename(path.with_name("intact"))
    if harm == "damaged":
        path.write_bytes(intact.read_bytes()[:5000])
    with running(node, way) as served:
        query = node.signed(node.query())
        with pytest.raises(RefusedError) as refused:
            call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))
        dry = node.signed(node.query(), payload_types.DRY_RUN)
        with pytest.raises(RefusedError, match="cannot read this dataset"):
            call(served, lambda client: client.dry_run(dry, node.credential, deadline_s=DEADLINE_S))
        other = node.signed(node.query(BY_KIND))
        answer = call(served, lambda client: client.ask(other, node.credential, deadline_s=DEADLINE_S))
        assert isinstance(node.opened(answer.envelope).outcome, Release)
        intact.replace(path)
        healed = call(served, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=DEADLINE_S)
    assert refused.value.code == "unavailable"
    assert str(tmp_path) not in str(refused.value)
    assert isinstance(node.opened(healed.envelope).outcome, Release)
    decided = [entry.body for entry in entries(node.config.store) if isinstance(entry.body, QueryDecision)]
    assert [body.code for body in decided] == [None, None]
    assert "put it back" in log or "put an intact copy back" in log


def of_the_other_city(node: NodeHome) -> tuple[Envelope, Envelope]:
    """A question by the other city's analyst, and the credential."""
    folder = node.league / "analysts" / OTHER_CITY
    theirs = replace(node, query_signer=read_signer(folder / "query.key"))
    return theirs.signed(theirs.query()), envelope_from_json((folder / "credential.json").read_bytes())


def test_a_city_that_leaves_is_refused_at_the_next_question_and_answered_once_it_is_back(tmp_path: Path) -> None:
    node = node_in(tmp_path)

    def ask_as_the_other(served: Any) -> Any:
        query, credential = of_the_other_city(node)
        return call(served, lambda client: client.ask(query, credential, deadline_s=DEADLINE_S))

    with running(node) as served:
        assert isinstance(node.opened(ask_as_the_other(served).envelope).outcome, Release)
        second = publish_roster(node, version=2, members=(node.roster.member(CITY),))
        with pytest.raises(RefusedError):
            ask_as_the_other(served)
        third = publish_roster(node, version=3)
        assert isinstance(node.opened(ask_as_the_other(served).envelope).outcome, Release)
        served.process.send_signal(signal.SIGTERM)
        _, log = served.process.communicate(timeout=DEADLINE_S)
    assert "INFO roster in force league=hanse version=2" in log
    said = [entry.body for entry in entries(node.config.store)]
    assert [body.roster.version for body in said if isinstance(body, RosterAccepted)] == [1, 2, 3]
    assert [body.roster.version for body in said if isinstance(body, QueryDecision)] == [1, 3]
    assert audit_findings(node.config.store, CITY, node.roster, second, third) == []


def test_a_coordinator_that_joins_is_let_in_and_the_one_that_left_is_not_though_its_connection_is_open(
    tmp_path: Path,
) -> None:
    node = node_in(tmp_path)
    create_league(
        tmp_path / "other", name="other", cities=[CITY], contracts=[tmp_path / "town.trips.1.yaml"], witness_threshold=0
    )
    (joining,) = load_roster(read_anchor(tmp_path / "other" / "profile.toml", hint=""), utc_now()).coordinators
    keys = str(tmp_path / "other" / "coordinator")

    async def replaced(served: Running) -> None:
        async with dialled(served) as leaving:
            await leaving.describe(deadline_s=DEADLINE_S)
            async with dialled(served, keys) as early:
                with pytest.raises(ConnectionError):
                    await early.describe(deadline_s=DEADLINE_S)
            publish_roster(node, version=2, coordinators=(joining,))
            async with asyncio.timeout(DEADLINE_S):
                with pytest.raises(RefusedError, match="unpinned_peer"):
                    await describe_for_ever(leaving)
                while not await is_let_in(served, keys):
                    await asyncio.sleep(0.02)

    with running(node) as served:
        asyncio.run(replaced(served))


async def describe_for_ever(client: NodeClient) -> None:
    while True:
        await client.describe(deadline_s=DEADLINE_S)
        await asyncio.sleep(0.02)


async def is_let_in(served: Running, keys: str) -> bool:
    async with dialled(served, keys) as client:
        with suppress(ConnectionError):
            await client.describe(deadline_s=DEADLINE_S)
            return True
    return False


def test_an_attached_node_follows_its_coordinator_to_another_address(tmp_path: Path) -> None:
    node = node_in(tmp_path)
    moved = replace(node.roster.coordinator(), port=free_ports(1)[0])
    with coordinator_of(node, moved.port) as point, running(node, ATTACHED) as served:
        assert not point.lines
        publish_roster(node, version=2, coordinators=(moved,))
        with point.news:
            assert point.news.wait_for(lambda: CITY in point.lines, DEADLINE_S)
        query = node.signed(node.query())
        there = replace(served, point=point)
        answer = call(there, lambda client: client.ask(query, node.credential, deadline_s=DEADLINE_S))
        assert isinstance(node.opened(answer.envelope).outcome, Release)


def test_a_start_with_an_older_roster_opens_no_port(tmp_path: Path) -> None:
    node = make_node(tmp_path / "league")
    with replace(node, roster=replace(node.roster, version=2)).context(node.config.store):
        pass
    process = start(node, free_ports(1)[0])
    _, log = process.communicate(timeout=DEADLINE_S)
    assert process.returncode == 2
    assert "is version 1, and this city has accepted version 2 before" in log
    assert "node started" not in log
    assert "log served" not in log
