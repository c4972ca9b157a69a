"""Figures in the order in which a page shows them: the largest first, and no more than a reader takes in."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from hansa_audit.languages.language import Language, day_of
from hansa_audit.languages.message import counted, message
from hansa_audit.report.figures import OUTCOMES, REFUSED, Budget, LogFigures
from hansa_audit.report.periods import Periods, periods_of
from hansa_audit.report.refusal_words import refusal_words

_MOST_BARS = 12
_MOST_BUDGETS = 8
_MOST_STEPS_TOLD = 60

NOT_NAMED = message("not named")


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One line of a ranking. `parts`: outcome, its number, and its share of the largest bar in per cent."""

    label: str
    parts: tuple[tuple[str, int, float], ...]

    @property
    def total(self) -> int:
        return sum(number for _, number, _ in self.parts)


def ranking(counts: Counter[tuple[str, str]], language: Language) -> list[Bar]:
    """By what was counted, such as purposes, in the order of their questions."""
    rows: dict[str, dict[str, int]] = {}
    for (label, outcome), number in counts.items():
        rows.setdefault(label or language.say(NOT_NAMED), {})[outcome] = number
    return _bars(rows, language)


def refusals(figures: LogFigures, language: Language) -> list[Bar]:
    """Refused questions by their rule in words; several codes can have the same."""
    rows: dict[str, dict[str, int]] = {}
    for code, number in figures.refusals.items():
        words = language.say(refusal_words(code))
        rows[words] = {REFUSED: rows.get(words, {}).get(REFUSED, 0) + number}
    return _bars(rows, language)


def budgets(figures: LogFigures) -> tuple[list[tuple[str, Budget]], int]:
    """The most used ones by name, and how many are not shown."""
    ordered = sorted(figures.budgets.items(), key=lambda budget: (-_used(budget[1]), budget[0]))
    return ordered[:_MOST_BUDGETS], max(0, len(ordered) - _MOST_BUDGETS)


def steps_told(budget: Budget, language: Language) -> list[tuple[str, int, int]]:
    """Spent and limit at the end of each day, week, month or year of a budget: what its chart draws, in numbers."""
    by_day = {day_of(at): (spent, limit) for at, spent, limit in budget.steps}
    periods = periods_of([(at, "") for at, _, _ in budget.steps])
    by_period = {periods.start_of(day): by_day[day] for day in sorted(by_day)}
    return [(period_name(periods, start, language), *by_period[start]) for start in by_period][-_MOST_STEPS_TOLD:]


def period_name(periods: Periods, start: date, language: Language) -> str:
    """A period in a table: a week by its first day."""
    match periods.word:
        case "month":
            return language.skeleton(start, "yMMMM")
        case "year":
            return language.skeleton(start, "y")
        case _:
            return language.calendar_day(start)


def most_used(figures: LogFigures) -> Budget | None:
    return max(figures.budgets.values(), key=_used, default=None)


def _bars(rows: Mapping[str, Mapping[str, int]], language: Language) -> list[Bar]:
    ordered = sorted(rows.items(), key=lambda row: (-sum(row[1].values()), row[0]))
    shown, rest = ordered[:_MOST_BARS], ordered[_MOST_BARS:]
    if rest:
        others = {outcome: sum(row.get(outcome, 0) for _, row in rest) for outcome in OUTCOMES}
        shown.append((language.say(counted("%(number)s other", "%(number)s others", len(rest))), others))
    largest = max((sum(row.values()) for _, row in shown), default=1) or 1
    return [
        Bar(
            label=label,
            parts=tuple((each, row[each], row[each] / largest * 100) for each in OUTCOMES if row.get(each)),
        )
        for label, row in shown
    ]


def _used(budget: Budget) -> float:
    return budget.spent / budget.limit if budget.limit else 1.0
