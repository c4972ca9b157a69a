"""What the log service shows to whom, and how it stands up to strangers: over real HTTPS."""

from __future__ import annotations

import asyncio
import ssl
import threading
from collections.abc import Coroutine, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, load_pem_private_key

from hansa_core.evidence.body import PolicyRef
from hansa_core.evidence.entry import Entry, decode_entry, encode_entry
from hansa_core.evidence.log_entries import KeyAdded, NodeStarted, OpeningRead
from hansa_core.evidence.opening import check_disclosure, decode_disclosure
from hansa_core.evidence.rule_entries import PolicyPublished
from hansa_core.league.witnesses import log_url, log_vkey
from hansa_core.policy.policy import Policy
from hansa_core.policy.published_rules import rules_hash
from hansa_core.signing.dsse import Ed25519Signer
from hansa_core.tlog.checkpoint import Checkpoint, add_signatures, open_checkpoint, sign_checkpoint
from hansa_core.tlog.cosignature import cosign
from hansa_core.tlog.merkle import leaf_hash, root_of_leaves
from hansa_core.tlog.note import read_note
from hansa_core.tlog.tiles import decode_bundle, tile_at
from hansa_core.tlog.witness import AddCheckpoint
from hansa_local.clock import utc_now
from hansa_local.expiry import ExpiryWatch
from hansa_local.key_file import read_signer
from hansa_local.tls import client_context
from hansa_log_cities import PATIENCE_S, LogCity, call, log_cities, until
from hansa_log_entries import POLICY
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.current_league import CurrentLeague
from hansa_node.league_in_force import LeagueInForce
from hansa_node.log import peer_logs
from hansa_node.log.announcements import of_policy
from hansa_node.log.batch import Batch
from hansa_node.log.mirror_request import AddEntries
from hansa_node.log_service import pages
from hansa_node.log_service.log_league import LogLeague
from hansa_node.log_service.witness import Witness
from hansa_node.node_store import NodeStore
from hansa_node.witnessing.status import WitnessStatus
from hansa_test_tls import TestAuthority

FIRST, SECOND, THIRD = "luebeck", "bremen", "hamburg"


@pytest.fixture
def cities(tmp_path: Path) -> dict[str, LogCity]:
    return log_cities(tmp_path)


def in_league(cities: dict[str, LogCity], scene: Any) -> None:
    """Run `scene(keeper, store)` of the first city while the second one witnesses and mirrors it."""

    async def both() -> None:
        async with cities[SECOND].running(), cities[THIRD].running(), cities[FIRST].running() as (keeper, store):
            await until(lambda: keeper.status.is_confirmed and store.log.witnessed() is not None)
            await scene(keeper, store)

    asyncio.run(both())


def test_a_member_reads_checkpoint_tiles_and_entries_that_belong_together(cities: dict[str, LogCity]) -> None:
    async def scene(keeper: LogKeeper, store: NodeStore) -> None:
        for number in range(300):
            store.log.append(KeyAdded(role="answer", key=f"{number:064x}"), now=utc_now())
        await until(lambda: (store.log.witnessed() or (0,))[0] == store.log.size)
        status, note = await cities[FIRST].get("/checkpoint")
        checkpoint = open_checkpoint(note, log_vkey(cities[FIRST].member))
        assert (status, checkpoint.size) == (200, store.log.size)
        leaves: list[bytes] = []
        for number in range(2):
            tile = tile_at(0, number, checkpoint.size)
            _status, bundle = await cities[FIRST].get(f"/{tile.entries_path}")
            entries = decode_bundle(bundle, tile.width)
            assert (await cities[FIRST].get(f"/{tile.path}"))[1] == b"".join(map(leaf_hash, entries))
            leaves += entries
        assert root_of_leaves(list(map(leaf_hash, leaves))) == checkpoint.root
        assert (await cities[FIRST].get("/tile/1/000.p/1"))[0] == 200
        # Where its origin ends, tools that are not ours dial it.
        for path in ("checkpoint", "tile/1/000.p/1", "tile/entries/000"):
            assert await cities[FIRST].get(f"/log/{path}") == await cities[FIRST].get(f"/{path}")

    in_league(cities, scene)


@pytest.mark.parametrize("path", ["/checkpoint", "/tile/0/000.p/2", "/tile/entries/000.p/2", "/opening/1/policy_hash"])
def test_a_stranger_reads_nothing(cities: dict[str, LogCity], path: str) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        status, body = await cities[FIRST].get(path, shown=None)
        assert status == 403
        assert b"for members of the league; show a certificate" in body

    in_league(cities, scene)


