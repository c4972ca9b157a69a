"""Openings that do not go with what they touch: the entry, the query's signature, the announced rules, the answer."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.folder.findings import FileRule
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.opening import Opening, encode_disclosure, seal_opening
from hansa_core.evidence.rule_entries import DatasetRegistered, PolicyPublished
from hansa_core.league.credential import Credential, credential_payload
from hansa_core.league.roster import roster_hash
from hansa_core.partial.answer import Release, SignedAnswer
from hansa_core.partial.partial import write_partial
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_log_entries import NOON, PERMITS, ROADS, decision_on
from hansa_published_log import published_log
from hansa_wire.codec.answer_codec import encode_answer
from hansa_wire.codec.query_codec import encode_query
from hansa_wire_values import a_query

HOUR = timedelta(hours=1)
STRICT = PolicyRef(id="open-data", version=2)
RULES = {"policy_hash": "0a" * 32, "manifest_hash": "0b" * 32}


class Scene:
    """A log in which one question is decided; every field of its opening, and of what announced the rules, is shown."""

    def __init__(self, folder: Path) -> None:
        self.log = published_log(folder)
        self.folder = folder
        self.analyst = read_signer(self.log.league / "analysts/luebeck/query.key")
        self.now = datetime.fromtimestamp(NOON, UTC).replace(tzinfo=None)
        self.credential = envelope_to_json(self.vouch()).decode()
        self.query = replace(
            a_query(expires_at=self.now + HOUR), purpose="statistics", cities=("bremen", "luebeck"), league="hanse"
        )
        self.announced: Mapping[str, str] = RULES
        self.body: dict[str, Any] = {"organisation": "luebeck"}
        self.signer = self.analyst
        self.values: dict[str, Any] = {}

    def vouch(self, **changes: Any) -> Any:
        """The city's word on its analyst, in force at the time of the log."""
        credential = Credential(
            subject="analyst.luebeck",
            organisation="luebeck",
            city="luebeck",
            key=self.analyst.public_key,
            not_before=self.now - HOUR,
            not_after=self.now + 24 * HOUR,
        )
        key = read_signer(self.log.league / "cities/luebeck/credential.key")
        return sign(payload_types.CREDENTIAL, credential_payload(replace(credential, **changes)), key)

    def found(self) -> list[tuple[str, str, str]]:
        """Write it all; file, rule and text of every finding."""
        self.write()
        return self.findings()

    def findings(self, receipts: Path | None = None) -> list[tuple[str, str, str]]:
        """Of what was written. `receipts`: a folder of evidence."""
        verdict = verify_folder(self.folder / "log", receipts=() if receipts is None else (receipts,))
        assert verdict.openings == 7
        return [(each.file, each.rule.value, each.text) for each in verdict.findings]

    def write(self) -> None:
        """Log, folder and openings."""
        policy, manifest = (
            seal(name, self.announced[name], number) for number, name in enumerate(("policy_hash", "manifest_hash"))
        )
        signed = sign(payload_types.QUERY, encode_query(self.query), self.signer)
        values = {
            "query": envelope_to_json(signed).decode(),
            "analyst": {
                "subject": "analyst.luebeck",
                "key_id": self.analyst.keyid,
                "credential": self.credential,
            },
            **RULES,
            "causes": {"threshold": 1},
            **self.values,
        }
        opening = seal_opening(values, {name: bytes([number + 9]) * 16 for number, name in enumerate(values)})
        roster = RosterRef(version=1, hash=roster_hash(self.log.roster))
        self.log.append(PolicyPublished(policy=STRICT, opening=policy.digests))
        self.log.append(DatasetRegistered(dataset=PERMITS, level="open", opening=manifest.digests))
        body = {
            "query_hash": hashlib.sha256(encode_query(self.query)).hexdigest(),
            "roster": roster,
            "opening": opening.digests,
            "policy": STRICT,
            "policy_hash": None,
            "manifest_hash": None,
            "level": "open",
            **self.body,
        }
        self.log.append(decision_on("q", **body))
        self.index = len(self.log.leaves) - 1
        settings = load_auditor(self.log.profile)
        known, document = roster_of(settings, utc_now())
        wanted = wanted_log(str(self.log.write(self.folder / "served")), settings, known)
        fetch_log(wanted, self.folder / "log", roster=known, document=document)
        (self.folder / "log/openings").mkdir()
        self._show(self.index - 2, policy, "policy_hash")
        self._show(self.index - 1, manifest, "manifest_hash")
        for name in ("query", "analyst", "policy_hash", "manifest_hash", "causes"):
            self._show(self.index, opening, name)

    def _show(self, index: int, opening: Opening, name: str) -> None:
        disclosure = opening.disclosure(name)
        assert disclosure is not None
        (self.folder / f"log/openings/{index}.{name}.json").write_bytes(encode_disclosure(disclosure))


def seal(name: str, value: str, number: int) -> Opening:
    return seal_opening({name: value}, {name: bytes([number + 1]) * 16})


@pytest.fixture
def scene(tmp_path: Path) -> Scene:
    return Scene(tmp_path)


def test_what_goes_together_holds(scene: Scene) -> None:
    assert scene.found() == []


def test_an_opening_from_before_credentials_were_kept_holds(scene: Scene) -> None:
    scene.values["analyst"] = {"subject": "analyst.luebeck", "key_id": scene.analyst.keyid}
    assert scene.found() == []


