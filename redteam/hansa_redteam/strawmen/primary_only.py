"""Strawman of secondary suppression: cells that are unsafe by themselves are suppressed, and no others."""

from __future__ import annotations

from hansa_core.protection.publish import rules_of
from hansa_redteam.running.removal import Removal

PRIMARY_ONLY = Removal("hansa_node.ingest.ingest:rules_of", rules_of)
