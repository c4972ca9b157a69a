"""Published rules: fetched with the log, held against their hash and their entry, shown and compared."""

from __future__ import annotations

import asyncio
import hashlib
import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import Fetched, fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.folder.findings import FileRule
from hansa_audit.folder.held_log import open_log
from hansa_audit.folder.log_folder import LogFolder
from hansa_audit.rules.history import rules_in_force
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.evidence.body import PolicyRef
from hansa_core.evidence.opening import Opening, check_disclosure, decode_disclosure, seal_opening
from hansa_core.evidence.rule_entries import DatasetRegistered, PolicyPublished
from hansa_core.policy.policy import DenyList, Policy, Rule
from hansa_core.policy.published_rules import deny_value, policy_rules, rules_hash
from hansa_core.tlog.tiles import Tile
from hansa_local.clock import utc_now
from hansa_log_cities import LogCity, log_cities, until
from hansa_log_entries import PERMITS
from hansa_node.app.log_keeper import LogKeeper
from hansa_node.app.policy_file import read_policy
from hansa_node.node_store import NodeStore
from hansa_published_log import PublishedLog, published_log

FIRST = "luebeck"


def hansa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["audit", *map(str, arguments)], catch_exceptions=False)


def fetched(served: Path, folder: Path, log: PublishedLog) -> Fetched:
    settings = load_auditor(log.profile)
    roster, document = roster_of(settings, utc_now())
    return fetch_log(wanted_log(str(served), settings, roster), folder, roster=roster, document=document)


class Rulebook:
    """A published log whose policies and manifests have documents."""

    def __init__(self, folder: Path) -> None:
        self.log = published_log(folder)
        self.served = folder / "served"
        self.documents: list[bytes] = []

    def publish(self, version: int, *organisations: str, denied: str = "mallory") -> Opening:
        rule = Rule(
            datasets=frozenset({"*"}), purposes=frozenset({"statistics"}), organisations=frozenset(organisations)
        )
        policy = Policy(id="town", version=version, rules=(rule,), deny=DenyList(subjects=frozenset({denied})))
        opening = seal_opening({"deny": deny_value(policy.deny)}, {"deny": bytes([version]) * 16})
        document = self._keep(policy_rules(policy, opening.digests["deny"]))
        reference = PolicyRef(id="town", version=version)
        self.log.append(PolicyPublished(policy=reference, policy_hash=rules_hash(document), opening=opening.digests))
        return opening

    def register(self, threshold: int, **changes: Any) -> None:
        manifest = {"kind": "hansa.manifest/1", "contract": PERMITS, "level": "open", "threshold": threshold, **changes}
        contract = {"kind": "hansa.contract/1", "contract": PERMITS}
        hashes = [rules_hash(self._keep(canonical_json(each))) for each in (manifest, contract)]
        self.log.append(
            DatasetRegistered(dataset=PERMITS, level="open", manifest_hash=hashes[0], contract_hash=hashes[1])
        )

    def write(self) -> Path:
        """The log and the documents, as the city shows them."""
        self.log.write(self.served)
        (self.served / "rules").mkdir(exist_ok=True)
        for document in self.documents:
            (self.served / f"rules/{rules_hash(document)}.json").write_bytes(document)
        return self.served

    def _keep(self, document: bytes) -> bytes:
        self.documents.append(document)
        return document


@pytest.fixture
def rulebook(tmp_path: Path) -> Rulebook:
    rulebook = Rulebook(tmp_path)
    rulebook.publish(1, "bremen")
    rulebook.register(10)
    return rulebook


def test_rules_come_with_the_log_and_what_changed_is_shown(rulebook: Rulebook, tmp_path: Path) -> None:
    rulebook.publish(2, "bremen", "hamburg")
    fetched(rulebook.write(), tmp_path / "log", rulebook.log)
    verdict = verify_folder(tmp_path / "log")
    assert (verdict.holds, verdict.rules) == (True, 4)
    shown = hansa("rules", tmp_path / "log")
    assert shown.exit_code == 0
    assert "Policy town" in shown.output
    assert "+  - hamburg" in shown.output
    assert "mallory" not in shown.output
    assert "threshold: 10" in shown.output
    by_program = {each["subject"]: each for each in json.loads(hansa("rules", tmp_path / "log", "--json").output)}
    assert by_program["policy town"]["document"]["version"] == 2


