"""The entry types of a city's log: `BODIES` is the closed list, one frozen value for each.

Hashes, keys and digests are lower-case hex. Nothing here names a person, a value of the data, or free text of an asker.
"""

from __future__ import annotations

from hansa_core.evidence.body import Body
from hansa_core.evidence.log_entries import (
    KeyAdded,
    KeyRetired,
    LogGenesis,
    NodeRecovered,
    NodeStarted,
    OpeningRead,
    PeerHead,
)
from hansa_core.evidence.query_entries import ApprovalAsked, ApprovalDenied, ApprovalGiven, QueryAborted, QueryDecision
from hansa_core.evidence.rule_entries import (
    BudgetCreated,
    BudgetReset,
    DataAccepted,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
    TablesPublished,
)

BODIES: tuple[type[Body], ...] = (
    LogGenesis,
    NodeStarted,
    NodeRecovered,
    RosterAccepted,
    PolicyPublished,
    KeyAdded,
    KeyRetired,
    DatasetRegistered,
    DataVersion,
    DataAccepted,
    TablesPublished,
    BudgetCreated,
    BudgetReset,
    QueryDecision,
    QueryAborted,
    ApprovalAsked,
    ApprovalGiven,
    ApprovalDenied,
    OpeningRead,
    PeerHead,
)