def test_what_is_public_shows_checkpoint_and_hashes_and_no_entry(tmp_path: Path) -> None:
    cities = log_cities(tmp_path, public=True)

    async def scene(_: LogKeeper, store: NodeStore) -> None:
        assert (await cities[FIRST].get("/checkpoint", shown=None))[0] == 200
        assert (await cities[FIRST].get("/tile/0/000.p/2", shown=None))[0] == 200
        assert (await cities[FIRST].get("/tile/entries/000.p/2", shown=None))[0] == 403

    in_league(cities, scene)


def test_what_is_for_members_is_kept_by_no_shared_cache_and_no_software_is_named(tmp_path: Path) -> None:
    cities = log_cities(tmp_path, public=True)
    expected = {
        "/checkpoint": "no-cache",
        "/tile/0/000.p/2": "public, max-age=31536000, immutable",
        "/tile/entries/000.p/2": "private, max-age=31536000, immutable",
        "/mirror/bremen/checkpoint": "private, no-cache",
        "/opening/1/policy_hash": "private, no-cache",
    }

    async def scene(_: LogKeeper, store: NodeStore) -> None:
        for path, kept in expected.items():
            for shown in (("analyst", FIRST), None):
                headers = await headers_of(cities[FIRST], path, shown=shown)
                is_refusal = shown is None and "private" in kept
                assert headers["Cache-Control"] == ("private, no-cache" if is_refusal else kept), path
                assert "Server" not in headers

    in_league(cities, scene)


def test_what_is_no_request_is_told_no_software_either(cities: dict[str, LogCity]) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        member = cities[FIRST].member
        reader, writer = await asyncio.open_connection(
            member.host, member.log_port, ssl=client_context(member.ca_pem), server_hostname=member.server_name
        )
        writer.write(b"NO REQUEST\r\n\r\n")
        said = await reader.read()
        writer.close()
        assert said.startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
        assert b"python" not in said.lower()
        assert b"aiohttp" not in said.lower()

    in_league(cities, scene)


async def headers_of(city: LogCity, path: str, *, shown: tuple[str, str] | None) -> Mapping[str, str]:
    tls = ssl.create_default_context(cadata=city.member.ca_pem.decode())
    if shown is not None:
        folder = city.league / f"{shown[0]}s" / shown[1]
        tls.load_cert_chain(folder / "tls.pem", folder / "tls.key")
    name = city.member.server_name
    async with (
        aiohttp.ClientSession() as session,
        session.get(log_url(city.member) + path, ssl=tls, server_hostname=name) as response,
    ):
        return response.headers


@pytest.mark.parametrize(
    "path",
    [
        "/tile/0/999",
        "/tile/9/000",
        "/tile/0/0",
        "/tile/entries/000.p/0",
        "/tile/../store.sqlite",
        "/mirror/atlantis/checkpoint",
    ],
)
def test_what_is_not_there_is_not_found(cities: dict[str, LogCity], path: str) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        assert (await cities[FIRST].get(path))[0] == 404

    in_league(cities, scene)


def test_a_certificate_that_names_another_citys_analyst_opens_nothing(cities: dict[str, LogCity]) -> None:
    """Every member's authority is a root to TLS; it vouches for its own people only."""
    first = cities[FIRST]
    authority = first.league / "cities" / THIRD

    async def scene(_: LogKeeper, store: NodeStore) -> None:
        forged = forge(authority, f"auditor.{FIRST}", first.league.parent / "forged.pem")
        tls = client_context(first.member.ca_pem)
        tls.load_cert_chain(forged)
        async with aiohttp.ClientSession() as session:
            url = log_url(first.member) + "/checkpoint"
            async with session.get(url, ssl=tls, server_hostname=first.member.server_name) as response:
                assert response.status == 403

    in_league(cities, scene)


