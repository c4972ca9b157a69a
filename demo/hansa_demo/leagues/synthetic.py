"""The league for load: as many trips as one asks for, of riders who do not exist; and it says so wherever it shows."""

from __future__ import annotations

from functools import partial

from hansa_core.contract.ids import ContractId
from hansa_demo.demo_league import DemoLeague, TourStop
from hansa_demo.trips import CITIES, LEAST_ROWS, MOST_ROWS, write_trips

_TOUR = (
    TourStop(
        title="SYNTHETIC: how many trips, riders and kilometres?",
        sql="""\
SELECT city, COUNT(*) AS trips, COUNT(DISTINCT person) AS riders,
       ROUND(SUM(distance) / 1000.0, 0) AS kilometres
FROM mobility.trips
GROUP BY city
ORDER BY city""",
        remark="Synthetic. A rider rides in one city only, so these distinct counts would add up.",
    ),
    TourStop(
        title="SYNTHETIC: when do people ride?",
        sql="""\
SELECT extract(hour FROM started_local) AS hour, COUNT(*) AS trips,
       ROUND(AVG(duration) / 60, 1) AS mean_minutes
FROM mobility.trips
GROUP BY hour
ORDER BY hour""",
        remark="Synthetic. Hours of each city's own clock: the three lie in three time zones.",
    ),
    TourStop(
        title="SYNTHETIC: what does a trip cost, by vehicle?",
        sql="""\
SELECT vehicle_type, COUNT(*) AS trips, COUNT(price) AS paid,
       ROUND(AVG(price), 2) AS mean_eur,
       COUNT(*) FILTER (WHERE distance > 5000) AS over_5_km
FROM mobility.trips
GROUP BY vehicle_type
ORDER BY vehicle_type""",
        remark="Synthetic. A subscription covers the trips that have no price.",
    ),
)


def synthetic(rows: int) -> DemoLeague:
    """The league with `rows` trips in all. Raises ValueError outside 1,000 to 100,000,000."""
    if not LEAST_ROWS <= rows <= MOST_ROWS:
        raise ValueError(f"--synthetic is {rows:,}; give {LEAST_ROWS:,} to {MOST_ROWS:,} trips")
    about = (
        f"SYNTHETIC: {rows:,} generated trips of riders, vehicles and cities that do not exist, for load.",
        "No figure here says anything about anybody. The same number of trips gives the same rows everywhere.",
    )
    return DemoLeague(
        name=f"synthetic-{rows}",
        roster_name=f"synthetic-trips-demo-{rows}",
        cities=CITIES,
        contracts=(ContractId("mobility.trips", 1),),
        purposes=("load-test",),
        write_source=partial(write_trips, rows=rows),
        about=lambda: about,
        tour=_TOUR,
        question="SELECT city, COUNT(*) AS n FROM mobility.trips GROUP BY city ORDER BY city",
    )
