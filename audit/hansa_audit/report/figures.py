"""Figures of the report, counted in one walk over the entries."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from hansa_audit.entries.times import TimeSpan
from hansa_audit.languages.message import Message
from hansa_audit.report.events import event_of, software_changed
from hansa_core.evidence.entry import Entry
from hansa_core.evidence.log_entries import NodeRecovered, OpeningRead, PeerHead
from hansa_core.evidence.query_entries import Decision, QueryAborted, QueryDecision
from hansa_core.evidence.rows import row_of
from hansa_core.evidence.rule_entries import BudgetCreated, BudgetReset

ANSWERED, AGAIN, REFUSED, OTHER = "answered", "answered again", "refused", "other"
OUTCOMES = (ANSWERED, AGAIN, REFUSED, OTHER)
_MOST_EVENTS = 40


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
    """Counts over a log. The keys of the counters are (what is counted, outcome); "" is what was not named.

    `openings_read`: by the city whose auditor read, the fields, and whether they were of many entries.
    """

    questions: list[tuple[int, str]] = field(default_factory=list)
    purposes: Counter[tuple[str, str]] = field(default_factory=Counter)
    organisations: Counter[tuple[str, str]] = field(default_factory=Counter)
    datasets: Counter[tuple[str, str]] = field(default_factory=Counter)
    refusals: Counter[str] = field(default_factory=Counter)
    outcomes: Counter[str] = field(default_factory=Counter)
    budgets: dict[str, Budget] = field(default_factory=dict)
    events: list[tuple[int, int, Message]] = field(default_factory=list)
    events_left_out: int = 0
    openings_read: Counter[tuple[str, tuple[str, ...], bool]] = field(default_factory=Counter)
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
                figures.openings_read[body.reader, body.fields or (body.field or "",), body.fields is not None] += 1
            case PeerHead():
                figures.witnessed.add(body.origin)
            case _:
                pass
        if (event := event_of(entry)) is not None:
            _keep_event(figures, index, entry.time_unix_s, event)
        if figures.software is not None and figures.software != entry.software:
            _keep_event(figures, index, entry.time_unix_s, software_changed(figures.software, entry.software))
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
    figures.purposes[row.purpose or "", outcome] += 1
    figures.organisations[row.organisation or "", outcome] += 1
    figures.datasets[row.dataset or "", outcome] += 1
    if row.code is not None:
        figures.refusals[row.code] += 1
    for charge in body.ledgers if isinstance(body, QueryDecision | QueryAborted) else ():
        budget = figures.budgets.setdefault(charge.ledger, Budget(charge.unit))
        budget.steps.append((entry.time_unix_s, charge.spent, charge.limit))


def _keep_event(figures: LogFigures, index: int, time_unix_s: int, text: Message) -> None:
    """The latest ones are kept: a page has no room for all."""
    figures.events.append((index, time_unix_s, text))
    if len(figures.events) > _MOST_EVENTS:
        del figures.events[0]
        figures.events_left_out += 1


def outcome_of(decision: str | None, *, recalled: bool) -> str:
    """One of OUTCOMES, for a decision of a row."""
    if decision == Decision.PERMIT:
        return AGAIN if recalled else ANSWERED
    return REFUSED if decision == Decision.REFUSE else OTHER
