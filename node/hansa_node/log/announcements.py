"""Announcements: one log entry for each new policy, roster or dataset, before the first answer that depends on it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache
from typing import Any

from hansa_core.contract.level import Level
from hansa_core.documents.canonical_json import JsonValue, canonical_json
from hansa_core.errors import ConfigError
from hansa_core.evidence.body import Body, RosterRef
from hansa_core.evidence.opening import Opening
from hansa_core.evidence.rule_entries import (
    DataAccepted,
    DatasetRegistered,
    DataVersion,
    PolicyPublished,
    RosterAccepted,
    TablesPublished,
)
from hansa_core.policy.published_rules import rules_hash
from hansa_node.datasets.acceptance import Acceptance
from hansa_node.datasets.dataset import VersionedDataset
from hansa_node.log.batch import Batch, Said
from hansa_node.log.published_policy import PublishedPolicy
from hansa_node.store.checksum import check_row, row_checksum
from hansa_node.store.file import Reader
from hansa_node.store.published_rules import add_rules

_ROSTER = "roster"
_SAID = "SELECT sha256, subject, version, digest FROM announced WHERE subject = ?"


class LeagueChangedError(Exception):
    """A newer roster came into force since the question was verified: it is verified again, under that one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """One word about `subject`. `says`: the entry's fields, as in JSON. `opening`: what it commits to, or `conceals`.

    `version`: while the node runs, no smaller one follows a larger: a slow answer over yesterday's data comes late.
    `rules`: the published rules that the entry names by their hashes.
    """

    subject: str
    version: int
    kind: type[Body]
    says: Mapping[str, JsonValue]
    opening: Opening | None = None
    conceals: Mapping[str, JsonValue] = field(default_factory=dict)
    rules: tuple[bytes, ...] = ()
    digest: bytes = field(init=False)

    def __post_init__(self) -> None:
        word = canonical_json([self.kind.TYPE, self.says, {}])  # the third was what openings held: stores have it so
        object.__setattr__(self, "digest", hashlib.sha256(word).digest())


def announce(batch: Batch, announcements: Iterable[Announcement], *, anew: bool, now: datetime) -> None:
    """Add an entry for each that is news. `anew`: at a start, when a smaller version is news too."""
    for each in announcements:
        said = _said(batch, each.subject)
        if said is not None and (said[1] == each.digest or not (anew or each.version > said[0])):
            continue
        for document in each.rules:
            add_rules(batch.cursor, document, each.opening)
        opening = batch.conceal(each.conceals) if each.conceals else each.opening
        digests = {"opening": opening.digests} if each.conceals and opening is not None else {}
        batch.append(each.kind.from_json({**each.says, **digests}), opening, now=now)
        _note(batch, each)


def check_roster_may_follow(reader: Reader, roster: RosterRef) -> None:
    """Raise ConfigError where the log has told of a later roster, or of another one under the same version.

    Under an older one whoever left the league would be back in it.
    """
    said = _checked(reader.one(_SAID, (_ROSTER,)))
    if said is None or roster.version > said[0]:
        return
    if roster.version < said[0]:
        raise ConfigError(
            f"roster: is version {roster.version}, and this city has accepted version {said[0]} before; put the newest"
            " roster that the governors published in its place"
        )
    if of_roster(roster).digest != said[1]:
        raise ConfigError(
            f"roster: is another one than this city has accepted under the same version, {said[0]}; put the roster of"
            " a higher version that the governors published in its place"
        )


def check_roster_in_force(batch: Batch, roster: RosterRef) -> None:
    """Raise LeagueChangedError where the last roster that the log tells of is another one."""
    said = _said(batch, _ROSTER)
    if said is not None and said[1] != of_roster(roster).digest:
        raise LeagueChangedError


def remember(batch: Batch, body: Body) -> None:
    """Note what an entry says that was not written here, but kept by a peer: it is not news any more.

    The published rules are lost with the store, so policy and manifests are announced again.
    """
    match body:
        case DataVersion():
            _note(batch, _of_data("data", body))
        case TablesPublished():
            _note(batch, _of_data("tables", body))
        case RosterAccepted():
            _note(batch, of_roster(body.roster))


