"""The entry types of a city's log: one frozen value for each; `BODIES` is the closed list.

Hashes, keys and digests are lower-case hex. Nothing here names a person, a value of the data, or free text of an asker.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from hansa_core.evidence.kinds import (
    LEDGER,
    OPENING_FIELD,
    TABLE,
    Choice,
    City,
    Code,
    Count,
    Dataset,
    Digests,
    Hex32,
    LevelName,
    Origin,
    Purpose,
    Shown,
    Unit,
    Version,
    Words,
    YesNo,
)
from hansa_core.evidence.record import Record

_Ledger = Annotated[str, LEDGER]
OPENING_FIELDS = ("query", "analyst", "policy_hash", "manifest_hash", "causes", "steward")
"""All that an entry can commit to without saying it."""


class Decision(StrEnum):
    """What the city decided on a query."""

    PERMIT = "permit"
    REFUSE = "refuse"
    NEEDS_APPROVAL = "needs_approval"


class KeyRole(StrEnum):
    """What a city's key is for; none serves two roles."""

    TLS = "tls"
    ANSWER = "answer"
    CREDENTIAL = "credential"
    LOG = "log"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRef(Record):
    """Which policy was in force; its hash is in an opening, since its parameters could be guessed from it."""

    id: Shown
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRef(Record):
    """Which roster was in force. `hash`: SHA-256 of its signed payload."""

    version: Version
    hash: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Record):
    """What the entry costs a ledger. `spent`: all that the log charged to it since its budget began, this included."""

    ledger: _Ledger
    unit: Unit
    cost: Count
    spent: Count
    limit: Count


