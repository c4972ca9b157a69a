"""What the maker of a folder tries against the auditor who works in it."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError
from hansa_local.clock import utc_now
from hansa_published_log import PublishedLog, published_log


@pytest.fixture
def log(tmp_path: Path) -> PublishedLog:
    return published_log(tmp_path).ask(600)


def fetch(log: PublishedLog, source: Path, into: Path) -> None:
    settings = load_auditor(log.profile)
    roster, document = roster_of(settings, utc_now())
    fetch_log(wanted_log(str(source), settings, roster), into, roster=roster, document=document)


@pytest.mark.parametrize("linked", ["tile/0/002.p", "tile/entries/002.p", "tile/0", "tile"])
def test_a_link_in_a_folder_that_was_handed_over_destroys_nothing_elsewhere(
    log: PublishedLog, tmp_path: Path, linked: str
) -> None:
    """A fetch sweeps old partial tiles away: it must not sweep where a link points."""
    precious = tmp_path / "home"
    precious.mkdir()
    for name in ("thesis.odt", "40"):
        (precious / name).write_text("years of work")
    folder = tmp_path / "handed over"
    fetch(log, log.write(tmp_path / "old", 550), folder)
    at = folder / linked
    at.rename(tmp_path / "aside")
    if linked in ("tile/0", "tile"):
        for name in ("tile/0/002.p", "0/002.p", "002.p"):
            (precious / name).mkdir(parents=True, exist_ok=True)
            (precious / name / "thesis.odt").write_text("years of work")
    at.symlink_to(precious, target_is_directory=True)
    before = {path: path.read_bytes() for path in precious.rglob("*") if path.is_file()}
    with pytest.raises(ConfigError, match="leads out of the folder"):
        fetch(log, log.write(tmp_path / "new"), folder)
    assert {path: path.read_bytes() for path in precious.rglob("*") if path.is_file()} == before


def test_receipts_that_take_no_room_on_disk_take_none_in_memory(log: PublishedLog, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    fetch(log, log.write(tmp_path / "served"), folder)
    (folder / "receipts").mkdir()
    for number in range(40):
        with open(folder / f"receipts/{number}", "wb") as file:
            file.truncate(2_000_000)
    tracemalloc.start()
    try:
        verdict = verify_folder(folder)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(verdict.findings) == 40
    assert peak < 40_000_000


def test_a_signed_size_that_no_log_can_have_ends_at_once(log: PublishedLog, tmp_path: Path) -> None:
    folder = tmp_path / "log"
    fetch(log, log.write(tmp_path / "served"), folder)
    note = folder / "checkpoint"
    note.write_bytes(note.read_bytes().replace(b"\n608\n", b"\n9223372036854775807\n", 1))
    assert not verify_folder(folder).holds
