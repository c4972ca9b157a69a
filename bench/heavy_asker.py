"""Heavy questions of one analyst, many at once and again and again, until it is stopped: in a process of its own."""

from __future__ import annotations

import sys
import threading
from itertools import count
from time import perf_counter

import hansa
from hansa.answering.coverage import ExitCode

AT_ONCE = 16

# Few cells and many groupings: work for the city's engine, and little for whoever reads the answer.
_SQL = """
    SELECT carrier, extract(quarter FROM scheduled_local) AS quarter, extract(isodow FROM scheduled_local) AS weekday,
        VAR_SAMP(departure_delay) AS a, VAR_SAMP(arrival_delay) AS b, VAR_SAMP(air_time) AS c, VAR_SAMP(distance) AS d,
        CORR(departure_delay, arrival_delay) AS e, CORR(air_time, distance) AS f, CORR(arrival_delay, distance) AS g
    FROM mobility.departures WHERE city = '{city}' AND arrival_delay <> {n} GROUP BY CUBE (carrier, quarter, weekday)"""


def main(profile: str, city: str) -> None:
    """Print for each answer the seconds that it took. What is put off by a busy node is asked again."""
    numbers = count(200_000)  # beyond every value, and another one each time

    def ask(league: hansa.League) -> None:
        while True:
            started = perf_counter()
            if league.sql(_SQL.format(city=city, n=next(numbers)), deadline_s=60).exit_code is ExitCode.ENOUGH:
                sys.stdout.write(f"{perf_counter() - started}\n")  # at once: the threads' lines must not mix
                sys.stdout.flush()

    with hansa.connect(profile) as league:
        threads = [threading.Thread(target=ask, args=(league,)) for _ in range(AT_ONCE)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


if __name__ == "__main__":
    main(*sys.argv[1:])
