"""The publishers' own figures, asked of the four cities through the whole federation."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from hansa_permit_figures import QUANTILES, figures, quantile_figures, summary, wrong
from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")


def test_every_figure_that_the_thresholds_leave_is_the_published_one(
    demo: RunningLeague, record_property: Callable[[str, object], None]
) -> None:
    found = figures(lambda sql: demo.league.sql(sql).to_arrow().to_pylist())
    record_property("printed", summary(found))
    assert wrong(found) == []
    assert sum(figure.answered is not None for figure in found) > len(found) // 3  # the cities publish no more


def test_every_published_quantile_lies_in_its_interval(
    demo: RunningLeague, record_property: Callable[[str, object], None]
) -> None:
    def ask(sql: str) -> list[dict[str, Any]]:
        answer = demo.league.sql(sql)
        rows = [row | dict.fromkeys(QUANTILES) for row in answer.to_arrow().to_pylist()]
        for interval in answer.intervals:
            rows[interval.row][interval.column] = (interval.lower, interval.upper)
        return rows

    found = quantile_figures(ask)
    shown = [figure for figure in found if figure.interval is not None]
    record_property("printed", f"quantiles left by the thresholds: {len(shown)} of {len(found)}")
    assert [figure for figure in found if not figure.holds] == []
    assert len(shown) > len(found) // 6  # no city has bins by kind of work and track within its mature years


def test_a_rollup_is_the_questions_that_it_is_made_of(demo: RunningLeague) -> None:
    asked = "COUNT(*) AS n, COUNT(DISTINCT permit_id) AS permits, MEDIAN(days_to_issue) AS median"

    def rows(keys: str, by: str) -> list[dict[str, Any]]:
        some = "mature_cohort AND city IN ('los-angeles', 'san-diego')"  # those with bins by project in mature years
        sql = f"SELECT city, {keys}{asked} FROM housing.permits WHERE {some} GROUP BY city{by} ORDER BY city"
        found: list[dict[str, Any]] = demo.league.sql(sql).to_arrow().to_pylist()
        return found

    apart = [*rows("project, ", ", project"), *({"project": None} | row for row in rows("", ""))]
    rolled_up = rows("project, ", ", ROLLUP (project)")
    assert [row["project"] is None for row in rolled_up] == [False, False, True] * 2  # totals below their cells
    as_set = {tuple(sorted(row.items(), key=str)) for row in rolled_up}
    assert as_set == {tuple(sorted(row.items(), key=str)) for row in apart}
