"""The text below a table: who answered, why values are missing, what a reader has to know."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from hansa.answering.coverage import CityReport, Outcome, answered, missing
from hansa.answering.marked_cells import Gaps
from hansa.view.render.cells import MOST_ROWS, PARTIAL, SUPPRESSED
from hansa_core.printable import printable

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

_REASONS = {
    "suppressed": "withheld by disclosure control",
    "timed_out": "no answer in time",
    "unreachable": "not reachable",
    "failed": "failed",
    "untrusted": "not trusted",
    "not_in_domain": "no such cell there",
    "too_many_rows": "claims more rows than a city can have",
}


def coverage_line(reports: Sequence[CityReport], *, verb: str = "answered") -> str:
    """One sentence: how many of the addressed cities answered, at which levels."""
    came = answered(reports)
    levels = sorted({report.level.value for report in came if report.level is not None})
    level = f" at level {' and '.join(levels)}" if levels else ""
    noun = "city" if len(reports) == 1 else "cities"
    return f"{len(came)} of {len(reports)} {noun} {verb}{level}"


def missing_lines(reports: Iterable[CityReport]) -> list[tuple[Outcome, str]]:
    """What to say about the cities that did not answer; those of which the same is to be said share a line."""
    cities: dict[tuple[Outcome, str], list[str]] = {}
    for report in missing(reports):
        cities.setdefault((report.state, _why_missing(report)), []).append(report.city)
    return [(state, f"{', '.join(names)}: {why}") for (state, why), names in cities.items()]


def mark_lines(answer: ShapedAnswer) -> list[tuple[str, str]]:
    """The marks that the table uses, each with what it means here."""
    lines = []
    if answer.suppressed:
        lines.append((SUPPRESSED, f"no value: {reasons_of(answer.suppressed.all_gaps())}"))
    if answer.partial:
        lines.append((PARTIAL, f"partial, without {reasons_of(answer.partial.all_gaps())}"))
    return lines


def rows_line(answer: ShapedAnswer) -> str | None:
    """That rows are left out of what is shown, and where they are; None if all are there."""
    if len(answer) <= MOST_ROWS:
        return None
    return f"The first {MOST_ROWS:,} of {len(answer):,} rows are shown; to_pandas() and to_arrow() have all."


def reasons_of(gaps: Iterable[Gaps]) -> str:
    """Which cities are missing and why, over all the gaps: `seattle (no answer in time)`."""
    reasons: dict[str, set[str]] = {}
    for one in gaps:
        for city, reason in one.items():
            reasons.setdefault(reason, set()).add(city)
    return "; ".join(f"{', '.join(sorted(cities))} ({reason_text(why)})" for why, cities in sorted(reasons.items()))


def reason_text(reason: str) -> str:
    """What a reason of a gap means, in words; a refusal's code stays a code."""
    return _REASONS.get(reason, f"refused: {printable(reason)}")


def _why_missing(report: CityReport) -> str:
    what = report.state.value.replace("_", " ")
    about = [printable(report.code)] if report.code else []
    if report.state is Outcome.REFUSED and not report.proven:
        about.append("not signed by the city")
    said = printable("; ".join(part for part in (report.rule, report.remedy) if part))
    return what + (f" ({', '.join(about)})" if about else "") + (f": {said}" if said else "")
