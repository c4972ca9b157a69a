"""A log as a table: one row for each entry, with the columns that people filter by."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from hansa_core.errors import ConfigError
from hansa_core.evidence.entries import BODIES
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.query_entries import Decision, QueryAborted, QueryDecision
from hansa_core.nearest import nearest, shown

ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRow:
    """An entry in one row. None: this entry says nothing of the kind.

    `decision`: permit, refuse, needs_approval, or aborted. `cost`: what it took from all ledgers together.
    """

    index: int
    time_unix_s: int
    node: str
    type: str
    organisation: str | None = None
    purpose: str | None = None
    dataset: str | None = None
    level: str | None = None
    data_version: int | None = None
    policy: str | None = None
    decision: str | None = None
    code: str | None = None
    recalled: bool | None = None
    cost: int | None = None
    query_hash: str | None = None


COLUMNS = tuple(field.name for field in fields(LogRow))
_SHARED = ("organisation", "purpose", "dataset", "level", "data_version", "decision", "code", "recalled", "query_hash")


@dataclass(frozen=True, slots=True, kw_only=True)
class LogFilter:
    """Which rows are wanted: those that meet every demand that is not None.

    `since_unix_s`, `until_unix_s`: both included. `min_cost`: rows without a cost do not meet it. `dataset`: without a
    version, any version of it. Raises ConfigError at birth for a type or a decision that no entry can have: an empty
    table would read as "none happened".
    """

    since_unix_s: int | None = None
    until_unix_s: int | None = None
    type: str | None = None
    organisation: str | None = None
    purpose: str | None = None
    dataset: str | None = None
    decision: str | None = None
    code: str | None = None
    query_hash: str | None = None
    min_cost: int | None = None

    def __post_init__(self) -> None:
        _check_known("type", self.type, _TYPES)
        _check_known("decision", self.decision, _DECISIONS)

    @property
    def named(self) -> dict[str, str]:
        """What was demanded by name, of those values that only the log knows."""
        values = {name: getattr(self, name) for name in _NAMED}
        return {name: value for name, value in values.items() if value is not None}

    def spellings(self, name: str, row: LogRow) -> tuple[str, ...]:
        """How the row's value can be demanded: a dataset with its version or without."""
        value = getattr(row, name)
        if value is None:
            return ()
        return (value, value.partition("/")[0]) if name == "dataset" else (value,)

    def admits(self, row: LogRow) -> bool:
        """Whether the row meets the demands."""
        if self.since_unix_s is not None and row.time_unix_s < self.since_unix_s:
            return False
        if self.until_unix_s is not None and row.time_unix_s > self.until_unix_s:
            return False
        if self.min_cost is not None and (row.cost is None or row.cost < self.min_cost):
            return False
        if self.dataset is not None and self.dataset not in self.spellings("dataset", row):
            return False
        return all(getattr(self, name) in (None, getattr(row, name)) for name in _DEMANDS)


_DEMANDS = ("type", "organisation", "purpose", "decision", "code", "query_hash")
_NAMED = ("organisation", "purpose", "dataset", "code", "query_hash")
_TYPES = tuple(body.TYPE for body in BODIES)
_DECISIONS = (*Decision, ABORTED)


def _check_known(name: str, value: str | None, known: Collection[str]) -> None:
    if value is not None and value not in known:
        raise ConfigError(f"--{name} {shown(value)}: no entry can have it; {nearest(value, known)}")


def row_of(index: int, entry: Entry) -> LogRow:
    """The entry at `index` as a row."""
    body = entry.body
    row = {name: getattr(body, name, None) for name in _SHARED}
    policy = getattr(body, "policy", None)
    if policy is not None:
        row["policy"] = f"{policy.id}/{policy.version}"
    if isinstance(body, QueryDecision | QueryAborted):
        row["cost"] = sum(charge.cost for charge in body.ledgers)
    if isinstance(body, QueryAborted):
        row["decision"] = ABORTED
    return LogRow(index=index, time_unix_s=entry.time_unix_s, node=entry.node, type=entry.type, **row)