def forge(authority: Path, name: str, into: Path) -> Path:
    """A certificate for `name` under the authority in that folder, with its key."""
    issuer = x509.load_pem_x509_certificate((authority / "ca.pem").read_bytes())
    signing: Any = load_pem_private_key((authority / "ca.key").read_bytes(), None)
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([]))
        .issuer_name(issuer.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(utc_now() - timedelta(minutes=1))
        .not_valid_after(utc_now() + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(signing, SHA256())
    )
    into.write_bytes(
        certificate.public_bytes(Encoding.PEM) + key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    )
    return into


def test_a_foreign_authority_does_not_get_through_tls(cities: dict[str, LogCity]) -> None:
    first = cities[FIRST]
    identity = TestAuthority("stranger").issue(f"auditor.{FIRST}")
    pem = first.league.parent / "foreign.pem"
    pem.write_bytes(identity.cert_pem + identity.key_pem)

    async def scene(_: LogKeeper, store: NodeStore) -> None:
        tls = client_context(first.member.ca_pem)
        tls.load_cert_chain(pem)
        async with aiohttp.ClientSession() as session:
            url = log_url(first.member) + "/checkpoint"
            with pytest.raises(aiohttp.ClientError):
                await session.get(url, ssl=tls, server_hostname=first.member.server_name)

    in_league(cities, scene)


def test_an_entitled_auditor_is_shown_one_field_and_the_log_says_so_first(cities: dict[str, LogCity]) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        leaves = store.log.tree.entries(0, store.log.size)
        index = [decode_entry(leaf).type for leaf in leaves].index("policy.published")
        before = store.log.size
        status, body = await cities[FIRST].get(f"/opening/{index}/deny", shown="auditor")
        assert status == 200
        check_disclosure(decode_disclosure(body), decode_entry(leaves[index]).body.opening)  # type: ignore[attr-defined]
        reads = [decode_entry(leaf).body for leaf in store.log.tree.entries(before, store.log.size)]
        assert OpeningRead(index=index, field="deny", reader=FIRST) in reads

    in_league(cities, scene)


def test_many_openings_are_shown_in_one_go_which_one_entry_tells_first(cities: dict[str, LogCity]) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        before, fields = store.log.size, "deny,analyst,query"
        status, body = await cities[FIRST].get(f"/openings/0-{before - 1}/{fields}", shown="auditor")
        assert status == 200
        first, *lines = body.splitlines()
        assert int(first) == before - 1
        leaves = store.log.tree.entries(0, before)
        committed = {
            (index, field)
            for index, leaf in enumerate(leaves)
            for field in decode_entry(leaf).body.commitments
            if field in fields.split(",")
        }
        told = [line.partition(b" ") for line in lines]
        assert {(int(index), decode_disclosure(shown).field) for index, _space, shown in told} == committed != set()
        for index, _space, shown in told:
            check_disclosure(decode_disclosure(shown), decode_entry(leaves[int(index)]).body.opening)  # type: ignore[attr-defined]
        reads = [decode_entry(leaf).body for leaf in store.log.tree.entries(before, store.log.size)]
        read = OpeningRead(index=0, fields=tuple(fields.split(",")), until=before - 1, reader=FIRST)
        assert [each for each in reads if isinstance(each, OpeningRead)] == [read]

    in_league(cities, scene)


@pytest.mark.parametrize(
    ("path", "shown", "status"),
    [
        ("/openings/0-1/policy_hash", ("auditor", SECOND), 403),
        ("/openings/0-1/policy_hash", ("analyst", FIRST), 403),
        ("/openings/0-1/rows", ("auditor", FIRST), 400),
        ("/openings/0-1/query,query", ("auditor", FIRST), 400),
        ("/openings/1-0/query", ("auditor", FIRST), 404),
        ("/openings/0-999999/query", ("auditor", FIRST), 404),
        ("/openings/0-0/query", ("auditor", FIRST), 200),
    ],
)
def test_what_shows_nothing_of_openings_is_not_logged(
    cities: dict[str, LogCity], path: str, shown: tuple[str, str], status: int
) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        before = store.log.size
        answered, _body = await call(cities[FIRST], "GET", path, shown=shown)
        assert answered == status
        assert "opening.read" not in [
            decode_entry(leaf).type for leaf in store.log.tree.entries(before, store.log.size)
        ]

    in_league(cities, scene)


def test_openings_that_are_too_many_for_one_answer_end_where_one_asks_again(
    cities: dict[str, LogCity], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("hansa_node.log_service.disclosures.MAX_SHOWN_BYTES", 10)

    async def scene(_: LogKeeper, store: NodeStore) -> None:
        def write(batch: Batch) -> None:
            for number in range(3):
                opening = batch.conceal({"policy_hash": f"{number:064x}"})
                batch.append(PolicyPublished(policy=POLICY, opening=opening.digests), opening, now=utc_now())

        start = store.log.size
        store.log._writer.run(write)
        at, seen = start, []
        while at < start + 3:
            _status, body = await cities[FIRST].get(f"/openings/{at}-{start + 2}/policy_hash", shown="auditor")
            first, *lines = body.splitlines()
            assert len(lines) == 1
            seen += [int(line.partition(b" ")[0]) for line in lines]
            at = int(first) + 1
        assert seen == [start, start + 1, start + 2]

    in_league(cities, scene)


@pytest.mark.parametrize("shown", [("analyst", FIRST), ("node", FIRST), ("auditor", SECOND)])
def test_nobody_else_is_shown_an_opening(cities: dict[str, LogCity], shown: tuple[str, str]) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        before = store.log.size
        status, _body = await call(cities[FIRST], "GET", "/opening/2/policy_hash", shown=shown)
        assert status == 403
        bodies = [decode_entry(leaf).type for leaf in store.log.tree.entries(before, store.log.size)]
        assert "opening.read" not in bodies

    in_league(cities, scene)


def test_what_is_not_in_an_opening_is_not_found_and_not_logged(cities: dict[str, LogCity]) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        for path in ("/opening/0/query", "/opening/999999/query"):
            assert (await cities[FIRST].get(path, shown="auditor"))[0] == 404
        types = [decode_entry(leaf).type for leaf in store.log.tree.entries(0, store.log.size)]
        assert "opening.read" not in types

    in_league(cities, scene)


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"old 0\n\nnonsense", 400),
        (b"old -1\n\n", 400),
        (b"\xff" * 100, 400),
        (b"x" * 300_000, 413),
    ],
)
def test_a_witness_refuses_what_is_no_request(cities: dict[str, LogCity], body: bytes, status: int) -> None:
    async def scene(_: LogKeeper, store: NodeStore) -> None:
        assert (await call(cities[FIRST], "POST", "/add-checkpoint", body, shown=None))[0] == status

    in_league(cities, scene)


