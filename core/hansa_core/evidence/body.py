"""Body of a log entry: what every type of entry is, and the values that several of them hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar

from hansa_core.evidence.kinds import LEDGER, Count, Hex32, Shown, Unit, Version
from hansa_core.evidence.record import Record

Ledger = Annotated[str, LEDGER]


OPENING_FIELDS = ("query", "analyst", "policy_hash", "manifest_hash", "causes", "steward", "deny", "limits", "reason")
"""All that an entry can commit to without saying it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRef(Record):
    """Which policy was in force."""

    id: Shown
    version: Version


@dataclass(frozen=True, slots=True, kw_only=True)
class RosterRef(Record):
    """Which roster was in force. `hash`: SHA-256 of its signed payload."""

    version: Version
    hash: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge(Record):
    """What the entry costs a ledger. `spent`: all that the log charged to it since its budget began, this included."""

    FREE: ClassVar[tuple[str, ...]] = ("cost", "spent")
    ledger: Ledger
    unit: Unit
    cost: Count
    spent: Count
    limit: Count


class Body(Record):
    """What an entry says beyond time, node and software. `VERSIONS`: those of its schema; the last is written.

    In version 1 the hashes of policies and manifests lay in openings; in version 2 they are those of published rules.
    """

    __slots__ = ()
    TYPE: ClassVar[str]
    VERSIONS: ClassVar[tuple[int, ...]] = (1,)

    @property
    def version(self) -> int:
        """The version of the schema that it is written in: the entry's `v`."""
        return 1

    @property
    def commitments(self) -> Mapping[str, str]:
        """The digest of each field that its opening holds."""
        return getattr(self, "opening", None) or {}

    @property
    def announced_rules(self) -> tuple[str, ...]:
        """The hashes of the published rules that come into force with this entry."""
        return ()

    def looks_at(self, name: str) -> bool:
        """Whether a rule of this very entry looks at a field that its records call free."""
        return False


def by_version(first: dict[str, Any], second: dict[str, Any]) -> dict[str, Any]:
    """What version 1 demands and what version 2 does, in JSON Schema."""
    return {"if": {"properties": {"v": {"const": 1}}}, "then": first, "else": second}


def without(*names: str) -> dict[str, Any]:
    """An object that has none of these, in JSON Schema."""
    return {"properties": dict.fromkeys(names, False)}
