"""What was found lately: the least recently used is forgotten first, by what it weighs."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

_KeyT = TypeVar("_KeyT", bound=Hashable)
_ValueT = TypeVar("_ValueT")


class Recent(Generic[_KeyT, _ValueT]):
    """Values by key, of at most `capacity` together. `weigh`: what a value counts, at least 1.

    For what follows from its key alone. What cannot be found is not remembered. Any thread may ask.
    """

    def __init__(self, *, capacity: int, weigh: Callable[[_ValueT], int]) -> None:
        self._capacity = capacity
        self._weigh = weigh
        self._values: OrderedDict[_KeyT, _ValueT] = OrderedDict()
        self._weight = 0
        self._lock = threading.Lock()

    def get(self, key: _KeyT, find: Callable[[], _ValueT]) -> _ValueT:
        """The value under `key`, found now if it is not remembered. Raises what `find` raises."""
        with self._lock:
            if key in self._values:
                self._values.move_to_end(key)
                return self._values[key]
        value = find()  # outside the lock: it may take long, and two finders find the same
        weight = self._weigh(value)
        with self._lock:
            if key not in self._values and weight <= self._capacity:
                self._values[key] = value
                self._weight += weight
            while self._weight > self._capacity:
                _, forgotten = self._values.popitem(last=False)
                self._weight -= self._weigh(forgotten)
        return value
