"""Background check of data files: read whole after a start and after each change, and held to ingest's SHA-256."""

from __future__ import annotations

import asyncio

from hansa_node.answering.served_datasets import ServedDatasets

_LOOK_EVERY_S = 10.0


async def keep_checked(datasets: ServedDatasets) -> None:
    """Until cancelled. What differs is not served any more; a file is read once for each state that it is found in."""
    checked: object = None
    while True:
        states = await asyncio.to_thread(datasets.states)
        if states != checked:
            await asyncio.to_thread(datasets.check_all)
            checked = states
        await asyncio.sleep(_LOOK_EVERY_S)