def test_the_rules_of_an_earlier_time_are_those_of_then(rulebook: Rulebook, tmp_path: Path) -> None:
    rulebook.log.time_unix_s += 86_400
    rulebook.publish(2, "hamburg")
    fetched(rulebook.write(), tmp_path / "log", rulebook.log)
    shown = hansa("rules", tmp_path / "log", "--at", "2026-01-01")
    assert ("bremen" in shown.output, "hamburg" in shown.output) == (True, False)
    early = hansa("rules", tmp_path / "log", "--at", "2025-01-01").output
    assert "no rules were published by then: the log begins at 2026-01-01" in early


def test_a_city_that_does_not_show_its_rules_is_fetched_and_the_auditor_is_told(
    rulebook: Rulebook, tmp_path: Path
) -> None:
    rulebook.write()
    hidden = rulebook.served / f"rules/{rules_hash(rulebook.documents[0])}.json"
    content = hidden.read_bytes()
    hidden.unlink()
    notes = fetched(rulebook.served, tmp_path / "log", rulebook.log).notes
    assert any("does not show the policy town that entry 8 names" in note for note in notes)
    assert verify_folder(tmp_path / "log").holds
    assert "is not in the folder" in hansa("rules", tmp_path / "log").output
    hidden.write_bytes(content)
    rulebook.log.ask(1).write(rulebook.served)
    fetched(rulebook.served, tmp_path / "log", rulebook.log)
    assert verify_folder(tmp_path / "log").rules == 3


