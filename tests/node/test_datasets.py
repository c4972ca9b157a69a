"""A new data version takes over between two questions; a broken one never does."""

from __future__ import annotations

import logging
import os
import resource
import time
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from hansa_core.partial.answer import Release
from hansa_core.plan.plan import Plan
from hansa_log_checks import assert_agrees, types
from hansa_node.answering.answering import BoundPlan
from hansa_node.answering.retries import Retries
from hansa_node.answering.served_datasets import ServedDatasets
from hansa_node.app.config import NodeConfig
from hansa_node.app.declared import read_all_declared
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.stop import Stop
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_test_node import (
    BY_MODE,
    CITY,
    PERMITS,
    TRIPS,
    NodeHome,
    ask,
    cells,
    decisions,
    ingest,
    make_node,
    write_source,
)


@pytest.fixture
def own(tmp_path: Path) -> NodeHome:
    """A node whose files the test may change."""
    return make_node(tmp_path / "league")


def folder(config: NodeConfig) -> Path:
    return dataset_folder(config.data_dir, TRIPS)


def test_a_new_version_is_switched_to_between_two_questions(own: NodeHome, tmp_path: Path) -> None:
    store = tmp_path / "store.sqlite"
    with own.context(store) as context:
        (before,) = ask(own, context, own.signed(own.query()))
        write_source(own.home, "town.trips", extra=5)
        ingest(own.config, own.roster, TRIPS)
        (after,) = ask(own, context, own.signed(own.query()))
        assert cells(own, context, before, BY_MODE)[0] == ("bike", 60)
        assert cells(own, context, after, BY_MODE)[0] == ("bike", 65)
    first, second = own.opened(before).outcome, own.opened(after).outcome
    assert isinstance(first, Release)
    assert isinstance(second, Release)
    assert (first.data_version, second.data_version) == (1, 2)
    assert decisions(store, "data_version, recalled") == [(1, 0), (2, 0)]
    assert types(store)[-3:] == ["query.decision", "data.version", "query.decision"]
    assert_agrees(store, own.roster, CITY)


