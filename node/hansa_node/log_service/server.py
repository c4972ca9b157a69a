"""HTTPS for the log service: the node's own certificate, and client certificates where a visitor shows one."""

from __future__ import annotations

import ssl
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from pathlib import Path

from aiohttp import web

from hansa_core.errors import ConfigError

_STOP_GRACE_S = 2.0


@asynccontextmanager
async def served(application: web.Application, host: str, port: int, tls: ssl.SSLContext) -> AsyncIterator[int]:
    """The application, served for the body; gives the port. Raises ConfigError where the address cannot be had."""
    runner = web.AppRunner(application, access_log=None, shutdown_timeout=_STOP_GRACE_S)
    await runner.setup()
    try:
        site = web.TCPSite(runner, host, port, ssl_context=tls)
        try:
            await site.start()
        except OSError as failure:
            raise ConfigError(
                f"log.port: {host}:{port} cannot be listened on ({failure.strerror}); free it, or set another one"
            ) from None
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()


def server_tls(certificate: Path, key: Path, authorities: Iterable[bytes]) -> ssl.SSLContext:
    """TLS 1.2 or newer. A client certificate may be left out; one that is shown was issued by one of `authorities`.

    Which city's it is, and what its holder may do, is decided for each request.
    """
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_verify_locations(cadata="\n".join(each.decode() for each in authorities))
    context.verify_mode = ssl.CERT_OPTIONAL
    context.load_cert_chain(certificate, key)
    return context
