"""The tour: real questions about how long residents waited for a permit, asked of all cities and printed as tables."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.padding import Padding
from rich.syntax import Syntax
from rich.text import Text

from hansa import Answer, League, RefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One question of the tour and what it shows."""

    title: str
    sql: str
    remark: str
    partial: bool = False


STOPS = (
    Stop(
        title="Of the permits issued, how long did residents wait?",
        sql="""\
SELECT city,
       COUNT(days_to_issue) AS issued,
       ROUND(AVG(days_to_issue), 1) AS mean_days,
       ROUND(100.0 * COUNT(*) FILTER (WHERE days_to_issue <= 90)
             / COUNT(days_to_issue), 1) AS pct_within_90
FROM housing.permits
WHERE mature_cohort
GROUP BY city
ORDER BY city""",
        remark="Only cohorts old enough to be judged. In the alphabet's order: levels do not compare across cities.",
    ),
    Stop(
        title="How did that change within each city?",
        sql="""\
SELECT city, applied_year,
       COUNT(*) AS submitted,
       COUNT(days_to_issue) AS issued,
       ROUND(AVG(days_to_issue), 1) AS mean_days
FROM housing.permits
WHERE applied_year BETWEEN 2018 AND 2023
GROUP BY city, applied_year
ORDER BY city, applied_year""",
        remark="Read down, within one city. Los Angeles declares the years before 2020 as structural zeros.",
    ),
    Stop(
        title="What kind of work is it, in all cities together?",
        sql="""\
SELECT project, permit_type,
       COUNT(*) AS submitted,
       COUNT(days_to_issue) AS issued
FROM housing.permits
GROUP BY project, permit_type
ORDER BY project, permit_type""",
        remark="Where a city suppresses its part, --partial shows the sum over the others, marked.",
        partial=True,
    ),
    Stop(
        title="A question finer than what the cities publish",
        sql="""\
SELECT city, city_track, applied_year, COUNT(*) AS submitted
FROM housing.permits
GROUP BY city, city_track, applied_year""",
        remark="Refused by each city from the question alone, with what would pass.",
    ),
    Stop(
        title="A question for rows",
        sql="SELECT permit_id, days_to_issue FROM housing.permits",
        remark="Refused before anything is sent: no message can carry a row.",
    ),
)


def tour(league: League, console: Console) -> None:
    """Ask and print every stop. Raises whatever a broken league raises; a refusal is part of the tour."""
    for number, stop in enumerate(STOPS, start=1):
        console.print(Text(f"{number}. {stop.title}", style="bold"))
        console.print(Padding(Syntax(stop.sql, "sql", background_color="default", word_wrap=True), (0, 0, 0, 3)))
        try:
            answer: Answer = league.sql(stop.sql, partial=stop.partial)
        except RefusedError as refusal:
            console.print(Padding(Text(str(refusal), style="yellow"), (0, 0, 0, 3)))
        else:
            console.print(answer)
        console.print(Text(stop.remark, style="italic"))
        console.print()
