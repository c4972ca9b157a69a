"""Every file of a fetched log, tampered with in every way: what `hansa audit verify` finds, and what it cannot.

The table stands in docs/tampering.md; where this test fails, it shows the one that belongs there.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.opening import encode_disclosure, seal_opening
from hansa_core.league.roster import roster_hash
from hansa_local.clock import utc_now
from hansa_local.trust_anchor import read_anchor
from hansa_log_entries import decision_on
from hansa_published_log import PublishedLog, published_log

PAGE = Path(__file__).parents[2] / "docs" / "tampering.md"
OPENED = 300
FIELDS = ("query", "analyst", "causes")
OPENING = seal_opening(
    {name: {"threshold": 3} if name == "causes" else "said" for name in FIELDS},
    {name: bytes([number]) * 16 for number, name in enumerate(FIELDS)},
)
FILES = (
    "checkpoint",
    "tile/0/000",
    "tile/0/001.p/65",
    "tile/1/000.p/1",
    "tile/entries/000",
    "tile/entries/001.p/65",
    "vkeys.txt",
    "policy.txt",
    "roster.json",
    "receipts/a.tlog-proof",
    f"openings/{OPENED}.causes.json",
    "fetched.json",
)
TAMPERINGS: dict[str, Callable[[Path, Path], object]] = {
    "one bit flipped": lambda path, other: path.write_bytes(flipped(path.read_bytes())),
    "last ten bytes cut": lambda path, other: path.write_bytes(path.read_bytes()[:-10]),
    "emptied": lambda path, other: path.write_bytes(b""),
    "another city's": lambda path, other: path.write_bytes(other.read_bytes()),
    "deleted": lambda path, other: path.unlink(),
}
UNSEEN = {
    ("vkeys.txt", "deleted"): "holds: the same keys stand in policy and roster",
    ("policy.txt", "deleted"): "holds: the same follows from the roster",
    ("roster.json", "deleted"): "holds: the keys stand in the policy; with `--profile` it is missing",
    ("receipts/a.tlog-proof", "deleted"): "**cannot be found**: what is not there claims nothing",
    (f"openings/{OPENED}.causes.json", "deleted"): "**cannot be found**: what is not there claims nothing",
    ("fetched.json", "deleted"): "holds: it is “not known when” the log was read",
    ("fetched.json", "another city's"): "holds: it is “not known when” the log was read",
}
FOLDERS = {
    "entries and tiles of another history, all its hashes right": "root",
    "an earlier state of the same log, whole": "**cannot be found** but by its age (`--max-age`), or with `--since`",
    "an earlier checkpoint over the newer files": "missing",
    "all of another city's log, with the roster of the league": "holds: it is that city's, which verify names",
    "all made up, signed with keys of one's own": "**cannot be found** with the keys of the folder, which verify says",
    "the same, held against the governors of `--profile`": "keys",
}


def flipped(content: bytes) -> bytes:
    at = len(content) // 2
    return content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]


def filled(log: PublishedLog, folder: Path) -> Path:
    """A fetched folder with everything in it that can be checked."""
    fetched(log, log.write(folder / "served"), folder / "log")
    for name in ("receipts", "openings"):
        (folder / "log" / name).mkdir()
    (folder / "log/receipts/a.tlog-proof").write_bytes(log.receipt(10))
    opened = OPENING.disclosure("causes")
    assert opened is not None
    (folder / f"log/openings/{OPENED}.causes.json").write_bytes(encode_disclosure(opened))
    return folder / "log"


def fetched(log: PublishedLog, served: Path, folder: Path) -> None:
    settings = load_auditor(log.profile)
    roster, document = roster_of(settings, utc_now())
    fetch_log(wanted_log(str(served), settings, roster), folder, roster=roster, document=document)


def asked(log: PublishedLog, *, shift: int = 0) -> PublishedLog:
    """321 entries, with an opened one at 300. `shift`: makes another log of as many entries."""
    log.time_unix_s += shift
    log.ask(292)
    roster = RosterRef(version=1, hash=roster_hash(log.roster))
    log.append(decision_on("opened", roster=roster, opening=OPENING.digests))
    return log.ask(20)


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> tuple[PublishedLog, Path, Path]:
    """A log, its folder, and the folder of another city of the league with as many entries."""
    folder = tmp_path_factory.mktemp("tampering")
    log = asked(published_log(folder))
    second = asked(PublishedLog(log.league, log.roster, "bremen").begin(), shift=5)
    (folder / "ours").mkdir()
    (folder / "theirs").mkdir()
    return log, filled(log, folder / "ours"), filled(second, folder / "theirs")


def found(folder: Path, profile: Path | None = None) -> str:
    """The rules of the findings, or that it holds."""
    try:
        anchor = None if profile is None else read_anchor(profile, hint="")
        findings = verify_folder(folder, anchor=anchor).findings
    except (PeerError, ConfigError):
        return "no log to be checked"
    return ", ".join(sorted({each.rule.value for each in findings})) or "holds"


def file_rows(logs: tuple[PublishedLog, Path, Path], folder: Path) -> list[tuple[str, str, str]]:
    _, ours, theirs = logs
    rows = []
    for file in FILES:
        for tampering, tamper in TAMPERINGS.items():
            copy = Path(shutil.copytree(ours, folder / "copy"))
            tamper(copy / file, theirs / file)
            result = found(copy)
            if (copy / file).exists() and (copy / file).read_bytes() == (ours / file).read_bytes():
                result = "the same file in every city"
            shutil.rmtree(copy)
            if result == "holds":
                result = UNSEEN[file, tampering]
            rows.append((f"`{file}`", tampering, result))
    return rows


def folder_results(logs: tuple[PublishedLog, Path, Path], folder: Path) -> list[str]:
    log, ours, theirs = logs
    history = Path(shutil.copytree(ours, folder / "history"))
    other = replace(log, leaves=[*log.leaves[:5], log.leaves[6], log.leaves[5], *log.leaves[7:]])
    shutil.rmtree(history / "tile")
    shutil.copytree(other.write(folder / "other") / "tile", history / "tile")
    fetched(log, log.write(folder / "older", 200), folder / "earlier")
    mixed = Path(shutil.copytree(ours, folder / "mixed"))
    (mixed / "checkpoint").write_bytes((folder / "earlier/checkpoint").read_bytes())
    (folder / "own").mkdir()
    made_up = filled(asked(published_log(folder / "own")), folder / "own")
    return [
        found(history),
        found(folder / "earlier"),
        found(mixed),
        found(theirs),
        found(made_up),
        found(made_up, log.profile),
    ]


def test_the_table_of_what_tampering_is_found_is_what_a_run_finds(
    logs: tuple[PublishedLog, Path, Path], tmp_path: Path
) -> None:
    assert found(logs[1]) == "holds"
    lines = ["| file | tampering | what verify finds |", "|---|---|---|"]
    lines += [f"| {' | '.join(row)} |" for row in file_rows(logs, tmp_path)]
    lines += ["", "| folder | what verify finds |", "|---|---|"]
    for (what, said), result in zip(FOLDERS.items(), folder_results(logs, tmp_path), strict=True):
        is_expected = result == "holds" if said.startswith(("holds", "**")) else said in result.split(", ")
        assert is_expected, (what, result)
        lines.append(f"| {what} | {said if result == 'holds' else result} |")
    table = "\n".join(lines)
    assert table in PAGE.read_text(encoding="utf-8"), f"docs/tampering.md must have:\n{table}"
