"""Memory that was freed in small pieces goes back to the system while the process runs."""

from __future__ import annotations

import asyncio
import ctypes
import platform
from pathlib import Path

import pytest

from hansa_local import free_memory

PIECES, PIECE_BYTES = 1000, 64 * 2**10
PATIENCE_S = 60.0


def held_bytes() -> int:
    (line,) = (line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmRSS"))
    return int(line.split()[1]) * 1024


def test_what_was_freed_beneath_something_that_is_still_held_goes_back(monkeypatch: pytest.MonkeyPatch) -> None:
    assert platform.libc_ver()[0] == "glibc"
    monkeypatch.setattr(free_memory, "GIVEN_BACK_EVERY_S", 0.05)
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    pieces = [ctypes.c_void_p(libc.malloc(PIECE_BYTES)) for _ in range(PIECES)]
    for piece in pieces:
        ctypes.memset(piece, 1, PIECE_BYTES)
    *beneath, last = pieces
    for piece in beneath:
        libc.free(piece)
    before = held_bytes()

    async def scene() -> None:
        giving_back = asyncio.create_task(free_memory.keep_giving_back_memory())
        async with asyncio.timeout(PATIENCE_S):
            while held_bytes() > before - PIECES * PIECE_BYTES / 2:
                await asyncio.sleep(0.05)
        giving_back.cancel()

    asyncio.run(scene())
    libc.free(last)
