"""Strawman of secondary suppression: cells that are unsafe by themselves are suppressed, and no others."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.util import find_spec

from hansa_core.protection.publish import rules_of
from hansa_redteam.running.removal import Removal


def _nothing_more(rule: object, tables: Mapping[str, object], facts: object, **others: object) -> dict[str, object]:
    return {name: {} for name in tables}


HAS_SECONDARY = find_spec("hansa_core.suppression") is not None
"""Whether this release applies secondary suppression at all; where it does not, the node is its own strawman."""

PRIMARY_ONLY = (
    Removal("hansa_core.suppression.secondary:SecondarySuppression.withheld", _nothing_more)
    if HAS_SECONDARY
    else Removal("hansa_node.ingest.ingest:rules_of", rules_of)
)
