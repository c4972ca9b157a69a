"""Ticks of the first axis: at round places, never so many that their labels meet."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import altair as alt

_SHORT = {
    "year": "%Y",
    "quarter": "%b",
    "month": "%b",
    "week": "%d %b",
    "date": "%d %b",
    "hours": "%H:%M",
    "minutes": "%H:%M",
    "seconds": "%H:%M:%S",
}
_STEPS = (1, 2, 5, 10)


def number_axis(title: str, positions: Sequence[float], *, most: int) -> alt.Axis:
    """An axis of numbers; whole ones, such as years, get neither separators nor ticks between them."""
    places = sorted(positions)
    if not places or any(place != int(place) for place in places):
        return alt.Axis(title=title, grid=False, tickCount=most, labelOverlap="greedy")
    ticks: Sequence[float] = places
    if len(places) > most or _is_uneven(places):
        step = _round_step((places[-1] - places[0]) / most)
        first = math.ceil(places[0] / step)
        ticks = [number * step for number in range(first, math.floor(places[-1] / step) + 1)]
    return alt.Axis(title=title, grid=False, values=list(ticks), format="d", labelOverlap="greedy")


def _is_uneven(places: Sequence[float]) -> bool:
    gaps = [after - before for before, after in pairwise(places)]
    return bool(gaps) and max(gaps) > 3 * min(gaps)


def _round_step(least: float) -> int:
    """The least of 1, 2, 5, 10, 20 … that is no less."""
    power = 10 ** max(0, math.floor(math.log10(least))) if least > 0 else 1
    return next(step * power for step in _STEPS if step * power >= least)


def time_axis(title: str, positions: Sequence[str], *, most: int) -> alt.Axis:
    """An axis of days and moments: a few get a tick each, in words as fine as they are."""
    moments = sorted(datetime.fromisoformat(position) for position in positions)
    options: dict[str, Any] = {"tickCount": min(most + 4, len(moments)), "format": _SHORT}
    if len(moments) <= most:
        epoch = datetime(1970, 1, 1, tzinfo=UTC)
        values = [(moment - epoch) // timedelta(milliseconds=1) for moment in moments]
        options = {"values": values, "format": _format(moments)}
    return alt.Axis(title=title, grid=False, labelOverlap="greedy", labelFlush=False, **options)


def _format(moments: Sequence[datetime]) -> str:
    if any(moment.hour or moment.minute or moment.second for moment in moments):
        return "%d %b %H:%M"
    if any(moment.day > 1 for moment in moments):
        return "%d %b %Y"
    return "%b %Y" if any(moment.month > 1 for moment in moments) else "%Y"
