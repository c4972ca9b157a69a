"""What every test shares: property tests without a clock on these noisy machines, and lines printed at the end."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, settings

from hansa_simulated_city import SimulatedLeague, simulated_league

settings.register_profile("hansa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hansa")


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


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `printed`: with xdist a worker's own output does not reach the terminal."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "printed":
                terminalreporter.write_line(str(text))
