"""Holds what openings show against everything that they touch: their entry, each other, and what was announced."""

from __future__ import annotations

from collections.abc import Mapping

from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.verifying.asked_question import (
    AskedQuestion,
    QuestionBody,
    UncheckedError,
    opened_analyst,
    opened_envelope,
)
from hansa_audit.verifying.claims import Claims, OpenedField
from hansa_audit.verifying.entry_walk import ProvenLeaf, ProvenLog
from hansa_core.documents.canonical_json import JsonValue
from hansa_core.errors import PeerError, RefusedError
from hansa_core.evidence.opening import check_disclosure
from hansa_core.league.roster import Roster

_HASHES = ("policy_hash", "manifest_hash")


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
    if not isinstance(entry.body, QuestionBody):
        return
    asked = AskedQuestion(entry=entry, body=entry.body, is_dated=leaf.is_dated, rosters=rosters)
    query = None
    if "query" in fields:
        with _Blamed(fields["query"], findings):
            query = opened_envelope(fields["query"].disclosure.value)
            asked.check_query(query)
    if "analyst" in fields:
        with _Blamed(fields["analyst"], findings):
            asked.check_analyst(opened_analyst(fields["analyst"].disclosure.value), query)
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
        if isinstance(error, UncheckedError):
            self._findings.add(self._shown.file, FileRule.UNCHECKED, error, self._shown.index)
            return True
        if isinstance(error, PeerError | RefusedError):
            said = error.rule if isinstance(error, RefusedError) else str(error)
            self._findings.add(self._shown.file, FileRule.SEALED, said, self._shown.index)
            return True
        return False


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
