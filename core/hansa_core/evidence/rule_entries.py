"""Entries about the rules in force and the data under them: policy, roster, datasets, published tables, budgets."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from hansa_core.evidence.body import Body, Ledger, PolicyRef, RosterRef, by_version
from hansa_core.evidence.kinds import (
    TABLE,
    Code,
    Count,
    Dataset,
    Digests,
    Hex32,
    LevelName,
    OneDigest,
    Unit,
    Version,
    Words,
)


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
        by_version(
            {"properties": {"policy_hash": False, "opening": {"required": ["policy_hash"]}}},
            {"required": ["policy_hash"], "properties": {"opening": {"required": ["deny"]}}},
        ),
    )

    @property
    def version(self) -> int:
        return 1 if self.policy_hash is None else 2

    @property
    def announced_rules(self) -> tuple[str, ...]:
        return () if self.policy_hash is None else (self.policy_hash,)

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
        by_version(
            {"required": ["opening"], "properties": {"manifest_hash": False, "contract_hash": False}},
            {"required": ["manifest_hash", "contract_hash"], "properties": {"opening": False}},
        ),
    )

    @property
    def version(self) -> int:
        return 1 if self.manifest_hash is None else 2

    @property
    def announced_rules(self) -> tuple[str, ...]:
        return tuple(each for each in (self.manifest_hash, self.contract_hash) if each is not None)

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
class DataAccepted(Body):
    """The operator published an ingest although it exceeded limits of the manifest; why and which is in the opening."""

    TYPE: ClassVar[str] = "data.accepted"
    dataset: Dataset
    data_version: Version
    opening: Annotated[Mapping[str, str], Digests(("limits", "reason"))]


@dataclass(frozen=True, slots=True, kw_only=True)
class TablesPublished(Body):
    """The tables that a node protected once and answers from at level `controlled`, by name, sorted."""

    TYPE: ClassVar[str] = "tables.published"
    dataset: Dataset
    data_version: Version
    protection_version: Version
    tables: Annotated[tuple[str, ...], Words(TABLE, 500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetCreated(Body):
    """A ledger begins, with nothing spent."""

    TYPE: ClassVar[str] = "budget.created"
    ledger: Ledger
    unit: Unit
    limit: Count


@dataclass(frozen=True, slots=True, kw_only=True)
class BudgetReset(Body):
    """A ledger begins anew, with nothing spent, for a reason that the steward answers for."""

    TYPE: ClassVar[str] = "budget.reset"
    ledger: Ledger
    unit: Unit
    limit: Count
    reason: Code