def test_a_witness_keeps_to_the_history_that_it_cosigned(cities: dict[str, LogCity]) -> None:
    """Of another history it says neither yes nor anything that could pass for yes."""
    first, second = cities[FIRST], cities[SECOND]
    signer = read_signer(first.league / "cities" / FIRST / "log.key")

    async def ask(old: int, checkpoint: Checkpoint, signer: Ed25519Signer) -> tuple[int, bytes]:
        note = sign_checkpoint(checkpoint, signer)
        request = AddCheckpoint(old_size=old, proof=(), checkpoint_note=note)
        return await call(second, "POST", "/add-checkpoint", request.body, shown=None)

    async def scene(_: LogKeeper, store: NodeStore) -> None:
        size = store.log.size
        await until(lambda: (store.log.witnessed() or (0,))[0] == size)
        other = Checkpoint(first.member.log_origin, size, b"\1" * 32)
        status, body = await ask(size, other, signer)
        assert (status, b"forked" in body) == (409, True)
        assert await ask(0, other, signer) == (409, b"%d\n" % size)
        assert (await ask(size, Checkpoint(other.origin, size + 1, b"\1" * 32), signer))[0] == 422
        assert (await ask(size + 9, other, signer))[0] == 400
        stranger = Ed25519Signer(b"\7" * 32)
        assert (await ask(size, other, stranger))[0] == 403
        assert (await ask(0, Checkpoint("elsewhere.example/log", 1, b"\1" * 32), stranger))[0] == 404

    in_league(cities, scene)


def test_many_requests_at_once_never_cosign_two_histories(cities: dict[str, LogCity]) -> None:
    """Two heads of one size under one key: whatever the order, one of them at most is cosigned."""
    first, second = cities[FIRST], cities[SECOND]
    signer = read_signer(first.league / "cities" / FIRST / "log.key")

    async def ask(root: bytes) -> int:
        note = sign_checkpoint(Checkpoint(first.member.log_origin, 1, root), signer)
        request = AddCheckpoint(old_size=0, proof=(), checkpoint_note=note)
        return (await call(second, "POST", "/add-checkpoint", request.body, shown=None))[0]

    async def scene() -> None:
        async with second.opened():
            asked: list[Coroutine[Any, Any, int]] = [ask(bytes([number]) * 32) for number in range(20)]
            assert sorted(await asyncio.gather(*asked)) == [200, *[409] * 19]

    asyncio.run(scene())


