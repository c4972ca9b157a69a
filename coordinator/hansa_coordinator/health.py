"""Health of a running coordinator: which cities a question that came now would reach."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime
from importlib.metadata import version

from hansa_local.expiry import Expiring
from hansa_local.expiry_parts import parts_of_expiry
from hansa_local.health import HealthPart, PartState, ProcessHealth


def health_of(
    name: str,
    cities: Collection[str],
    reached: Collection[str],
    *,
    vital: Iterable[Expiring],
    others: Iterable[Expiring],
    now: datetime,
) -> ProcessHealth:
    """The health at `now` (naive UTC). `cities`: of the roster in force. `reached`: those that a way leads to.

    That a city is away fails nothing: the others are asked, and a node can only come back to a coordinator that is up.
    `vital`: what nothing is carried without, once it has expired; `others`: what single peers need.
    """
    parts = (
        *_cities(cities, reached),
        *parts_of_expiry(vital, now, expired=PartState.FAILED),
        *parts_of_expiry(others, now, expired=PartState.WARNING),
    )
    return ProcessHealth(role="coordinator", name=name, version=version("hansa"), parts=parts)


def _cities(cities: Collection[str], reached: Collection[str]) -> Iterator[HealthPart]:
    for city in cities:
        if city in reached:
            yield HealthPart(name=city, state=PartState.OK, text="can be asked")
        else:
            remedy = "its operator runs `hansa doctor` beside its node; it is asked again as soon as it is back"
            yield HealthPart(name=city, state=PartState.WARNING, text="is not reached", remedy=remedy)
