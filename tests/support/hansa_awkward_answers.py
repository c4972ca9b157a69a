"""Thirty answers that are awkward to draw: odd texts, gaps, sizes and ranges."""

from __future__ import annotations

import math
import random
from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

import pyarrow as pa

from hansa.answer import Answer
from hansa.answering.coverage import CityReport, Outcome
from hansa.answering.intervals import Interval
from hansa.answering.marked_cells import MarkedCell
from hansa_answers import CITIES, answer_of, answered

AWKWARD: dict[str, Callable[[], Answer]] = {}
"""Each answer by what is awkward about it."""

_BY_PROJECT = "SELECT project, {} FROM housing.permits GROUP BY project"
_BY_CITY = "SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project"
_BY_YEAR = "SELECT city, applied_year, {} FROM housing.permits GROUP BY city, applied_year"
_BY_DAY = "SELECT city, applied_on, COUNT(*) AS n FROM housing.permits GROUP BY city, applied_on"
_CUTS = [0, 7, 14, 30, 60, 90, 180, 365, 730, 3650]


def _awkward(make: Callable[[], Answer]) -> Callable[[], Answer]:
    AWKWARD[make.__name__] = make
    return make


def _dice() -> random.Random:
    return random.Random(1)


def _bars(
    names: Sequence[str | None], values: Sequence[float | None], what: str = "COUNT(*) AS n", **more: object
) -> Answer:
    column = what.rsplit(" ", 1)[1]
    return answer_of(_BY_PROJECT.format(what), {"project": names, column: values}, **more)


def _histogram(rows: list[int], cuts: list[int] = _CUTS) -> list[dict[str, int]]:
    lowers = [cuts[0], *(cut + 1 for cut in cuts[1:-1])]
    return [{"lower": a, "upper": b, "rows": n} for a, b, n in zip(lowers, cuts[1:], rows, strict=True)]


@_awkward
def null_empty_blank_and_the_word_null() -> Answer:
    return _bars(["null", None, "", " ", "NULL", "'null'", " adu"], [5, 4, 3, 2, 6, 1, 7])


