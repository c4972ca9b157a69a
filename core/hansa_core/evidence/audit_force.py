"""Audit rule: policy, roster and keys were in force when they were used."""

from __future__ import annotations

from collections.abc import Mapping

from hansa_core.evidence.body import PolicyRef, RosterRef
from hansa_core.evidence.finding import AuditRule, Breaches
from hansa_core.evidence.log_entries import KeyAdded, KeyRetired, KeyRole, LogGenesis, NodeStarted
from hansa_core.evidence.query_entries import QueryAborted, QueryDecision
from hansa_core.evidence.rule_entries import PolicyPublished, RosterAccepted


class PoliciesInForce:
    """The last published policy is in force. An aborted query may name an earlier one, of its reservation."""

    def __init__(self) -> None:
        self._current: PolicyRef | None = None
        self._hash: str | None = None
        self._versions: dict[str, int] = {}
        self._published: set[tuple[PolicyRef, str | None]] = set()

    def publish(self, body: PolicyPublished) -> Breaches:
        policy = body.policy
        newest = self._versions.get(policy.id, 0)
        if policy.version < newest:
            yield AuditRule.POLICY, f"policy {policy.id} goes back from version {newest} to {policy.version}"
        self._versions[policy.id] = max(newest, policy.version)
        self._published.add((policy, body.policy_hash))
        self._current, self._hash = policy, body.policy_hash

    def use(self, body: QueryDecision | NodeStarted) -> Breaches:
        if body.policy != self._current:
            used = f"policy {body.policy.id} version {body.policy.version} is used"
            yield AuditRule.POLICY, f"{used}; in force is {_policy_text(self._current)}"
        elif isinstance(body, QueryDecision) and body.policy_hash != self._hash:
            used = f"rules with the hash {_hash_text(body.policy_hash)} are used"
            yield AuditRule.POLICY, f"{used}; in force are those with the hash {_hash_text(self._hash)}"

    def use_earlier(self, body: QueryAborted) -> Breaches:
        if (body.policy, body.policy_hash) not in self._published:
            policy = body.policy
            yield AuditRule.POLICY, f"policy {policy.id} version {policy.version} is used and was never published"


class RostersInForce:
    """The last accepted roster is in force. `known`: the hash of each version that the auditor holds, by version."""

    def __init__(self, known: Mapping[int, str]) -> None:
        self._known = known
        self._current: RosterRef | None = None
        self._accepted: dict[int, str] = {}

    def accept(self, body: RosterAccepted) -> Breaches:
        roster = body.roster
        if self._current is not None and roster.version < self._current.version:
            yield AuditRule.ROSTER, f"the roster goes back from version {self._current.version} to {roster.version}"
        for whose, hashes in (("accepted earlier", self._accepted), ("that the auditor holds", self._known)):
            if hashes.get(roster.version, roster.hash) != roster.hash:
                yield AuditRule.ROSTER, f"roster version {roster.version} is not the one {whose}: their hashes differ"
        self._accepted[roster.version] = roster.hash
        self._current = roster

    def use(self, body: QueryDecision | NodeStarted) -> Breaches:
        if body.roster != self._current:
            current = "none" if self._current is None else f"version {self._current.version}"
            used = f"roster version {body.roster.version} ({body.roster.hash[:16]}…) is used"
            yield AuditRule.ROSTER, f"{used}; in force is {current}"

    def use_earlier(self, body: QueryAborted) -> Breaches:
        if self._accepted.get(body.roster.version) != body.roster.hash:
            yield AuditRule.ROSTER, f"roster version {body.roster.version} is used and was never accepted"


class KeysInForce:
    """A key counts from its entry to its retirement; the log's first key from the genesis."""

    def __init__(self) -> None:
        self._active: set[tuple[str, str]] = set()

    def begin(self, body: LogGenesis) -> Breaches:
        self._active.add((KeyRole.LOG, body.log_key))
        yield from ()

    def add(self, body: KeyAdded) -> Breaches:
        if (body.role, body.key) in self._active:
            yield AuditRule.KEY, f"the {body.role} key {body.key[:16]}… is added a second time"
        self._active.add((body.role, body.key))

    def retire(self, body: KeyRetired) -> Breaches:
        if (body.role, body.key) not in self._active:
            yield AuditRule.KEY, f"the {body.role} key {body.key[:16]}… is retired and was never added"
        self._active.discard((body.role, body.key))

    def has_log_key(self, key: bytes) -> bool:
        """Whether the log itself says that this key signs it."""
        return (KeyRole.LOG, key.hex()) in self._active


def _hash_text(policy_hash: str | None) -> str:
    return "that their opening holds" if policy_hash is None else f"{policy_hash[:16]}…"


def _policy_text(policy: PolicyRef | None) -> str:
    return "none" if policy is None else f"{policy.id} version {policy.version}"
