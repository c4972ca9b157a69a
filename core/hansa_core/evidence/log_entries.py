"""Entries about the log itself and the node that writes it: its start, its keys, reads of openings, heads of peers."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any, ClassVar

from hansa_core.evidence.body import OPENING_FIELDS, Body, PolicyRef, RosterRef, by_version
from hansa_core.evidence.kinds import LEDGER, OPENING_FIELD, Choice, City, Count, Hex32, Origin, Words, YesNo


class KeyRole(StrEnum):
    """What a city's key is for; none serves two roles."""

    TLS = "tls"
    ANSWER = "answer"
    CREDENTIAL = "credential"
    LOG = "log"
    WITNESS = "witness"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogGenesis(Body):
    """The first entry. `log_key`: the raw Ed25519 public key that signs the log's checkpoints."""

    TYPE: ClassVar[str] = "log.genesis"
    origin: Origin
    log_key: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeStarted(Body):
    """The node serves from here on, under this policy and this roster.

    `register`: whether the city takes part in public registers of questions; version 1 did not say.
    """

    TYPE: ClassVar[str] = "node.started"
    VERSIONS: ClassVar[tuple[int, ...]] = (1, 2)
    policy: PolicyRef
    roster: RosterRef
    register: YesNo | None = None

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        by_version({"properties": {"register": False}}, {"required": ["register"]}),
    )

    @property
    def version(self) -> int:
        return 1 if self.register is None else 2


@dataclass(frozen=True, slots=True, kw_only=True)
class NodeRecovered(Body):
    """The log was brought from `from_size` entries, those of a backup, to `to_size`, those that peers had seen.

    `exhausted`: ledgers of which the node cannot prove what was spent; nothing is left in them.
    """

    TYPE: ClassVar[str] = "node.recovered"
    from_size: Count
    to_size: Count
    exhausted: Annotated[tuple[str, ...], Words(LEDGER, 500)]


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyAdded(Body):
    """A key of the city counts from here on. `key`: the raw public key; of TLS the SHA-256 pin."""

    TYPE: ClassVar[str] = "key.added"
    role: Annotated[str, Choice(tuple(KeyRole))]
    key: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyRetired(Body):
    """A key of the city counts no more. `key`: as it was added."""

    TYPE: ClassVar[str] = "key.retired"
    role: Annotated[str, Choice(tuple(KeyRole))]
    key: Hex32


@dataclass(frozen=True, slots=True, kw_only=True)
class OpeningRead(Body):
    """An auditor of the city `reader` was shown one `field` of the opening of entry `index`, or several `fields`.

    With `fields`: of the openings of all entries from `index` to `until` that have them.
    """

    TYPE: ClassVar[str] = "opening.read"
    index: Count
    field: Annotated[str, Choice(OPENING_FIELDS)] | None = None
    fields: Annotated[tuple[str, ...], Words(OPENING_FIELD, len(OPENING_FIELDS))] | None = None
    until: Count | None = None
    reader: City

    RULES: ClassVar[tuple[dict[str, Any], ...]] = (
        {
            "if": {"required": ["fields"]},
            "then": {"required": ["until"], "properties": {"field": False, "fields": {"minItems": 1}}},
            "else": {"required": ["field"], "properties": {"until": False}},
        },
    )

    def check_together(self) -> None:
        if (self.fields is None) == (self.field is None) or (self.fields is None) != (self.until is None):
            raise ValueError("an opening is read by one field of one entry, or by fields of entries up to until")
        if self.fields is not None and not self.fields:
            raise ValueError("fields names at least one")


@dataclass(frozen=True, slots=True, kw_only=True)
class PeerHead(Body):
    """The head of a peer's log that this city cosigned as a witness."""

    TYPE: ClassVar[str] = "peer.head"
    FREE: ClassVar[tuple[str, ...]] = ("size", "root")
    origin: Origin
    size: Count
    root: Hex32
