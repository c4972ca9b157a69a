"""Manifests of the airports' departures at level `controlled`, with the carrier as the entity.

The demo serves the departures at `open`, since they are public. Here they are what a steward would declare if they were
not: an aircraft is the privacy unit, and at most airports few carriers have most of the flights, so dominance decides.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from hansa_core.contract.ids import ContractId
from hansa_demo.leagues.flights import FLIGHTS

DEPARTURES = ContractId("mobility.departures", 1)

NAMED: Mapping[str, Sequence[str]] = {
    "newark": (),
    "new-york": ("BOS", "IAD", "LAS", "LAX", "RDU", "SAN", "SFO", "SJU"),
    "laguardia": ("ATL", "DEN"),
}
"""Destinations that several carriers of each airport fly to, none of them mostly: as timetables tell everybody."""

_TABLES = """
dominance: {{largest: 2, share: 0.85}}
p_percent: 0.1
hierarchies:
  destination: {{{named}other: rest}}
depth: {{destination: 1}}
cuts: {{departure_delay: [0, 15, 60], arrival_delay: [0, 15, 60]}}
tables:
  - {{name: whole, dimensions: [], measures: [departure_delay, arrival_delay, air_time, distance]}}
  - {{name: by_destination, dimensions: [destination], measures: [departure_delay, distance]}}
  - {{name: by_cancelled, dimensions: [cancelled]}}
  - {{name: delays, dimensions: [], bins: departure_delay}}
  - {{name: delays_by_destination, dimensions: [destination], bins: departure_delay}}
"""


def controlled_manifest(city: str) -> str:
    """The text of the airport's manifest with its level, rules and tables. Raises KeyError for a city that is none."""
    named = "".join(f"{code}: [{code}], " for code in NAMED[city])
    open_text = FLIGHTS.manifest(DEPARTURES, city)
    return open_text.replace("level: open", "level: controlled", 1) + _TABLES.format(named=named)
