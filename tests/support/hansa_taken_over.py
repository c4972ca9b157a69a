"""Files of commit 5663f2a: a league, a node's store, its log as an auditor fetched it, and its answers."""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hansa_core.signing.dsse import Envelope
from hansa_core.signing.envelope_json import envelope_from_json
from hansa_test_node import PERMITS, TRIPS, NodeHome, existing_node, ingest

FIXTURE = Path(__file__).parents[1] / "fixtures" / "5663f2a"
ENTRIES = 18
"""How many the log had when the store was left; the fetched folder has them all."""


@dataclass(frozen=True)
class OldAnswer:
    """A signed query, and the answer and receipt that it got then."""

    query: Envelope
    answer: Envelope
    receipt: bytes


@dataclass(frozen=True)
class OldNode:
    """A writable copy of it all. `made_at`: when it was made, naive UTC: then its roster and credential are valid."""

    node: NodeHome
    store: Path
    made_at: datetime
    answers: dict[str, OldAnswer]


def old_node(folder: Path) -> OldNode:
    """Copy the fixture, and prepare its data as `hansa node ingest` does: the same source, so version 1 again."""
    shutil.copytree(FIXTURE / "league", folder / "league")
    for private in (*folder.rglob("*.key"), store := Path(shutil.copy(FIXTURE / "store.sqlite", folder))):
        private.chmod(0o600)
    made_at = datetime.fromisoformat((FIXTURE / "made_at.txt").read_text().strip())
    node = existing_node(folder / "league", now=made_at)
    for contract in (TRIPS, PERMITS):
        ingest(node.config, node.roster, contract)
    return OldNode(node=node, store=store, made_at=made_at, answers=_answers())


def _answers() -> dict[str, OldAnswer]:
    said = json.loads((FIXTURE / "answered.json").read_text())
    return {
        name: OldAnswer(
            query=envelope_from_json(json.dumps(each["query"]).encode()),
            answer=envelope_from_json(json.dumps(each["answer"]).encode()),
            receipt=each["receipt"].encode(),
        )
        for name, each in said.items()
    }
