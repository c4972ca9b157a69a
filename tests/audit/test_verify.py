"""A fetched log that was changed in one bit, anywhere, is found out, and the place is named."""

from __future__ import annotations

import json
import os
import random
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa_audit.folder.findings import FileRule
from hansa_audit.folder.log_folder import NAMING
from hansa_audit.verifying.verdict import Verdict
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.errors import ConfigError, PeerError
from hansa_core.evidence.body import RosterRef
from hansa_core.evidence.finding import AuditRule
from hansa_core.evidence.opening import encode_disclosure, seal_opening
from hansa_core.league.roster import roster_hash
from hansa_local.trust_anchor import read_anchor
from hansa_log_entries import charge, decision_on
from hansa_published_log import PublishedLog, published_log

OPENING = seal_opening(
    {**dict.fromkeys(("query", "analyst"), "said"), "causes": {"threshold": 3}},
    {name: bytes([number]) * 16 for number, name in enumerate(("query", "analyst", "causes"))},
)
OPENED = 300


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> PublishedLog:
    log = published_log(tmp_path_factory.mktemp("audit")).ask(292)
    roster = RosterRef(version=1, hash=roster_hash(log.roster))
    log.append(decision_on("opened", roster=roster, opening=OPENING.digests))
    return log.ask(20)


