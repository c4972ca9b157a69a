"""The faults that a league has to bear, each as something that is done to its real processes."""

from __future__ import annotations

import os
from datetime import timedelta

from hansa_fault_table import Fault

GARBAGE_BYTES = 400
LARGE_BYTES = 30_000_000
HALF_AN_HOUR = timedelta(minutes=30)

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
    Fault(name="a bit of a stored release flips", breaks=lambda league: league.flipped(league.listening_city)),
    Fault(name="a dataset is moved away and back", breaks=lambda league: league.without_data(league.listening_city)),
    Fault(
        name="a node's clock is half an hour fast",
        breaks=lambda league: league.skewed(league.listening_city, HALF_AN_HOUR),
    ),
    Fault(
        name="an attached node's certificate expires",
        breaks=lambda league: league.expiring(league.attached_city),
    ),
    Fault(name="a connection is half-open", breaks=lambda league: league.half_open(league.listening_city)),
    Fault(name="a node's disk is full", breaks=lambda league: league.full_disk(league.listening_city)),
    Fault(name="strangers flood node and coordinator", breaks=lambda league: league.flooded(league.listening_city)),
    Fault(
        name="a witness is down while another starts",
        breaks=lambda league: league.without_witness(league.listening_city, league.other_listening_city),
    ),
    Fault(name="a node hangs", breaks=lambda league: league.halted(league.listening_city)),
    Fault(
        name="a node that dials out is killed",
        breaks=lambda league: league.killed(league.attached_city),
    ),
    Fault(name="the coordinator is killed", breaks=lambda league: league.killed(league.coordinator)),
    Fault(name="the coordinator hangs", breaks=lambda league: league.halted(league.coordinator)),
)
