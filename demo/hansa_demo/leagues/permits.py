"""The league of building permits: four cities that publish how long residents waited."""

from __future__ import annotations

from hansa_core.contract.ids import ContractId
from hansa_demo.caveats import caveats
from hansa_demo.demo_league import DemoLeague, TourStop
from hansa_demo.permits import write_city_source

_TOUR = (
    TourStop(
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
    TourStop(
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
    TourStop(
        title="What kind of work is it, in all cities together?",
        sql="""\
SELECT permit_type,
       COUNT(*) AS submitted,
       COUNT(days_to_issue) AS issued
FROM housing.permits
GROUP BY permit_type
ORDER BY permit_type""",
        remark="Where a city suppresses its part, --partial shows the sum over the others, marked.",
        partial=True,
    ),
    TourStop(
        title="A question finer than what the cities publish",
        sql="""\
SELECT city, city_track, applied_year, COUNT(*) AS submitted
FROM housing.permits
GROUP BY city, city_track, applied_year""",
        remark="Refused by each city from the question alone, with what would pass.",
    ),
    TourStop(
        title="A question for rows",
        sql="SELECT permit_id, days_to_issue FROM housing.permits",
        remark="Refused before anything is sent: no message can carry a row.",
    ),
)

PERMITS = DemoLeague(
    name="permits",
    roster_name="sharing-cities-demo",
    cities=("los-angeles", "san-diego", "san-francisco", "seattle"),
    outbound=("seattle",),
    contracts=(ContractId("housing.permits", 1),),
    purposes=("housing-policy",),
    write_source=write_city_source,
    about=caveats,
    tour=_TOUR,
    question="SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city ORDER BY city",
)