@pytest.fixture(scope="module")
def fetched(log: PublishedLog, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything in it that can be checked; not to be written to."""
    folder = tmp_path_factory.mktemp("fetched")
    served = log.write(folder / "served")
    fetch(served, folder / "log", log)
    for name in ("receipts", "openings"):
        (folder / "log" / name).mkdir()
    (folder / "log/receipts/a.tlog-proof").write_bytes(log.receipt(10))
    opened = OPENING.disclosure("causes")
    assert opened is not None
    (folder / f"log/openings/{OPENED}.causes.json").write_bytes(encode_disclosure(opened))
    return folder / "log"


@pytest.fixture
def copy(fetched: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(fetched, tmp_path / "copy"))


def hansa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def fetch(node: str | Path, folder: Path, log: PublishedLog) -> None:
    result = hansa("fetch", node, folder, "--profile", log.profile)
    assert result.exit_code == 0, result.output


def flip(path: Path, at: int, bit: int = 0) -> None:
    content = bytearray(path.read_bytes())
    content[at] ^= 1 << bit
    path.write_bytes(content)


def places(verdict: Verdict) -> list[tuple[str, int | None, str]]:
    return [(each.file, each.index, each.rule.value) for each in verdict.findings]


def test_an_honest_log_holds_and_says_where_the_keys_come_from(fetched: Path, log: PublishedLog) -> None:
    verdict = verify_folder(fetched)
    assert (verdict.holds, verdict.size, verdict.city) == (True, len(log.leaves), "luebeck")
    assert (verdict.receipts, verdict.openings) == (1, 1)
    assert not verdict.is_anchored
    result = hansa("verify", fetched)
    assert result.exit_code == 0
    assert "keys that the folder itself brings" in result.output
    assert "node.bremen/witness saw it as the newest" in result.output


def test_keys_from_outside_are_trusted_instead(fetched: Path, log: PublishedLog) -> None:
    assert verify_folder(fetched, policy=fetched / "policy.txt").is_anchored
    assert verify_folder(fetched, anchor=read_anchor(log.profile, hint="")).is_anchored


def test_another_leagues_governors_or_policy_do_not_vouch_for_it(fetched: Path, tmp_path: Path) -> None:
    other = published_log(tmp_path)
    verdict = verify_folder(fetched, anchor=read_anchor(other.profile, hint=""))
    assert ("roster.json", None, FileRule.KEYS) in places(verdict)
    foreign = other.write(tmp_path / "served")
    fetch(foreign, tmp_path / "log", other)
    verdict = verify_folder(fetched, policy=tmp_path / "log/policy.txt")
    assert ("checkpoint", None, FileRule.SIGNATURE) in places(verdict)


def test_the_result_is_also_for_programs(copy: Path) -> None:
    flip(copy / "tile/0/000", 40)
    result = hansa("verify", copy, "--json")
    assert result.exit_code == 5
    said = json.loads(result.output)
    assert said["holds"] is False
    assert [finding["file"] for finding in said["findings"]] == ["tile/0/000"]
    assert said["findings"][0]["meaning"]


@pytest.mark.parametrize(
    ("file", "at", "found"),
    [
        ("checkpoint", 3, ("checkpoint", None, "signature")),
        ("tile/0/000", 33 * 32, ("tile/0/000", None, "tile")),
        ("tile/1/000.p/1", 5, ("tile/1/000.p/1", None, "tile")),
        ("tile/entries/000", 2500, ("tile/entries/000", None, "bundle")),
        ("receipts/a.tlog-proof", 60, ("receipts/a.tlog-proof", None, "receipt")),
        (f"openings/{OPENED}.causes.json", 30, (f"openings/{OPENED}.causes.json", None, "disclosure")),
        ("vkeys.txt", 8, ("vkeys.txt", None, "keys")),
        ("policy.txt", 8, ("policy.txt", None, "keys")),
        ("roster.json", 300, ("roster.json", None, "keys")),
    ],
)
def test_one_bit_is_found_where_it_is(copy: Path, file: str, at: int, found: tuple[str, int | None, str]) -> None:
    flip(copy / file, at)
    named = places(verify_folder(copy))
    assert found[0] in {place for place, _, _ in named}
    assert (found[0], found[2]) in {(place, rule) for place, _, rule in named}
    assert hansa("verify", copy).exit_code == 5


def test_a_changed_entry_is_named_by_its_number(copy: Path, log: PublishedLog) -> None:
    at = sum(2 + len(leaf) for leaf in log.leaves[:17]) + 2 + log.leaves[17].index(b'"organisation":"') + 17
    flip(copy / "tile/entries/000", at)
    assert ("tile/entries/000", 17, FileRule.BUNDLE) in places(verify_folder(copy))


def test_any_single_bit_of_any_file_is_found(copy: Path) -> None:
    chance = random.Random(4)
    # The auditor's own note of where to go on proves nothing: a fetch reads a damaged one as none.
    files = sorted(path for path in copy.rglob("*") if path.is_file() and path != copy / NAMING)
    assert len(files) >= 9
    for path in files:
        content = path.read_bytes()
        for _ in range(6):
            flip(path, at := chance.randrange(len(content)), bit := chance.randrange(8))
            try:
                found = [str(each.file) for each in verify_folder(copy).findings]
            except PeerError as broken:
                found = [str(broken)]
            assert found, f"{path.relative_to(copy)}: byte {at}, bit {bit}"
            path.write_bytes(content)
    assert verify_folder(copy).holds


def test_an_entry_rewritten_with_all_its_tiles_does_not_make_the_signed_root(
    copy: Path, log: PublishedLog, tmp_path: Path
) -> None:
    rewritten = replace(
        log, leaves=[*log.leaves[:20], log.leaves[20].replace(b"statistics", b"advertising"), *log.leaves[21:]]
    )
    served = rewritten.write(tmp_path / "served")
    shutil.rmtree(copy / "tile")
    shutil.copytree(served / "tile", copy / "tile")
    assert ("checkpoint", None, FileRule.ROOT) in places(verify_folder(copy))


def test_what_is_missing_is_named(copy: Path) -> None:
    (copy / "tile/entries/000").unlink()
    (copy / "tile/1/000.p/1").unlink()
    named = places(verify_folder(copy))
    assert ("tile/entries/000", None, FileRule.MISSING) in named
    assert ("tile/1/000.p/1", None, FileRule.MISSING) in named


def test_too_few_witnesses_are_no_quorum(copy: Path, log: PublishedLog) -> None:
    (copy / "checkpoint").write_bytes(log.note(witnesses=0))
    verdict = verify_folder(copy)
    assert places(verdict) == [("checkpoint", None, FileRule.SIGNATURE)]
    assert "0 of 2 witnesses" in verdict.findings[0].text


def test_a_ledger_that_does_not_add_up_is_named_by_entry_and_rule(log: PublishedLog, tmp_path: Path) -> None:
    cheat = replace(log, leaves=list(log.leaves))
    roster = RosterRef(version=1, hash=roster_hash(log.roster))
    cheat.append(decision_on("cheap", roster=roster, ledgers=(charge(5, 1, limit=1_000_000),)))
    fetch(cheat.write(tmp_path / "served"), tmp_path / "log", log)
    [finding] = verify_folder(tmp_path / "log").findings
    assert (finding.file, finding.index, finding.rule) == ("tile/entries/001.p/66", len(log.leaves), AuditRule.LEDGER)
    assert "budget" in finding.meaning.english


def test_an_older_checkpoint_of_the_same_log_is_extended(fetched: Path, log: PublishedLog, tmp_path: Path) -> None:
    (tmp_path / "saved").write_bytes(log.note(100))
    assert verify_folder(fetched, since=tmp_path / "saved").holds


def test_a_saved_checkpoint_of_another_history_proves_the_fork(
    fetched: Path, log: PublishedLog, tmp_path: Path
) -> None:
    other = replace(log, leaves=[*log.leaves[:50], *log.leaves[51:120]])
    (tmp_path / "saved").write_bytes(other.note())
    [finding] = verify_folder(fetched, since=tmp_path / "saved").findings
    assert finding.rule is FileRule.CONSISTENCY
    assert "forked" in finding.text


def test_a_folder_older_than_the_saved_checkpoint_is_not_accused(log: PublishedLog, tmp_path: Path) -> None:
    fetch(log.write(tmp_path / "served", 200), tmp_path / "log", log)
    (tmp_path / "saved").write_bytes(log.note())
    [finding] = verify_folder(tmp_path / "log", since=tmp_path / "saved").findings
    assert finding.rule is FileRule.UNCHECKED
    assert "fetch again" in finding.text
    assert "neither for nor against" in finding.meaning.english


def test_what_the_log_did_not_sign_is_held_against_nobody(copy: Path, log: PublishedLog, tmp_path: Path) -> None:
    """A folder whose entries were forged proves no fork, no broken promise and no broken rule."""
    served = replace(log, leaves=[*log.leaves[:2], *log.leaves[3:], log.leaves[3]]).write(tmp_path / "served")
    shutil.rmtree(copy / "tile")
    shutil.copytree(served / "tile", copy / "tile")
    (tmp_path / "saved").write_bytes(log.note(100))
    verdict = verify_folder(copy, since=tmp_path / "saved")
    assert places(verdict) == [("checkpoint", None, FileRule.ROOT)]
    assert (verdict.receipts, verdict.openings) == (0, 0)


def test_one_cause_is_one_finding(copy: Path, log: PublishedLog, tmp_path: Path) -> None:
    content = (copy / "tile/0/000").read_bytes()
    (copy / "tile/0/000").write_bytes(bytes(len(content)))
    [finding] = verify_folder(copy).findings
    assert (finding.file, finding.rule) == ("tile/0/000", FileRule.TILE)
    assert "256 of its 256 hashes" in finding.text
    (copy / "tile/0/000").write_bytes(content)
    for path in (copy / "tile/entries").rglob("*"):
        if path.is_file():
            path.unlink()
    [finding, *others] = verify_folder(copy).findings
    assert (finding.rule, finding.places) == (FileRule.MISSING, 2)
    assert "and 1 more place up to tile/entries/001.p/65" in finding.place.english
    assert [each.file for each in others] == [f"openings/{OPENED}.causes.json"]


def test_a_rule_that_many_entries_break_alike_is_one_finding(log: PublishedLog, tmp_path: Path) -> None:
    cheat = replace(log, leaves=list(log.leaves))
    for number in range(5):
        cheat.append(decision_on(f"unknown{number}", roster=RosterRef(version=9, hash="ab" * 32)))
    fetch(cheat.write(tmp_path / "served"), tmp_path / "log", log)
    [finding] = verify_folder(tmp_path / "log").findings
    assert (finding.rule, finding.index, finding.places) == (AuditRule.ROSTER, len(log.leaves), 5)
    assert finding.to_json()["places"] == 5
    assert f"entry {len(log.leaves) + 4}" in finding.place.english


def test_a_receipt_for_an_entry_of_another_history_is_found(fetched: Path, log: PublishedLog, tmp_path: Path) -> None:
    other = replace(log, leaves=[*log.leaves[:50], *log.leaves[51:120]])
    (tmp_path / "r.tlog-proof").write_bytes(other.receipt(60))
    [finding] = verify_folder(fetched, receipts=[tmp_path / "r.tlog-proof"]).findings
    assert finding.rule is FileRule.CONSISTENCY


def test_a_folder_of_evidence_is_held_against_the_log_of_its_city(
    fetched: Path, log: PublishedLog, tmp_path: Path
) -> None:
    (tmp_path / "answers").mkdir()
    (tmp_path / "answers/luebeck.tlog-proof").write_bytes(log.receipt(20))
    verdict = verify_folder(fetched, receipts=[tmp_path])
    assert (verdict.holds, verdict.receipts) == (True, 2)


def test_a_receipt_that_is_newer_than_the_folder_asks_for_another_fetch(log: PublishedLog, tmp_path: Path) -> None:
    fetch(log.write(tmp_path / "served", 200), tmp_path / "log", log)
    (tmp_path / "log/receipts").mkdir()
    (tmp_path / "log/receipts/new.tlog-proof").write_bytes(log.receipt(20))
    [finding] = verify_folder(tmp_path / "log").findings
    assert finding.rule is FileRule.UNCHECKED
    assert "fetch again" in finding.text


def test_an_opening_of_an_entry_that_is_lost_cannot_be_checked(copy: Path) -> None:
    (copy / "tile/entries/001.p/65").unlink()
    assert (f"openings/{OPENED}.causes.json", OPENED, FileRule.UNCHECKED) in places(verify_folder(copy))


def test_a_name_that_steers_the_terminal_is_shown_escaped(copy: Path) -> None:
    (copy / "receipts/\x1b[2Jhello").write_bytes(b"\x1b[31m")
    result = hansa("verify", copy)
    assert result.exit_code == 5
    assert "\x1b" not in result.output
    assert r"receipts/\x1b[2Jhello" in result.output
    assert "\x1b" not in hansa("verify", copy, "--json").output


def test_a_pipe_or_a_flood_in_the_folder_does_not_stop_the_auditor(copy: Path) -> None:
    os.mkfifo(copy / "receipts/pipe")
    (copy / "tile/0/000").write_bytes(bytes(10_000_000))
    assert ("tile/0/000", None, FileRule.TILE) in places(verify_folder(copy))


def test_a_folder_without_a_log_is_a_plain_error(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="holds no log"):
        verify_folder(tmp_path)
    assert hansa("verify", tmp_path / "nothing").exit_code == 2
