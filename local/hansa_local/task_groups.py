"""Task groups whose error leaves them in its own type, so that whoever runs them can name what went wrong."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def plain_task_group(*weightiest: type[BaseException]) -> AsyncIterator[asyncio.TaskGroup]:
    """A TaskGroup that raises no group of errors, but one of them: of the types `weightiest` before others, else the
    first."""
    try:
        async with asyncio.TaskGroup() as tasks:
            yield tasks
    except BaseExceptionGroup as group:
        raise _one_of(group, weightiest) from None


def _one_of(group: BaseExceptionGroup[BaseException], weightiest: tuple[type[BaseException], ...]) -> BaseException:
    heavy, others = group.split(weightiest) if weightiest else (None, group)
    first: BaseException = heavy or others or group
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first
