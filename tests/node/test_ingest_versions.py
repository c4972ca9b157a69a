"""A new version takes the old one's place whole, or not at all."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

import pytest

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import current_version, dataset_folder, new_version


def write(folder: Path, text: str) -> None:
    with new_version(folder) as version:
        version.path.write_text(text)


def served(folder: Path) -> tuple[int, str] | None:
    version = current_version(folder)
    return None if version is None else (version.number, version.path.read_text())


def test_a_dataset_lies_under_its_contracts_name_and_version() -> None:
    assert dataset_folder(Path("served"), ContractId("town.shops", 2)) == Path("served/town.shops.2")


def test_versions_count_up_and_the_pointer_follows(tmp_path: Path) -> None:
    folder = tmp_path / "town.shops.1"
    assert served(folder) is None
    write(folder, "one")
    write(folder, "two")
    assert served(folder) == (2, "two")
    assert (folder / "v000001.duckdb").read_text() == "one"


def test_a_version_is_read_only_and_its_folder_closed_to_others(tmp_path: Path) -> None:
    folder = tmp_path / "served" / "town.shops.1"
    write(folder, "one")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert stat.S_IMODE((folder / "v000001.duckdb").stat().st_mode) == 0o400


def test_a_second_ingest_at_the_same_time_is_locked_out_and_harms_nothing(tmp_path: Path) -> None:
    with new_version(tmp_path) as first:
        first.path.write_text("one")
        with pytest.raises(ConfigError, match="another ingest of this dataset is under way; wait until it ends"):
            write(tmp_path, "two")
    assert served(tmp_path) == (1, "one")
    write(tmp_path, "three")
    assert served(tmp_path) == (2, "three")


def _write_half(path: Path) -> None:
    path.write_text("half a ver")
    raise ZeroDivisionError


def test_a_failure_while_writing_leaves_the_old_version_and_no_scrap(tmp_path: Path) -> None:
    write(tmp_path, "one")
    with pytest.raises(ZeroDivisionError), new_version(tmp_path) as version:
        _write_half(version.path)
    assert served(tmp_path) == (1, "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "v000001.duckdb"]


@pytest.mark.parametrize("call", range(1, 5))
def test_a_full_disk_at_any_sync_says_so_and_keeps_a_whole_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, call: int
) -> None:
    write(tmp_path, "one")
    calls = iter(range(1, 10))
    sync = os.fsync

    def full(descriptor: int) -> None:
        if next(calls) == call:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    monkeypatch.setattr("hansa_node.datasets.versions.os.fsync", full)
    with pytest.raises(ConfigError, match=r"the disk is full; free some space"):
        write(tmp_path, "two")
    assert served(tmp_path) in {(1, "one"), (2, "two")}
    monkeypatch.setattr("hansa_node.datasets.versions.os.fsync", sync)
    write(tmp_path, "three")
    found = served(tmp_path)
    assert found is not None
    assert found[1] == "three"


def test_what_a_crash_left_behind_is_removed_by_the_next_ingest(tmp_path: Path) -> None:
    (tmp_path / "v000001.duckdb.partial").write_text("half")
    (tmp_path / "v000001.duckdb.partial.wal").write_text("half")
    write(tmp_path, "one")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["current", "v000001.duckdb"]


def test_a_number_is_never_used_twice_even_if_the_pointer_is_behind(tmp_path: Path) -> None:
    write(tmp_path, "one")
    (tmp_path / "v000007.duckdb").write_text("never pointed at")
    write(tmp_path, "eight")
    assert served(tmp_path) == (8, "eight")


@pytest.mark.parametrize("text", ["", "../../etc/passwd", "v000009.duckdb", "v1.duckdb", "\xff"])
def test_a_broken_pointer_is_an_error_and_never_followed(tmp_path: Path, text: str) -> None:
    write(tmp_path, "one")
    (tmp_path / "current").write_text(text, encoding="latin-1")
    with pytest.raises(ConfigError, match="run `hansa node ingest` again"):
        current_version(tmp_path)


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "served").write_text("a file in the folder's place")
    with pytest.raises(ConfigError, match="cannot be written"):
        write(tmp_path / "served" / "town.shops.1", "one")
