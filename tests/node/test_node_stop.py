"""A fatal error stops the node in its own type, whichever of its tasks meets it."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from pathlib import Path

import pytest

from hansa_core.errors import ConfigError, StoreCorruptError
from hansa_log_cities import PATIENCE_S, LogCity, log_cities
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.node_stop import ForkError, NodeStop, task_group
from hansa_node.node_store import NodeStore
from hansa_test_node import NodeHome, ask, decisions

CORRUPT = StoreCorruptError("the store contradicts itself")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> LogCity:
    return next(iter(log_cities(tmp_path_factory.mktemp("league"), keep_openings_days=1).values()))


async def stopped(stop: NodeStop) -> None:
    """Return as a node does, which raises what ended it."""
    async with asyncio.timeout(PATIENCE_S):
        await stop.wait()
    stop.raise_error()


def harm(store: NodeStore, statement: str) -> None:
    with closing(sqlite3.connect(store._writer._path)) as connection:
        connection.execute(statement)
        connection.commit()


# What tasks do with it ------------------------------------------------------------------------------------------------


def test_a_question_that_meets_a_corrupt_store_stops_the_node(node: NodeHome, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with node.context(store) as context:
        ask(node, context, node.signed(node.query()))
        harm(context.store, "UPDATE releases SET partial_ipc = x'00'")
        with pytest.raises(StoreCorruptError):
            ask(node, context, node.signed(node.query()))
        with pytest.raises(StoreCorruptError, match="release"):
            asyncio.run(stopped(context.stop))
    assert len(decisions(store)) == 1


def test_a_page_of_the_log_that_meets_a_corrupt_store_stops_the_node(city: LogCity) -> None:
    async def scene() -> None:
        async with city.opened() as (keeper, store):
            await asyncio.to_thread(begin_alone, keeper)
            harm(store, "UPDATE log_entries SET leaf = x'00' WHERE idx = 1")
            status, body = await city.get(f"/tile/entries/000.p/{store.log.size}")
            assert (status, b"cannot record" in body) == (503, True)
            with pytest.raises(StoreCorruptError, match="entry 1"):
                await stopped(keeper.context.stop)

    asyncio.run(scene())


@pytest.mark.parametrize("task", ["witnessing", "forgetting"])
def test_a_background_task_that_meets_a_corrupt_store_stops_the_node(tmp_path: Path, task: str) -> None:
    alone = next(iter(log_cities(tmp_path, keep_openings_days=int(task == "forgetting")).values()))

    async def scene() -> None:
        async with alone.opened() as (keeper, store):
            await asyncio.to_thread(begin_alone, keeper)
            column = "sha256 = zeroblob(32)"
            harm(store, f"UPDATE {'checkpoints' if task == 'witnessing' else 'log_entries'} SET {column}")
            async with task_group() as tasks:
                keeping = tasks.create_task(keeper.context.stop.guard(keeper.run()))
                with pytest.raises(StoreCorruptError, match="checksum differs"):
                    await stopped(keeper.context.stop)
                keeping.cancel()

    asyncio.run(scene())


def begin_alone(keeper: LogKeeper) -> None:
    """What `begin` does once witnesses were heard."""
    from hansa_node.app.start import record_start

    record_start(keeper.context)
    keeper.status.is_confirmed = True


# The owner itself -----------------------------------------------------------------------------------------------------


def test_the_first_fatal_error_is_the_one_that_is_raised() -> None:
    async def scene() -> None:
        stop = NodeStop()
        with suppress(ForkError), stop.fatal_errors():
            raise ForkError("another log")
        stop.fail(CORRUPT)
        await stopped(stop)

    with pytest.raises(ForkError, match="another log"):
        asyncio.run(scene())


def test_an_error_during_an_orderly_end_is_still_raised() -> None:
    async def scene() -> None:
        stop = NodeStop()
        stop.request()
        stop.fail(CORRUPT)
        await stopped(stop)

    with pytest.raises(StoreCorruptError):
        asyncio.run(scene())


def test_errors_of_a_caller_stop_nobody_else() -> None:
    async def scene() -> None:
        stop = NodeStop()
        with suppress(ConfigError), stop.fatal_errors():
            raise ConfigError("a caller's own")
        waiting = asyncio.create_task(stop.wait())
        await asyncio.sleep(0)
        assert not waiting.done()
        waiting.cancel()
        with suppress(asyncio.CancelledError):
            await waiting
        stop.request()  # a waiter that gave up has not taken the end with it
        await stopped(stop)

    asyncio.run(scene())


def test_a_thread_reports_as_a_task_does() -> None:
    async def scene() -> None:
        stop = NodeStop()
        waiting = asyncio.create_task(stopped(stop))
        await asyncio.to_thread(stop.fail, CORRUPT)
        await waiting

    with pytest.raises(StoreCorruptError):
        asyncio.run(scene())


def test_an_error_leaves_a_task_group_in_its_own_type() -> None:
    async def fail(error: Exception) -> None:
        raise error

    async def scene(*errors: Exception) -> None:
        async with task_group() as outer:
            async with task_group() as tasks:
                for error in errors:
                    tasks.create_task(fail(error))
            outer.create_task(asyncio.sleep(0))

    with pytest.raises(StoreCorruptError):
        asyncio.run(scene(ConfigError("first"), CORRUPT))
    with pytest.raises(ConfigError, match="first"):
        asyncio.run(scene(ConfigError("first"), ValueError("second")))


def test_the_body_of_a_task_group_keeps_its_error_too() -> None:
    async def scene() -> None:
        async with task_group() as tasks:
            tasks.create_task(asyncio.sleep(PATIENCE_S))
            raise CORRUPT

    with pytest.raises(StoreCorruptError):
        asyncio.run(scene())
