"""Memory that is free in the process goes back to the system, on systems whose C library keeps it."""

from __future__ import annotations

import asyncio
import ctypes
import gc

GIVEN_BACK_EVERY_S = 30.0
_STARTED_AFTER_S = 2.0


async def keep_giving_back_memory() -> None:
    """Until cancelled. Without it, what a thousand strangers or one large answer took stays for ever: glibc keeps what
    was freed in small pieces.

    What is there soon after the start lives as long as the process: the collector need not look at it again and again.
    """
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    if trim is None:  # another C library
        return
    await asyncio.sleep(min(_STARTED_AFTER_S, GIVEN_BACK_EVERY_S))
    gc.collect()
    gc.freeze()
    while True:
        await asyncio.to_thread(trim, 0)
        await asyncio.sleep(GIVEN_BACK_EVERY_S)
