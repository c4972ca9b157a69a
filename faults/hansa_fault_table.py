"""Faults and their effect on questions: each is answered, partial or refused, and none may be wrong or lost."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from enum import StrEnum

import hansa
from hansa_core.errors import HansaError
from hansa_fault_league import FaultLeague

DEADLINE_S = 5.0
_RECOVERY_S = 120.0
_POLL_S = 0.1

Truth = Mapping[str, object]
"""The figure of each city, as all cities together answered before anything was broken."""


class End(StrEnum):
    """What became of a question. PARTIAL: some cities are missing, by name. REFUSED: nothing came, and a reason."""

    ANSWERED = "answered"
    PARTIAL = "partial"
    REFUSED = "refused"
    WRONG = "wrong"
    LOST = "lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """`breaks`: breaks something in the league for as long as its block lasts."""

    name: str
    breaks: Callable[[FaultLeague], AbstractContextManager[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A fault's line of the table. `recovered_s`: from its end to the first whole answer; None: there was none."""

    fault: str
    ends: Counter[End]
    recovered_s: float | None

    @property
    def holds(self) -> bool:
        """Whether no answer was wrong, none was lost, and the league recovered."""
        return not self.ends[End.WRONG] and not self.ends[End.LOST] and self.recovered_s is not None


def truth_of(faults: FaultLeague, by_city: str) -> Truth:
    """What the whole league answers. `by_city`: a statement whose rows are a city and its figure."""
    with faults.connected() as league:
        answer = league.sql(by_city, deadline_s=60.0)
    if not answer.is_complete:
        raise ValueError("the league is not whole: some city's figure is missing before anything was broken")
    return _figures(answer)


def run_fault(fault: Fault, faults: FaultLeague, by_city: str, truth: Truth, *, questions: int) -> Row:
    """Ask while the fault lasts, then until all cities answer again."""
    ends: Counter[End] = Counter()
    with faults.connected() as league:
        with fault.breaks(faults):
            for _ in range(questions):
                ends[ask(league, by_city, truth)] += 1
        ended = time.monotonic()
        recovered_s = None
        while recovered_s is None and time.monotonic() - ended < _RECOVERY_S:
            end = ask(league, by_city, truth)
            ends[end] += 1
            if end is End.ANSWERED:
                recovered_s = time.monotonic() - ended
            else:
                time.sleep(_POLL_S)
    return Row(fault=fault.name, ends=ends, recovered_s=recovered_s)


def ask(league: hansa.League, by_city: str, truth: Truth) -> End:
    """Ask once, and hold what comes against the truth."""
    try:
        answer = league.sql(by_city, deadline_s=DEADLINE_S)
    except HansaError:  # it says who has to do what
        return End.REFUSED
    except Exception:  # noqa: BLE001  whatever it was, the analyst got neither an answer nor a reason
        return End.LOST
    return end_of(_figures(answer), {report.city: report.rule or report.state for report in answer.cities}, truth)


def end_of(figures: Mapping[str, object], reasons: Mapping[str, str], truth: Truth) -> End:
    """What an answer is. `figures`: those that are shown, by city; None: withheld. `reasons`: of every city."""
    shown = {city: figure for city, figure in figures.items() if figure is not None}
    if any(figure != truth.get(city) for city, figure in shown.items()):
        return End.WRONG
    if any(not reasons.get(city) for city in truth.keys() - shown.keys()):
        return End.LOST
    if not shown:
        return End.REFUSED
    return End.ANSWERED if shown.keys() == truth.keys() else End.PARTIAL


def heading() -> str:
    """The first line of the table."""
    return f"{'fault':<44}{'asked':>7}" + "".join(f"{end:>10}" for end in End) + f"{'recovers':>12}"


def line(row: Row) -> str:
    """A line of the table."""
    back = "never" if row.recovered_s is None else f"{row.recovered_s:.1f} s"
    return f"{row.fault:<44}{row.ends.total():>7}" + "".join(f"{row.ends[end]:>10}" for end in End) + f"{back:>12}"


def _figures(answer: hansa.Answer) -> dict[str, object]:
    city, figure = (answer.table.column(index).to_pylist() for index in range(2))
    return dict(zip(city, figure, strict=True))
