"""The city's keys in the log: an entry when the roster begins to name one, and when it no longer does.

The log's own key stands in its first entry: a log is signed by one key from end to end.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from hansa_core.evidence.body import Body
from hansa_core.evidence.log_entries import KeyAdded, KeyRetired, KeyRole
from hansa_core.league.members import Member
from hansa_node.log.batch import Batch


def keys_of(member: Member) -> frozenset[KeyAdded]:
    """The keys of the city by which others know its words, as the roster in force names them; of TLS the pin."""
    keys = {
        KeyRole.TLS: member.tls_spki,
        KeyRole.ANSWER: member.answer_key.hex(),
        KeyRole.CREDENTIAL: member.credential_key.hex(),
        KeyRole.WITNESS: member.witness_key.hex(),
    }
    return frozenset(KeyAdded(role=role, key=key) for role, key in keys.items())


def announce_keys(batch: Batch, keys: Collection[KeyAdded], *, now: datetime) -> None:
    """Add an entry for each key that is new, and for each that is gone."""
    found = batch.cursor.execute("SELECT role, key FROM keys_in_force").fetchall()
    known = {KeyAdded(role=role, key=key) for role, key in found}
    gone = [KeyRetired(role=each.role, key=each.key) for each in known.difference(keys)]
    changes: list[KeyAdded | KeyRetired] = [*gone, *set(keys).difference(known)]
    for body in sorted(changes, key=lambda each: (each.role, each.TYPE, each.key)):
        batch.append(body, now=now)
        remember_key(batch, body)


def remember_key(batch: Batch, body: Body) -> None:
    """Note what an entry says of a key; nothing where it says something else."""
    match body:
        case KeyAdded(role=role, key=key):
            batch.cursor.execute("INSERT OR REPLACE INTO keys_in_force (role, key) VALUES (?, ?)", (role, key))
        case KeyRetired(role=role, key=key):
            batch.cursor.execute("DELETE FROM keys_in_force WHERE role = ? AND key = ?", (role, key))
