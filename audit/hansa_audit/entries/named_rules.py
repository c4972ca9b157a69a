"""Rules that entries name by hash: where their documents lie, and what the entry demands of each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from hansa_audit.folder.log_folder import MAX_TEXT_BYTES, RULES, LogFolder
from hansa_core.documents.canonical_json import JsonValue, read_canonical
from hansa_core.errors import PeerError
from hansa_core.evidence.body import Body
from hansa_core.evidence.rule_entries import DatasetRegistered, PolicyPublished
from hansa_core.policy.published_rules import DENY, RulesKind, rules_hash

_SUBJECTS = {RulesKind.POLICY: "policy", RulesKind.MANIFEST: "manifest of", RulesKind.CONTRACT: "contract"}


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedRules:
    """One document that entry `index` names. `about`: the policy's id, or the contract.

    `says`: the fields that it must have, by what the entry says.
    """

    index: int
    hash: str
    kind: RulesKind
    about: str
    says: Mapping[str, JsonValue]

    @property
    def subject(self) -> str:
        """What it is, for a terminal."""
        return f"{_SUBJECTS[self.kind]} {self.about}"

    @property
    def file(self) -> str:
        """Where the document lies, in a folder and below a log service alike."""
        return f"{RULES}/{self.hash}.json"

    def read(self, content: bytes) -> Mapping[str, JsonValue]:
        """The document. Raises PeerError unless it is the one that was named, and says what the entry says of it."""
        if rules_hash(content) != self.hash:
            raise PeerError("is not the document of that hash")
        document = read_canonical(content, "the document")
        if not isinstance(document, dict) or document.get("kind") != self.kind.value:
            raise PeerError(f"is no document of the kind {self.kind}")
        for name, value in self.says.items():
            if document.get(name) != value:
                raise PeerError(f"has another {name} than entry {self.index} says")
        return document


NAMING_BODIES = (PolicyPublished, DatasetRegistered)
"""The bodies of which `rules_named_by` may name documents."""


def rules_named_by(index: int, body: Body) -> tuple[NamedRules, ...]:
    """The documents that an entry names; none in version 1 of the entries, whose hashes are sealed."""
    match body:
        case PolicyPublished(policy_hash=str(policy_hash)):
            says: dict[str, JsonValue] = {
                "id": body.policy.id,
                "version": body.policy.version,
                "commitments": {DENY: body.opening[DENY]},
            }
            return (_named(index, policy_hash, RulesKind.POLICY, body.policy.id, says),)
        case DatasetRegistered(manifest_hash=str(manifest_hash), contract_hash=str(contract_hash)):
            manifest: dict[str, JsonValue] = {"contract": body.dataset, "level": body.level}
            contract: dict[str, JsonValue] = {"contract": body.dataset}
            return (
                _named(index, manifest_hash, RulesKind.MANIFEST, body.dataset, manifest),
                _named(index, contract_hash, RulesKind.CONTRACT, body.dataset, contract),
            )
        case _:
            return ()


def read_rules(folder: LogFolder, named: NamedRules) -> Mapping[str, JsonValue] | None:
    """The document in a folder; None where it is not there. Raises PeerError as `NamedRules.read` does."""
    if not folder.has(named.file):
        return None
    return named.read(folder.read(named.file, MAX_TEXT_BYTES))


def _named(index: int, hash_: str, kind: RulesKind, about: str, says: Mapping[str, JsonValue]) -> NamedRules:
    return NamedRules(index=index, hash=hash_, kind=kind, about=about, says=says)
