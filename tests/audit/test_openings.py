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

from hansa.evidence.evidence_folder import answer_name, query_name, receipt_name
from hansa_audit.fetching.auditor_profile import load_auditor, roster_of
from hansa_audit.fetching.fetch_log import fetch_log
from hansa_audit.fetching.places import wanted_log
from hansa_audit.folder.findings import FileRule
from hansa_audit.verifying.verify_folder import verify_folder
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.opening import Opening, encode_disclosure, seal_opening
from hansa_core.evidence.query_entries import ApprovalAsked
from hansa_core.evidence.rule_entries import DatasetRegistered, DataVersion, PolicyPublished
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
from hansa_log_entries import NOON, PERMITS, ROADS, aborted, decision_on
from hansa_published_log import SECONDS_BETWEEN, published_log
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
        self.is_aborted = False
        self.ahead = timedelta(0)

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
        assert verdict.openings == len(list((self.folder / "log/openings").iterdir())) >= 6
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
            **({} if self.is_aborted or "code" in self.body else {"causes": {"threshold": 1}}),
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
        if self.ahead:  # the clock ran ahead when something was written, and then went right again
            self.log.time_unix_s += int(self.ahead.total_seconds())
            self.log.append(DataVersion(dataset=PERMITS, data_version=9))
            self.log.time_unix_s -= SECONDS_BETWEEN
        self.log.append(aborted("q", **body) if self.is_aborted else decision_on("q", **body))
        self.index = len(self.log.leaves) - 1
        self.fetch()
        (self.folder / "log/openings").mkdir()
        self._show(self.index - 2 - bool(self.ahead), policy, "policy_hash")
        self._show(self.index - 1 - bool(self.ahead), manifest, "manifest_hash")
        for name in opening.digests:
            self._show(self.index, opening, name)

    def fetch(self) -> None:
        """Bring the folder to the log's newest state."""
        settings = load_auditor(self.log.profile)
        known, document = roster_of(settings, utc_now())
        wanted = wanted_log(str(self.log.write(self.folder / "served")), settings, known)
        fetch_log(wanted, self.folder / "log", roster=known, document=document)

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
        ({"not_after": datetime(2099, 1, 1), "not_before": datetime(2098, 1, 1)}, "the credential holds from"),
        ({"subject": "somebody.else"}, "its credential is of somebody.else; it tells of analyst.luebeck"),
        ({"purposes": ("research",)}, "not for the purpose statistics, which was not refused"),
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
        ({"league": "another"}, "is a question to the league another; the log is of hanse"),
        ({"level": Level.CONTROLLED}, "insists on level controlled; the entry tells of open"),
    ],
)
def test_an_answer_that_nobody_asked_for_is_found(scene: Scene, changes: dict[str, Any], text: str) -> None:
    scene.query = replace(scene.query, **changes)
    [said] = sealed(scene, "query")
    assert text in said


def test_a_question_that_was_refused_may_be_for_others_of_another_level_or_late(scene: Scene) -> None:
    scene.query = replace(
        scene.query, cities=("bremen",), league="another", level=Level.CONTROLLED, expires_at=datetime(2025, 1, 1)
    )
    scene.body |= {"decision": "refuse", "code": "expired"}
    scene.credential = envelope_to_json(scene.vouch(purposes=("research",))).decode()
    assert scene.found() == []


def test_a_question_that_was_cut_off_may_be_told_of_long_after_it_expired(scene: Scene) -> None:
    scene.is_aborted = True
    scene.query = replace(scene.query, expires_at=scene.now - timedelta(days=3))
    scene.credential = envelope_to_json(
        scene.vouch(not_before=scene.now - timedelta(days=9), not_after=scene.now - timedelta(days=2))
    ).decode()
    assert scene.found() == []


def test_a_question_that_was_cut_off_is_of_a_credential_that_had_begun(scene: Scene) -> None:
    scene.is_aborted = True
    scene.credential = envelope_to_json(
        scene.vouch(not_before=datetime(2098, 1, 1), not_after=datetime(2099, 1, 1))
    ).decode()
    assert any("the credential holds from" in said for said in sealed(scene, "analyst"))


def test_where_a_clock_ran_ahead_nobody_is_said_to_have_answered_too_late(scene: Scene) -> None:
    scene.ahead = timedelta(days=2)
    assert scene.found() == []


