"""A league of simulated cities behind a real coordinator, for whatever an analyst may do."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from hansa_simulated_city import SimulatedLeague, simulated_league


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedLeague]:
    """The running league of one module of tests."""
    with simulated_league(tmp_path_factory.mktemp("served")) as league:
        yield league


@pytest.fixture
def cities(served: SimulatedLeague) -> Iterator[SimulatedLeague]:
    """The same, healed of what a test did to it."""
    yield served
    served.heal()