def _note(batch: Batch, each: Announcement) -> None:
    row = (each.subject, each.version, each.digest)
    batch.cursor.execute(
        "INSERT OR REPLACE INTO announced (subject, version, digest, sha256) VALUES (?, ?, ?, ?)",
        (*row, row_checksum(*row)),
    )
    batch.said[each.subject] = (each.version, each.digest)


def _said(batch: Batch, subject: str) -> Said | None:
    """What the log last said about it: read once, and then remembered from one transaction to the next."""
    if subject not in batch.said:
        batch.said[subject] = _checked(batch.cursor.execute(_SAID, (subject,)).fetchone())
    return batch.said[subject]


def _checked(row: tuple[Any, ...] | None) -> Said | None:
    """Version and digest of what was said. Raises StoreCorruptError."""
    if row is None:
        return None
    check_row(*row, what=f"what the log last said about {row[1]}")
    return row[2], row[3]


@lru_cache(maxsize=16)  # asked for with every answer
def of_roster(roster: RosterRef) -> Announcement:
    """The roster in force."""
    return Announcement(subject=_ROSTER, version=roster.version, kind=RosterAccepted, says={"roster": roster.to_json()})


def of_policy(published: PublishedPolicy) -> Announcement:
    """The policy in force."""
    return Announcement(
        subject="policy",
        version=published.reference.version,
        kind=PolicyPublished,
        says={
            "policy": published.reference.to_json(),
            "policy_hash": published.hash,
            "opening": published.opening.digests,
        },
        opening=published.opening,
        rules=(published.rules,),
    )


def of_dataset(dataset: VersionedDataset) -> tuple[Announcement, ...]:
    """The dataset under its manifest, its data, and at `controlled` its tables."""
    manifest, accepted = dataset.manifest, dataset.accepted
    announcements = _of_dataset(
        name=str(dataset.contract.id),
        level=manifest.level,
        manifest_rules=dataset.manifest_rules,
        contract_rules=dataset.contract_rules,
        data_version=dataset.data_version,
        protection_version=manifest.protection_version,
        tables=tuple(sorted(table.name for table in manifest.tables)),
    )
    return announcements if accepted is None else (*announcements, _of_acceptance(dataset, accepted))


def _of_acceptance(dataset: VersionedDataset, accepted: Acceptance) -> Announcement:
    """That limits were exceeded is for everybody who reads the log; why, for those whom the city shows it."""
    name = str(dataset.contract.id)
    return Announcement(
        subject=f"accepted data of {name}",
        version=dataset.data_version,
        kind=DataAccepted,
        says={"dataset": name, "data_version": dataset.data_version},
        conceals={"reason": accepted.reason, "limits": accepted.limits},
    )


@lru_cache(maxsize=256)  # asked for with every answer
def _of_dataset(
    *,
    name: str,
    level: Level,
    manifest_rules: bytes,
    contract_rules: bytes,
    data_version: int,
    protection_version: int,
    tables: tuple[str, ...],
) -> tuple[Announcement, ...]:
    registered = Announcement(
        subject=f"manifest of {name}",
        version=0,
        kind=DatasetRegistered,
        says={
            "dataset": name,
            "level": level.value,
            "manifest_hash": rules_hash(manifest_rules),
            "contract_hash": rules_hash(contract_rules),
        },
        rules=(manifest_rules, contract_rules),
    )
    data = DataVersion(dataset=name, data_version=data_version)
    if level is not Level.CONTROLLED:
        return registered, _of_data("data", data)
    published = TablesPublished(
        dataset=name, data_version=data_version, protection_version=protection_version, tables=tables
    )
    return registered, _of_data("data", data), _of_data("tables", published)


def _of_data(what: str, body: DataVersion | TablesPublished) -> Announcement:
    return Announcement(
        subject=f"{what} of {body.dataset}",
        version=body.data_version,
        kind=type(body),
        says=body.to_json(),
    )