@pytest.mark.parametrize(
    ("organisation", "subject", "text"),
    [
        ("luebeck", "analyst.luebeck", None),
        ("bremen", "analyst.luebeck", "its credential is of luebeck; the entry tells of bremen"),
        ("luebeck", "mallory", "its credential is of analyst.luebeck; it tells of mallory"),
    ],
)
def test_who_asked_for_an_approval_is_whom_a_city_vouched_for(
    scene: Scene, organisation: str, subject: str, text: str | None
) -> None:
    scene.write()
    analyst = {"subject": subject, "key_id": scene.analyst.keyid, "credential": scene.credential}
    opening = seal_opening({"analyst": analyst}, {"analyst": bytes(16)})
    asked = ApprovalAsked(
        query_hash="0f" * 32,
        organisation=organisation,
        purpose="statistics",
        dataset=PERMITS,
        opening=opening.digests,
    )
    scene.log.append(asked)
    scene.fetch()
    scene._show(len(scene.log.leaves) - 1, opening, "analyst")
    found = [each.text for each in verify_folder(scene.folder / "log").findings]
    assert found == ([] if text is None else [text])


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
@pytest.mark.parametrize("place", [0, 1])
def test_the_kept_answer_is_held_against_the_log(
    scene: Scene, nulls: int, is_logged: bool, text: str | None, place: int
) -> None:
    payload = encode_answer(answer_to(scene.query, nulls=nulls))
    scene.body["result_hash"] = hashlib.sha256(payload).hexdigest() if is_logged else "0e" * 32
    scene.write()
    evidence = keep(scene, payload, place=place)
    said = [each for file, _, each in scene.findings(evidence) if file.endswith("luebeck.dsse.json")]
    assert (text is None and said == []) or (text is not None and text in said[0])
    assert verify_folder(scene.folder / "log", receipts=[evidence]).receipts == 1


def test_an_answer_that_the_city_did_not_sign_is_held_against_nobody(scene: Scene) -> None:
    scene.write()
    evidence = keep(scene, encode_answer(answer_to(scene.query, nulls=3)), signer=Ed25519Signer(bytes(32)))
    [(file, rule, text)] = scene.findings(evidence)
    assert (file.endswith("luebeck.dsse.json"), rule) == (True, FileRule.UNCHECKED.value)
    assert "signed by no key that a roster of the folder gives luebeck" in text


def test_an_answer_with_another_question_beside_it_is_held_against_nobody(scene: Scene) -> None:
    payload = encode_answer(answer_to(scene.query, nulls=1))
    scene.body["result_hash"] = hashlib.sha256(payload).hexdigest()
    scene.write()
    evidence = keep(scene, payload, query=replace(scene.query, nonce=bytes([77]) * 16))
    [(_, _, text)] = scene.findings(evidence)
    assert text == "answers another query than the one that lies beside it"


def test_a_folder_of_evidence_without_the_citys_receipt_is_a_plain_error(scene: Scene) -> None:
    scene.write()
    evidence = keep(scene, encode_answer(answer_to(scene.query, nulls=1)))
    (evidence / "answers/luebeck.tlog-proof").unlink()
    with pytest.raises(ConfigError, match="holds no receipt of luebeck, such as"):
        scene.findings(evidence)


def keep(
    scene: Scene, payload: bytes, *, place: int = 0, signer: Ed25519Signer | None = None, query: Query | None = None
) -> Path:
    """A folder of evidence whose query number `place` the city answered so, with the scene's receipt."""
    evidence = scene.folder / "evidence"
    signed = sign(payload_types.ANSWER, payload, signer or read_signer(scene.log.league / "cities/luebeck/answer.key"))
    asked = envelope_to_json(sign(payload_types.QUERY, encode_query(query or scene.query), scene.analyst))
    for each in range(place + 1):
        (evidence / query_name(each)).parent.mkdir(parents=True, exist_ok=True)
        (evidence / query_name(each)).write_bytes(asked)
    (evidence / answer_name("luebeck", place)).parent.mkdir()
    (evidence / answer_name("luebeck", place)).write_bytes(envelope_to_json(signed))
    (evidence / receipt_name("luebeck", place)).write_bytes(scene.log.receipt(scene.index))
    return evidence


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
