"""Coverage: how each addressed city ended, and whether enough of them answered."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum

from hansa_core.contract.level import Level


class Outcome(StrEnum):
    """What became of a question at one city."""

    ANSWERED = "answered"
    REFUSED = "refused"
    TIMED_OUT = "timed_out"
    UNREACHABLE = "unreachable"
    FAILED = "failed"
    UNTRUSTED = "untrusted"  # what came in the city's name does not verify, and was thrown away


class ExitCode(IntEnum):
    """The exit codes of the commands of `hansa`."""

    ENOUGH = 0
    USAGE = 2
    REFUSED = 3
    INCOMPLETE = 4
    UNTRUSTED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CityReport:
    """What became of a question at one addressed city.

    `level`, `data_version`: of what it answered; None otherwise. `code`, `rule`, `remedy`: of a refusal or failure;
    empty otherwise. `proven`: the outcome stands under the city's own signature; else it is the coordinator's claim.
    `elapsed_ms`: since the coordinator received the question. `coarser_tables`: published beside those that it read.
    """

    city: str
    state: Outcome
    level: Level | None = None
    data_version: int | None = None
    code: str = ""
    rule: str = ""
    remedy: str = ""
    proven: bool = False
    elapsed_ms: int = 0
    coarser_tables: tuple[str, ...] = ()

    @property
    def gap(self) -> str:
        """The reason that a value without this city carries: the code of its own refusal, or the state."""
        return self.code if self.state is Outcome.REFUSED and self.proven else self.state.value


_WORST = (
    Outcome.UNTRUSTED,
    Outcome.FAILED,
    Outcome.UNREACHABLE,
    Outcome.TIMED_OUT,
    Outcome.REFUSED,
    Outcome.ANSWERED,
)


def worst_exit_code(queries: Iterable[tuple[Sequence[CityReport], int]]) -> ExitCode:
    """The exit code of a statement: the highest of its queries'. `queries`: the reports, and how many must answer."""
    return max(exit_code(reports, min_cities) for reports, min_cities in queries)


def worst_reports(queries: Iterable[Sequence[CityReport]]) -> tuple[CityReport, ...]:
    """Each city once, by name: of the reports on several queries, the one of that which ended worst there."""
    found: dict[str, CityReport] = {}
    for report in (report for reports in queries for report in reports):
        known = found.get(report.city)
        if known is None or _WORST.index(report.state) < _WORST.index(known.state):
            found[report.city] = report
    return tuple(found[city] for city in sorted(found))


def answered(reports: Iterable[CityReport]) -> tuple[CityReport, ...]:
    """The reports of the cities that answered."""
    return tuple(report for report in reports if report.state is Outcome.ANSWERED)


def missing(reports: Iterable[CityReport]) -> tuple[CityReport, ...]:
    """The reports of the cities that did not answer."""
    return tuple(report for report in reports if report.state is not Outcome.ANSWERED)


def exit_code(reports: Sequence[CityReport], min_cities: int) -> ExitCode:
    """The exit code of a question: broken trust first, then whether at least `min_cities` answered, then why not."""
    absent = missing(reports)
    if any(report.state is Outcome.UNTRUSTED for report in absent):
        return ExitCode.UNTRUSTED
    if len(reports) - len(absent) >= min_cities:
        return ExitCode.ENOUGH
    if all(report.state is Outcome.REFUSED for report in absent):
        return ExitCode.REFUSED
    return ExitCode.INCOMPLETE