class Body(Record):
    """What an entry says beyond time, node and software."""

    __slots__ = ()
    TYPE: ClassVar[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDecision(Body):
    """A decision on a query, with the answer that said so.

    `query_hash`: SHA-256 of the signed query. `result_hash`: SHA-256 of the signed answer's payload. `purpose`,
    `dataset`: absent where the query could not be read, or names what the league does not know. `level`,
    `data_version`: absent together where the city serves no such dataset. `code`: of a refusal. `recalled`: the stored
    release was given out again. The opening holds `manifest_hash` where there is a level, and `causes` (of
    suppression) for a release that is new.
    """

    TYPE: ClassVar[str] = "query.decision"
    query_hash: Hex32
    organisation: Shown
    purpose: Purpose | None = None
    dataset: Dataset | None = None
    level: LevelName | None = None
    data_version: Version | None = None
    policy: PolicyRef
    roster: RosterRef
    decision: Annotated[str, Choice(tuple(Decision))]
    code: Code | None = None
    recalled: YesNo = False
    ledgers: tuple[Charge, ...] = ()
    result_hash: Hex32
    opening: Annotated[Mapping[str, str], Digests(("query", "analyst", "policy_hash"), ("manifest_hash", "causes"))]

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        {"dependentRequired": {"level": ["data_version", "dataset"], "data_version": ["level"]}},
        {
            "if": {"properties": {"decision": {"const": "refuse"}}},
            "then": {"required": ["code"]},
            "else": {"properties": {"code": False}, "required": ["level", "purpose"]},
        },
        {
            "if": {"properties": {"recalled": {"const": True}}},
            "then": {
                "properties": {
                    "decision": {"const": "permit"},
                    "ledgers": {"items": {"properties": {"cost": {"const": 0}}}},
                }
            },
        },
        {
            "if": {"required": ["level"]},
            "then": {"properties": {"opening": {"required": ["manifest_hash"]}}},
            "else": {"properties": {"opening": {"properties": {"manifest_hash": False}}}},
        },
        {
            "if": {"properties": {"decision": {"const": "permit"}, "recalled": {"const": False}}},
            "then": {"properties": {"opening": {"required": ["causes"]}}},
            "else": {"properties": {"opening": {"properties": {"causes": False}}}},
        },
    )

    def check_together(self) -> None:
        if (self.level is None) != (self.data_version is None) or (self.level is not None and self.dataset is None):
            raise ValueError("level and data_version come together, of a dataset that is named")
        is_refused, is_permitted = self.decision == Decision.REFUSE, self.decision == Decision.PERMIT
        if is_refused != (self.code is not None):
            raise ValueError("a code comes with a refusal, and with nothing else")
        if not is_refused and (self.level is None or self.purpose is None):
            raise ValueError("only a refusal can do without level, data_version and purpose")
        if self.recalled and (not is_permitted or any(charge.cost for charge in self.ledgers)):
            raise ValueError("a recalled release is permitted, and costs 0")
        if (self.level is not None) != ("manifest_hash" in self.opening):
            raise ValueError("opening.manifest_hash comes with a level, and with nothing else")
        if (is_permitted and not self.recalled) != ("causes" in self.opening):
            raise ValueError("opening.causes comes with a new release, and with nothing else")


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAborted(Body):
    """A query that was permitted and charged, and then got no answer. Its policy and roster are of the reservation."""

    TYPE: ClassVar[str] = "query.aborted"
    query_hash: Hex32
    organisation: Shown
    purpose: Purpose
    dataset: Dataset
    level: LevelName
    data_version: Version
    policy: PolicyRef
    roster: RosterRef
    ledgers: tuple[Charge, ...] = ()
    opening: Annotated[Mapping[str, str], Digests(("query", "analyst", "policy_hash", "manifest_hash"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalAsked(Body):
    """A query waits for the steward's word."""

    TYPE: ClassVar[str] = "approval.asked"
    query_hash: Hex32
    organisation: Shown
    purpose: Purpose
    dataset: Dataset
    opening: Annotated[Mapping[str, str], Digests(("analyst",))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalGiven(Body):
    """The steward approved a query that waited."""

    TYPE: ClassVar[str] = "approval.given"
    query_hash: Hex32
    opening: Annotated[Mapping[str, str], Digests(("steward",))]


@dataclass(frozen=True, slots=True, kw_only=True)
class ApprovalDenied(Body):
    """The steward denied a query that waited."""

    TYPE: ClassVar[str] = "approval.denied"
    query_hash: Hex32
    code: Code
    opening: Annotated[Mapping[str, str], Digests(("steward",))]


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPublished(Body):
    """From here on this policy is in force."""

    TYPE: ClassVar[str] = "policy.published"
    policy: PolicyRef
    opening: Annotated[Mapping[str, str], Digests(("policy_hash",))]


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAccepted(Body):
    """From here on this roster is in force."""

    TYPE: ClassVar[str] = "roster.accepted"
    roster: RosterRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRegistered(Body):
    """The city serves a dataset under this manifest."""

    TYPE: ClassVar[str] = "dataset.registered"
    dataset: Dataset
    level: LevelName
    opening: Annotated[Mapping[str, str], Digests(("manifest_hash",))]


@dataclass(frozen=True, slots=True, kw_only=True)
class DataVersion(Body):
    """From here on questions are answered from this ingest."""

    TYPE: ClassVar[str] = "data.version"
    dataset: Dataset
    data_version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesPublished(Body):
    """The tables that a node protected once and answers from at level `controlled`, by name, sorted."""

    TYPE: ClassVar[str] = "tables.published"
    dataset: Dataset
    data_version: Version
    protection_version: Version
    tables: Annotated[tuple[str, ...], Words(TABLE, 500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGenesis(Body):
    """The first entry. `log_key`: the raw Ed25519 public key that signs the log's checkpoints."""

    TYPE: ClassVar[str] = "log.genesis"
    origin: Origin
    log_key: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted(Body):
    """The node serves from here on, under this policy and this roster."""

    TYPE: ClassVar[str] = "node.started"
    policy: PolicyRef
    roster: RosterRef


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecovered(Body):
    """The log was brought from `from_size` entries, those of a backup, to `to_size`, those that peers had seen.

    `exhausted`: ledgers of which the node cannot prove what was spent; nothing is left in them.
    """

    TYPE: ClassVar[str] = "node.recovered"
    from_size: Count
    to_size: Count
    exhausted: Annotated[tuple[str, ...], Words(LEDGER, 500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCreated(Body):
    """A ledger begins, with nothing spent."""

    TYPE: ClassVar[str] = "budget.created"
    ledger: _Ledger
    unit: Unit
    limit: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReset(Body):
    """A ledger begins anew, with nothing spent, for a reason that the steward answers for."""

    TYPE: ClassVar[str] = "budget.reset"
    ledger: _Ledger
    unit: Unit
    limit: Count
    reason: Code


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded(Body):
    """A key of the city counts from here on. `key`: the raw public key; of TLS the SHA-256 pin."""

    TYPE: ClassVar[str] = "key.added"
    role: Annotated[str, Choice(tuple(KeyRole))]
    key: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRetired(Body):
    """A key of the city counts no more. `key`: as it was added."""

    TYPE: ClassVar[str] = "key.retired"
    role: Annotated[str, Choice(tuple(KeyRole))]
    key: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRead(Body):
    """An auditor of the city `reader` was shown one `field` of the opening of entry `index`, or several `fields`.

    With `fields`: of the openings of all entries from `index` to `until` that have them.
    """

    TYPE: ClassVar[str] = "opening.read"
    index: Count
    field: Annotated[str, Choice(OPENING_FIELDS)] | None = None
    fields: Annotated[tuple[str, ...], Words(OPENING_FIELD, 6)] | None = None
    until: Count | None = None
    reader: City

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "if": {"required": ["fields"]},
            "then": {"required": ["until"], "properties": {"field": False, "fields": {"minItems": 1}}},
            "else": {"required": ["field"], "properties": {"until": False}},
        },
    )

    def check_together(self) -> None:
        if (self.fields is None) == (self.field is None) or (self.fields is None) != (self.until is None):
            raise ValueError("an opening is read by one field of one entry, or by fields of entries up to until")
        if self.fields is not None and not self.fields:
            raise ValueError("fields names at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerHead(Body):
    """The head of a peer's log that this city cosigned as a witness."""

    TYPE: ClassVar[str] = "peer.head"
    origin: Origin
    size: Count
    root: Hex32


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
