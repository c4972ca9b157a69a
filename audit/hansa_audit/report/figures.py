"""Figures of the report, counted in one walk over the entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hansa_audit.entries.times import TimeSpan
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.log_entries import KeyRole, NodeRecovered, OpeningRead, PeerHead
from hansa_core.evidence.query_entries import Decision, QueryAborted, QueryDecision
from hansa_core.evidence.rows import row_of
from hansa_core.evidence.rule_entries import BudgetCreated, BudgetReset, DataAccepted

ANSWERED, AGAIN, REFUSED, OTHER = "answered", "answered again", "refused", "other"
OUTCOMES = (ANSWERED, AGAIN, REFUSED, OTHER)
NOT_NAMED = "not named"
_SELDOM = (
    "budget.reset",
    "data.accepted",
    "data.version",
    "dataset.registered",
    "key.added",
    "key.retired",
    "node.recovered",
    "node.started",
    "policy.published",
    "roster.accepted",
)
_MOST_EVENTS = 40
_KEY_USES = {
    KeyRole.TLS: "its connections",
    KeyRole.ANSWER: "signing answers",
    KeyRole.CREDENTIAL: "admitting analysts",
    KeyRole.LOG: "signing this log",
    KeyRole.WITNESS: "confirming other cities' logs",
}


@dataclass(slots=True)
class Budget:
    """One ledger. `steps`: time, spent and limit after each entry that touched it; `resets`: when it began anew."""

    unit: str
    steps: list[tuple[int, int, int]] = field(default_factory=list)
    resets: list[int] = field(default_factory=list)

    @property
    def spent(self) -> int:
        return self.steps[-1][1]

    @property
    def limit(self) -> int:
        return self.steps[-1][2]


@dataclass(slots=True)
class LogFigures:
    """Counts over a log. The keys of the counters are (what is counted, outcome)."""

    questions: list[tuple[int, str]] = field(default_factory=list)
    purposes: Counter[tuple[str, str]] = field(default_factory=Counter)
    organisations: Counter[tuple[str, str]] = field(default_factory=Counter)
    datasets: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    budgets: dict[str, Budget] = field(default_factory=dict)
    events: list[tuple[int, int, str]] = field(default_factory=list)
    events_left_out: int = 0
    openings_read: Counter[str] = field(default_factory=Counter)
    software: str | None = None
    witnessed: set[str] = field(default_factory=set)
    first_unix_s: int | None = None
    last_unix_s: int | None = None


def figures_of(entries: Iterable[tuple[int, Entry]], span: TimeSpan) -> LogFigures:
    """Count those of the span; budgets from their beginning, since what was spent before counts."""
    figures = LogFigures()
    for index, entry in entries:
        if not span.admits(entry.time_unix_s):
            if span.until_unix_s is None or entry.time_unix_s <= span.until_unix_s:
                figures.software = entry.software
                _count_earlier(figures, entry)
            continue
        figures.first_unix_s = entry.time_unix_s if figures.first_unix_s is None else figures.first_unix_s
        figures.last_unix_s = entry.time_unix_s
        body = entry.body
        match body:
            case QueryDecision() | QueryAborted():
                _count_question(figures, index, entry)
            case BudgetCreated() | BudgetReset():
                budget = figures.budgets.setdefault(body.ledger, Budget(body.unit))
                budget.steps.append((entry.time_unix_s, 0, body.limit))
                if isinstance(body, BudgetReset):
                    budget.resets.append(entry.time_unix_s)
            case NodeRecovered():
                for name in body.exhausted:
                    if name in figures.budgets:
                        limit = figures.budgets[name].limit
                        figures.budgets[name].steps.append((entry.time_unix_s, limit, limit))
            case OpeningRead():
                fields = body.field if body.fields is None else f"{', '.join(body.fields)} of many entries"
                figures.openings_read[f"{fields}, by the auditor of {body.reader}"] += 1
            case PeerHead():
                figures.witnessed.add(body.origin)
            case _:
                pass
        if entry.type in _SELDOM:
            _note_event(figures, index, entry)
        if figures.software not in (None, entry.software):
            text = f"The node's software changed from {figures.software} to {entry.software}"
            _keep_event(figures, index, entry.time_unix_s, text)
        figures.software = entry.software
    return figures


def _count_earlier(figures: LogFigures, entry: Entry) -> None:
    """What a budget had before the span, as its first step."""
    body = entry.body
    match body:
        case BudgetCreated() | BudgetReset():
            figures.budgets.setdefault(body.ledger, Budget(body.unit)).steps[:] = [(entry.time_unix_s, 0, body.limit)]
        case QueryDecision() | QueryAborted():
            for charge in body.ledgers:
                step = (entry.time_unix_s, charge.spent, charge.limit)
                figures.budgets.setdefault(charge.ledger, Budget(charge.unit)).steps[:] = [step]
        case _:
            pass


def _count_question(figures: LogFigures, index: int, entry: Entry) -> None:
    row, body = row_of(index, entry), entry.body
    outcome = outcome_of(row.decision, recalled=bool(row.recalled))
    figures.questions.append((entry.time_unix_s, outcome))
    figures.outcomes[outcome] += 1
    figures.purposes[row.purpose or NOT_NAMED, outcome] += 1
    figures.organisations[row.organisation or NOT_NAMED, outcome] += 1
    figures.datasets[row.dataset or NOT_NAMED, outcome] += 1
    if row.code is not None:
        figures.refusals[row.code] += 1
    for charge in body.ledgers if isinstance(body, QueryDecision | QueryAborted) else ():
        budget = figures.budgets.setdefault(charge.ledger, Budget(charge.unit))
        budget.steps.append((entry.time_unix_s, charge.spent, charge.limit))


def _note_event(figures: LogFigures, index: int, entry: Entry) -> None:
    _keep_event(figures, index, entry.time_unix_s, _event(entry))


def _keep_event(figures: LogFigures, index: int, time_unix_s: int, text: str) -> None:
    """The latest ones are kept: a page has no room for all."""
    figures.events.append((index, time_unix_s, text))
    if len(figures.events) > _MOST_EVENTS:
        del figures.events[0]
        figures.events_left_out += 1


def _event(entry: Entry) -> str:
    said = entry.body.to_json()
    if isinstance(entry.body, DataAccepted):
        data = f"Data version {entry.body.data_version} of {entry.body.dataset}"
        return f"{data} was published although it exceeded limits that the city had set"
    match said:
        case {"ledger": ledger, "reason": reason}:
            return f"Budget {ledger} began anew: {str(reason).replace('_', ' ')}"
        case {"from_size": before, "to_size": after}:
            return f"The log was restored from {before} to {after} entries with the help of other cities"
        case {"role": role, "key": _}:
            named = f"The city's key for {_KEY_USES[KeyRole(str(role))]}"
            return f"{named} {'counts from here on' if entry.type == 'key.added' else 'was retired'}"
        case {"policy": {"version": _}, "roster": {"version": _}}:
            return f"The node was started, with software {entry.software}"
        case {"policy": {"id": name, "version": version}}:
            return f"Policy {name}, version {version}, came into force"
        case {"dataset": dataset, "data_version": version}:
            return f"Questions about {dataset} are answered from data version {version} on"
        case {"dataset": dataset, "level": level}:
            return f"{dataset} is offered at level {level}, by a manifest that was announced"
        case {"roster": {"version": version}}:
            return f"Roster {version} of the league came into force"
        case _:
            return entry.type


def outcome_of(decision: str | None, *, recalled: bool) -> str:
    """One of OUTCOMES, for a decision of a row."""
    if decision == Decision.PERMIT:
        return AGAIN if recalled else ANSWERED
    return REFUSED if decision == Decision.REFUSE else OTHER
