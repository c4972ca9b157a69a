"""Counts how often a node's level computes anything: the harness's own meter, for both sides alike."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from unittest.mock import patch

from hansa_node.answering.answering import BoundPlan, ProtectedCells
from hansa_node.answering.open import OpenAnswering
from hansa_node.engines.stop import Stop


@dataclass(slots=True)
class Meter:
    """`reached`: how many questions have reached the data."""

    reached: int = 0


@contextmanager
def counted_computations() -> Iterator[Meter]:
    """A meter of level `open`, until the block ends. What reaches the data is counted, and not computed."""
    meter = Meter()

    def counted(answering: OpenAnswering, bound: BoundPlan, stop: Stop) -> ProtectedCells:
        meter.reached += 1
        raise RuntimeError("reached the data")

    with patch.object(OpenAnswering, "compute", counted):
        yield meter