def test_heads_that_come_at_once_are_told_in_the_own_log_once(cities: dict[str, LogCity]) -> None:
    """One head an hour of each peer's log: however many threads take its checkpoints at the same time."""
    first, second = cities[FIRST], cities[SECOND]
    together = threading.Barrier(4)

    def at_once() -> datetime:
        together.wait()
        return utc_now()

    async def scene() -> None:
        league = CurrentLeague(LeagueInForce(city=SECOND, roster=second.roster))
        async with second.opened() as (_, store):
            witness = Witness(
                name=second.member.witness_name,
                signer=read_signer(second.league / "cities" / SECOND / "witness.key"),
                league=LogLeague(league, ExpiryWatch(utc_now), utc_now),
                peers=store.peers,
                own_log=store.log,
                status=WitnessStatus(is_confirmed=True),
                head_every_s=3600,
                clock=at_once,
            )
            head = Checkpoint(first.member.log_origin, 1, bytes(32))
            tellings = (asyncio.to_thread(witness._record, head) for _ in range(together.parties))
            await asyncio.gather(*tellings)
            assert store.log.size == 1

    asyncio.run(scene())


def test_only_a_citys_own_node_adds_to_its_mirror_and_only_what_it_signed(cities: dict[str, LogCity]) -> None:
    first, second = cities[FIRST], cities[SECOND]
    signer = read_signer(first.league / "cities" / FIRST / "log.key")
    path = f"/mirror/{FIRST}/add-entries"

    def request(start: int, entries: list[bytes], root: bytes, by: Ed25519Signer) -> bytes:
        note = sign_checkpoint(Checkpoint(first.member.log_origin, start + len(entries), root), by)
        return AddEntries(start=start, note=note, entries=entries).body

    async def scene() -> None:
        async with second.opened() as (_, store):
            root = root_of_leaves([leaf_hash(b"one")])
            good = request(0, [b"one"], root, signer)
            for shown in (None, ("analyst", FIRST), ("node", THIRD), ("node", SECOND)):
                assert (await call(second, "POST", path, good, shown=shown))[0] == 403
            node = ("node", FIRST)
            stranger = request(0, [b"one"], root, Ed25519Signer(b"\7" * 32))
            assert (await call(second, "POST", path, stranger, shown=node))[0] == 400
            assert (await call(second, "POST", path, request(0, [b"two"], root, signer), shown=node))[0] == 422
            assert store.peers.mirrored(first.member.log_origin) in (None, (0, b""))
            assert (await call(second, "POST", path, good, shown=node))[0] == 200
            assert await call(second, "POST", path, good, shown=node) == (409, b"1\n")
            assert (await call(second, "POST", path, good[:-1], shown=node))[0] == 400
            assert (await second.get(f"/mirror/{FIRST}/tile/entries/000.p/1")) == (200, b"\0\3one")
            assert (await second.get(f"/mirror/{FIRST}/checkpoint", shown=None))[0] == 403

    asyncio.run(scene())


