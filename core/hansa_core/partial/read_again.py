"""Partials that were read and checked, remembered by their bytes: a city gives a stored release out bit for bit."""

from __future__ import annotations

from threading import Lock

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.partial import read_partial
from hansa_core.plan.plan import Plan
from hansa_core.plan.remembered import Same

_REMEMBERED = 64
_MOST_BYTES = 64 * 1024  # of one, unpacked: all together stay below 8 MiB
_Key = tuple[bytes, Same, Same]


class ReadPartials:
    """Reads partials. What one says follows from its bytes, the plan and the contract. Any thread may ask."""

    def __init__(self) -> None:
        self._known: dict[_Key, pa.Table] = {}
        self._lock = Lock()

    def read(self, ipc: bytes, plan: Plan, contract: Contract) -> pa.Table:
        """What `read_partial` gives. Raises PeerError as it does."""
        key = (ipc, Same(plan), Same(contract))
        with self._lock:
            table = self._known.get(key)
        if table is not None:
            return table
        table = read_partial(ipc, plan, contract)
        if max(len(ipc), table.nbytes) <= _MOST_BYTES:
            self._remember(key, table)
        return table

    def _remember(self, key: _Key, table: pa.Table) -> None:
        with self._lock:
            while len(self._known) >= _REMEMBERED:
                del self._known[next(iter(self._known))]  # the oldest
            self._known[key] = table
