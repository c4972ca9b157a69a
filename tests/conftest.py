"""What every test shares: property tests without a clock on these noisy machines, and lines printed at the end."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from hansa_simulated_city import SimulatedLeague, simulated_league

settings.register_profile("shallow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", settings.get_profile("shallow"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shallow"))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """In CI a test that is skipped has failed: whatever CI claims was run there."""
    report = yield
    if report.skipped and "CI" in os.environ:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report


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
