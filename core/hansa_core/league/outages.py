"""Outages that a league bears, in words: how many cities may be down before logs stay without their quorum."""

from __future__ import annotations

from datetime import timedelta

from hansa_core.clock_skew import in_words
from hansa_core.league.roster import Roster
from hansa_core.league.witnesses import quorum_of, witnesses_of

DEFAULT_MAX_UNWITNESSED = timedelta(days=3)
"""How long a node answers without a quorum, unless its own configuration says otherwise."""


def outages_of_league(roster: Roster, max_unwitnessed: timedelta) -> tuple[str, ...]:
    """A line for each kind of city in the league: those of one kind have as many witnesses, and need as many."""
    kinds: dict[tuple[int, int], list[str]] = {}
    for member in roster.members:
        kind = len(witnesses_of(roster, member.city)), quorum_of(roster, member.city)
        kinds.setdefault(kind, []).append(member.city)
    return tuple(
        f"{', '.join(cities)}: {_borne(witnesses, quorum, max_unwitnessed)}"
        for (witnesses, quorum), cities in kinds.items()
    )


def outages_of_city(roster: Roster, city: str, max_unwitnessed: timedelta) -> str:
    """How many of its witnesses may be down, and what happens when more are. Raises RefusedError `unknown_city`."""
    return _borne(len(witnesses_of(roster, city)), quorum_of(roster, city), max_unwitnessed)


def _borne(witnesses: int, quorum: int, max_unwitnessed: timedelta) -> str:
    if not quorum:
        return "cosigned by nobody, so no outage of another city stops it, and nobody vouches for its log"
    borne = witnesses - quorum
    lasting = (
        "no outage of a witness is borne for ever"
        if not borne
        else f"{borne} of them may be down for as long as it takes"
    )
    return (
        f"{quorum} of {witnesses} witnesses have to cosign its log: {lasting}; with {borne + 1} down it answers on for"
        f" {in_words(max_unwitnessed)} at open and controlled, then nothing until enough are back; it starts once"
        f" {borne + 1} are up"
    )
