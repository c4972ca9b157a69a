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
    OneDigest,
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
OPENING_FIELDS = ("query", "analyst", "policy_hash", "manifest_hash", "causes", "steward", "deny")
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
    """Which policy was in force."""

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
    """What an entry says beyond time, node and software. `VERSIONS`: those of its schema; the last is written.

    In version 1 the hashes of policies and manifests lay in openings; in version 2 they are those of published rules.
    """

    __slots__ = ()
    TYPE: ClassVar[str]
    VERSIONS: ClassVar[tuple[int, ...]] = (1,)

    @property
    def version(self) -> int:
        """The version of the schema that it is written in: the entry's `v`."""
        return 1

    @property
    def commitments(self) -> Mapping[str, str]:
        """The digest of each field that its opening holds."""
        return getattr(self, "opening", None) or {}


def _by_version(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What version 1 demands and what version 2 does, in JSON Schema."""
    return {"if": {"properties": {"v": {"const": 1}}}, "then": first, "else": second}


def _without(*names: str) -> dict[str, Any]:
    """An object that has none of these, in JSON Schema."""
    return {"properties": dict.fromkeys(names, False)}


def _check_rules(body: QueryDecision | QueryAborted) -> None:
    """Raise ValueError unless the rules' hashes stand in the one place that the version has for them."""
    is_first, opened = body.version == 1, body.opening
    if is_first != ("policy_hash" in opened):
        raise ValueError("policy_hash stands in the entry, and in the opening of version 1 only")
    if (body.manifest_hash is not None and is_first) or ("manifest_hash" in opened and not is_first):
        raise ValueError("manifest_hash stands beside policy_hash")
    if (body.level is not None) != (body.manifest_hash is not None or "manifest_hash" in opened):
        raise ValueError("manifest_hash comes with a level, and with nothing else")


_RULES_BY_VERSION = _by_version(
    {"properties": {"policy_hash": False, "manifest_hash": False, "opening": {"required": ["policy_hash"]}}},
    {"required": ["policy_hash"], "properties": {"opening": _without("policy_hash", "manifest_hash")}},
)
_MANIFEST_WITH_LEVEL = {
    "if": {"required": ["level"]},
    "then": _by_version({"properties": {"opening": {"required": ["manifest_hash"]}}}, {"required": ["manifest_hash"]}),
    "else": {"properties": {"manifest_hash": False, "opening": _without("manifest_hash")}},
}


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryDecision(Body):
    """A decision on a query, with the answer that said so.

    `query_hash`: SHA-256 of the signed query. `result_hash`: SHA-256 of the signed answer's payload. `purpose`,
    `dataset`: absent where the query could not be read, or names what the league does not know. `level`,
    `data_version`, `manifest_hash`: absent together where the city serves no such dataset. `policy_hash`,
    `manifest_hash`: of the published rules; in the opening in version 1. `code`: of a refusal. `recalled`: the stored
    release was given out again. The opening holds `causes` (of suppression) for a release that is new.
    """

    TYPE: ClassVar[str] = "query.decision"
    VERSIONS: ClassVar[tuple[int, ...]] = (1, 2)
    query_hash: Hex32
    organisation: Shown
    purpose: Purpose | None = None
    dataset: Dataset | None = None
    level: LevelName | None = None
    data_version: Version | None = None
    policy: PolicyRef
    policy_hash: Hex32 | None = None
    manifest_hash: Hex32 | None = None
    roster: RosterRef
    decision: Annotated[str, Choice(tuple(Decision))]
    code: Code | None = None
    recalled: YesNo = False
    ledgers: tuple[Charge, ...] = ()
    result_hash: Hex32
    opening: Annotated[Mapping[str, str], Digests(("query", "analyst"), ("policy_hash", "manifest_hash", "causes"))]

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
        _RULES_BY_VERSION,
        _MANIFEST_WITH_LEVEL,
        {
            "if": {"properties": {"decision": {"const": "permit"}, "recalled": {"const": False}}},
            "then": {"properties": {"opening": {"required": ["causes"]}}},
            "else": {"properties": {"opening": {"properties": {"causes": False}}}},
        },
    )

    @property
    def version(self) -> int:
        return 1 if self.policy_hash is None else 2

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
        if (is_permitted and not self.recalled) != ("causes" in self.opening):
            raise ValueError("opening.causes comes with a new release, and with nothing else")
        _check_rules(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class QueryAborted(Body):
    """A query that was permitted and charged, and then got no answer. Its policy and roster are of the reservation."""

    TYPE: ClassVar[str] = "query.aborted"
    VERSIONS: ClassVar[tuple[int, ...]] = (1, 2)
    query_hash: Hex32
    organisation: Shown
    purpose: Purpose
    dataset: Dataset
    level: LevelName
    data_version: Version
    policy: PolicyRef
    policy_hash: Hex32 | None = None
    manifest_hash: Hex32 | None = None
    roster: RosterRef
    ledgers: tuple[Charge, ...] = ()
    opening: Annotated[Mapping[str, str], Digests(("query", "analyst"), ("policy_hash", "manifest_hash"))]

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (_RULES_BY_VERSION, _MANIFEST_WITH_LEVEL)

    @property
    def version(self) -> int:
        return 1 if self.policy_hash is None else 2

    def check_together(self) -> None:
        _check_rules(self)


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
    """From here on this policy is in force. `policy_hash`: of its published rules, which commit to `deny` as this does.

    The opening holds the deny list; in version 1 it held the hash.
    """

    TYPE: ClassVar[str] = "policy.published"
    VERSIONS: ClassVar[tuple[int, ...]] = (1, 2)
    policy: PolicyRef
    policy_hash: Hex32 | None = None
    opening: Annotated[Mapping[str, str], OneDigest(("policy_hash", "deny"))]

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        _by_version(
            {"properties": {"policy_hash": False, "opening": {"required": ["policy_hash"]}}},
            {"required": ["policy_hash"], "properties": {"opening": {"required": ["deny"]}}},
        ),
    )

    @property
    def version(self) -> int:
        return 1 if self.policy_hash is None else 2

    def check_together(self) -> None:
        if (self.policy_hash is None) != ("policy_hash" in self.opening):
            raise ValueError(
                "policy_hash stands in the entry, with deny in its opening; or, in version 1, in the opening"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterAccepted(Body):
    """From here on this roster is in force."""

    TYPE: ClassVar[str] = "roster.accepted"
    roster: RosterRef


@dataclass(frozen=True, slots=True, kw_only=True)
class DatasetRegistered(Body):
    """The city serves a dataset under this manifest and contract, by the hashes of their published rules.

    In version 1 the opening held the manifest's hash, and none of the contract was named.
    """

    TYPE: ClassVar[str] = "dataset.registered"
    VERSIONS: ClassVar[tuple[int, ...]] = (1, 2)
    dataset: Dataset
    level: LevelName
    manifest_hash: Hex32 | None = None
    contract_hash: Hex32 | None = None
    opening: Annotated[Mapping[str, str], Digests(("manifest_hash",))] | None = None

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        _by_version(
            {"required": ["opening"], "properties": {"manifest_hash": False, "contract_hash": False}},
            {"required": ["manifest_hash", "contract_hash"], "properties": {"opening": False}},
        ),
    )

    @property
    def version(self) -> int:
        return 1 if self.manifest_hash is None else 2

    def check_together(self) -> None:
        hashes = (self.manifest_hash is None, self.contract_hash is None, self.opening is not None)
        if len(set(hashes)) > 1:
            raise ValueError("manifest_hash and contract_hash stand in the entry, or in version 1 one in its opening")


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
    """The node serves from here on, under this policy and this roster.

    `register`: whether the city takes part in public registers of questions; version 1 did not say.
    """

    TYPE: ClassVar[str] = "node.started"
    VERSIONS: ClassVar[tuple[int, ...]] = (1, 2)
    policy: PolicyRef
    roster: RosterRef
    register: YesNo | None = None

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        _by_version({"properties": {"register": False}}, {"required": ["register"]}),
    )

    @property
    def version(self) -> int:
        return 1 if self.register is None else 2


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
