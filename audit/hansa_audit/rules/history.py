"""Rules that a log announced, each with its document, and what changed from one to the next."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from hansa_audit.entries.named_rules import NamedRules, read_rules, rules_named_by
from hansa_audit.folder.held_log import HeldLog
from hansa_core.documents.canonical_json import JsonValue
from hansa_core.policy.published_rules import RulesKind


@dataclass(frozen=True, slots=True, kw_only=True)
class AnnouncedRules:
    """One document, from `since_unix_s` on. `document`: None where it is not in the folder.

    `before`: the earlier one about the same subject; None: it was the first.
    """

    named: NamedRules
    since_unix_s: int
    document: Mapping[str, JsonValue] | None
    before: AnnouncedRules | None = None

    @property
    def changes(self) -> list[str]:
        """The lines that differ from the earlier one, as a unified diff; none for the first, or an absent document."""
        if self.before is None or self.before.document is None or self.document is None:
            return []
        old, new = (rules_text(each).splitlines() for each in (self.before.document, self.document))
        return list(difflib.unified_diff(old, new, n=1, lineterm=""))[2:]  # without the names of files

    def to_json(self) -> dict[str, Any]:
        """The document and its place in the log, for programs."""
        return {
            "subject": self.named.subject,
            "kind": self.named.kind.value,
            "entry": self.named.index,
            "since_unix_s": self.since_unix_s,
            "hash": self.named.hash,
            "document": self.document,
            "before": None if self.before is None else self.before.named.hash,
            "changes": self.changes,
        }


def rules_in_force(log: HeldLog, at_unix_s: int | None = None) -> tuple[AnnouncedRules, ...]:
    """The last document on each subject up to a time; the newest of all for None, by subject.

    Raises PeerError where a document in the folder is not the one that was announced.
    """
    last: dict[str, AnnouncedRules] = {}
    for index, entry in log.entries():
        if at_unix_s is not None and entry.time_unix_s > at_unix_s:
            break
        for named in rules_named_by(index, entry.body):
            before = last.get(named.subject)
            if before is not None and before.named.hash == named.hash:
                continue  # announced again, and the same
            last[named.subject] = AnnouncedRules(
                named=named, since_unix_s=entry.time_unix_s, document=read_rules(log.folder, named), before=before
            )
    return tuple(sorted(last.values(), key=lambda each: (list(RulesKind).index(each.named.kind), each.named.subject)))


def rules_text(document: Mapping[str, JsonValue]) -> str:
    """A document for people: YAML, in the order of its fields."""
    return yaml.safe_dump(_plain(document), sort_keys=False, allow_unicode=True, width=110)


def _plain(value: JsonValue) -> Any:
    if isinstance(value, Mapping):
        return {name: _plain(each) for name, each in value.items()}
    return list(map(_plain, value)) if isinstance(value, Iterable) and not isinstance(value, str) else value
