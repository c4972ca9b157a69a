"""Titles of published documents of rules, for a page."""

from __future__ import annotations

from hansa_audit.entries.named_rules import NamedRules
from hansa_audit.languages.message import Message, message
from hansa_core.policy.published_rules import RulesKind


def rules_title(named: NamedRules) -> Message:
    """By its kind and what it is about."""
    match named.kind:
        case RulesKind.POLICY:
            return message("Policy %(policy)s", policy=named.about)
        case RulesKind.MANIFEST:
            return message("How %(data)s is protected", data=named.about)
        case RulesKind.CONTRACT:
            return message("What %(data)s means", data=named.about)
