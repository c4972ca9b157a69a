"""Workers: the threads that a node computes in, and the task group that owns its questions."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import Any, Self, TypeVar, TypeVarTuple, Unpack

from hansa_node.engines.stop import Stop
from hansa_node.node_stop import task_group

_INTERRUPT_EVERY_S = 0.05
_SWITCH_S = 0.0005
"""How long a thread may keep Python's interpreter while others wait for it; 0.005 by default. A light question takes it
a dozen times, from a thread to the next, and each time waited so long behind what heavy ones compute in Python."""

_ArgumentTs = TypeVarTuple("_ArgumentTs")
_ResultT = TypeVar("_ResultT")


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
            _interpreter_handed_on_soon(),
            ThreadPoolExecutor(steps, thread_name_prefix="query") as stepping,
            ThreadPoolExecutor(engines, thread_name_prefix="engine") as computing,
        ):
            async with task_group() as tasks:
                yield cls(steps=stepping, engines=computing, tasks=tasks)

    async def step(self, work: Callable[[Unpack[_ArgumentTs]], _ResultT], *arguments: *_ArgumentTs) -> _ResultT:
        """Do cheap work in a thread."""
        return await asyncio.get_running_loop().run_in_executor(self.steps, work, *arguments)

    async def compute(
        self,
        abandoned: asyncio.Event,
        work: Callable[[Unpack[_ArgumentTs], Stop], _ResultT],
        *arguments: *_ArgumentTs,
    ) -> _ResultT:
        """Do engine work in a thread. Once `abandoned` is set it is told to stop, until it has ended."""
        stop = Stop()
        if abandoned.is_set():
            stop.now()
        working = asyncio.get_running_loop().run_in_executor(self.engines, work, *arguments, stop)
        await done_or_abandoned(working, abandoned)
        while not working.done():
            stop.now()
            await asyncio.wait((working,), timeout=_INTERRUPT_EVERY_S)
        return working.result()


@contextmanager
def _interpreter_handed_on_soon() -> Iterator[None]:
    """For the whole process, while the body runs."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(min(before, _SWITCH_S))
    try:
        yield
    finally:
        sys.setswitchinterval(before)


async def done_or_abandoned(future: asyncio.Future[Any], abandoned: asyncio.Event) -> None:
    """Wait until the future is done or `abandoned` is set, whichever comes first; the future goes on."""
    async with task_group() as tasks:
        leaving = tasks.create_task(abandoned.wait())
        await asyncio.wait((future, leaving), return_when=asyncio.FIRST_COMPLETED)
        leaving.cancel()
