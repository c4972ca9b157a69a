"""The status socket of a running process: who is told what, and what becomes of a second process."""

from __future__ import annotations

import asyncio
import socket
import stat
from contextlib import ExitStack
from pathlib import Path

import pytest

from hansa_core.errors import ConfigError
from hansa_local.health import HealthPart, PartState, ProcessHealth
from hansa_local.status_socket import status_at, status_served

WELL = ProcessHealth(
    role="node",
    name="luebeck",
    version="0.1.0",
    parts=(
        HealthPart(name="store", state=PartState.OK, text="there"),
        HealthPart(name="disk", state=PartState.WARNING, text="3 MiB", remedy="free some"),
    ),
)


async def well() -> ProcessHealth:
    return WELL


def served(path: Path) -> ProcessHealth:
    async def scene() -> ProcessHealth:
        async with status_served(path, well):
            assert stat.S_IMODE(path.stat().st_mode) == 0o600
            return await asyncio.to_thread(status_at, path)

    return asyncio.run(scene())


def test_whoever_asks_is_told_how_the_process_is(tmp_path: Path) -> None:
    path = tmp_path / "node.sock"
    assert served(path) == WELL
    assert not path.exists()


def test_a_path_longer_than_the_system_takes_serves_all_the_same(tmp_path: Path) -> None:
    deep = tmp_path / ("x" * 100) / ("y" * 100) / "node.sock"
    assert served(deep) == WELL


def test_a_second_process_of_one_folder_is_refused(tmp_path: Path) -> None:
    async def scene() -> None:
        async with status_served(tmp_path / "node.sock", well):
            with pytest.raises(ConfigError, match="another process runs from this folder"):
                async with status_served(tmp_path / "node.sock", well):
                    pytest.fail("served twice")

    asyncio.run(scene())


def test_what_a_killed_process_left_is_taken_over(tmp_path: Path) -> None:
    path = tmp_path / "node.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    with pytest.raises(ConfigError, match="nothing runs there; start it"):
        status_at(path)
    assert served(path) == WELL


def test_where_no_socket_can_be_made_the_process_goes_on(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    (tmp_path / "file").write_text("no folder")

    async def scene() -> str:
        async with status_served(tmp_path / "file" / "node.sock", well):
            return "goes on"

    assert asyncio.run(scene()) == "goes on"
    assert "status not served" in caplog.text


def test_a_health_that_cannot_be_told_leaves_nobody_waiting_and_the_process_running(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path, failures = tmp_path / "node.sock", [RuntimeError("a value of somebody")]

    async def health() -> ProcessHealth:
        if failures:
            raise failures.pop()
        return WELL

    async def scene() -> ProcessHealth:
        async with status_served(path, health):
            with pytest.raises(ConfigError, match="ask with the version that runs there"):
                await asyncio.to_thread(status_at, path)
            return await asyncio.to_thread(status_at, path)

    assert asyncio.run(scene()) == WELL
    assert "health not told" in caplog.text
    assert "a value of somebody" not in caplog.text


@pytest.mark.parametrize(
    "said",
    [b"", b"[]", b'{"role": "node"}', b'{"role": "x", "name": "", "version": "", "healthy": true, "parts": [{}]}'],
)
def test_a_process_that_says_something_else_is_told_of(tmp_path: Path, said: bytes) -> None:
    path = tmp_path / "node.sock"

    async def scene() -> None:
        async def tell(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.write(said)
            writer.close()

        async with await asyncio.start_unix_server(tell, path):
            await asyncio.to_thread(status_at, path)

    with pytest.raises(ConfigError, match="ask with the version that runs there"):
        asyncio.run(scene())


def test_a_process_that_hangs_is_told_of(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hansa_local.status_socket._PATIENCE_S", 0.2)
    with ExitStack() as stack:
        listening = stack.enter_context(socket.socket(socket.AF_UNIX))
        listening.bind(str(tmp_path / "node.sock"))
        listening.listen()
        with pytest.raises(ConfigError, match="the process hangs"):
            status_at(tmp_path / "node.sock")
