"""Cities that cosign and mirror each other's logs, over real HTTPS."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.evidence.audit import Subject
from hansa_core.evidence.entry import decode_entry
from hansa_core.evidence.log_entries import KeyAdded, NodeRecovered, PeerHead
from hansa_core.league.members import Member
from hansa_core.league.roster import roster_hash
from hansa_core.league.witnesses import log_vkey, tlog_policy
from hansa_core.tlog.checkpoint import Checkpoint, open_checkpoint
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_core.tlog.note import read_note
from hansa_core.tlog.tiles import encode_bundle
from hansa_local.clock import utc_now
from hansa_log_cities import LogCity, log_cities, until
from hansa_node.app import recover
from hansa_node.app.expiring import NodeExpiry
from hansa_node.app.identity import read_identity
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.app.recover import recover_node
from hansa_node.node_stop import ForkError
from hansa_node.node_store import NodeStore
from hansa_node.witnessing.peer import Reply, WitnessPeer
from hansa_whole_trees import audit_entries

FIRST, SECOND, THIRD = "luebeck", "bremen", "hamburg"


@pytest.fixture
def cities(tmp_path: Path) -> dict[str, LogCity]:
    return log_cities(tmp_path)


@asynccontextmanager
async def all_running(*cities: LogCity) -> AsyncIterator[list[tuple[LogKeeper, NodeStore]]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(city.running()) for city in cities]


def grow(store: NodeStore, entries: int = 3) -> None:
    for number in range(entries):
        store.log.append(KeyAdded(role="answer", key=f"{number:064x}"), now=utc_now())


def is_covered(keeper: LogKeeper, store: NodeStore) -> bool:
    witnessed = store.log.witnessed()
    return keeper.status.is_confirmed and witnessed is not None and witnessed[0] == store.log.size


async def everything_covered(running: list[tuple[LogKeeper, NodeStore]]) -> None:
    await until(lambda: all(is_covered(*each) for each in running))


def findings(city: LogCity, store: NodeStore) -> list[str]:
    subject = Subject(
        city=city.name,
        origin=city.member.log_origin,
        log_key=city.member.log_key,
        rosters={city.roster.version: roster_hash(city.roster)},
    )
    return [str(each) for each in audit_entries(store.log.tree.entries(0, store.log.size), subject)]


def test_a_league_that_starts_at_once_gets_every_log_cosigned_by_a_quorum(cities: dict[str, LogCity]) -> None:
    async def scene() -> None:
        async with all_running(*cities.values()) as running:
            await everything_covered(running)
            for (_, store), city in zip(running, cities.values(), strict=True):
                newest = store.log.newest()
                assert newest is not None
                assert tlog_policy(city.roster, city.name).check(newest[1]).size == newest[0]
                assert findings(city, store) == []

    asyncio.run(scene())


@pytest.mark.produces("awaiting_witnesses")
def test_nothing_is_signed_and_nothing_answered_before_a_witness_was_heard(cities: dict[str, LogCity]) -> None:
    async def scene() -> None:
        async with cities[FIRST].running() as (keeper, store):
            await asyncio.sleep(0.5)
            assert store.log.size == 0
            with pytest.raises(RefusedError, match="awaiting_witnesses"):
                keeper.status.check(utc_now())
            async with cities[SECOND].running():
                await until(lambda: keeper.status.is_confirmed)
            keeper.status.check(utc_now())

    asyncio.run(scene())


def test_without_a_quorum_for_too_long_the_operator_is_told_once_and_when_it_is_over(
    cities: dict[str, LogCity], caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO", logger="hansa_node.witnessing.witnessing")
    late = timedelta()

    def told(event: str) -> int:
        return sum(record.message == event for record in caplog.records)

    async def scene() -> None:
        nonlocal late
        async with AsyncExitStack() as stack:
            third = await stack.enter_async_context(AsyncExitStack())
            await stack.enter_async_context(cities[SECOND].running())
            await third.enter_async_context(cities[THIRD].running())
            keeper, store = await stack.enter_async_context(cities[FIRST].running(clock=lambda: utc_now() + late))
            await until(lambda: is_covered(keeper, store))
            await third.aclose()
            grow(store)
            await until(lambda: keeper.status.uncovered_since is not None)
            await until(lambda: told("no quorum of witnesses") > 0)
            assert told("unwitnessed, nothing is answered") == 0
            late = timedelta(days=3, seconds=100)
            await until(lambda: told("unwitnessed, nothing is answered") > 0)
            late = timedelta()
            await stack.enter_async_context(cities[THIRD].running())
            await until(lambda: told("witnessed again, answers go on") > 0 and told("quorum of witnesses again") > 0)

    asyncio.run(scene())
    assert told("unwitnessed, nothing is answered") == 1
    assert told("no quorum of witnesses") == 1


@pytest.mark.produces("unwitnessed")
def test_without_a_quorum_for_too_long_the_city_answers_nothing_and_says_so(cities: dict[str, LogCity]) -> None:
    async def scene() -> None:
        late = timedelta()
        async with AsyncExitStack() as stack:
            third = await stack.enter_async_context(AsyncExitStack())
            await stack.enter_async_context(cities[SECOND].running())
            await third.enter_async_context(cities[THIRD].running())
            keeper, store = await stack.enter_async_context(cities[FIRST].running(clock=lambda: utc_now() + late))
            await until(lambda: is_covered(keeper, store))
            await third.aclose()
            grow(store)
            await until(lambda: keeper.status.uncovered_since is not None)
            keeper.status.check(utc_now() + timedelta(days=3, seconds=-100))
            with pytest.raises(RefusedError, match="unwitnessed"):
                keeper.status.check(utc_now() + timedelta(days=3, seconds=100))
            await stack.enter_async_context(cities[THIRD].running())
            await until(lambda: is_covered(keeper, store) and keeper.status.uncovered_since is None)
            keeper.status.check(utc_now() + timedelta(days=4))

    asyncio.run(scene())


def test_a_restored_backup_signs_nothing_and_says_how_to_recover(cities: dict[str, LogCity]) -> None:
    backup = cities[FIRST].config.store.with_name("backup.sqlite")

    async def live() -> None:
        async with all_running(*cities.values()) as running:
            await everything_covered(running)
        shutil.copy(cities[FIRST].config.store, backup)
        async with all_running(*cities.values()) as running:
            grow(running[0][1])
            await everything_covered(running)

    async def restored() -> None:
        async with all_running(cities[SECOND], cities[THIRD]), cities[FIRST].opened() as (keeper, store):
            before = store.log.size
            with pytest.raises(ForkError, match="hansa node recover"):
                await keeper.run()
            assert store.log.size == before
            assert not keeper.status.is_confirmed

    asyncio.run(live())
    shutil.copy(backup, cities[FIRST].config.store)
    asyncio.run(restored())


@pytest.mark.parametrize("is_lost", [False, True], ids=["backup", "lost"])
def test_recovering_replays_what_peers_mirrored_and_the_log_goes_on(cities: dict[str, LogCity], is_lost: bool) -> None:
    first = cities[FIRST]
    backup = first.config.store.with_name("backup.sqlite")

    async def live() -> bytes:
        async with all_running(*cities.values()) as running:
            await everything_covered(running)
        shutil.copy(first.config.store, backup)
        async with all_running(*cities.values()) as running:
            grow(running[0][1], 300)
            await everything_covered(running)
            await until(lambda: mirrored(running[1][1], first) == running[0][1].log.size)
            return running[0][1].log.checkpoint() or b""

    async def recovered(note: bytes) -> None:
        async with all_running(cities[SECOND], cities[THIRD]):
            said = await recover_node(first.config)
            assert "exhausted ledgers: none" in said
            assert "nothing to recover" in await recover_node(first.config)
            async with first.running() as (keeper, store):
                await until(lambda: is_covered(keeper, store))
                size = open_checkpoint(note, log_vkey(first.member)).size
                (marker,) = store.log.tree.entries(size, size + 1)
                assert isinstance(decode_entry(marker).body, NodeRecovered)
                assert findings(first, store) == []

    note = asyncio.run(live())
    first.config.store.unlink()
    if not is_lost:
        shutil.copy(backup, first.config.store)
    asyncio.run(recovered(note))


def test_a_mirrors_bundle_may_be_as_large_as_its_entries(cities: dict[str, LogCity]) -> None:
    """256 entries have up to 16 MiB, which come in one reply; what is no bundle has not."""
    member = cities[SECOND].member

    async def scene() -> None:
        async with all_running(*cities.values()) as running:
            await everything_covered(running)
            async with aiohttp.ClientSession() as session:
                tls = cities[FIRST].config.tls
                peer = WitnessPeer(member, session, certificate=tls.certificate, key=tls.key)
                await until(lambda: mirrored(running[1][1], cities[FIRST]) > 0)
                path = f"/mirror/{FIRST}/newest"
                reply = await peer.get(path)
                assert await peer.get(path, len(reply.body)) == reply
                with pytest.raises(PeerError, match=f"{SECOND} says more than {len(reply.body) - 1} bytes"):
                    await peer.get(path, len(reply.body) - 1)

    asyncio.run(scene())
    asked: list[tuple[str, int]] = []

    class Large:
        """A mirror whose bundles are as large as they may be."""

        def __init__(self) -> None:
            self.member = member

        async def get(self, path: str, most: int) -> Reply:
            asked.append((path, most))
            return Reply(status=200, body=encode_bundle(large), is_size=False)

    large = [b"x" * 65_535] * 256
    root = root_of_leaves([leaf_hash(leaf) for leaf in large])
    checkpoint = Checkpoint(cities[FIRST].member.log_origin, len(large), root)
    mirror = recover._Mirror(Large(), b"", checkpoint)  # type: ignore[arg-type]
    assert asyncio.run(recover._entries_of(mirror, FIRST)) == large
    assert asked == [(f"/mirror/{FIRST}/tile/entries/000", len(encode_bundle(large)))]


def mirrored(store: NodeStore, city: LogCity) -> int:
    found = store.peers.mirrored(city.member.log_origin)
    return 0 if found is None else found[0]


def test_a_store_that_went_its_own_way_is_not_recovered_over(cities: dict[str, LogCity]) -> None:
    first = cities[FIRST]

    async def live() -> None:
        async with all_running(*cities.values()) as running:
            await everything_covered(running)
            await until(lambda: mirrored(running[1][1], first) == running[0][1].log.size)

    async def recover() -> None:
        async with all_running(cities[SECOND], cities[THIRD]):
            with pytest.raises(ConfigError, match="no beginning"):
                await recover_node(first.config)

    asyncio.run(live())
    first.config.store.unlink()
    store = first.store()
    grow(store, 1)
    store.close()
    asyncio.run(recover())


def test_recovering_waits_for_enough_peers_to_be_sure(cities: dict[str, LogCity]) -> None:
    with pytest.raises(ConfigError, match="0 of 2 witnesses were heard, and 1 are needed"):
        asyncio.run(recover_node(cities[FIRST].config))


def test_a_log_that_does_not_grow_is_cosigned_anew_every_12_hours(cities: dict[str, LogCity]) -> None:
    """What its witnesses say of it stays young, at the city and at its mirrors, and they log nothing about it."""
    late = timedelta()

    async def scene() -> None:
        nonlocal late
        async with AsyncExitStack() as stack:
            running = [
                await stack.enter_async_context(city.running(clock=lambda: utc_now() + late))
                for city in cities.values()
            ]
            await everything_covered(running)
            sizes = [store.log.size for _, store in running]
            policy, (_, store), (_, mirror) = tlog_policy(cities[FIRST].roster, FIRST), running[0], running[1]

            def seen(note: tuple[int, bytes] | None) -> int:
                return 0 if note is None else policy.seen_at(read_note(note[1])) or 0

            before = seen(store.log.newest())
            assert before
            late = timedelta(hours=11)
            await asyncio.sleep(0.3)  # some fifteen rounds
            assert seen(store.log.newest()) == before
            late = timedelta(hours=12, minutes=1)
            await until(lambda: seen(store.log.newest()) >= before + 12 * 3600)
            origin = cities[FIRST].member.log_origin
            await until(lambda: seen(mirror.peers.mirrored_cosigned(origin)) >= before + 12 * 3600)
            assert [store.log.size for _, store in running] == sizes

    asyncio.run(scene())


def test_a_city_whose_clock_is_wrong_is_named_by_its_peers_and_finds_it_out_itself(
    cities: dict[str, LogCity], caplog: pytest.LogCaptureFixture
) -> None:
    wrong = timedelta(minutes=10)

    def told() -> set[tuple[str, str]]:
        lines = [record.__dict__ for record in caplog.records if record.message == "clock is wrong"]
        return {(line["whose"], line["by"]) for line in lines}

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            for city in cities.values():
                ahead = wrong if city.name == THIRD else timedelta()
                await stack.enter_async_context(city.running(clock=lambda ahead=ahead: utc_now() + ahead))  # type: ignore[misc]
            named = {(f"the node of {THIRD}", "10 minutes fast"), ("this machine", "10 minutes fast")}
            await until(lambda: named <= told())

    asyncio.run(scene())
    assert {whose for whose, _ in told()} == {f"the node of {THIRD}", "this machine"}


def test_what_the_witnesses_show_is_looked_at(cities: dict[str, LogCity]) -> None:
    async def scene() -> set[str]:
        async with cities[FIRST].opened() as (keeper, _), cities[SECOND].opened(), cities[THIRD].opened():
            config, context = cities[FIRST].config, keeper.context
            identity = read_identity(config, cities[FIRST].member)
            return {each.what for each in await NodeExpiry(config, context, identity)._shown()}

    assert asyncio.run(scene()) == {f"the TLS certificate of the node of {city}" for city in (SECOND, THIRD)}


def test_a_peer_that_is_not_reached_is_told_in_a_sentence(cities: dict[str, LogCity]) -> None:
    gone, wrong = cities[SECOND].member, replace(cities[FIRST].member, ca_pem=cities[SECOND].member.ca_pem)

    async def told(member: Member) -> str:
        tls = cities[FIRST].config.tls
        async with aiohttp.ClientSession() as session:
            with pytest.raises(ConnectionError) as failed:
                await WitnessPeer(member, session, certificate=tls.certificate, key=tls.key).get("/checkpoint")
        return str(failed.value)

    async def scene() -> None:
        async with cities[FIRST].opened():
            assert (await told(gone)).startswith(f"{SECOND}: the peer cannot be reached: nobody listens at its address")
            assert (await told(wrong)).startswith(f"{FIRST}: the peer cannot be reached: the TLS handshake failed: a")

    asyncio.run(scene())


def test_logs_that_witness_each_other_do_not_grow_by_it_for_ever(cities: dict[str, LogCity]) -> None:
    async def scene() -> None:
        async with all_running(*cities.values()) as running:
            await everything_covered(running)
            await asyncio.sleep(0.5)
            sizes = [store.log.size for _, store in running]
            await asyncio.sleep(0.5)
            assert [store.log.size for _, store in running] == sizes
            for _, store in running:
                bodies = [decode_entry(leaf).body for leaf in store.log.tree.entries(0, store.log.size)]
                heads = [body.origin for body in bodies if isinstance(body, PeerHead)]
                assert sorted(heads) == sorted(set(heads))
                assert len(heads) == 2

    asyncio.run(scene())


def test_openings_are_forgotten_after_their_time_and_every_proof_stays_valid(tmp_path: Path) -> None:
    city = log_cities(tmp_path, keep_openings_days=30)[FIRST]
    later = utc_now() + timedelta(days=31)

    def clock() -> datetime:
        return later

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            others = [each for name, each in log_cities_of(city).items() if name != FIRST]
            for other in others:
                await stack.enter_async_context(other.running())
            async with city.running() as (keeper, store):
                await until(lambda: is_covered(keeper, store))
                published = policy_entry(store)
                assert store.log.opening(published) is not None
            async with city.running(clock=clock) as (keeper, store):
                await until(lambda: store.log.opening(published) is None)
                assert findings(city, store) == []

    def log_cities_of(one: LogCity) -> dict[str, LogCity]:
        folder = tmp_path / "nodes"
        from hansa_node.app.config import read_config  # the other nodes of the same league

        return {
            name: LogCity(one.league, one.roster, read_config(folder / name / "node.toml")).changed(
                witness_every_s=0.02
            )
            for name in (FIRST, SECOND, THIRD)
        }

    def policy_entry(store: NodeStore) -> int:
        types = [decode_entry(leaf).type for leaf in store.log.tree.entries(0, store.log.size)]
        return types.index("policy.published")

    asyncio.run(scene())
