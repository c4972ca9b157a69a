"""Status socket: where a running process says how it is, to whoever may open a file of its folder."""

from __future__ import annotations

import asyncio
import json
import logging
import os
import socket
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from hansa_core.errors import ConfigError, PeerError
from hansa_local.health import ProcessHealth, health_of_json

log = logging.getLogger(__name__)

NODE_SOCKET = Path("state/node.sock")
COORDINATOR_SOCKET = Path("coordinator.sock")
# From Python 3.13 on asyncio would look for the socket's file by the name that it was bound by, which is gone by then.
_KEPT: dict[str, Any] = {"cleanup_socket": False} if sys.version_info >= (3, 13) else {}
_PATIENCE_S = 5.0
_MOST_BYTES = 1 << 20


@asynccontextmanager
async def status_served(path: Path, health: Callable[[], Awaitable[ProcessHealth]]) -> AsyncIterator[None]:
    """While the body runs, each connection to the socket is told the health of that moment, and closed.

    Its owner alone may connect. Where the socket cannot be made, the log says so and the process goes on without.
    Raises ConfigError where another process answers there, for two of one folder write over each other.
    """

    async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            with suppress(OSError):  # whoever asked has gone away
                writer.write(json.dumps((await health()).to_json()).encode())
                await writer.drain()
        except Exception as failure:  # noqa: BLE001  whatever it is, whoever asks is not left waiting
            log.error("health not told", extra={"error": type(failure).__name__})  # noqa: TRY400  no traceback
        finally:
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        listening = _bound(path)
    except OSError as failure:
        remedy = "name a place that this user can write to as status_socket"
        log.warning("status not served", extra={"path": path, "reason": failure.strerror, "remedy": remedy})
        yield
        return
    server = await asyncio.start_unix_server(tell, sock=listening, **_KEPT)
    try:
        async with server:
            yield
    finally:
        path.unlink(missing_ok=True)


def socket_in(config: Path, document: Mapping[str, object], usual: Path) -> Path:
    """Where the process of a configuration says how it is. `document`: the file's. `usual`: where it says nothing.

    Raises ConfigError.
    """
    said = document.get("status_socket", str(usual))
    if not isinstance(said, str) or not said:
        raise ConfigError(f"{config}: status_socket is no path; write a file's name in quotes")
    return config.absolute().parent / said


def status_at(path: Path) -> ProcessHealth:
    """What the process that serves this socket says of itself.

    Raises ConfigError where none runs, it is another user's, or it does not answer within seconds.
    """
    try:
        with _connected(path) as stream:
            content = bytearray()
            while chunk := stream.recv(1 << 16):
                content += chunk
                if len(content) > _MOST_BYTES:
                    raise PeerError("sends more than a process of this version would")
        return health_of_json(bytes(content))
    except (FileNotFoundError, ConnectionRefusedError):
        raise ConfigError(f"{path}: nothing runs there; start it with `serve`, and see its log if it ended") from None
    except PermissionError:
        raise ConfigError(f"{path}: belongs to another user; ask as the user who runs it") from None
    except TimeoutError:
        raise ConfigError(f"{path}: no answer within {_PATIENCE_S:.0f} s; the process hangs, restart it") from None
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be asked ({failure.strerror}); see to `status_socket`") from None
    except PeerError as broken:
        raise ConfigError(f"{path}: {broken}; ask with the version that runs there") from None


def _bound(path: Path) -> socket.socket:
    if path.is_socket():
        with suppress(OSError), _connected(path):
            raise ConfigError(
                f"status_socket {path}: another process runs from this folder; stop that one, or give this one a folder"
                " and keys of its own"
            )
        path.unlink()  # left by one that was killed
    listening = socket.socket(socket.AF_UNIX)
    try:
        with _short(path) as address:
            listening.bind(address)
        path.chmod(0o600)
        listening.setblocking(False)
    except OSError:
        listening.close()
        raise
    return listening


@contextmanager
def _connected(path: Path) -> Iterator[socket.socket]:
    with socket.socket(socket.AF_UNIX) as stream:
        stream.settimeout(_PATIENCE_S)
        with _short(path) as address:
            stream.connect(address)
        yield stream


@contextmanager
def _short(path: Path) -> Iterator[str]:
    """A name of the socket by its folder's descriptor: the system takes about 100 bytes, and folders lie deep."""
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)
