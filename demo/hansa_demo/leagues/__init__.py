"""The demo leagues: real permits, flights and charging sessions, and as many synthetic trips as one asks for."""

from __future__ import annotations

import re

from hansa_demo.demo_league import DemoLeague
from hansa_demo.leagues.charging import CHARGING
from hansa_demo.leagues.flights import FLIGHTS
from hansa_demo.leagues.permits import PERMITS
from hansa_demo.leagues.synthetic import synthetic

REAL = {league.name: league for league in (PERMITS, FLIGHTS, CHARGING)}

_SYNTHETIC = re.compile(r"synthetic-([0-9]+)")


def league_called(name: str) -> DemoLeague:
    """The league of that name. Raises ValueError for a name that is none."""
    if named := _SYNTHETIC.fullmatch(name):
        return synthetic(int(named[1]))
    if name not in REAL:
        raise ValueError(f"{name!r} is no demo league; known are {', '.join(REAL)} and synthetic-N")
    return REAL[name]
