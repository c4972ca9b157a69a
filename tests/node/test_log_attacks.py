"""What hostile strangers, witnesses, mirrors and auditors try against a city's log, over real HTTPS."""

from __future__ import annotations

import asyncio
import gzip
import logging
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from hansa_core.errors import ConfigError
from hansa_core.evidence.body import PolicyRef
from hansa_core.evidence.rule_entries import PolicyPublished
from hansa_core.league.witnesses import log_url
from hansa_core.tlog.checkpoint import Checkpoint, sign_checkpoint
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.tiles import encode_bundle, tile_at
from hansa_core.tlog.witness import SIZE_TYPE, AddCheckpoint
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_local.tls import client_context
from hansa_log_cities import PATIENCE_S, LogCity, call, log_cities, until
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.app.recover import recover_node
from hansa_node.log.mirror_request import AddEntries
from hansa_node.log_service import door
from hansa_node.log_service.server import served, server_tls
from hansa_node.node_store import NodeStore
from hansa_node.witnessing import witnessing
from hansa_node.witnessing.cosigning import Cosigning

FIRST, SECOND, THIRD = "luebeck", "bremen", "hamburg"
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.fixture
def cities(tmp_path: Path) -> dict[str, LogCity]:
    return log_cities(tmp_path)


@asynccontextmanager
async def hostile(city: LogCity, answer: Handler) -> AsyncIterator[None]:
    """The city's log service in the hands of somebody who holds its keys and answers as they like."""
    application = web.Application(client_max_size=2**26)
    application.router.add_route("*", "/{path:.*}", answer)
    tls = city.config.tls
    context = server_tls(tls.certificate, tls.key, [member.ca_pem for member in city.roster.members])
    async with served(application, city.config.log.host, city.config.log.port, context):
        yield


def in_league(cities: dict[str, LogCity], scene: Callable[[LogKeeper, NodeStore], Awaitable[None]]) -> None:
    async def all_of_them() -> None:
        async with cities[SECOND].running(), cities[THIRD].running(), cities[FIRST].running() as (keeper, store):
            await until(lambda: is_covered(keeper, store))
            await scene(keeper, store)

    asyncio.run(all_of_them())


def is_covered(keeper: LogKeeper, store: NodeStore) -> bool:
    witnessed = store.log.witnessed()
    return keeper.status.is_confirmed and witnessed is not None and witnessed[0] == store.log.size


def conceal_something(store: NodeStore) -> int:
    """An entry with an opening; its index."""

    def write(batch: Any) -> int:
        opening = batch.conceal({"policy_hash": "0" * 64})
        body = PolicyPublished(policy=PolicyRef(id="cautious", version=1), opening=opening.digests)
        return int(batch.append(body, opening, now=utc_now()))

    return store._writer.run(write)[0]


def test_an_auditor_cannot_make_a_restored_node_sign_a_fork_while_it_waits_for_its_witnesses(
    cities: dict[str, LogCity],
) -> None:
    async def live() -> int:
        async with cities[SECOND].running(), cities[THIRD].running(), cities[FIRST].running() as (keeper, store):
            await until(lambda: is_covered(keeper, store))
            return conceal_something(store)

    async def restored(index: int) -> None:
        async with cities[FIRST].opened() as (_keeper, store):
            before = store.log.checkpoint()
            status, _ = await cities[FIRST].get(f"/opening/{index}/policy_hash", shown="auditor")
            assert status == 503
            assert store.log.checkpoint() == before

    asyncio.run(restored(asyncio.run(live())))


