"""A flipped bit anywhere in the store or a data file: the right number, a refusal or an error, never another number."""

from __future__ import annotations

import random
import shutil
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from hansa_core.errors import ConfigError, HansaError
from hansa_core.partial.answer import Release
from hansa_core.plan.plan import Plan
from hansa_node.app.declared import read_all_declared
from hansa_node.context import NodeContext
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.engine import DuckDBEngine
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_test_node import BY_KIND, BY_MODE, PERMITS, TRIPS, NodeHome, ask, cells, make_node

REMEDIES = (
    "restore",
    "put an intact copy back",
    "put it back",
    "hansa node ingest",
    "run that one or a newer one",
    "chmod 600",
)
_HEADERS, _BLOCK = 3 * 4096, 256 * 1024  # of a DuckDB file
RIGHT = {BY_MODE: [("bike", 60), ("car", 50), ("walk", 2)], BY_KIND: [("house", 60), ("shed", 50), ("tower", None)]}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> NodeHome:
    """A node whose files these tests damage and mend."""
    return make_node(tmp_path_factory.mktemp("flipped") / "league")


def flips(path: Path, count: int) -> Iterator[bytes]:
    """The file with one bit flipped, at `count` places drawn over all of it."""
    whole, draw = path.read_bytes(), random.Random(path.stat().st_size)
    for _ in range(count):
        place = draw.randrange(len(whole))
        yield whole[:place] + bytes([whole[place] ^ 1 << draw.randrange(8)]) + whole[place + 1 :]


def put(path: Path, content: bytes) -> None:
    path.unlink()
    path.write_bytes(content)


def told(node: NodeHome, store: Path, *plans: Plan) -> list[list[object] | str]:
    """The cells that the node signs for each plan, or the name of the error that keeps it from signing any."""
    try:
        with node.context(store) as context:
            return [_told(node, context, plan) for plan in plans]
    except HansaError as error:  # at its start
        return [_named(error)] * len(plans)


def _told(node: NodeHome, context: NodeContext, plan: Plan) -> list[object] | str:
    try:
        (answer,) = ask(node, context, node.signed(node.query(plan)))
        if not isinstance(node.opened(answer).outcome, Release):
            return "refused"
        return list(cells(node, context, answer, plan))
    except HansaError as error:
        return _named(error)


def _named(error: HansaError) -> str:
    return type(error).__name__ if any(remedy in str(error) for remedy in REMEDIES) else f"no remedy: {error}"


@pytest.mark.parametrize(("contract", "plan"), [(TRIPS, BY_MODE), (PERMITS, BY_KIND)])
def test_a_flipped_bit_in_a_data_file_never_changes_a_number(
    own: NodeHome, tmp_path: Path, contract: object, plan: Plan
) -> None:
    folder = dataset_folder(own.config.data_dir, plan.source)
    version = current_version(folder)
    assert version is not None
    intact = version.path.read_bytes()
    store = tmp_path / "store.sqlite"
    with own.context(store):
        pass
    outcomes: list[list[object] | str] = []
    try:
        for number, flipped in enumerate(flips(version.path, 20)):
            put(version.path, flipped)
            fresh = tmp_path / f"{number}.sqlite"
            shutil.copy(store, fresh)
            outcomes += told(own, fresh, plan)
            with pytest.raises(DataUnavailableError, match="is not what ingest wrote there"):
                version.check()
    finally:
        put(version.path, intact)
    assert all(outcome == RIGHT[plan] for outcome in outcomes if isinstance(outcome, list))
    assert not [outcome for outcome in outcomes if "no remedy" in outcome]
    assert "DataUnavailableError" in outcomes  # the engine's own checksums are on, and are read
    assert told(own, store, plan) == [RIGHT[plan]]


def test_a_flipped_bit_in_what_points_at_the_version_never_changes_a_number(own: NodeHome, tmp_path: Path) -> None:
    pointer = dataset_folder(own.config.data_dir, TRIPS) / "current"
    intact, store = pointer.read_bytes(), tmp_path / "store.sqlite"
    outcomes: list[list[object] | str] = []
    try:
        for number, flipped in enumerate(flips(pointer, 8)):
            put(pointer, flipped)
            outcomes += told(own, tmp_path / f"{number}.sqlite", BY_MODE)
    finally:
        put(pointer, intact)
    assert all(outcome == RIGHT[BY_MODE] for outcome in outcomes if isinstance(outcome, list))
    assert "DataUnavailableError" in outcomes
    assert not [outcome for outcome in outcomes if "no remedy" in outcome]
    assert told(own, store, BY_MODE) == [RIGHT[BY_MODE]]


def test_the_engine_compares_the_checksum_of_each_block_that_a_question_reads(own: NodeHome, tmp_path: Path) -> None:
    """A bit in the unused end of a block changes no value and no structure: nothing but a checksum can find it."""
    version = current_version(dataset_folder(own.config.data_dir, TRIPS))
    assert version is not None
    contract = read_all_declared(own.config, own.roster)[TRIPS].contract
    whole, found = version.path.read_bytes(), []
    copy = tmp_path / "flipped.duckdb"
    for end in range(_HEADERS + _BLOCK, len(whole) + 1, _BLOCK):
        assert whole[end - 1] == 0
        copy.write_bytes(whole[: end - 1] + b"\x01" + whole[end:])
        try:
            connection = open_locked(copy)
        except duckdb.Error:
            continue  # a block that is read when the file is opened
        with connection:
            try:
                DuckDBEngine(contract, connection, copy).aggregate(BY_MODE, max_cells=100)
            except DataUnavailableError:
                found.append(end)
    assert found


def test_a_flipped_bit_in_the_store_never_changes_a_number(own: NodeHome, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    assert told(own, store, *RIGHT) == list(RIGHT.values())
    outcomes: list[list[object] | str] = []
    for number, flipped in enumerate(flips(store, 60)):
        fresh = tmp_path / f"{number}.sqlite"
        fresh.write_bytes(flipped)
        fresh.chmod(0o600)
        given = told(own, fresh, *RIGHT)
        assert all(
            not isinstance(outcome, list) or outcome == right
            for outcome, right in zip(given, RIGHT.values(), strict=True)
        )
        outcomes += given
        fresh.unlink()
    assert not [outcome for outcome in outcomes if "no remedy" in outcome]
    assert "StoreCorruptError" in outcomes
    assert any(isinstance(outcome, list) for outcome in outcomes)


def test_a_store_with_a_damaged_page_stops_the_start_with_its_remedy(own: NodeHome, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    assert told(own, store, BY_MODE) == [RIGHT[BY_MODE]]
    whole = bytearray(store.read_bytes())
    page = int.from_bytes(whole[16:18], "big")
    last = len(whole) - page
    whole[last : last + 64] = bytes(64)  # the header of a page: not one row of it is read by a start
    store.write_bytes(whole)
    with pytest.raises((HansaError, ConfigError), match="hansa node recover"), own.context(store):
        pass
