"""The faults that a league has to bear, each as something that is done to its real processes."""

from __future__ import annotations

import os

from hansa_fault_table import Fault

GARBAGE_BYTES = 400
LARGE_BYTES = 30_000_000

QUICK = (
    Fault(name="a node is killed", breaks=lambda league: league.killed(league.listening_city)),
    Fault(
        name="a node answers with random bytes",
        breaks=lambda league: league.replaced(league.listening_city, os.urandom(GARBAGE_BYTES)),
    ),
)
"""Those that `make test` runs as well."""

ALL = (
    *QUICK,
    Fault(name="a node answers with nothing", breaks=lambda league: league.replaced(league.listening_city, b"")),
    Fault(
        name="a node answers with 30 MB",
        breaks=lambda league: league.replaced(league.listening_city, bytes(LARGE_BYTES)),
    ),
    Fault(name="a node hangs", breaks=lambda league: league.halted(league.listening_city)),
    Fault(
        name="a node that dials out is killed",
        breaks=lambda league: league.killed(next(each.city for each in league.roster.members if each.host is None)),
    ),
    Fault(name="the coordinator is killed", breaks=lambda league: league.killed(league.coordinator)),
    Fault(name="the coordinator hangs", breaks=lambda league: league.halted(league.coordinator)),
)
