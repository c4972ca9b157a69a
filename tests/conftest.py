"""What every test shares: property tests without a clock on these noisy machines, and lines printed at the end."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator

import pytest
from hypothesis import HealthCheck, settings

from hansa_browser import skip_without_chromium
from hansa_go_verifier import GoVerifier, built_verifier, skip_without_go
from hansa_no_skips import pytest_make_collect_report, pytest_runtest_makereport  # noqa: F401  hooks
from hansa_simulated_city import SimulatedLeague, simulated_league
from hansa_stable_codes import births, produced_by

settings.register_profile("shallow", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("deep", settings.get_profile("shallow"), max_examples=2000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "shallow"))


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Here and not in the fixture, because skips of one place are told in one line."""
    if "go" in getattr(item, "fixturenames", ()):
        skip_without_go()
    if "chromium" in getattr(item, "fixturenames", ()):
        skip_without_chromium()


def pytest_configure(config: pytest.Config) -> None:
    """Marks that are ours."""
    config.addinivalue_line("markers", "produces(*codes, param=NAME): fails unless the source gives these codes")


@pytest.hookimpl(wrapper=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> Generator[None, object, object]:
    """A test that is marked to produce a code sees to it that the source really gives it."""
    mark = pyfuncitem.get_closest_marker("produces")
    if mark is None:
        return (yield)
    with births() as born:
        result = yield
    lacking = produced_by(mark, pyfuncitem.callspec.params if mark.kwargs else {}) - born
    assert not lacking, f"no place of the source gave {sorted(lacking)}; given were {sorted(born)}"
    return result


@pytest.fixture(scope="session")
def go(tmp_path_factory: pytest.TempPathFactory) -> GoVerifier:
    """The verifier on Go's packages."""
    return built_verifier(tmp_path_factory)


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
