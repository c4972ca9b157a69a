"""Strawman of secondary suppression: cells that are unsafe by themselves are suppressed, and no others."""

from __future__ import annotations

from collections.abc import Mapping

from hansa_redteam.running.removal import Removal


def _nothing_more(rule: object, tables: Mapping[str, object], facts: object, **others: object) -> dict[str, object]:
    return {name: {} for name in tables}


PRIMARY_ONLY = Removal("hansa_core.suppression.secondary:SecondarySuppression.withheld", _nothing_more)