@_awkward
def emoji_and_texts_from_right_to_left() -> Answer:
    return _bars(
        ["👩‍👩‍👧‍👦 families", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 England", "مدينة القدس", "תל אביב 2020", "東京都千代田区", "Ångström é", "a\u202eb"],
        [7, 6, 5, 4, 3, 2, 1],
    )


@_awkward
def labels_of_a_hundred_letters() -> Answer:
    long = "conversion of an existing garage into an accessory dwelling with a kitchen, number "
    return _bars([f"{long}{number}" for number in range(6)], [60, 50, 40, 30, 20, 10])


@_awkward
def three_hundred_categories() -> Answer:
    dice = _dice()
    return _bars(
        [f"kind {number}" for number in range(300)], sorted((dice.randrange(1, 900) for _ in range(300)), reverse=True)
    )


@_awkward
def means_of_two_hundred_categories_some_withheld() -> Answer:
    dice = _dice()
    gone = tuple(MarkedCell(row=row, column="mean", gaps={"bremen": "suppressed"}) for row in range(0, 200, 9))
    values = [None if row % 9 == 0 else dice.random() * 90 for row in range(200)]
    return _bars([f"kind {n}" for n in range(200)], values, "AVG(days_to_issue) AS mean", suppressed=gone)


@_awkward
def zeros_nulls_and_withheld_side_by_side() -> Answer:
    gone = (MarkedCell(row=2, column="n", gaps={"hamburg": "suppressed"}),)
    part = (MarkedCell(row=3, column="n", gaps={"bremen": "timed_out"}),)
    return _bars(
        ["zero", "null", "withheld", "partial", "some"], [0, None, None, 12, 30], suppressed=gone, partial=part
    )


@_awkward
def only_zeros() -> Answer:
    return _bars(["adu", "other"], [0, 0])


@_awkward
def only_withheld() -> Answer:
    gone = tuple(MarkedCell(row=row, column="n", gaps={"hamburg": "suppressed"}) for row in range(3))
    table = pa.table({"project": ["adu", "other", "demolition"], "n": pa.nulls(3, pa.int64())})
    return answer_of(_BY_PROJECT.format("COUNT(*) AS n"), table, suppressed=gone)


@_awkward
def no_rows_at_all() -> Answer:
    schema = pa.schema([("project", pa.string()), ("n", pa.int64())])
    return answer_of(_BY_PROJECT.format("COUNT(*) AS n"), schema.empty_table())


@_awkward
def one_figure() -> Answer:
    return answer_of("SELECT COUNT(*) AS n FROM housing.permits", {"n": [64_427]})


@_awkward
def negative_and_positive() -> Answer:
    return _bars(["down", "up", "far down"], [-12.5, 8.0, -40.25], "AVG(days_to_issue) - 30 AS gain")


@_awkward
def billions() -> Answer:
    return _bars(["adu", "other"], [7_234_567_890, 12_000_000_000], "SUM(days_to_issue) AS total_days")


@_awkward
def billionths() -> Answer:
    return _bars(["adu", "other"], [2.5e-9, 7.25e-9], "AVG(days_to_issue) / 1e9 AS share")


@_awkward
def error_bars_far_beyond_the_values() -> Answer:
    ends = [(60, 90), (30, 3650), (7, 14)]
    intervals = tuple(Interval(row=row, column="median", lower=a, upper=b) for row, (a, b) in enumerate(ends))
    return _bars(
        ["adu", "other", "demolition"], [80.0, 90.0, 9.0], "MEDIAN(days_to_issue) AS median", intervals=intervals
    )


@_awkward
def cities_by_category_with_rows_that_do_not_exist() -> Answer:
    rows = [
        ("bremen", "adu", 3),
        ("bremen", "other", 0),
        ("hamburg", "adu", 9),
        ("lübeck", "other", 4),
        ("lübeck", "adu", None),
    ]
    city, project, n = map(list, zip(*rows, strict=True))
    gone = (MarkedCell(row=4, column="n", gaps={"lübeck": "suppressed"}),)
    return answer_of(_BY_CITY, {"city": city, "project": project, "n": n}, suppressed=gone)


@_awkward
def eight_cities_with_long_names_by_category() -> Answer:
    cities = [f"the free and hanseatic city number {number}" for number in range(8)]
    rows = [
        (city, kind, 10 + 3 * at + 7 * len(kind)) for at, city in enumerate(cities) for kind in ("adu", "other", "full")
    ]
    city, project, n = map(list, zip(*rows, strict=True))
    return answer_of(_BY_CITY, {"city": city, "project": project, "n": n})


@_awkward
def thirty_cities_by_category() -> Answer:
    rows = [(f"city {c:02}", kind, 5 + c * len(kind)) for c in range(30) for kind in ("adu", "other", "demolition")]
    city, project, n = map(list, zip(*rows, strict=True))
    return answer_of(_BY_CITY, {"city": city, "project": project, "n": n})


@_awkward
def three_years_and_one_gap() -> Answer:
    gone = (MarkedCell(row=1, column="n", gaps={"bremen": "suppressed"}),)
    table = {
        "city": ["bremen"] * 3 + ["hamburg"] * 3,
        "applied_year": [2023, 2024, 2025] * 2,
        "n": [7, None, 3, 9, 12, 0],
    }
    return answer_of(_BY_YEAR.format("COUNT(*) AS n"), table, suppressed=gone)


@_awkward
def one_year() -> Answer:
    table = {"city": ["bremen", "hamburg"], "applied_year": [2024, 2024], "n": [7, 9]}
    return answer_of(_BY_YEAR.format("COUNT(*) AS n"), table)


@_awkward
def years_far_apart() -> Answer:
    table = {"city": ["bremen"] * 5, "applied_year": [1, 1900, 1901, 1902, 2024], "n": [7, 9, 3, 4, 5]}
    return answer_of(_BY_YEAR.format("COUNT(*) AS n"), table)


@_awkward
def every_day_of_ten_years_in_three_cities() -> Answer:
    dice, days = _dice(), [date(2014, 1, 1) + timedelta(days=day) for day in range(3650)]
    rows = [
        (city, day, round(50 + 30 * math.sin(number / 58) + dice.gauss(0, 6) + (200 if number == 1234 else 0)))
        for city in CITIES
        for number, day in enumerate(days)
    ]
    city, when, n = map(list, zip(*rows, strict=True))
    return answer_of(_BY_DAY, {"city": city, "applied_on": when, "n": n})


@_awkward
def dense_days_with_gaps_and_islands() -> Answer:
    days = [date(2024, 1, 1) + timedelta(days=day) for day in range(200)]
    values = [None if 40 < number < 80 and number % 7 else 20 + number % 13 for number in range(200)]
    gone = tuple(MarkedCell(row=row, column="n", gaps={"bremen": "suppressed"}) for row in range(120, 126))
    shown = [None if 120 <= row < 126 else value for row, value in enumerate(values)]
    return answer_of(_BY_DAY, {"city": ["bremen"] * 200, "applied_on": days, "n": shown}, suppressed=gone)


@_awkward
def months_of_one_year() -> Answer:
    month = "date_trunc('month', applied_on) AS month"
    sql = f"SELECT {month}, AVG(days_to_issue) AS mean_days FROM housing.permits GROUP BY 1"
    return answer_of(
        sql, {"month": [date(2024, m, 1) for m in range(1, 13)], "mean_days": [90 + m * 1.5 for m in range(12)]}
    )


@_awkward
def three_moments_of_one_day() -> Answer:
    sql = "SELECT date_trunc('day', applied_on) AS hour, COUNT(*) AS n FROM housing.permits GROUP BY 1"
    moments = [datetime(2024, 2, 29, hour) for hour in (0, 6, 23)]
    return answer_of(sql, pa.table({"hour": pa.array(moments, pa.timestamp("us")), "n": [3, 9, 4]}))


@_awkward
def panels_of_a_third_key() -> Answer:
    sql = "SELECT city, project, applied_year, COUNT(*) AS n FROM housing.permits GROUP BY city, project, applied_year"
    rows = [
        (c, p, y, 10 + len(c) * len(p) + (y - 2020) * 3)
        for c in CITIES
        for p in ("adu", "other", "full")
        for y in range(2020, 2026)
    ]
    city, project, year, n = map(list, zip(*rows, strict=True))
    return answer_of(sql, {"city": city, "project": project, "applied_year": year, "n": n})


@_awkward
def a_hundred_panels() -> Answer:
    rows = [(f"city {c}", y, c + y % 5) for c in range(100) for y in range(2015, 2026)]
    city, year, n = map(list, zip(*rows, strict=True))
    return answer_of(_BY_YEAR.format("COUNT(*) AS n"), {"city": city, "applied_year": year, "n": n})


@_awkward
def medians_with_error_bars_by_year_and_city() -> Answer:
    dice = _dice()
    rows = [(c, y, 60 + dice.randrange(60)) for c in CITIES for y in range(2018, 2026)]
    city, year, median = map(list, zip(*rows, strict=True))
    intervals = tuple(
        Interval(row=row, column="m", lower=value - 20, upper=value + 30) for row, value in enumerate(median)
    )
    sql = _BY_YEAR.format("MEDIAN(days_to_issue) AS m")
    return answer_of(
        sql, {"city": city, "applied_year": year, "m": [float(one) for one in median]}, intervals=intervals
    )


@_awkward
def one_histogram() -> Answer:
    rows = [120, 340, 500, 410, 260, 190, 80, 15, 0]
    return answer_of("SELECT HISTOGRAM(days_to_issue) AS waits FROM housing.permits", {"waits": [_histogram(rows)]})


@_awkward
def histograms_by_city_one_coarser_and_one_withheld() -> Answer:
    fine, coarse = _histogram([12, 34, 50, 41, 26, 19, 8, 1, 0]), _histogram([46, 91, 54], [0, 14, 60, 3650])
    gone = (MarkedCell(row=2, column="waits", gaps={"lübeck": "suppressed"}),)
    sql = "SELECT city, HISTOGRAM(days_to_issue) AS waits FROM housing.permits GROUP BY city"
    return answer_of(sql, {"city": list(CITIES), "waits": [fine, coarse, None]}, suppressed=gone)


@_awkward
def bins_of_a_number_with_empty_ones() -> Answer:
    sql = "SELECT bin(days_to_issue, 30) AS wait, COUNT(*) AS n FROM housing.permits GROUP BY 1"
    gone = (MarkedCell(row=3, column="n", gaps={"bremen": "suppressed"}),)
    part = (MarkedCell(row=4, column="n", gaps={"bremen": "failed"}),)
    return answer_of(
        sql, {"wait": [0, 30, 60, 90, 120, 240], "n": [5, 30, 22, None, 9, 3]}, suppressed=gone, partial=part
    )


@_awkward
def cities_missing_each_for_a_long_reason() -> Answer:
    why = "no declared table fits the question as it was asked; group by review_track, by project, or by both of them"
    gone = CityReport(city="hamburg", state=Outcome.REFUSED, code="not_published", rule=why, proven=True)
    late = CityReport(city="lübeck", state=Outcome.TIMED_OUT)
    part = (MarkedCell(row=0, column="n", gaps={"hamburg": "not_published", "lübeck": "timed_out"}),)
    return _bars(["adu", "other"], [3, 4], partial=part, cities=(answered("bremen"), gone, late))
