"""Log entries in the Open Cybersecurity Schema Framework: API Activity, class 6003 of version 1.6.0.

The log does not hold who asked from where: the user is the organisation, so that events join by it, or the analyst
where the opening was fetched; the endpoint is the node that logged it. All that the framework has no name for stands in
`unmapped`, the entry's commitments with it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hansa_core.evidence.entry import Entry
from hansa_core.evidence.log_entries import KeyRetired, NodeRecovered, NodeStarted, OpeningRead, PeerHead
from hansa_core.evidence.query_entries import (
    ApprovalAsked,
    ApprovalDenied,
    ApprovalGiven,
    Decision,
    QueryAborted,
    QueryDecision,
)
from hansa_core.evidence.rows import LogRow, row_of
from hansa_core.evidence.rule_entries import BudgetReset

OCSF_VERSION = "1.6.0"
_CATEGORY, _CLASS = 6, 6003  # Application Activity, API Activity
_CREATE, _READ, _UPDATE, _DELETE, _OTHER = 1, 2, 3, 4, 99
_ACTIVITIES = {
    QueryDecision: _READ,
    QueryAborted: _READ,
    OpeningRead: _READ,
    PeerHead: _READ,
    ApprovalGiven: _UPDATE,
    ApprovalDenied: _UPDATE,
    BudgetReset: _UPDATE,
    KeyRetired: _DELETE,
    NodeStarted: _OTHER,
    NodeRecovered: _OTHER,
}  # every other entry says that something new is there: _CREATE
_ACTIVITY_NAMES = {_CREATE: "Create", _READ: "Read", _UPDATE: "Update", _DELETE: "Delete", _OTHER: "Other"}
_INFORMATIONAL = 1
_SUCCESS, _FAILURE, _OTHER_STATUS = (1, "Success"), (2, "Failure"), (99, "Other")
_MAPPED = ("query_hash", "organisation", "dataset", "data_version", "code")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asked, from an opened field `analyst`."""

    subject: str
    key_id: str


def ocsf_event(index: int, entry: Entry, *, origin: str, caller: Caller | None = None) -> dict[str, Any]:
    """The event for entry `index` of the log `origin`, as a JSON object. `caller`: None while that is sealed."""
    row, body = row_of(index, entry), entry.body
    activity = _ACTIVITIES.get(type(body), _CREATE)
    status_id, status = _status(row)
    query_hash = getattr(body, "query_hash", None)
    said = body.to_json()
    return {
        "activity_id": activity,
        "activity_name": _ACTIVITY_NAMES[activity],
        "category_uid": _CATEGORY,
        "category_name": "Application Activity",
        "class_uid": _CLASS,
        "class_name": "API Activity",
        "type_uid": _CLASS * 100 + activity,
        "type_name": f"API Activity: {_ACTIVITY_NAMES[activity]}",
        "severity_id": _INFORMATIONAL,
        "severity": "Informational",
        "status_id": status_id,
        "status": status,
        **({} if row.code is None else {"status_code": row.code}),
        "time": entry.time_unix_s * 1000,
        "metadata": {
            "version": OCSF_VERSION,
            "product": {"name": "Hansa", "vendor_name": "Hansa", "version": entry.software},
            "uid": f"{origin}/{index}",
            "sequence": index,
            "log_name": origin,
            "event_code": entry.type,
            **({} if query_hash is None else {"correlation_uid": query_hash}),
        },
        "actor": _actor(entry, caller),
        "api": {
            "operation": entry.type,
            "service": {"name": "hansa node", "version": entry.software},
            **({} if query_hash is None else {"request": {"uid": query_hash}}),
            **({} if row.code is None else {"response": {"error": row.code}}),
        },
        "src_endpoint": {"name": entry.node, "svc_name": "hansa node"},
        **_resources(row),
        "unmapped": {name: value for name, value in said.items() if name not in _MAPPED},
    }


def _status(row: LogRow) -> tuple[int, str]:
    if row.decision is None or row.decision == Decision.PERMIT:
        return _SUCCESS
    return _OTHER_STATUS if row.decision == Decision.NEEDS_APPROVAL else _FAILURE


def _actor(entry: Entry, caller: Caller | None) -> dict[str, Any]:
    body = entry.body
    if isinstance(body, QueryDecision | QueryAborted | ApprovalAsked):
        # The entry's own commitment has a fresh salt each time: as an id it would join nothing.
        name = f"an analyst of {body.organisation}" if caller is None else caller.subject
        uid = f"organisation:{body.organisation}" if caller is None else caller.key_id
        org = {"name": body.organisation, "uid": f"organisation:{body.organisation}"}
        return {"user": {"name": name, "uid": uid, "type_id": 1, "org": org}}
    if isinstance(body, ApprovalGiven | ApprovalDenied):
        return {"user": {"uid": body.opening["steward"], "type_id": 2, "org": {"name": entry.node}}}
    if isinstance(body, OpeningRead):
        return {"user": {"name": f"auditor.{body.reader}", "type_id": 1, "org": {"name": body.reader}}}
    return {"app_name": "hansa node", "app_uid": entry.node}


def _resources(row: LogRow) -> dict[str, Any]:
    if row.dataset is None:
        return {}
    version = {} if row.data_version is None else {"version": str(row.data_version)}
    return {"resources": [{"type": "dataset", "name": row.dataset, **version}]}
