"""In CI a test or a file that is skipped has failed: whatever CI claims was run there."""

from __future__ import annotations

import os
from collections.abc import Generator
from typing import TypeVar

import pytest

_ReportT = TypeVar("_ReportT", pytest.TestReport, pytest.CollectReport)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """One test, by a mark, a fixture or its own words."""
    return _judged((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report() -> Generator[None, pytest.CollectReport, pytest.CollectReport]:
    """A whole file, while it is imported."""
    return _judged((yield))


def _judged(report: _ReportT) -> _ReportT:
    if report.skipped and "CI" in os.environ:
        report.outcome = "failed"
        report.longrepr = f"skipped in CI: {report.longrepr}"
    return report
