"""A policy as it is published: its rules, which anybody may read, and the opening of what stays secret in them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from hansa_core.evidence.body import PolicyRef
from hansa_core.evidence.opening import Opening, seal_opening
from hansa_core.policy.policy import Policy
from hansa_core.policy.published_rules import DENY, deny_value, policy_rules, rules_hash


class SaltSource(Protocol):
    """Gives salts."""

    def __call__(self) -> bytes:
        """16 fresh random bytes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedPolicy:
    """`opening`: of the entry that announces the policy; it holds the deny list under the salt of the rules.

    `rules`: the published document. `hash`: its SHA-256, lower-case hex. Raises ValueError at birth where the policy's
    id cannot be shown.
    """

    policy: Policy
    opening: Opening
    reference: PolicyRef = field(init=False)
    rules: bytes = field(init=False)
    hash: str = field(init=False)

    def __post_init__(self) -> None:
        rules = policy_rules(self.policy, self.opening.digests[DENY])
        object.__setattr__(self, "reference", PolicyRef(id=self.policy.id, version=self.policy.version))
        object.__setattr__(self, "rules", rules)
        object.__setattr__(self, "hash", rules_hash(rules))


def publish_policy(policy: Policy, earlier: Iterable[tuple[str, Opening]], fresh_salt: SaltSource) -> PublishedPolicy:
    """The policy under the salt that it was published with before, so that its hash stays; or else under a fresh one.

    `earlier`: the policies' openings of the documents that the log has named, by the hash of each. A salt is of one
    document: the same one in another would tell that the deny list did not change.
    """
    deny = deny_value(policy.deny)
    for hash_, opening in earlier:
        known = opening.disclosure(DENY)
        if known is not None and known.value == deny:
            published = PublishedPolicy(policy=policy, opening=opening)
            if published.hash == hash_:
                return published
    return PublishedPolicy(policy=policy, opening=seal_opening({DENY: deny}, {DENY: fresh_salt()}))
