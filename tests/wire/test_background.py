"""Background tasks: they end with their owner, and one that fails is told of and leaves the others alone."""

from __future__ import annotations

import asyncio

import pytest

from hansa_wire.rpc.background import BackgroundTasks


async def forever(ended: list[str], name: str) -> None:
    try:
        await asyncio.Event().wait()
    finally:
        await asyncio.sleep(0)  # an end takes its time
        ended.append(name)


async def fail(text: str) -> None:
    raise ValueError(text)


def test_closing_ends_every_task_and_waits_for_its_end() -> None:
    async def scene() -> list[str]:
        ended: list[str] = []
        tasks = BackgroundTasks("test")
        for name in ("one", "other"):
            tasks.start(forever(ended, name))
        await asyncio.sleep(0)
        await tasks.close()
        return sorted(ended)

    assert asyncio.run(scene()) == ["one", "other"]


def test_a_task_that_fails_is_told_by_its_type_alone_and_the_others_go_on(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> bool:
        tasks = BackgroundTasks("test")
        other = tasks.start(forever([], "other"))
        await asyncio.wait([tasks.start(fail("42 people"))])
        goes_on = not other.done()
        await tasks.close()
        return goes_on

    assert asyncio.run(scene())
    (line,) = caplog.records
    assert (line.getMessage(), vars(line)["task"], vars(line)["error"]) == ("task failed", "test", "ValueError")
    assert "42" not in caplog.text


def test_a_task_that_its_owner_cancels_is_no_failure(caplog: pytest.LogCaptureFixture) -> None:
    async def scene() -> None:
        tasks = BackgroundTasks("test")
        task = tasks.start(forever([], "one"))
        await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        await tasks.close()

    asyncio.run(scene())
    assert not caplog.records
