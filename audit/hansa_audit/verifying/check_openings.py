"""Holds what openings show against everything that they touch: their entry, each other, and what was announced."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.verifying.claims import Claims, OpenedField
from hansa_audit.verifying.entry_walk import ProvenLeaf, ProvenLog
from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.join import SETTLED_S
from hansa_core.evidence.opening import check_disclosure
from hansa_core.evidence.query_entries import ApprovalAsked, Decision, QueryAborted, QueryDecision
from hansa_core.league.credential import Credential, credential_from_envelope
from hansa_core.league.roster import Roster
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_wire.codec.query_codec import decode_query

_Question = QueryDecision | QueryAborted
_HASHES = ("policy_hash", "manifest_hash")


class _UncheckedError(Exception):
    """Something would have to be here to judge by."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _Analyst:
    """What the opened field `analyst` says. `credential`: None in openings that were written before it was kept."""

    key_id: str
    credential: Envelope | None


def check_openings(claims: Claims, log: ProvenLog, rosters: Mapping[int, Roster], findings: Findings) -> None:
    """Add a finding for each opened field that does not go with its entry, with another field, or with what was said.

    Fields that are not what their entry committed to are findings already, and are left out.
    """
    opened: dict[int, dict[str, OpenedField]] = {}
    for shown in claims.shown:
        if _is_committed(shown, log):
            opened.setdefault(shown.index, {})[shown.disclosure.field] = shown
    for index, fields in sorted(opened.items()):
        _check_entry(log.leaves[index], fields, rosters, findings)
    _check_hashes(opened, log, findings)
    for answer in claims.answers:
        leaf = log.leaves.get(answer.index)
        causes = opened.get(answer.index, {}).get("causes")
        if leaf is None or leaf.entry is None:
            continue  # its receipt is a finding
        try:
            answer.check(leaf.entry.body, None if causes is None else causes.disclosure.value)
        except PeerError as broken:
            findings.add(answer.file, FileRule.RECEIPT, broken, answer.index)


def _is_committed(shown: OpenedField, log: ProvenLog) -> bool:
    leaf = log.leaves.get(shown.index)
    if leaf is None or leaf.entry is None:
        return False
    try:
        check_disclosure(shown.disclosure, leaf.entry.body.commitments)
    except PeerError:
        return False
    return True


def _check_entry(
    leaf: ProvenLeaf, fields: Mapping[str, OpenedField], rosters: Mapping[int, Roster], findings: Findings
) -> None:
    """Judge what the fields of one entry say of the question and of who asked it."""
    entry = leaf.entry
    assert entry is not None
    if not isinstance(entry.body, _Question | ApprovalAsked):
        return
    query = analyst = None
    if "query" in fields:
        with _Blamed(fields["query"], findings):
            query = _envelope(fields["query"].disclosure.value)
            if isinstance(entry.body, _Question):
                _check_query(entry, entry.body, query)
    if "analyst" in fields:
        with _Blamed(fields["analyst"], findings):
            analyst = _analyst(fields["analyst"].disclosure.value)
            holder = None
            if analyst.credential is not None and isinstance(entry.body, _Question):
                holder = _holder(analyst, entry, entry.body, rosters)
            if query is not None:
                _check_signer(query, analyst, holder)
    if "causes" in fields:
        with _Blamed(fields["causes"], findings):
            _check_causes(fields["causes"].disclosure.value)


class _Blamed:
    """Turns what is wrong within it into a finding about one opened field."""

    def __init__(self, shown: OpenedField, findings: Findings) -> None:
        self._shown = shown
        self._findings = findings

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> bool:
        if isinstance(error, _UncheckedError):
            self._findings.add(self._shown.file, FileRule.UNCHECKED, error, self._shown.index)
            return True
        if isinstance(error, PeerError | RefusedError):
            said = error.rule if isinstance(error, RefusedError) else str(error)
            self._findings.add(self._shown.file, FileRule.SEALED, said, self._shown.index)
            return True
        return False


def _envelope(value: JsonValue) -> Envelope:
    if not isinstance(value, str):
        raise PeerError("is not the text of a signed query")
    return envelope_from_json(value.encode())


