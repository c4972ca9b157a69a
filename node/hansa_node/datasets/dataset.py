"""One version of a city's dataset, open for questions at its level."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Lock

import duckdb
from cachetools import LRUCache

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.plan.plan import Plan
from hansa_core.policy.hashes import manifest_hash
from hansa_core.protection.cover import Cover, find_covers
from hansa_node.answering.controlled import PublishedTables
from hansa_node.datasets.stamp import check_stamp
from hansa_node.datasets.versions import DatasetVersion
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.engine import Engine

_REMEMBERED_PARTS = 50_000  # a few megabytes


def _parts_in(covers: tuple[Cover, ...]) -> int:
    return sum(1 + sum(1 + sum(map(len, cell.parts)) for cell in cover.cells) for cover in covers)


@dataclass(frozen=True, slots=True, kw_only=True)
class Dataset:
    """One version of a dataset. Its file stays open for as long as somebody holds this value.

    `engine`: over the rows at `open`; at `controlled` the published tables, with no row in reach.
    `close`: lets go of the file; nothing is asked afterwards. `manifest_hash`: lower-case hex.
    """

    contract: Contract
    manifest: Manifest
    data_version: int
    engine: Engine | PublishedTables
    close: Callable[[], None]
    manifest_hash: str = field(init=False, repr=False, compare=False)
    _covers: LRUCache[Plan, tuple[Cover, ...]] = field(
        default_factory=lambda: LRUCache(maxsize=_REMEMBERED_PARTS, getsizeof=_parts_in),
        init=False,
        repr=False,
        compare=False,
    )
    _lock: Lock = field(default_factory=Lock, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "manifest_hash", manifest_hash(self.manifest))

    def covers_of(self, plan: Plan) -> tuple[Cover, ...]:
        """At `controlled`, for each grouping of the canonical plan the published cells to add up; none at `open`.

        Raises RefusedError.
        """
        if self.manifest.level is Level.OPEN:
            return ()
        with self._lock:
            if plan in self._covers:
                return self._covers[plan]
        covers = find_covers(plan, self.contract, self.manifest)  # outside the lock: it may take long
        with self._lock, suppress(ValueError):  # too large to be remembered
            self._covers[plan] = covers
        return covers


@dataclass(frozen=True, slots=True, kw_only=True)
class Declared:
    """What the city declares to serve. `folder`: where ingest puts the versions of the dataset."""

    contract: Contract
    manifest: Manifest
    folder: Path


def open_version(declared: Declared, version: DatasetVersion) -> Dataset:
    """Open the file, if it was prepared under this very contract and manifest. Raises ConfigError."""
    engine: Engine | PublishedTables
    if declared.manifest.level is Level.OPEN:
        from hansa_node.engines.duckdb.engine import DuckDBEngine  # sqlglot, which published cells do without

        connection = _open_rows(version.path, declared)
        engine, close = DuckDBEngine(declared.contract, connection), connection.close
    else:
        engine, close = PublishedTables.open(version.path, declared.contract, declared.manifest), _nothing_is_open
    return Dataset(
        contract=declared.contract,
        manifest=declared.manifest,
        data_version=version.number,
        engine=engine,
        close=close,
    )


def _open_rows(path: Path, declared: Declared) -> duckdb.DuckDBPyConnection:
    try:
        connection = open_locked(path)
    except duckdb.Error:
        raise ConfigError(f"{path}: is no intact dataset file; run `hansa node ingest` again") from None
    try:
        check_stamp(connection, declared.contract, declared.manifest)
    except BaseException:
        connection.close()
        raise
    return connection


def _nothing_is_open() -> None:
    """Published cells are in memory; their file was closed when they had been read."""
