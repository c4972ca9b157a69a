"""Partials that were read and checked, remembered by their bytes: a city gives a stored release out bit for bit."""

from __future__ import annotations

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_core.partial.partial import read_partial
from hansa_core.plan.plan import Plan
from hansa_core.plan.remembered import Kept, Same

_REMEMBERED = 64
_MOST_BYTES = 64 * 1024  # of one, unpacked: all together stay below 8 MiB


class ReadPartials:
    """Reads partials. What one says follows from its bytes, the plan and the contract. Any thread may ask."""

    def __init__(self) -> None:
        self._kept: Kept[pa.Table] = Kept(_REMEMBERED)

    def read(self, ipc: bytes, plan: Plan, contract: Contract) -> pa.Table:
        """What `read_partial` gives. Raises PeerError as it does."""
        key = (ipc, Same(plan), Same(contract))
        table = self._kept.get(key)
        if table is None:
            table = read_partial(ipc, plan, contract)
            if max(len(ipc), table.nbytes) <= _MOST_BYTES:
                self._kept.keep(key, table)
        return table