def _check_query(entry: Entry, body: _Question, envelope: Envelope) -> None:
    """Raise PeerError unless the query is the one that the entry tells of."""
    if envelope.payload_type != payload_types.QUERY:
        raise PeerError("is not signed as a query")
    if hashlib.sha256(envelope.payload).hexdigest() != body.query_hash:
        raise PeerError("is another query than the one whose hash the entry names")
    is_refused = isinstance(body, QueryDecision) and body.decision == Decision.REFUSE
    try:
        query = decode_query(envelope.payload)
    except RefusedError:
        if is_refused and body.purpose is None and body.dataset is None:
            return  # what nobody can read was refused, and the entry repeats nothing of it
        raise
    _check_told(body, query, is_refused=is_refused)
    if not is_refused and entry.node not in query.cities:
        raise PeerError(f"asks {', '.join(query.cities)}, and {entry.node} answered")
    expires_unix_s = int(query.expires_at.replace(tzinfo=UTC).timestamp())
    if not is_refused and entry.time_unix_s > expires_unix_s + SETTLED_S:
        raise PeerError("had expired when the entry was written, and was not refused")


def _check_told(body: _Question, query: Query, *, is_refused: bool) -> None:
    asked = {"purpose": query.purpose, "dataset": str(query.plan.source)}
    for what, told in (("purpose", body.purpose), ("dataset", body.dataset)):
        if told is None and is_refused:
            continue  # the league does not know it, so the log does not repeat it
        if told != asked[what]:
            raise PeerError(f"has the {what} {asked[what]}; the entry tells of {told}")


def _analyst(value: JsonValue) -> _Analyst:
    if not isinstance(value, dict) or not {"subject", "key_id"} <= value.keys() <= {"subject", "key_id", "credential"}:
        raise PeerError("is not an analyst's subject, key id and credential")
    credential = value.get("credential")
    return _Analyst(key_id=str(value["key_id"]), credential=None if credential is None else _envelope(credential))


def _holder(analyst: _Analyst, entry: Entry, body: _Question, rosters: Mapping[int, Roster]) -> Credential:
    """Whom the credential names. Raises PeerError or RefusedError unless a city vouched for this analyst then."""
    roster = rosters.get(body.roster.version)
    if roster is None:
        raise _UncheckedError(f"its credential needs roster {body.roster.version}, which is not in the folder")
    assert analyst.credential is not None
    now = datetime.fromtimestamp(entry.time_unix_s, UTC).replace(tzinfo=None)
    try:
        holder = credential_from_envelope(analyst.credential, roster, now)
    except RefusedError:
        # It was in force when the question came, and the entry was written when it was answered.
        holder = credential_from_envelope(analyst.credential, roster, now - timedelta(seconds=SETTLED_S))
    if holder.organisation != body.organisation:
        raise PeerError(f"its credential is of {holder.organisation}; the entry tells of {body.organisation}")
    if holder.key_id != analyst.key_id:
        raise PeerError("its credential is for another key than it names")
    return holder


def _check_signer(query: Envelope, analyst: _Analyst, holder: Credential | None) -> None:
    if any(signature.keyid != analyst.key_id for signature in query.signatures):
        raise PeerError("names another key than the one that signed the opened query")
    if holder is not None:
        verify(query, payload_types.QUERY, (holder.key,))


def _check_causes(value: JsonValue) -> None:
    if not isinstance(value, dict) or any(type(number) is not int or number < 1 for number in value.values()):
        raise PeerError("is not a count of suppressed cells by cause")


def _check_hashes(opened: Mapping[int, Mapping[str, OpenedField]], log: ProvenLog, findings: Findings) -> None:
    """The rules by which a question was decided are those that were announced, wherever both are opened."""
    sole: dict[tuple[str, int], JsonValue] = {}
    for index, fields in sorted(opened.items()):
        for name in _HASHES:
            if name not in fields:
                continue
            said, leaf = fields[name].disclosure.value, log.leaves[index]
            announced = leaf.policies if name == "policy_hash" else leaf.manifests
            told = [opened[at][name].disclosure.value for at in announced if name in opened.get(at, {})]
            if len(told) < len(announced) or not announced:
                # Where it was announced once, those who used it have to agree even before that entry is opened.
                told = [sole.setdefault((name, announced[0]), said)] if len(announced) == 1 else [said]
            if said not in told:
                text = f"is not what the log announced with entry {announced[-1]}"
                findings.add(fields[name].file, FileRule.SEALED, text, index)
