"""What every test shares: property tests without a clock on these noisy machines, and lines printed at the end."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("hansa", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("hansa")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print what tests recorded as `printed`: with xdist a worker's own output does not reach the terminal."""
    for report in terminalreporter.getreports("passed"):
        for name, text in report.user_properties:
            if name == "printed":
                terminalreporter.write_line(str(text))
