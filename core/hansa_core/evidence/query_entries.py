"""Entries about one query: decided, aborted, or brought before a steward."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from hansa_core.evidence.body import Body, Charge, PolicyRef, RosterRef, by_version, without
from hansa_core.evidence.kinds import Choice, Code, Dataset, Digests, Hex32, LevelName, Purpose, Shown, Version, YesNo


class Decision(StrEnum):
    """What the city decided on a query."""

    PERMIT = "permit"
    REFUSE = "refuse"
    NEEDS_APPROVAL = "needs_approval"


def _check_rules(body: QueryDecision | QueryAborted) -> None:
    """Raise ValueError unless the rules' hashes stand in the one place that the version has for them."""
    is_first, opened = body.version == 1, body.opening
    if is_first != ("policy_hash" in opened):
        raise ValueError("policy_hash stands in the entry, and in the opening of version 1 only")
    if (body.manifest_hash is not None and is_first) or ("manifest_hash" in opened and not is_first):
        raise ValueError("manifest_hash stands beside policy_hash")
    if (body.level is not None) != (body.manifest_hash is not None or "manifest_hash" in opened):
        raise ValueError("manifest_hash comes with a level, and with nothing else")


_RULES_BY_VERSION = by_version(
    {"properties": {"policy_hash": False, "manifest_hash": False, "opening": {"required": ["policy_hash"]}}},
    {"required": ["policy_hash"], "properties": {"opening": without("policy_hash", "manifest_hash")}},
)


_MANIFEST_WITH_LEVEL = {
    "if": {"required": ["level"]},
    "then": by_version({"properties": {"opening": {"required": ["manifest_hash"]}}}, {"required": ["manifest_hash"]}),
    "else": {"properties": {"manifest_hash": False, "opening": without("manifest_hash")}},
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
    FREE: ClassVar[tuple[str, ...]] = ("query_hash", "result_hash")
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

    def looks_at(self, name: str) -> bool:
        return name == "cost" and self.recalled

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
    FREE: ClassVar[tuple[str, ...]] = ("query_hash",)
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
