"""New files beside their schema: what is there is never lost, and what cannot be written is told as an error."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansa_core.errors import ConfigError
from hansa_local.new_file import check_new, write_with_schema


def write(path: Path) -> None:
    write_with_schema(path, "a: 1\n", "a.schema.json", "{}")


def test_the_folder_is_made_and_an_older_schema_replaced(tmp_path: Path) -> None:
    folder = tmp_path / "new" / "folder"
    write(folder / "a.yaml")
    (folder / "a.schema.json").write_text("an older one, and longer")
    write(folder / "b.yaml")
    written = {each.name: each.read_text() for each in folder.iterdir()}
    assert written == {"a.yaml": "a: 1\n", "b.yaml": "a: 1\n", "a.schema.json": "{}"}


def test_what_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "a.yaml"
    path.write_text("theirs")
    for attempt in (check_new, write):
        with pytest.raises(ConfigError, match=r"a\.yaml: is there already; name another file with --out"):
            attempt(path)
    assert path.read_text() == "theirs"
    assert not (tmp_path / "a.schema.json").exists()


def test_a_link_to_nothing_is_there_too(tmp_path: Path) -> None:
    path, aim = tmp_path / "a.yaml", tmp_path / "aim"
    path.symlink_to(aim)
    with pytest.raises(ConfigError, match="is there already"):
        write(path)
    assert not aim.exists()


def test_a_file_called_as_its_schema_is_not_lost_to_it(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"a\.schema\.json: cannot be written \(File exists\)"):
        write(tmp_path / "a.schema.json")


def test_a_schema_for_which_the_disk_has_no_place_is_told_and_leaves_no_draft_in_the_way(tmp_path: Path) -> None:
    path, schema = tmp_path / "a.yaml", tmp_path / "a.schema.json"
    schema.symlink_to("/dev/full")
    with pytest.raises(ConfigError, match=r"a\.schema\.json: cannot be written \(No space left on device\); name"):
        write(path)
    schema.unlink()
    write(path)
    assert path.read_text() == "a: 1\n"


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match=r"a\.yaml: cannot be written \(File exists\); name a file elsewhere"):
        write(tmp_path / "file" / "a.yaml")


def test_a_file_that_the_file_system_does_not_take_is_told(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"cannot be written \(File name too long\)"):
        write(tmp_path / ("a" * 300))