def test_a_mirror_that_never_says_the_same_size_twice_does_not_blind_the_city(
    cities: dict[str, LogCity], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It would keep the city sending for ever, while nobody else cosigns, and the city does not notice."""
    monkeypatch.setattr(witnessing, "_ROUND_S", 0.5)

    async def lie(request: web.Request) -> web.StreamResponse:
        start = (await request.read()).partition(b" ")[0]
        return web.Response(status=409, body=b"%d\n" % (start == b"0"), headers={"Content-Type": SIZE_TYPE})

    async def scene() -> None:
        async with (
            cities[THIRD].running() as (_, third),
            hostile(cities[SECOND], lie),
            cities[FIRST].running() as (keeper, store),
        ):
            await until(lambda: keeper.status.is_confirmed)
            origin = cities[FIRST].member.log_origin
            await until(lambda: (third.peers.cosigned(origin) or (0,))[0] == store.log.size)
            await until(lambda: keeper.status.uncovered_since is not None)

    asyncio.run(scene())


def garbage(request: web.Request) -> web.Response:
    bomb = gzip.compress(bytes(64 * 2**20))
    return web.Response(status=200, body=bomb, headers={"Content-Encoding": "gzip"})


@pytest.mark.parametrize(
    "reply",
    [
        garbage,
        lambda _: web.Response(status=200, body=bytes(8 * 2**20)),
        lambda _: web.Response(status=409, body=b"9223372036854775808\n", headers={"Content-Type": SIZE_TYPE}),
        lambda _: web.Response(status=409, body=b"-1\n", headers={"Content-Type": SIZE_TYPE}),
        lambda _: web.Response(status=302, headers={"Location": "http://127.0.0.1:1/"}),
        lambda _: web.Response(status=200, body="— x y\n".encode(), headers={"Content-Encoding": "br"}),
        lambda _: web.Response(status=200, headers={"Content-Type": "text/plain; charset=\x80"}),
    ],
    ids=["gzip bomb", "giant", "beyond 2^63", "negative", "redirect", "no brotli", "odd type"],
)
def test_whatever_one_witness_says_the_other_ones_are_heard(
    cities: dict[str, LogCity], reply: Callable[[web.Request], web.Response]
) -> None:
    async def answer(request: web.Request) -> web.StreamResponse:
        await request.read()
        return reply(request)

    async def scene() -> None:
        async with (
            cities[THIRD].running() as (_, third),
            hostile(cities[SECOND], answer),
            cities[FIRST].running() as (keeper, store),
        ):
            await until(lambda: keeper.status.is_confirmed)
            origin = cities[FIRST].member.log_origin
            await until(lambda: (third.peers.cosigned(origin) or (0,))[0] == store.log.size)

    asyncio.run(scene())


def test_whatever_goes_wrong_with_one_witness_the_other_ones_are_heard(
    cities: dict[str, LogCity], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """Also what nobody thought of: it costs that witness's cosignature, and is told by its name."""
    cosign = Cosigning.cosign

    async def failing(self: Cosigning, note: bytes) -> bytes:
        if self.peer.member.city == SECOND:
            raise ZeroDivisionError("4711")
        return await cosign(self, note)

    monkeypatch.setattr(Cosigning, "cosign", failing)

    async def scene() -> None:
        async with cities[THIRD].running() as (_, third), cities[FIRST].running() as (keeper, store):
            await until(lambda: keeper.status.is_confirmed)
            origin = cities[FIRST].member.log_origin
            await until(lambda: (third.peers.cosigned(origin) or (0,))[0] == store.log.size)

    asyncio.run(scene())
    silent = [record.__dict__ for record in caplog.records if record.message == "witness silent"]
    assert (SECOND, "ZeroDivisionError") in {(each["witness"], each["reason"]) for each in silent}
    assert "4711" not in caplog.text


def test_a_witness_that_claims_a_huge_size_stops_no_node_that_runs(cities: dict[str, LogCity]) -> None:
    async def lie(request: web.Request) -> web.StreamResponse:
        await request.read()
        return web.Response(status=409, body=b"%d\n" % (2**63 - 1), headers={"Content-Type": SIZE_TYPE})

    async def scene() -> None:
        async with AsyncExitStack() as stack:
            second = await stack.enter_async_context(AsyncExitStack())
            await second.enter_async_context(cities[SECOND].running())
            _, third = await stack.enter_async_context(cities[THIRD].running())
            keeper, store = await stack.enter_async_context(cities[FIRST].running())
            await until(lambda: is_covered(keeper, store))
            await second.aclose()
            await stack.enter_async_context(hostile(cities[SECOND], lie))
            conceal_something(store)
            origin = cities[FIRST].member.log_origin
            await until(lambda: (third.peers.cosigned(origin) or (0,))[0] == store.log.size)
            keeper.status.check(utc_now())

    asyncio.run(scene())


def test_a_mirror_that_serves_other_entries_does_not_stop_a_recovery(cities: dict[str, LogCity]) -> None:
    first = cities[FIRST]

    async def live() -> tuple[bytes, list[bytes]]:
        async with (
            cities[SECOND].running() as (_, second),
            cities[THIRD].running() as (_, third),
            first.running() as (keeper, store),
        ):
            await until(lambda: is_covered(keeper, store))
            size, origin = store.log.size, first.member.log_origin
            await until(lambda: all((each.peers.mirrored(origin) or (0,))[0] == size for each in (second, third)))
            return store.log.checkpoint() or b"", store.log.tree.entries(0, size)

    lied: list[str] = []

    async def recovered(note: bytes, entries: bytes, honest: LogCity | None) -> str:
        async def lie(request: web.Request) -> web.StreamResponse:
            lied.append(f"{request.method} {request.path}")
            if request.path == f"/mirror/{FIRST}/newest":
                return web.Response(body=note)
            if request.path.startswith(f"/mirror/{FIRST}/tile/entries/"):
                return web.Response(body=entries)
            return web.Response(status=404)

        async with AsyncExitStack() as stack:
            await stack.enter_async_context(hostile(cities[SECOND], lie))
            if honest is not None:
                await stack.enter_async_context(honest.running())
            return await recover_node(first.config)

    note, leaves = asyncio.run(live())
    first.config.store.unlink()
    entries = encode_bundle([*leaves[:-1], leaves[0]])
    with pytest.raises(ConfigError, match=f"entries at {SECOND} are not those of the checkpoint"):
        asyncio.run(recovered(note, entries, None))
    assert "the log went from 0 to" in asyncio.run(recovered(note, entries, cities[THIRD]))
    tile = tile_at(0, 0, len(leaves))
    reads = 2 * [f"GET /mirror/{FIRST}/newest", f"GET /mirror/{FIRST}/{tile.entries_path}"]
    assert [call for call in lied if call.startswith("GET")] == reads


ANSWERS: Mapping[str, tuple[int, bytes, str]] = {
    "garbage": (200, os.urandom(400), "a note needs"),
    "nothing": (200, b"", "a note needs"),
    "30 MB": (200, bytes(30_000_000), "says more than"),
    "another status": (500, b"", "answers with 500"),
}


@pytest.mark.parametrize("kind", ANSWERS)
def test_whatever_a_mirror_gives_is_its_own_failure_with_a_reason_and_the_other_one_is_heard(
    cities: dict[str, LogCity], caplog: pytest.LogCaptureFixture, kind: str
) -> None:
    status, body, reason = ANSWERS[kind]
    first = cities[FIRST]

    async def answer(_: web.Request) -> web.StreamResponse:
        return web.Response(status=status, body=body)

    async def scene() -> None:
        async with hostile(cities[SECOND], answer):
            with pytest.raises(ConfigError, match=f"0 of 2 witnesses were heard.*{SECOND}: .*{reason}.*{THIRD}: "):
                await recover_node(first.config)
            async with cities[THIRD].running():
                assert (await recover_node(first.config)).startswith("nothing to recover")

    asyncio.run(scene())
    told = [record.__dict__ for record in caplog.records if record.message == "mirror not heard"]
    assert [each["city"] for each in told] == [SECOND]


@pytest.mark.parametrize("encoding", [None, "gzip"])
def test_a_stranger_cannot_fill_the_memory_with_one_request(cities: dict[str, LogCity], encoding: str | None) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        city, sent = cities[FIRST], 0
        tls = client_context(city.member.ca_pem)
        reader, writer = await asyncio.open_connection(
            city.config.log.host, city.config.log.port, ssl=tls, server_hostname=city.member.server_name
        )
        compressed = "" if encoding is None else f"Content-Encoding: {encoding}\r\n"
        head = f"POST /add-checkpoint HTTP/1.1\r\nHost: x\r\n{compressed}Transfer-Encoding: chunked\r\n\r\n"
        writer.write(head.encode())
        body = gzip.compress(bytes(2**20)) if encoding else bytes(2**16)
        answer = asyncio.create_task(reader.readline())
        while not answer.done() and sent < 2**24:
            writer.write(b"%x\r\n%s\r\n" % (len(body), body))
            sent += len(body)
            await asyncio.sleep(0.001)
        assert b" 413 " in await answer
        assert sent < 2**20
        writer.transport.abort()

    in_league(cities, scene)


@pytest.mark.parametrize("word", [b"", b"\x16"], ids=["silent", "in the middle of TLS"])
def test_whoever_has_not_shown_who_he_is_makes_place_for_the_next_and_is_sent_away(
    cities: dict[str, LogCity], monkeypatch: pytest.MonkeyPatch, word: bytes
) -> None:
    few = door.Places(silent=3, handshakes=3, strangers=3, members=3)
    monkeypatch.setattr(door.Places, "within_open_files", lambda: few)

    async def scene(keeper: LogKeeper, store: NodeStore) -> None:
        city = cities[FIRST]
        strangers = [await asyncio.open_connection(city.config.log.host, city.config.log.port) for _ in range(8)]
        for _, writer in strangers:
            writer.write(word)
        assert (await city.get("/checkpoint"))[0] == 200
        async with asyncio.timeout(PATIENCE_S):
            for reader, writer in strangers:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.transport.abort()

    in_league(cities, scene)


def test_strangers_who_say_nothing_keep_no_member_out_and_are_sent_away(
    cities: dict[str, LogCity], monkeypatch: pytest.MonkeyPatch
) -> None:
    few = door.Places(silent=64, handshakes=64, strangers=3, members=64)
    monkeypatch.setattr(door.Places, "within_open_files", lambda: few)
    monkeypatch.setattr(door, "_STRANGER_S", 1.0)

    async def scene(keeper: LogKeeper, store: NodeStore) -> None:
        city = cities[FIRST]
        tls = client_context(city.member.ca_pem)
        name = city.member.server_name
        connections = [
            await asyncio.open_connection(city.config.log.host, city.config.log.port, ssl=tls, server_hostname=name)
            for _ in range(6)
        ]
        for _, writer in connections[:3]:
            writer.write(b"GET /checkpoint HTTP/1.1\r\nX-Slow: ")
        assert (await city.get("/checkpoint"))[0] == 200
        async with asyncio.timeout(5):
            for reader, writer in connections:
                with suppress(ConnectionError):
                    assert await reader.read() == b""
                writer.transport.abort()
        assert (await city.get("/checkpoint", shown=None))[0] == 403

    in_league(cities, scene)


@pytest.mark.parametrize("flaw", ["none", "expired", "not yet", "for servers", "below an analyst"])
def test_a_certificate_with_a_flaw_opens_nothing(cities: dict[str, LogCity], tmp_path: Path, flaw: str) -> None:
    city = cities[FIRST]
    authority = city.league / "cities" / FIRST
    ca, ca_key = _pair((authority / "ca.pem").read_bytes(), (authority / "ca.key").read_bytes())
    match flaw:
        case "none":
            chain = [_issue(ca, ca_key, "auditor.luebeck")]
        case "expired":
            chain = [_issue(ca, ca_key, "auditor.luebeck", begins=-2, ends=-1)]
        case "not yet":
            chain = [_issue(ca, ca_key, "auditor.luebeck", begins=1, ends=2)]
        case "for servers":
            chain = [_issue(ca, ca_key, "auditor.luebeck", usage=ExtendedKeyUsageOID.SERVER_AUTH)]
        case _:
            analyst = _issue(ca, ca_key, "analyst.luebeck")
            chain = [_issue(*analyst, "auditor.luebeck"), analyst]
    shown = tmp_path / "shown.pem"
    key = chain[0][1].private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    shown.write_bytes(key + b"".join(each.public_bytes(Encoding.PEM) for each, _ in chain))

    async def scene() -> None:
        async with city.opened():
            tls = client_context(city.member.ca_pem)
            tls.load_cert_chain(shown)
            async with aiohttp.ClientSession() as session:
                url = log_url(city.member) + "/checkpoint"
                asking = session.get(url, ssl=tls, server_hostname=city.member.server_name)
                if flaw == "none":
                    assert (await asking).status == 404  # let in, and there is no checkpoint yet
                    return
                with pytest.raises(aiohttp.ClientError):
                    await asking

    asyncio.run(scene())


Pair = tuple[x509.Certificate, ec.EllipticCurvePrivateKey]


def _pair(certificate: bytes, key: bytes) -> Pair:
    loaded = load_pem_private_key(key, None)
    assert isinstance(loaded, ec.EllipticCurvePrivateKey)
    return x509.load_pem_x509_certificate(certificate), loaded


def _issue(
    issuer: x509.Certificate,
    issuer_key: ec.EllipticCurvePrivateKey,
    name: str,
    *,
    begins: int = -1,
    ends: int = 1,
    usage: x509.ObjectIdentifier = ExtendedKeyUsageOID.CLIENT_AUTH,
) -> Pair:
    """A certificate for `name`; `begins`, `ends`: days from now."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() + timedelta(days=begins))
        .not_valid_after(utc_now() + timedelta(days=ends))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
        .sign(issuer_key, SHA256())
    )
    return certificate, key


def test_one_checkpoint_sent_for_ever_is_written_once(cities: dict[str, LogCity]) -> None:
    """Whoever holds a receipt has a signed checkpoint: to replay it must not cost the disk anything."""

    async def scene() -> None:
        async with cities[FIRST].opened() as (_, store):
            city = cities[SECOND]
            signer = read_signer(city.config.keys.log)
            note = sign_checkpoint(Checkpoint(city.member.log_origin, 1, leaf_hash(b"x")), signer)
            written: list[str] = []
            store._writer._connection.set_trace_callback(written.append)
            for old_size in (0, *(1,) * 20):
                body = AddCheckpoint(old_size=old_size, proof=(), checkpoint_note=note).body
                status, _ = await call(cities[FIRST], "POST", "/add-checkpoint", body, shown=None)
                assert status == 200
            store._writer._connection.set_trace_callback(None)
            assert sum(each.startswith("INSERT") for each in written) == 1

    asyncio.run(scene())


def test_a_stranger_writes_nothing_into_the_nodes_own_messages(
    cities: dict[str, LogCity], caplog: pytest.LogCaptureFixture
) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        signer = read_signer(cities[FIRST].config.keys.answer)
        caplog.clear()
        with caplog.at_level(logging.DEBUG, logger="hansa_node"):
            for origin in ("A" * 10_000, cities[SECOND].member.log_origin):
                note = sign_checkpoint(Checkpoint(origin, 1, leaf_hash(b"x")), signer)
                body = AddCheckpoint(old_size=0, proof=(), checkpoint_note=note).body
                assert (await call(cities[FIRST], "POST", "/add-checkpoint", body, shown=None))[0] in (403, 404)
        assert "checkpoint not cosigned" not in caplog.messages

    in_league(cities, scene)


def test_an_entry_without_a_byte_is_refused_and_not_taken_for_a_broken_store(cities: dict[str, LogCity]) -> None:
    async def scene() -> None:
        async with cities[FIRST].opened():
            city = cities[SECOND]
            signer = read_signer(city.config.keys.log)
            note = sign_checkpoint(Checkpoint(city.member.log_origin, 1, leaf_hash(b"")), signer)
            body = b"0 %d\n%s\x00\x00" % (len(note), note)
            status, said = await call(
                cities[FIRST], "POST", f"/mirror/{SECOND}/add-entries", body, shown=("node", SECOND)
            )
            assert (status, b"without a byte" in said) == (400, True)

    asyncio.run(scene())


def test_a_request_to_a_mirror_that_drips_holds_up_no_other_city(cities: dict[str, LogCity]) -> None:
    async def drip() -> AsyncIterator[bytes]:
        yield b"0 "
        await asyncio.sleep(60)

    async def scene() -> None:
        async with cities[FIRST].opened():
            path: dict[str, Any] = {city: f"/mirror/{city}/add-entries" for city in (SECOND, THIRD)}
            slow: Any = drip()
            dripping = asyncio.create_task(call(cities[FIRST], "POST", path[SECOND], slow, shown=("node", SECOND)))
            await asyncio.sleep(0.2)
            signer = read_signer(cities[THIRD].config.keys.log)
            note = sign_checkpoint(Checkpoint(cities[THIRD].member.log_origin, 1, leaf_hash(b"x")), signer)
            body = AddEntries(start=0, note=note, entries=(b"x",)).body
            async with asyncio.timeout(5):
                status, _ = await call(cities[FIRST], "POST", path[THIRD], body, shown=("node", THIRD))
            assert status == 200
            dripping.cancel()
            await asyncio.gather(dripping, return_exceptions=True)

    asyncio.run(scene())
