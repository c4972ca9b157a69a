"""What services show is looked at over real TLS, expired or not, and only what their own authority issued is told."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from hansa_local.expiry import Expiring, expiry_of
from hansa_local.shown_certificates import DialledService, shown_by
from hansa_test_tls import Identity, TestAuthority

CITY, STRANGER = TestAuthority("luebeck"), TestAuthority("luebeck")
LUEBECK = DialledService(
    name="luebeck", host="127.0.0.1", port=1, server_name="node.luebeck", ca_pem=CITY.ca_pem, tls_spki="00" * 32
)
OWN = TestAuthority("bremen").issue("node.bremen")


def kept(folder: Path, identity: Identity) -> tuple[Path, Path]:
    certificate, key = folder / "tls.pem", folder / "tls.key"
    certificate.write_bytes(identity.cert_pem)
    key.write_bytes(identity.key_pem)
    return certificate, key


@asynccontextmanager
async def serving(folder: Path, identity: Identity) -> AsyncIterator[DialledService]:
    """A service that shows the identity."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*kept(folder, identity))

    async def leave(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.close()

    async with await asyncio.start_server(leave, "127.0.0.1", 0, ssl=context) as server:
        port = server.sockets[0].getsockname()[1]
        yield replace(LUEBECK, port=port)


def seen(folder: Path, identity: Identity) -> list[Expiring]:
    (folder / "own").mkdir()

    async def scene() -> list[Expiring]:
        async with serving(folder, identity) as service:
            return await shown_by([service, None], *kept(folder / "own", OWN))

    return asyncio.run(scene())


@pytest.mark.parametrize("hours", [2000, -3])
def test_a_certificate_is_seen_with_its_end_also_after_it(tmp_path: Path, hours: int) -> None:
    shown = CITY.issue("node.luebeck", valid_for=timedelta(hours=hours))
    (met,) = seen(tmp_path, shown)
    assert (met.what, met.expires) == ("the TLS certificate of luebeck", expiry_of(shown.cert_pem))


def test_nothing_is_told_of_what_another_authority_issued(tmp_path: Path) -> None:
    assert seen(tmp_path, STRANGER.issue("node.luebeck", valid_for=timedelta(days=3))) == []


def test_a_service_that_is_not_there_says_nothing(tmp_path: Path) -> None:
    assert asyncio.run(shown_by([LUEBECK], *kept(tmp_path, OWN))) == []


def test_own_files_that_do_not_fit_end_no_daemon(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    certificate, key = kept(tmp_path, OWN)
    key.write_bytes(STRANGER.issue("node.luebeck").key_pem)
    assert asyncio.run(shown_by([], certificate, key)) == []
    assert [record.message for record in caplog.records] == ["certificates of peers not looked at"]
