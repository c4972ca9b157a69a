"""The publishers' own figures, asked of the four cities through the whole federation."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from hansa_permit_figures import figures, summary, wrong
from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")


def test_every_figure_that_the_thresholds_leave_is_the_published_one(
    demo: RunningLeague, record_property: Callable[[str, object], None]
) -> None:
    found = figures(lambda sql: demo.league.sql(sql).to_arrow().to_pylist())
    record_property("printed", summary(found))
    assert wrong(found) == []
    assert sum(figure.answered is not None for figure in found) > len(found) // 2
