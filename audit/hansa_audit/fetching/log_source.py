"""Sources that a log is read from: a log service over HTTPS, a mirror, or a folder."""

from __future__ import annotations

import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from threading import Timer
from typing import Protocol

import urllib3
from urllib3.connection import HTTPSConnection
from urllib3.exceptions import HTTPError

from hansa.errors import UnreachableError
from hansa_audit.fetching.in_flight import IN_FLIGHT
from hansa_audit.folder.log_folder import read_bounded
from hansa_core.errors import ConfigError, PeerError
from hansa_core.league.members import Member
from hansa_local.clock import utc_now
from hansa_local.tls import client_context
from hansa_local.tls_identity import read_certificate, read_key_of

_MOST_WORDS = 300  # bytes of a refusal that are shown
_RETRIES = urllib3.Retry(
    total=3,
    backoff_factor=0.2,
    status_forcelist=(502, 503, 504),
    raise_on_status=False,
    respect_retry_after_header=False,
)
_GZIP = 16 + zlib.MAX_WBITS  # with gzip's own header
_CHUNK_BYTES = 64 * 1024
_PAGE_S = 120.0
_TIMEOUT = urllib3.Timeout(connect=5, read=20)


class NotThereError(PeerError):
    """The other side has no such page."""


class NotAllowedError(ConfigError):
    """The other side shows its pages to others, and not by the certificate of the profile."""


class LogSource(Protocol):
    """Gives the pages of one log."""

    @property
    def name(self) -> str:
        """Who or where it is."""

    @property
    def is_mirror(self) -> bool:
        """Whether another city serves it, which may lag behind the log itself."""

    @property
    def is_live(self) -> bool:
        """Whether the city itself serves it now, so that it must not be older than what was fetched before."""

    def get(self, path: str, limit: int) -> bytes:
        """At most `limit` bytes. Raises UnreachableError, PeerError (also where they are more), ConfigError."""


@dataclass(frozen=True, slots=True)
class FolderSource:
    """A log as files, such as on a stick that the city handed over."""

    root: Path
    is_mirror: bool = False
    is_live: bool = False

    @property
    def name(self) -> str:
        return str(self.root)

    def get(self, path: str, limit: int) -> bytes:
        return read_bounded(self.root / path, str(self.root / path), limit)


class HttpsSource:
    """A member's log service, under that member's own name and authority. `prefix`: such as `/mirror/bremen`."""

    def __init__(
        self,
        member: Member,
        *,
        address: tuple[str, int],
        certificate: Path,
        key: Path,
        prefix: str = "",
        mirror: bool = False,
    ) -> None:
        """Raises ConfigError where certificate or key cannot be used."""
        self.name = f"{member.city} at https://{address[0]}:{address[1]}{prefix}"
        self.is_mirror = mirror
        self.is_live = not mirror
        self._prefix = prefix
        self._pool = _Pool(
            *address,
            ssl_context=_tls(member, certificate, key),
            server_hostname=member.server_name,
            assert_hostname=member.server_name,
            retries=_RETRIES,
            timeout=_TIMEOUT,
            maxsize=IN_FLIGHT,
        )

    def get(self, path: str, limit: int) -> bytes:
        with self._answer(f"{self._prefix}/{path}") as answer:
            content = self._content(answer, limit + 1 if answer.status == 200 else _MOST_WORDS)
        if answer.status == 200 and len(content) <= limit:
            return content
        if answer.status == 200:
            raise PeerError(f"{self.name}: {path} has more than {limit} bytes")
        said = f"{self.name}: {path}: {answer.status} {content.decode(errors='replace').strip()}"
        if answer.status == 404:
            raise NotThereError(said)
        if answer.status in (401, 403):
            raise NotAllowedError(said)
        if answer.status >= 500:
            raise UnreachableError(said)
        raise PeerError(said)

    def _content(self, answer: urllib3.BaseHTTPResponse, most: int) -> bytes:
        """At most so many bytes, within the time that one page may take: a server that drips holds nobody up."""
        deadline, content = time.monotonic() + _PAGE_S, bytearray()
        unpacker = zlib.decompressobj(_GZIP) if answer.headers.get("Content-Encoding") == "gzip" else None
        try:
            while len(content) < most and (more := answer.read1(_CHUNK_BYTES, decode_content=False)):
                # A small page can hold gigabytes of zeros: no more is unpacked than is wanted.
                content += more if unpacker is None else unpacker.decompress(more, most - len(content))
                while unpacker is not None and unpacker.unconsumed_tail and len(content) < most:
                    content += unpacker.decompress(unpacker.unconsumed_tail, most - len(content))
                if time.monotonic() > deadline:
                    raise UnreachableError(f"{self.name}: one page takes longer than {_PAGE_S:g} s")
        except zlib.error as broken:
            raise PeerError(f"{self.name}: what it sent as gzip is none ({broken})") from None
        return bytes(content[:most])

    @contextmanager
    def _answer(self, path: str) -> Iterator[urllib3.BaseHTTPResponse]:
        try:
            answer = self._pool.request(
                "GET", path, headers={"Accept-Encoding": "gzip"}, preload_content=False, redirect=False
            )
            try:
                yield answer
            finally:
                if answer.length_remaining:
                    answer.close()  # the rest is not wanted, so the connection is of no more use
                answer.release_conn()
        except HTTPError as failure:
            raise UnreachableError(f"{self.name}: is not reached ({_reason(failure)})") from None


class _Connection(HTTPSConnection):
    """A connection whose headers, too, come within the time that a page may take, however evenly they drip."""

    _is_late: bool

    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3's own, which it extends
        self._is_late = False
        timer = Timer(_PAGE_S, self._hang_up)
        timer.daemon = True
        timer.start()
        try:
            answer = super().getresponse()
            if self._is_late:
                answer.close()
                raise TimeoutError  # where the connection ended, headers seem to end
            return answer
        finally:
            timer.cancel()

    def _hang_up(self) -> None:
        self._is_late = True  # before the reader can meet the end
        if self.sock is not None:
            with suppress(OSError):
                socket.socket.shutdown(self.sock, socket.SHUT_RDWR)  # the reader, in another thread, meets the end


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection


def _tls(member: Member, certificate: Path, key: Path) -> ssl.SSLContext:
    """One root, that city's, and no other: the system's authorities vouch for nobody here."""
    tls = client_context(member.ca_pem, minimum_version=ssl.TLSVersion.TLSv1_3)
    own = read_certificate(certificate, setting="tls_cert")
    own.check_in_force(utc_now(), issuer="your city")
    read_key_of(own, key, setting="tls_key")
    tls.load_cert_chain(certificate, key)
    return tls


_HANDSHAKE = "the TLS handshake failed: a certificate has expired or is not the roster's, or a clock is wrong"


def _reason(failure: HTTPError) -> str:
    """What the cause beneath the retries means, with its own name or words behind."""
    cause = getattr(failure, "reason", None) or failure
    match cause:
        case ssl.SSLError() | urllib3.exceptions.SSLError():
            return f"{_HANDSHAKE}; {cause}"
        case urllib3.exceptions.NameResolutionError():
            return "its host name is not known here"
        case urllib3.exceptions.NewConnectionError():
            return "nobody listens at its address, or no way leads there"
        case urllib3.exceptions.TimeoutError():
            return "nothing comes back in time"
        case _:
            return f"the connection broke; {type(cause).__name__}"
