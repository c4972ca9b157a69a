"""Workers: the threads that a node computes in, and the task group that owns its questions."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Self

from hansa_node.node_stop import task_group


@dataclass(frozen=True, slots=True, kw_only=True)
class Workers:
    """Where the work of questions is done, for as long as the node runs.

    `steps`: threads for what is cheap. `engines`: threads for what engines compute. `tasks`: owns what is under way,
    which goes on for others where one caller gives up.
    """

    steps: Executor
    engines: Executor
    tasks: asyncio.TaskGroup

    @classmethod
    @asynccontextmanager
    async def opened(cls, *, steps: int, engines: int) -> AsyncIterator[Self]:
        """With so many threads each. What is under way at the end of the body is waited for."""
        with (
            ThreadPoolExecutor(steps, thread_name_prefix="query") as stepping,
            ThreadPoolExecutor(engines, thread_name_prefix="engine") as computing,
        ):
            async with task_group() as tasks:
                yield cls(steps=stepping, engines=computing, tasks=tasks)
