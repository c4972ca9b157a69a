"""What is shown of a log that lies here: the tiles of the checkpoint that comes with it, and nothing beyond."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from hansa_core.evidence.log_entries import KeyAdded
from hansa_core.tlog.merkle import leaf_hash
from hansa_core.tlog.tiles import encode_bundle
from hansa_local.clock import utc_now
from hansa_node.log_service.reading import ReadableLog
from hansa_node.node_store import NodeStore
from hansa_store_values import IDENTITY

ENTRIES, SHOWN = 300, 257
"""A log may hold more than it shows: of a mirrored one, readers see what a quorum cosigned."""


@dataclass(frozen=True)
class FixedHead:
    """A log that is shown so far."""

    head: tuple[int, bytes] | None

    def newest(self) -> tuple[int, bytes] | None:
        return self.head


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ReadableLog]:
    store = NodeStore.open(Path(tmp_path_factory.mktemp("log")) / "store.sqlite", IDENTITY)
    while store.log.size < ENTRIES:
        store.log.append(KeyAdded(role="answer", key=f"{store.log.size:064x}"), now=utc_now())
    yield ReadableLog(store.log.tree, FixedHead((SHOWN, b"the note")))
    store.close()


def test_the_last_entry_that_the_checkpoint_covers_is_shown(log: ReadableLog) -> None:
    (last,) = log.tree.entries(SHOWN - 1, SHOWN)
    assert log.tile("tile/0/001.p/1") == leaf_hash(last)
    assert log.tile("tile/entries/001.p/1") == encode_bundle([last])
    assert len(log.tile("tile/1/000.p/1") or b"") == 32


@pytest.mark.parametrize("path", ["tile/0/001.p/2", "tile/entries/001.p/2", "tile/1/000.p/2", "tile/1/001.p/1"])
def test_one_entry_past_the_checkpoint_is_not_there(log: ReadableLog, path: str) -> None:
    assert log.tile(path) is None


def test_without_a_checkpoint_nothing_is_shown(log: ReadableLog) -> None:
    silent = ReadableLog(log.tree, FixedHead(None))
    assert silent.checkpoint() is None
    assert silent.tile("tile/0/000.p/1") is None
