"""Results that follow from a plan and a contract, remembered for these very two, so that a known plan costs no more."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from functools import lru_cache, wraps
from threading import Lock
from typing import Any, Generic, TypeVar

from hansa_core.contract.contract import Contract
from hansa_core.plan.plan import Plan

_REMEMBERED = 64
ResultT = TypeVar("ResultT")


class Same:
    """A value as a key of a cache, found by the value itself and by no equal one: to hash a deep plan takes long."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value

    def __hash__(self) -> int:
        return id(self.value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Same) and other.value is self.value


class Kept(Generic[ResultT]):
    """The last `most` results that were kept, by their keys; the oldest gives way. Any thread may ask."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._results: dict[Hashable, ResultT] = {}
        self._lock = Lock()

    def get(self, key: Hashable) -> ResultT | None:
        """What is kept under the key."""
        with self._lock:
            return self._results.get(key)

    def keep(self, key: Hashable, result: ResultT) -> None:
        """Keep it. Whoever gets it again must not change it."""
        with self._lock:
            while len(self._results) >= self._most:
                del self._results[next(iter(self._results))]
            self._results[key] = result


def remembered(work: Callable[[Plan, Contract], ResultT]) -> Callable[[Plan, Contract], ResultT]:
    """The function, whose last results are kept with what they are of. They are handed out again: none may change."""

    @lru_cache(maxsize=_REMEMBERED)
    def known(plan: Same, contract: Same) -> ResultT:
        return work(plan.value, contract.value)

    @wraps(work)
    def called(plan: Plan, contract: Contract) -> ResultT:
        return known(Same(plan), Same(contract))

    return called
