"""Memory that is free in the process goes back to the system, on systems whose C library keeps it."""

from __future__ import annotations

import asyncio
import ctypes

GIVEN_BACK_EVERY_S = 30.0


async def keep_giving_back_memory() -> None:
    """Until cancelled. Without it, what a thousand strangers or one large answer took stays for ever: glibc keeps what
    was freed in small pieces."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:  # another C library
        return
    while True:
        await asyncio.sleep(GIVEN_BACK_EVERY_S)
        await asyncio.to_thread(trim, 0)
