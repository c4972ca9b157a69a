"""One other city as witness and mirror of this log, over HTTPS."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import aiohttp

from hansa_core.errors import PeerError
from hansa_core.league.members import Member
from hansa_core.league.witnesses import log_url
from hansa_core.tlog.witness import SIZE_TYPE
from hansa_local.tls import client_context
from hansa_wire.rpc.status import unreachable

MAX_REPLY_BYTES = 64 * 1024
"""Of what a witness says, and of a checkpoint."""
_TIMEOUT = aiohttp.ClientTimeout(total=10, sock_connect=3)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What a peer said. `is_size`: the body is a size, by its type."""

    status: int
    body: bytes
    is_size: bool


class WitnessPeer:
    """Reaches `member`, which listens, under its own name and authority; shows this node's certificate."""

    def __init__(self, member: Member, session: aiohttp.ClientSession, *, certificate: Path, key: Path) -> None:
        self.member = member
        self._session = session
        self._tls = client_context(member.ca_pem)
        self._tls.load_cert_chain(certificate, key)

    async def post(self, path: str, body: bytes) -> Reply:
        """Send the body. Raises ConnectionError or TimeoutError where the peer is not reached, PeerError where what it
        says is too long."""
        return await self._call("POST", path, body, MAX_REPLY_BYTES)

    async def get(self, path: str, most: int = MAX_REPLY_BYTES) -> Reply:
        """Fetch at most so many bytes of the path. Raises as `post` does."""
        return await self._call("GET", path, None, most)

    async def _call(self, method: str, path: str, body: bytes | None, most: int) -> Reply:
        try:
            async with self._session.request(
                method,
                log_url(self.member) + path,
                data=body,
                ssl=self._tls,
                server_hostname=self.member.server_name,
                timeout=_TIMEOUT,
                allow_redirects=False,
            ) as response:
                content = await response.content.read(most + 1)
                while content and len(content) <= most and not response.content.at_eof():
                    content += await response.content.read(most + 1 - len(content))
        except aiohttp.ClientError as failure:
            said = failure.os_error if isinstance(failure, aiohttp.ClientConnectorError) else failure
            reason = unreachable(str(said) or type(failure).__name__)
            raise ConnectionError(f"{self.member.city}: {reason}") from failure
        if len(content) > most:
            raise PeerError(f"{self.member.city} says more than {most} bytes")
        return Reply(status=response.status, body=content, is_size=response.content_type == SIZE_TYPE)
