"""Findings of an audit in a log whose tree is right."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum


class AuditRule(StrEnum):
    """What an entry can break. The closed list, in the order in which an entry is judged."""

    SCHEMA = "schema"  # its bytes are no entry
    GENESIS = "genesis"  # the log begins with its name and key, once
    NODE = "node"  # every entry is by this city
    TIME = "time"  # times never go back
    ROSTER = "roster"  # a roster is accepted before it is used, and versions never go back
    POLICY = "policy"  # so is a policy
    KEY = "key"  # keys are added before they are retired; the log's own key is among them
    DATASET = "dataset"  # datasets are registered, under a level, before they are used
    DATA_VERSION = "data_version"  # versions count upwards, and are announced before they are used
    TABLES = "tables"  # what is answered from published tables was published
    RECALLED = "recalled"  # what is given out again was given out before
    LEDGER = "ledger"  # spent is what was spent plus cost, within the limit, in a budget that exists
    RECOVERY = "recovery"  # a recovery brings the log forward
    RESULT = "result"  # one answer, one entry
    OPENING = "opening"  # what is shown was committed to earlier
    APPROVAL = "approval"  # a steward decides on what was asked
    PEER_HEAD = "peer_head"  # a witnessed log only grows


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFinding:
    """Entry `index` breaks `rule`; `text` says how, in words for an auditor."""

    index: int
    rule: AuditRule
    text: str


Breach = tuple[AuditRule, str]
Breaches = Iterator[Breach]  # what one entry breaks, before it is known which entry it is
