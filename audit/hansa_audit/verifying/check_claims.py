"""Holds receipts, openings and checkpoints of other times against the log that the folder proves."""

from __future__ import annotations

from collections.abc import Mapping

from hansa_audit.entries.named_rules import read_rules
from hansa_audit.folder.findings import FileRule, Findings
from hansa_audit.folder.log_folder import LogFolder
from hansa_audit.folder.seen_checkpoints import History, SeenCheckpoint
from hansa_audit.verifying.check_openings import check_openings
from hansa_audit.verifying.claims import Claims, OpenedField, Promised
from hansa_audit.verifying.entry_walk import ProvenLog
from hansa_core.errors import PeerError
from hansa_core.evidence.opening import check_disclosure
from hansa_core.league.roster import Roster


def check_claims(claims: Claims, log: ProvenLog, rosters: Mapping[int, Roster], findings: Findings) -> None:
    """Hold the claims against the log: its roots at their sizes, its leaves at their indices.

    `rosters`: those that the auditor holds, by version.
    """
    for seen in claims.seen:
        _check_seen(seen, log, findings)
    for promised in claims.promised:
        _check_promised(promised, log, findings)
    for shown in claims.shown:
        _check_shown(shown, log, findings)
    check_openings(claims, log, rosters, findings)


def check_rules(folder: LogFolder, log: ProvenLog, findings: Findings) -> int:
    """Hold the published rules in the folder against the entries that name them; how many lie there."""
    found: set[str] = set()
    for named in log.rules:
        try:
            if read_rules(folder, named) is not None:
                found.add(named.hash)
        except PeerError as broken:
            findings.add(named.file, FileRule.RULES, broken, named.index)
    return len(found)


def _check_seen(seen: SeenCheckpoint, log: ProvenLog, findings: Findings) -> None:
    size = seen.checkpoint.size
    match seen.judge(log.size, log.roots.get):
        case History.OTHER:
            at = size if size <= log.size or seen.beginning is None else seen.beginning.size
            text = f"the log signed another root at {at} entries than the entries of the folder have: it forked"
            findings.add(seen.file, FileRule.CONSISTENCY, text)
        case History.UNKNOWN:
            text = f"is of {size} entries; the folder has {log.size}, an earlier state or another history: fetch again"
            findings.add(seen.file, FileRule.UNCHECKED, text)
        case History.SAME:
            pass


def _check_promised(promised: Promised, log: ProvenLog, findings: Findings) -> None:
    size, index = promised.checkpoint.size, promised.proof.index
    if size > log.size:
        text = f"was given for a log of {size} entries; the folder has {log.size}, so fetch again"
        findings.add(promised.file, FileRule.UNCHECKED, text)
    elif log.roots[size] != promised.checkpoint.root:
        text = f"its checkpoint of {size} entries has another root than the log: the log forked"
        findings.add(promised.file, FileRule.CONSISTENCY, text)
    elif index in log.leaves and log.leaves[index].leaf != promised.proof.extra:
        text = f"it promises another entry than the log has at {index}"
        findings.add(promised.file, FileRule.RECEIPT, text)


def _check_shown(shown: OpenedField, log: ProvenLog, findings: Findings) -> None:
    if shown.index >= log.size:
        text = f"is of entry {shown.index}; the folder has {log.size}, so fetch again"
        findings.add(shown.file, FileRule.UNCHECKED, text)
        return
    known = log.leaves.get(shown.index)
    entry = None if known is None else known.entry
    if entry is None:
        text = f"cannot be checked, since entry {shown.index} cannot be read"
        findings.add(shown.file, FileRule.UNCHECKED, text, shown.index)
        return
    try:
        check_disclosure(shown.disclosure, entry.body.commitments)
    except PeerError as broken:
        findings.add(shown.file, FileRule.DISCLOSURE, broken, shown.index)