def test_a_later_fetch_reads_no_entries_again_but_those_that_name_rules(
    rulebook: Rulebook, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rulebook.log.ask(600)
    fetched(rulebook.write(), tmp_path / "log", rulebook.log)
    (tmp_path / f"log/rules/{rules_hash(rulebook.documents[0])}.json").unlink()
    rulebook.publish(2, "hamburg")
    read: list[str] = []
    bundle = LogFolder.bundle

    def noted(folder: LogFolder, tile: Tile) -> bytes:
        read.append(tile.entries_path)
        return bundle(folder, tile)

    monkeypatch.setattr(LogFolder, "bundle", noted)
    fetched(rulebook.write(), tmp_path / "log", rulebook.log)
    assert set(read) == {"tile/entries/000", f"tile/entries/002.p/{len(rulebook.log.leaves) % 256}"}
    monkeypatch.undo()
    assert verify_folder(tmp_path / "log").rules == 4


@pytest.mark.parametrize(
    "note",
    [
        None,
        b"",
        b"[]",
        b'{"entries":[],"walked":10000}',
        b'{"entries":["8"],"walked":11}',
        b'{"entries":[2,3,9],"sha256":"' + b"0" * 64 + b'","walked":10}',
        b'{"entries":[99],"walked":5}',
    ],
)
def test_without_a_good_note_of_which_entries_name_rules_all_are_walked(
    rulebook: Rulebook, tmp_path: Path, note: bytes | None
) -> None:
    fetched(rulebook.write(), tmp_path / "log", rulebook.log)
    kept = tmp_path / "log/rules/entries.json"
    said = json.loads(kept.read_bytes())
    assert (said["entries"], said["walked"]) == ([2, 3, 8, 9], len(rulebook.log.leaves))
    kept.unlink() if note is None else kept.write_bytes(note)
    (tmp_path / f"log/rules/{rules_hash(rulebook.documents[0])}.json").unlink()
    fetched(rulebook.served, tmp_path / "log", rulebook.log)
    assert verify_folder(tmp_path / "log").rules == 3


@pytest.mark.parametrize(
    "forge",
    [
        lambda content: content.replace(b"bremen", b"hamburg"),
        lambda content: content.replace(b'"version":1', b'"version": 1'),
        lambda content: b"",
        lambda content: content + b" ",
    ],
)
def test_other_rules_than_the_log_names_are_not_kept_and_found_where_they_lie(
    rulebook: Rulebook, tmp_path: Path, forge: Any
) -> None:
    name = f"rules/{rules_hash(rulebook.documents[0])}.json"
    served = rulebook.write()
    true = (served / name).read_bytes()
    (served / name).write_bytes(forge(true))
    notes = fetched(served, tmp_path / "log", rulebook.log).notes
    assert any("is not the document of that hash; it was not kept" in note for note in notes)
    assert not (tmp_path / "log" / name).exists()
    (tmp_path / "log" / name).write_bytes(forge(true))
    [finding] = verify_folder(tmp_path / "log").findings
    assert (finding.file, finding.rule, finding.index) == (name, FileRule.RULES, 8)
    assert hansa("rules", tmp_path / "log").exit_code == 5


def test_a_document_that_says_something_else_than_its_entry_is_found(rulebook: Rulebook, tmp_path: Path) -> None:
    """A city publishes a manifest of another level than its log registers the dataset at."""
    rulebook.register(10, level="controlled")
    fetched(rulebook.write(), tmp_path / "log", rulebook.log)
    assert not [each for each in verify_folder(tmp_path / "log").findings if each.rule is FileRule.RULES]
    forged = canonical_json({**json.loads(rulebook.documents[-2]), "level": "controlled"})
    (tmp_path / f"log/rules/{rules_hash(forged)}.json").write_bytes(forged)
    [finding] = verify_folder(tmp_path / "log").findings
    assert "has another level than entry 10 says" in finding.text


def test_a_running_city_shows_the_rules_that_its_log_names(tmp_path: Path) -> None:
    """Anybody recomputes the hash; the deny list is one commitment, which its auditor has opened."""
    cities = log_cities(tmp_path)
    first = cities[FIRST]
    folder = tmp_path / "log"
    profile = first.league / "auditors" / FIRST / "profile.toml"

    async def scene() -> None:
        async with first.running() as (_, store), cities["bremen"].running(), cities["hamburg"].running():
            await until(lambda: (found := store.log.witnessed()) is not None and found[0] == store.log.size > 0)
            got = await asyncio.to_thread(hansa, "fetch", FIRST, folder, "--profile", profile)
            assert got.exit_code == 0, got.output
            asked = await asyncio.to_thread(hansa, "opening", FIRST, "2", "deny", folder, "--profile", profile)
            assert asked.exit_code == 0, asked.output
            status, page = await first.get(f"/rules/{policy_hash()}.json")
            assert (status, hashlib.sha256(page).hexdigest()) == (200, policy_hash())
            assert (await first.get(f"/rules/{policy_hash()}.json", shown=None))[0] == 403
            assert (await first.get(f"/rules/{'0' * 64}.json"))[0] == 404

    def policy_hash() -> str:
        body = next(entry.body for _, entry in open_log(folder).entries() if entry.type == "policy.published")
        assert isinstance(body, PolicyPublished)
        return str(body.policy_hash)

    asyncio.run(scene())
    assert (verify_folder(folder).holds, verify_folder(folder).rules) == (True, 1)
    [policy] = rules_in_force(open_log(folder))
    assert policy.document is not None
    shown = decode_disclosure((folder / "openings/2.deny.json").read_bytes())
    check_disclosure(shown, policy.document["commitments"])  # type: ignore[arg-type]


def test_the_hash_stays_over_restarts_and_a_salt_is_of_one_document(tmp_path: Path) -> None:
    first = log_cities(tmp_path)[FIRST]
    store = first.store()
    try:
        policy = read_policy(first.config.policy)
        fresh = store.published_policy(policy)
        assert store.published_policy(policy).hash != fresh.hash  # nothing was announced yet
    finally:
        store.close()
    hashes, digests = [], []

    async def started(city: LogCity) -> None:
        keeper: LogKeeper
        opened: NodeStore
        async with city.opened() as (keeper, opened):
            await asyncio.to_thread(keeper_begin, keeper)
            published = opened.published_policy(read_policy(city.config.policy))
            hashes.append(published.hash)
            digests.append(published.opening.digests["deny"])

    def keeper_begin(keeper: LogKeeper) -> None:
        from hansa_node.app.start import record_start

        record_start(keeper.context)

    asyncio.run(started(first))
    asyncio.run(started(first))
    text = first.config.policy.read_text()
    first.config.policy.write_text(text.replace("version = 1", "version = 2"))
    asyncio.run(started(first))
    assert hashes[0] == hashes[1] != hashes[2]
    assert digests[0] == digests[1] != digests[2]