def test_a_mirror_keeps_the_rules_that_its_entries_name_and_no_others(
    cities: dict[str, LogCity], monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = cities[FIRST], cities[SECOND]
    signer = read_signer(first.league / "cities" / FIRST / "log.key")
    documents = [f'{{"kind":"hansa.policy/1","version":{number}}}'.encode() for number in range(4)]

    def published(document: bytes) -> bytes:
        policy = PolicyRef(id="open-data", version=1)
        body = PolicyPublished(policy=policy, policy_hash=rules_hash(document), opening={"deny": "ab" * 32})
        return encode_entry(Entry(time_unix_s=1_770_000_000, node=FIRST, software="0.1.0", body=body))

    leaves = [b"no entry", *map(published, documents[:3])]
    note = sign_checkpoint(
        Checkpoint(first.member.log_origin, len(leaves), root_of_leaves([leaf_hash(leaf) for leaf in leaves])), signer
    )

    async def scene() -> None:
        async with second.opened() as (_, store):

            async def add(index: int, document: bytes, shown: tuple[str, str] | None = ("node", FIRST)) -> int:
                path = f"/mirror/{FIRST}/add-rules/{index}"
                return (await call(second, "POST", path, document, shown=shown))[0]

            async def found(document: bytes, city: str = FIRST) -> tuple[int, bytes]:
                return await second.get(f"/mirror/{city}/rules/{rules_hash(document)}.json")

            assert await add(1, documents[0]) == 422  # no entry lies here yet
            request = AddEntries(start=0, note=note, entries=leaves).body
            path = f"/mirror/{FIRST}/add-entries"
            assert (await call(second, "POST", path, request, shown=("node", FIRST)))[0] == 200
            for shown in (None, ("analyst", FIRST), ("node", THIRD)):
                assert await add(1, documents[0], shown) == 403
            for index, document in ((0, documents[0]), (1, documents[1]), (1, documents[3]), (4, documents[0])):
                assert await add(index, document) == 422
            with monkeypatch.context() as smaller:
                smaller.setattr(pages, "MAX_RULES_BYTES", 1000)
                assert await add(1, bytes(1001)) == 413
            assert (await found(documents[0]))[0] == 404
            assert [await add(1, documents[0]) for _ in range(2)] == [200, 200]
            assert await found(documents[0]) == (200, documents[0])
            for city in (SECOND, THIRD, "nowhere"):
                assert (await found(documents[0], city))[0] == 404
            assert (await second.get(f"/mirror/{FIRST}/rules/{rules_hash(documents[0])}.json", shown=None))[0] == 403
            monkeypatch.setattr(peer_logs, "MOST_RULES", 2)
            assert [await add(index, documents[index - 1]) for index in (2, 3, 1)] == [200, 507, 200]
            assert store.peers.rules(first.member.log_origin, rules_hash(documents[2])) is None

    asyncio.run(scene())


def test_a_citys_rules_are_read_at_its_mirrors_after_each_announcement(cities: dict[str, LogCity]) -> None:
    league = LeagueInForce(city=FIRST, roster=cities[FIRST].roster)

    async def scene(keeper: LogKeeper, store: NodeStore) -> None:
        for version in (2, 3):
            published = store.published_policy(Policy(id="open-data", version=version, rules=()))
            started = NodeStarted(policy=published.reference, roster=league.roster_ref)
            store.begin((of_policy(published),), started, now=utc_now())
            path = f"/mirror/{FIRST}/rules/{published.hash}.json"
            async with asyncio.timeout(PATIENCE_S):
                while await cities[SECOND].get(path) != (200, published.rules):
                    await asyncio.sleep(0.01)

    in_league(cities, scene)


def test_a_city_that_falls_silent_before_its_cosignatures_came_is_still_read_at_its_mirrors(
    cities: dict[str, LogCity],
) -> None:
    """Readers get what a quorum cosigned; the city itself, which must not fork from it, the newest."""
    first, second = cities[FIRST], cities[SECOND]
    keys, path = first.league / "cities", f"/mirror/{FIRST}"
    signer = read_signer(keys / FIRST / "log.key")

    def signed(*entries: bytes) -> bytes:
        root = root_of_leaves([leaf_hash(entry) for entry in entries])
        return sign_checkpoint(Checkpoint(first.member.log_origin, len(entries), root), signer)

    async def scene() -> None:
        async with second.opened():
            cosigned = signed(b"one")
            for name in (SECOND, THIRD):
                witness = cities[name].member.witness_name
                line = cosign(read_note(cosigned).text, read_signer(keys / name / "witness.key"), witness, 1)
                cosigned = add_signatures(cosigned, line)
            newest = signed(b"one", b"two")
            for request in (
                AddEntries(start=0, note=cosigned, entries=[b"one"]),
                AddEntries(start=1, note=newest, entries=[b"two"]),
            ):
                shown = ("node", FIRST)
                assert (await call(second, "POST", f"{path}/add-entries", request.body, shown=shown))[0] == 200
            assert await second.get(f"{path}/checkpoint") == (200, cosigned)
            assert await second.get(f"{path}/tile/entries/000.p/1") == (200, b"\0\3one")
            assert await second.get(f"{path}/newest") == (200, newest)
            assert (await second.get(f"{path}/newest", shown=None))[0] == 403

    asyncio.run(scene())


def test_a_full_mirror_says_so(tmp_path: Path) -> None:
    cities = log_cities(tmp_path, max_mirrored_entries=1)
    first = cities[FIRST]
    signer = read_signer(first.league / "cities" / FIRST / "log.key")

    async def scene() -> None:
        async with cities[SECOND].opened():
            root = root_of_leaves([leaf_hash(b"one"), leaf_hash(b"two")])
            note = sign_checkpoint(Checkpoint(first.member.log_origin, 2, root), signer)
            body = AddEntries(start=0, note=note, entries=[b"one", b"two"]).body
            shown = ("node", FIRST)
            status, said = await call(cities[SECOND], "POST", f"/mirror/{FIRST}/add-entries", body, shown=shown)
            assert (status, b"max_mirrored_entries" in said) == (507, True)

    asyncio.run(scene())
