"""Insiders: contributors who know their own rows, so that every data set they may believe in contains those."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from hansa_core.suppression.atoms import AtomSystem, Wholes

_Sparse = tuple[Wholes, Wholes]


Group = tuple[int, ...]
"""Insiders who put what they know together, by number."""


class Insiders:
    """The rows of some contributors as variables of the audit, by number."""

    def __init__(self, system: AtomSystem, truth: Wholes, parts: Mapping[int, Wholes]) -> None:
        self._truth, self._room = truth, system.room(truth)
        self._rows = {number: _sparse(data) for number, data in parts.items()}
        self._short = {number: _sparse(system.room(data)) for number, data in parts.items()}

    def floor(self, entities: Iterable[int], variables: Wholes) -> tuple[Wholes, Wholes]:
        """How far each of some variables may fall, and how far its room, if the rows of all `entities` stay in."""
        fall, room = self._truth.copy(), self._room.copy()
        for number in entities:
            for told, left in ((self._rows, fall), (self._short, room)):
                places, values = told[number]
                left[places] -= values
        return fall[variables], room[variables]

    def known_to(self, groups: Iterable[Group]) -> KnownRows:
        """What tells whether a data set has all rows that these groups know."""
        listed = sorted(set(groups))
        return KnownRows(listed, _Slacks(listed, self._rows, self._truth), _Slacks(listed, self._short, self._room))


class KnownRows:
    """What some groups of insiders know, for judging data sets."""

    def __init__(self, groups: Sequence[Group], rows: _Slacks, room: _Slacks) -> None:
        self._groups, self._rows, self._room = groups, rows, room

    def contradicted(self, places: Wholes, moved: Wholes, room: Wholes) -> frozenset[Group]:
        """The groups whose rows are not all in a data set that differs so from the true one at these places."""
        found = self._rows.exceeded(places, moved) | self._room.exceeded(places, room)
        return frozenset(self._groups[number] for number in found)


class _Slacks:
    """By how much each variable that holds some of a group's rows may fall."""

    def __init__(self, groups: Sequence[Group], parts: Mapping[int, _Sparse], truth: Wholes) -> None:
        known: dict[tuple[int, int], int] = {}
        for number, group in enumerate(groups):
            for insider in group:
                for place, value in zip(*(column.tolist() for column in parts[insider]), strict=True):
                    known[place, number] = known.get((place, number), 0) + value
        keys = sorted(known)
        self._places, self._numbers = np.asarray(keys, dtype=np.int64).reshape(-1, 2).T
        self._slacks = truth[self._places] - np.asarray([known[key] for key in keys], dtype=np.int64)

    def exceeded(self, places: Wholes, moved: Wholes) -> frozenset[int]:
        falling = moved < 0
        places, fall = places[falling], -moved[falling]
        first, last = np.searchsorted(self._places, places), np.searchsorted(self._places, places, side="right")
        found: set[int] = set()
        for begin, end, by in zip(first.tolist(), last.tolist(), fall.tolist(), strict=True):
            found.update(self._numbers[begin:end][self._slacks[begin:end] < by].tolist())
        return frozenset(found)


def _sparse(data: Wholes) -> _Sparse:
    places = np.flatnonzero(data)
    return places, data[places]