@pytest.mark.parametrize(
    ("told", "field", "text"),
    [
        ({"purpose": "research"}, "query", "has the purpose statistics; the entry tells of research"),
        ({"dataset": ROADS}, "query", f"has the dataset {PERMITS}; the entry tells of {ROADS}"),
        ({"organisation": "bremen"}, "analyst", "its credential is of luebeck; the entry tells of bremen"),
        ({"query_hash": "0c" * 32}, "query", "another query than the one whose hash"),
    ],
)
def test_an_entry_that_tells_of_another_question_than_it_sealed_is_found(
    scene: Scene, told: dict[str, str], field: str, text: str
) -> None:
    scene.body |= told
    assert any(text in said for said in sealed(scene, field))


@pytest.mark.parametrize("name", ["policy_hash", "manifest_hash"])
def test_a_question_decided_by_other_rules_than_were_announced_is_found(scene: Scene, name: str) -> None:
    scene.announced = {**RULES, name: "0d" * 32}
    [said] = sealed(scene, name)
    assert "is not what the log announced" in said


@pytest.mark.parametrize("has_credential", [True, False])
def test_a_query_signed_by_another_key_is_found(scene: Scene, has_credential: bool) -> None:
    scene.signer = Ed25519Signer(bytes(32))
    if not has_credential:
        scene.values["analyst"] = {"subject": "analyst.luebeck", "key_id": scene.analyst.keyid}
    [said] = sealed(scene, "analyst")
    assert "another key than the one that signed" in said


def test_a_signature_that_does_not_verify_is_found(scene: Scene) -> None:
    other = Ed25519Signer(bytes(32))
    signed = envelope_to_json(sign(payload_types.QUERY, encode_query(scene.query), other)).decode()
    scene.values["query"] = signed.replace(other.keyid, scene.analyst.keyid)
    [said] = sealed(scene, "analyst")
    assert "does not verify" in said


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"key": Ed25519Signer(bytes(32)).public_key}, "for another key"),
        ({"not_after": datetime(2025, 1, 1), "not_before": datetime(2024, 1, 1)}, "the credential holds from"),
        ({"city": "bremen"}, "vouches for its own analysts only"),
    ],
)
def test_a_credential_that_did_not_cover_the_question_is_found(
    scene: Scene, changes: dict[str, Any], text: str
) -> None:
    scene.credential = envelope_to_json(scene.vouch(**changes)).decode()
    assert any(text in said for said in sealed(scene, "analyst"))


@pytest.mark.parametrize(
    ("changes", "text"),
    [
        ({"cities": ("bremen", "hamburg")}, "asks bremen, hamburg, and luebeck answered"),
        ({"expires_at": datetime(2025, 1, 1)}, "had expired"),
    ],
)
def test_an_answer_that_nobody_asked_for_is_found(scene: Scene, changes: dict[str, Any], text: str) -> None:
    scene.query = replace(scene.query, **changes)
    [said] = sealed(scene, "query")
    assert text in said


def test_causes_that_are_no_counts_are_found(scene: Scene) -> None:
    scene.values["causes"] = {"threshold": "many"}
    assert sealed(scene, "causes") == ["is not a count of suppressed cells by cause"]


@pytest.mark.parametrize(
    ("nulls", "is_logged", "text"),
    [
        (1, True, None),
        (2, True, "lacks a figure in 2 cells; the opened causes count 1"),
        (1, False, "another answer than"),
    ],
)
def test_the_kept_answer_is_held_against_the_log(scene: Scene, nulls: int, is_logged: bool, text: str | None) -> None:
    evidence = scene.folder / "evidence"
    (evidence / "answers").mkdir(parents=True)
    payload = encode_answer(answer_to(scene.query, nulls=nulls))
    scene.body["result_hash"] = hashlib.sha256(payload).hexdigest() if is_logged else "0e" * 32
    signed = sign(payload_types.ANSWER, payload, read_signer(scene.log.league / "cities/luebeck/answer.key"))
    (evidence / "answers/luebeck.dsse.json").write_bytes(envelope_to_json(signed))
    asked = sign(payload_types.QUERY, encode_query(scene.query), scene.analyst)
    (evidence / "query.dsse.json").write_bytes(envelope_to_json(asked))
    scene.write()
    (evidence / "answers/luebeck.tlog-proof").write_bytes(scene.log.receipt(scene.index))
    said = [each for file, _, each in scene.findings(evidence) if file.endswith("luebeck.dsse.json")]
    assert (text is None and said == []) or (text is not None and text in said[0])


def sealed(scene: Scene, field: str) -> list[str]:
    """What is said about an opened field of the question."""
    found = scene.found()
    file = f"openings/{scene.index}.{field}.json"
    return [text for name, rule, text in found if (name, rule) == (file, FileRule.SEALED.value)]


def answer_to(query: Query, *, nulls: int) -> SignedAnswer:
    """A release of three cells, of which so many lack their figure."""
    counts = pa.array([None] * nulls + [5] * (3 - nulls), pa.decimal128(38, 0))
    table = pa.table({"k0": pa.array(["a", "b", "c"]), "m0": counts})
    release = Release(
        plan_hash=bytes(32),
        contract=ContractId.parse(PERMITS),
        level=Level.OPEN,
        data_version=1,
        protection_version=1,
        partial_ipc=write_partial(table),
    )
    return SignedAnswer(
        city="luebeck",
        query_hash=hashlib.sha256(encode_query(query)).digest(),
        nonce=bytes(16),
        answered_at=datetime(2026, 1, 1),
        outcome=release,
    )
