"""A city that answers without a quorum of witnesses is named, with the time since when."""

from __future__ import annotations

from datetime import datetime

import hansa
from hansa_simulated_city import SimulatedLeague

COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"
SINCE = datetime(2026, 11, 30, 5, 12)


def test_a_city_that_answers_unwitnessed_is_named_in_a_note_and_the_others_are_not(cities: SimulatedLeague) -> None:
    cities.cities["bremen"].unwitnessed_since = SINCE
    with hansa.connect(cities.profile) as league:
        notes = [note for note in league.sql(COUNT).notes if "quorum" in note]
        cities.cities["bremen"].unwitnessed_since = None
        assert not [note for note in league.sql(COUNT).notes if "quorum" in note]
    (note,) = notes
    assert note.startswith("bremen has no quorum of witnesses since 2026-11-30 05:12 UTC")
