"""The way to a service, hop by hop: each fault is named with the hop that it breaks, and with who mends it."""

from __future__ import annotations

import asyncio
import hashlib
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from hansa_local.clock import utc_now
from hansa_local.health import HealthPart, PartState
from hansa_local.shown_certificates import DialledService
from hansa_local.tls import server_context
from hansa_local.way import WayToService, walked
from hansa_ports import free_ports
from hansa_test_tls import Identity, TestAuthority

CITY, OWN, STRANGER = TestAuthority("luebeck"), TestAuthority("bremen"), TestAuthority("elsewhere")
KEY = ec.generate_private_key(ec.SECP256R1())
SERVICE = CITY.issue("node.luebeck", valid_for=timedelta(days=90), key=KEY)


def pin(identity: Identity) -> str:
    key = x509.load_pem_x509_certificate(identity.cert_pem).public_key()
    return hashlib.sha256(key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).hexdigest()


def kept(folder: Path, identity: Identity) -> tuple[Path, Path]:
    folder.mkdir()
    (folder / "tls.pem").write_bytes(identity.cert_pem)
    (folder / "tls.key").write_bytes(identity.key_pem)
    return folder / "tls.pem", folder / "tls.key"


Greeting = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def listening(greet: Greeting, context: ssl.SSLContext | None = None) -> AsyncIterator[int]:
    """The port of a server, all of whose connections are closed when the body ends."""
    under_way: set[asyncio.Task[Any]] = set()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        under_way.add(task)
        with suppress(OSError):
            await greet(reader, writer)
        writer.transport.abort()
        with suppress(OSError):
            await writer.wait_closed()

    async with await asyncio.start_server(handle, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*under_way)


@asynccontextmanager
async def serving(folder: Path, shown: Identity) -> AsyncIterator[int]:
    """The port of a service that shows the identity, lets in whom OWN certifies, and speaks first."""
    context = server_context(OWN.ca_pem)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_cert_chain(*kept(folder / "service", shown))
    context.set_alpn_protocols(["h2"])

    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"settings")
        await reader.read()

    async with listening(greet, context) as port:
        yield port


def service(port: int) -> DialledService:
    return DialledService(
        name="the node of luebeck",
        host="127.0.0.1",
        port=port,
        server_name="node.luebeck",
        ca_pem=CITY.ca_pem,
        tls_spki=pin(SERVICE),
    )


def hops(
    folder: Path,
    *,
    shown: Identity = SERVICE,
    own: Identity | None = None,
    change: Callable[[DialledService], DialledService] = lambda service: service,
) -> list[HealthPart]:
    certificate, key = kept(folder / "own", own or OWN.issue("analyst"))

    async def scene() -> list[HealthPart]:
        async with serving(folder, shown) as port:
            way = WayToService(service=change(service(port)), certificate=certificate, key=key)
            return [part async for part in way.walk(utc_now())]

    return asyncio.run(scene())


def fault(parts: list[HealthPart]) -> tuple[str, str]:
    """The last hop, which alone has failed: its name behind the service's, and what was said."""
    assert [part.state for part in parts[:-1]] == [PartState.OK] * (len(parts) - 1)
    assert parts[-1].state is PartState.FAILED
    assert parts[-1].remedy
    return parts[-1].name.removeprefix("the node of luebeck, "), parts[-1].text


def test_a_way_in_order_has_no_fault(tmp_path: Path) -> None:
    parts = hops(tmp_path)
    assert [part.name.rpartition(", ")[2] for part in parts] == ["name", "TCP", "TLS", "pin", "HTTP/2"]
    assert {part.state for part in parts} == {PartState.OK}


def test_a_name_that_nobody_knows(tmp_path: Path) -> None:
    hop, said = fault(hops(tmp_path, change=lambda service: replace(service, host="node.invalid")))
    assert hop == "name"
    assert "node.invalid is no name that this machine knows" in said


def test_a_port_where_nobody_listens(tmp_path: Path) -> None:
    port = free_ports(1)[0]
    hop, said = fault(hops(tmp_path, change=lambda service: replace(service, port=port)))
    assert (hop, said) == ("TCP", f"127.0.0.1:{port} refuses")


def test_a_certificate_of_another_authority_or_for_another_name(tmp_path: Path) -> None:
    for number, shown in enumerate((STRANGER.issue("node.luebeck"), CITY.issue("node.elsewhere"))):
        folder = tmp_path / str(number)
        folder.mkdir()
        hop, said = fault(hops(folder, shown=shown))
        assert hop == "TLS"
        assert "not a certificate of node.luebeck by its CA in the roster" in said


def test_a_certificate_that_has_expired(tmp_path: Path) -> None:
    hop, said = fault(hops(tmp_path, shown=CITY.issue("node.luebeck", valid_for=timedelta(days=-1))))
    assert hop == "TLS"
    assert "certificate has expired" in said


def test_a_certificate_that_expires_soon_is_told_of(tmp_path: Path) -> None:
    parts = hops(tmp_path, shown=CITY.issue("node.luebeck", valid_for=timedelta(days=9), key=KEY))
    (soon,) = (part for part in parts if part.state is not PartState.OK)
    assert (soon.name, soon.state) == ("the TLS certificate of the node of luebeck", PartState.WARNING)


def test_another_key_than_the_pinned_one(tmp_path: Path) -> None:
    parts = hops(tmp_path, shown=CITY.issue("node.luebeck", valid_for=timedelta(days=90)))
    broken = [part for part in parts if part.state is PartState.FAILED]
    assert [part.name for part in broken] == ["the node of luebeck, pin"]


def test_an_own_certificate_that_the_service_does_not_take(tmp_path: Path) -> None:
    hop, said = fault(hops(tmp_path, own=STRANGER.issue("analyst")))
    assert hop == "HTTP/2"
    assert "it does not take the certificate" in said


def test_own_files_that_do_not_belong_together(tmp_path: Path) -> None:
    first, second = OWN.issue("analyst"), OWN.issue("analyst")
    hop, said = fault(hops(tmp_path, own=Identity(cert_pem=first.cert_pem, key_pem=second.key_pem)))
    assert hop == "TLS"
    assert "cannot be used" in said


@pytest.mark.parametrize("says", [b"HTTP/1.1 400 Bad Request\r\n\r\n", b""])
def test_something_that_speaks_no_tls(tmp_path: Path, says: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hansa_local.way._PATIENCE_S", 0.5)
    certificate, key = kept(tmp_path / "own", OWN.issue("analyst"))

    async def scene() -> list[HealthPart]:
        async def tell(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(says)
            await reader.read()

        async with listening(tell) as port:
            way = WayToService(service=service(port), certificate=certificate, key=key)
            return [part async for part in way.walk(utc_now())]

    hop, said = fault(asyncio.run(scene()))
    assert hop == "TLS"
    assert "no handshake" in said


def test_several_ways_are_walked_and_told_in_their_order(tmp_path: Path) -> None:
    certificate, key = kept(tmp_path / "own", OWN.issue("analyst"))
    ports = free_ports(3)
    ways = [WayToService(service=service(port), certificate=certificate, key=key) for port in ports]
    told = [parts[-1].text for parts in walked(ways, utc_now())]
    assert told == [f"127.0.0.1:{port} refuses" for port in ports]
