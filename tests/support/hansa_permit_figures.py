"""The figures that `permittimelines` publishes, held against the answers to federated questions."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import permittimelines

Ask = Callable[[str], Sequence[Mapping[str, Any]]]
"""Answers SQL with one mapping per row; a figure that a city suppresses is None."""

AskIntervals = Callable[[str], Sequence[Mapping[str, Any]]]
"""As Ask, with (lower, upper) in place of each quantile."""

QUANTILES = {"p25": 0.25, "median": 0.5, "p75": 0.75, "p90": 0.9}

DAYS = (30, 60, 90, 180, 365)

_COHORTS = """
SELECT city, applied_year, COUNT(*) AS submitted, COUNT(days_to_issue) AS issued
FROM housing.permits WHERE applied_year >= {first} AND city = '{city}' GROUP BY city, applied_year"""

_FIRST_YEARS = {"los-angeles": 2020, "san-diego": 2004, "san-francisco": 2004, "seattle": 2007}
"""From then on the cities publish year by year, and before in periods."""

_KEYS_OF_DIMENSION = {
    "overall": (),
    "review_track": ("city_track",),  # the package's tracks are the cities' own names
    "project": ("project",),
    "permit_type_group": ("permit_type",),
    "project_and_permit_type": ("project", "permit_type"),
}


@dataclass(frozen=True)
class Figure:
    """One published figure and what the cities answer for it: None where the thresholds suppress it."""

    name: str
    kind: str
    published: int
    answered: int | None


def figures(ask: Ask) -> list[Figure]:
    """Every count and share of the package's two tables, each with the answer to the same question."""
    return [*_cohort_figures(ask), *_timeline_figures(ask)]


@dataclass(frozen=True)
class QuantileFigure:
    """One published quantile, x[⌊qn⌋] counted from 0, and the interval that the cities answer; None if suppressed."""

    name: str
    published: int
    interval: tuple[float, float] | None

    @property
    def holds(self) -> bool:
        """Whether the interval has the published figure in it, or there is none."""
        return self.interval is None or self.interval[0] <= self.published <= self.interval[1]


def quantile_figures(ask: AskIntervals) -> list[QuantileFigure]:
    """Every quantile of the package's timelines."""
    asked = ", ".join(f"QUANTILE_CONT(days_to_issue, {share}) AS {name}" for name, share in QUANTILES.items())
    answers = {dimension: _by_group(ask, keys, asked) for dimension, keys in _KEYS_OF_DIMENSION.items()}
    return [
        QuantileFigure(f"{line['city']} {line['group']} {name}", line[name], answer.get(name))
        for line in permittimelines.timelines()
        for answer in [answers[line["dimension"]].get((line["city"], *_group(line)), {})]
        for name in QUANTILES
        if line[name] is not None
    ]


def wrong(found: Sequence[Figure]) -> list[Figure]:
    """The figures that are answered and differ."""
    return [figure for figure in found if figure.answered not in (None, figure.published)]


def summary(found: Sequence[Figure]) -> str:
    """How many of the package's figures the thresholds leave, by kind."""
    total = Counter(figure.kind for figure in found)
    shown = Counter(figure.kind for figure in found if figure.answered is not None)
    lines = [f"  {kind}: {shown[kind]} of {count}" for kind, count in total.items()]
    return "\n".join([f"figures left by the thresholds: {sum(shown.values())} of {len(found)}", *lines])


def _cohort_figures(ask: Ask) -> Iterator[Figure]:
    asked = (ask(_COHORTS.format(city=city, first=first)) for city, first in _FIRST_YEARS.items())
    answers = {(row["city"], row["applied_year"]): row for rows in asked for row in rows}
    for cohort in permittimelines.cohorts():
        answer = answers.get((cohort["city"], cohort["year"]), {})
        for what in ("submitted", "issued"):
            name = f"{cohort['city']} {cohort['year']} {what}"
            yield Figure(name, f"cohorts: {what}", cohort[what], answer.get(what))


def _timeline_figures(ask: Ask) -> Iterator[Figure]:
    answers = {dimension: _timelines(ask, keys) for dimension, keys in _KEYS_OF_DIMENSION.items()}
    for line in permittimelines.timelines():
        answer = answers[line["dimension"]].get((line["city"], *_group(line)), {})
        name = f"{line['city']} {line['dimension']} {line['group']}"
        yield Figure(f"{name} n", "timelines: n", line["n"], answer.get("n"))
        for days in DAYS:
            if line[f"within_{days}"] is not None:
                share = _per_cent(answer.get(f"within_{days}"), answer.get("n"))
                yield Figure(f"{name} within {days}", f"timelines: within {days}", line[f"within_{days}"], share)


def _timelines(ask: Ask, keys: Sequence[str]) -> Mapping[tuple[str, ...], Mapping[str, Any]]:
    """Of the permits issued in a city's mature cohorts: how many, and how many within so many days.

    One by one: a city refuses the shares that its tables do not tell, and not the others.
    """
    within = [f"COUNT(*) FILTER (WHERE days_to_issue <= {days}) AS within_{days}" for days in DAYS]
    found: dict[tuple[str, ...], dict[str, Any]] = {}
    for asked in ("COUNT(days_to_issue) AS n", *within):
        for key, row in _by_group(ask, keys, asked).items():
            found.setdefault(key, {}).update(row)
    return found


def _by_group(ask: Ask, keys: Sequence[str], asked: str) -> dict[tuple[str, ...], Mapping[str, Any]]:
    """What is asked of the permits of a city's mature cohorts, by city and keys."""
    by = ", ".join(("city", *keys))
    rows = ask(f"SELECT {by}, {asked} FROM housing.permits WHERE mature_cohort GROUP BY {by}")
    return {tuple(row[name] for name in ("city", *keys)): row for row in rows}


def _group(line: Mapping[str, Any]) -> tuple[str, ...]:
    return () if line["dimension"] == "overall" else tuple(line["group"].split("|"))


def _per_cent(part: int | None, whole: int | None) -> int | None:
    """Rounded half up, as the package rounds."""
    return None if part is None or not whole else (200 * part + whole) // (2 * whole)