def test_a_question_over_a_new_version_that_gets_no_answer_leaves_a_log_that_fits_together(
    own: NodeHome, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the engine failed")

    monkeypatch.setattr("hansa_node.pipeline.release.execute", broken)
    store = tmp_path / "store.sqlite"
    with own.context(store) as context:
        write_source(own.home, "town.trips", extra=5)
        ingest(own.config, own.roster, TRIPS)
        with pytest.raises(RuntimeError):
            ask(own, context, own.signed(own.query()))
    assert types(store)[-2:] == ["data.version", "query.aborted"]
    assert_agrees(store, own.roster, CITY)


def test_a_question_under_way_keeps_its_version(own: NodeHome) -> None:
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    held = datasets.current(TRIPS)
    write_source(own.home, "town.trips", extra=5)
    ingest(own.config, own.roster, TRIPS)
    fresh = datasets.current(TRIPS)
    assert held is not None
    assert fresh is not None
    assert (held.data_version, fresh.data_version) == (1, 2)
    for dataset, count in ((held, 60), (fresh, 65)):
        cells = dataset.answering.compute(dataset.answering.bind(BY_MODE), Stop())
        assert cells.table.column("m0")[0].as_py() == count
    held.answering.close()
    datasets.close()


def test_a_plan_is_bound_once_and_no_equal_one_stands_for_it(own: NodeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    dataset = datasets.current(TRIPS)
    assert dataset is not None
    bound: list[Plan] = []
    bind = dataset.answering.bind

    def counted(plan: Plan) -> BoundPlan:
        bound.append(plan)
        return bind(plan)

    monkeypatch.setattr(dataset.answering, "bind", counted)
    equal = replace(BY_MODE)
    assert equal == BY_MODE
    assert dataset.plans.bind(BY_MODE) is dataset.plans.bind(BY_MODE)
    assert dataset.plans.bind(equal).plan_hash == dataset.plans.bind(BY_MODE).plan_hash
    assert [each is equal for each in bound] == [False, True]
    datasets.close()


def test_a_broken_version_is_told_of_once_and_the_earlier_one_stays(
    own: NodeHome, caplog: pytest.LogCaptureFixture
) -> None:
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    assert datasets.current(TRIPS) is not None
    (folder(own.config) / "v000002.duckdb").write_bytes(b"half a file")
    (folder(own.config) / "current").write_text("v000002.duckdb\n")
    for _ in range(3):
        served = datasets.current(TRIPS)
        assert served is not None
        assert served.data_version == 1
    told = [record for record in caplog.records if record.levelno == logging.ERROR]
    assert [record.getMessage() for record in told] == ["dataset not switched"]
    assert "run `hansa node ingest`" in vars(told[0])["remedy"]
    datasets.close()


def test_a_broken_pointer_leaves_the_earlier_version(own: NodeHome) -> None:
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    assert datasets.current(TRIPS) is not None
    (folder(own.config) / "current").write_text("../../etc/passwd\n")
    served = datasets.current(TRIPS)
    assert served is not None
    assert served.data_version == 1
    datasets.close()


def test_a_dataset_that_was_not_ingested_is_not_served(own: NodeHome) -> None:
    (folder(own.config) / "current").unlink()
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    assert datasets.current(TRIPS) is None
    assert [dataset.contract.id for dataset in datasets.all_current()] == [PERMITS]
    assert current_version(folder(own.config)) is None


def test_data_that_cannot_be_read_are_told_of_and_tried_again_as_soon_as_they_are_back(
    own: NodeHome, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder(own.config) / "v000001.duckdb"
    away = path.with_name("away")
    path.rename(away)
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    for _ in range(3):
        with pytest.raises(DataUnavailableError, match="is gone; put it back"):
            datasets.current(TRIPS)
    assert [dataset.contract.id for dataset in datasets.all_current()] == [PERMITS]
    assert len([record for record in caplog.records if record.levelno == logging.ERROR]) == 1
    away.rename(path)
    assert datasets.current(TRIPS) is not None
    datasets.close()


def test_damaged_data_are_not_absent_and_an_intact_copy_heals_without_a_restart(own: NodeHome) -> None:
    path = folder(own.config) / "v000001.duckdb"
    intact = path.read_bytes()
    put_in_place(path, intact[:1000])
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    with pytest.raises(DataUnavailableError, match="is no intact dataset file; check the disk"):
        datasets.current(TRIPS)
    put_in_place(path, intact)
    assert datasets.current(TRIPS) is not None
    datasets.close()


def test_the_same_broken_data_are_tried_ever_more_seldom(own: NodeHome, monkeypatch: pytest.MonkeyPatch) -> None:
    now, tries = [0.0], []

    def broken(*_: object) -> None:
        tries.append(now[0])
        raise DataUnavailableError("broken")

    monkeypatch.setattr("hansa_node.answering.served_datasets.open_dataset", broken)
    datasets = ServedDatasets(read_all_declared(own.config, own.roster), Retries(lambda: now[0]))
    for tenth in range(200):
        now[0] = tenth / 10
        with pytest.raises(DataUnavailableError):
            datasets.current(TRIPS)
    assert tries == [0.0, 0.5, 1.5, 3.5, 7.5, 15.5]


def test_without_a_descriptor_data_are_unavailable_and_the_remedy_names_the_limit(own: NodeHome) -> None:
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    highest = max(int(name) for name in os.listdir("/proc/self/fd"))
    taken = []
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (highest + 2, hard))
        with suppress(OSError):
            while True:
                taken.append(os.open(os.devnull, os.O_RDONLY))
        with pytest.raises(DataUnavailableError, match="file descriptors"):
            datasets.current(TRIPS)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
        for descriptor in taken:
            os.close(descriptor)
    time.sleep(0.5)  # the first wait between two tries
    assert datasets.current(TRIPS) is not None
    datasets.close()


def test_bytes_that_ingest_did_not_write_are_found_in_the_background_and_not_served(
    own: NodeHome, caplog: pytest.LogCaptureFixture
) -> None:
    path = folder(own.config) / "v000001.duckdb"
    intact = path.read_bytes()
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    assert datasets.current(TRIPS) is not None
    datasets.check_all()
    assert datasets.current(TRIPS) is not None
    put_in_place(path, intact + bytes(4096))  # DuckDB has nothing against it
    datasets.check_all()
    for _ in range(2):
        with pytest.raises(DataUnavailableError, match="is not what ingest wrote there"):
            datasets.current(TRIPS)
    assert [record.getMessage() for record in caplog.records if record.levelno == logging.ERROR] == [
        "dataset not switched"
    ]
    put_in_place(path, intact)
    assert datasets.current(TRIPS) is not None
    datasets.close()


def test_a_version_that_an_earlier_hansa_pointed_at_is_served(own: NodeHome) -> None:
    (folder(own.config) / "current").write_text("v000001.duckdb\n")
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    assert datasets.current(TRIPS) is not None
    datasets.check_all()
    assert datasets.current(TRIPS) is not None
    datasets.close()


def test_nothing_is_opened_after_the_end(own: NodeHome) -> None:
    datasets = ServedDatasets(read_all_declared(own.config, own.roster))
    datasets.close()
    with pytest.raises(DataUnavailableError, match="the node stops"):
        datasets.current(TRIPS)


def put_in_place(path: Path, content: bytes) -> None:
    """Another file under the same name, as a restored copy is."""
    path.unlink()
    path.write_bytes(content)
