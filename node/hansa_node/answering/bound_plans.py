"""Bound plans of one dataset version, remembered: a question that comes again is not bound again."""

from __future__ import annotations

from contextlib import suppress
from threading import Lock

from cachetools import LRUCache

from hansa_core.plan.expression import walk
from hansa_core.plan.plan import Plan
from hansa_core.plan.remembered import Same
from hansa_core.plan.size import parts_of
from hansa_node.answering.answering import Answering, BoundPlan

_REMEMBERED = 10_000  # parts of plans, and published cells that they add up: a few megabytes, whatever is asked
_PARTS_OF_ANY = 10


class BoundPlans:
    """Binds plans by `answering`. Any thread may ask. What a bound plan is follows from plan, version and manifest.

    A plan is known by itself, since to hash a deep one takes as long as to bind it: the wire gives the same plan for
    the same bytes.
    """

    def __init__(self, answering: Answering) -> None:
        self._answering = answering
        self._known: LRUCache[Same, BoundPlan] = LRUCache(_REMEMBERED, getsizeof=_size)
        self._lock = Lock()

    def bind(self, plan: Plan) -> BoundPlan:
        """The plan bound to the dataset. Raises RefusedError as `Answering.bind` does."""
        with self._lock:
            known = self._known.get(Same(plan))
        if known is not None:
            return known
        bound = self._answering.bind(plan)
        with self._lock, suppress(ValueError):  # too large to be remembered
            self._known[Same(plan)] = bound
        return bound


def _size(bound: BoundPlan) -> int:
    parts = sum(1 for _, expression in parts_of(bound.plan) for _ in walk(expression))
    return _PARTS_OF_ANY + parts + sum(len(cover.cells) for cover in bound.covers)
