"""A chart that hides nothing: the marks of the table are in the picture, and in its words."""

from __future__ import annotations

import re
import sys
from datetime import date
from typing import Any

import pyarrow as pa
import pytest
import vl_convert
from hypothesis import given
from hypothesis import strategies as st

from hansa.answer import Answer
from hansa.answering.coverage import CityReport, Outcome
from hansa.answering.intervals import Interval
from hansa.answering.marked_cells import MarkedCell
from hansa.view.plotting.bounded import MOST_BARS, MOST_PANELS
from hansa.view.plotting.hatch import hatched
from hansa.view.plotting.labels import MOST_LETTERS, cut, labels_of
from hansa.view.plotting.offline import drawn
from hansa.view.plotting.theme import DARK, LIGHT, Theme
from hansa.view.plotting.ticks import number_axis
from hansa_answers import answer_of, answered
from hansa_awkward_answers import AWKWARD

KINDS = ["adu", "habitable-room"]


def bars(**changes: object) -> Answer:
    sql = "SELECT project, AVG(days_to_issue) AS mean_days FROM housing.permits GROUP BY project"
    return answer_of(sql, {"project": KINDS, "mean_days": [81.5, None]}, **changes)


def lines(**changes: object) -> Answer:
    sql = "SELECT city, applied_year, COUNT(*) AS n FROM housing.permits GROUP BY city, applied_year"
    table = {
        "city": ["bremen", "bremen", "hamburg", "hamburg"],
        "applied_year": [2020, 2021, 2020, 2021],
        "n": [7, None, 9, 12],
    }
    return answer_of(sql, table, **changes)


GONE = MarkedCell(row=1, column="mean_days", gaps={"hamburg": "suppressed"})
PART = MarkedCell(row=0, column="mean_days", gaps={"lübeck": "timed_out"})


def spec_of(answer: Answer, value: str | None = None, *, dark: bool = False) -> dict[str, Any]:
    """The chart's Vega-Lite, which the schema has passed and a renderer has drawn."""
    chart = answer.plot(value, dark=dark)
    spec: dict[str, Any] = chart.to_dict(validate=True)
    assert vl_convert.vegalite_to_png(spec, scale=0.5).startswith(b"\x89PNG")
    return spec


def svg_of(answer: Answer) -> str:
    drawn: str = vl_convert.vegalite_to_svg(answer.plot().to_dict())
    return drawn


def marks_of(spec: dict[str, Any]) -> list[str]:
    panel = spec.get("spec", spec)
    return [layer["mark"]["type"] for layer in panel["layer"]]


def encoding(spec: dict[str, Any], mark: str, channel: str) -> dict[str, Any]:
    panel = spec.get("spec", spec)
    found: dict[str, Any] = next(one for one in panel["layer"] if one["mark"]["type"] == mark)["encoding"][channel]
    return found


def test_categories_become_bars_with_the_unit_of_the_contract_on_the_axis() -> None:
    spec = spec_of(bars())
    assert marks_of(spec)[0] == "bar"
    assert encoding(spec, "bar", "x")["axis"]["title"] == "mean_days (days)"
    assert encoding(spec, "bar", "y")["sort"] == KINDS


def test_numbers_become_lines_with_a_colour_for_each_city() -> None:
    spec = spec_of(lines())
    assert "line" in marks_of(spec)
    assert encoding(spec, "line", "x")["type"] == "quantitative"
    assert encoding(spec, "line", "color")["scale"]["domain"] == ["bremen", "hamburg"]


def test_every_value_of_a_line_is_written_beside_its_point() -> None:
    years = list(range(2010, 2022))
    sql = "SELECT applied_year, COUNT(*) AS n FROM housing.permits GROUP BY applied_year"
    values = [1000, *(5000 + (600 if year % 2 else -600) + year for year in years[1:-1]), 9000]
    answer = answer_of(sql, {"applied_year": years, "n": values})
    points = points_of(spec_of(answer))
    assert all(point["written"] in ("above", "below") for point in points)
    svg = svg_of(answer)
    assert all(f">{value:,}</text>" in svg for value in values)
    assert "values are written" not in svg
    assert [point["written"] for point in points[1:-1]] == ["above", "below"] * 5  # where the line does not run


def test_figures_of_a_line_never_lie_on_each_other_and_the_caption_says_what_is_not_written() -> None:
    sql = "SELECT city, applied_year, COUNT(*) AS n FROM housing.permits GROUP BY city, applied_year"
    cities, years = ["bremen", "hamburg", "luebeck"], list(range(1990, 2026))
    table = {
        "city": [city for city in cities for _ in years],
        "applied_year": [year for _ in cities for year in years],
        "n": [1000 + number % 5 for number, _ in enumerate(cities * len(years))],
    }
    answer = answer_of(sql, table)
    written = [point for point in points_of(spec_of(answer)) if point["written"]]
    assert 6 <= len(written) < len(cities) * len(years)
    assert f"{len(written)} of 108 values are written; the answer's table has all" in svg_of(answer).replace(
        "&#39;", "'"
    )
    boxes = {(point["position"], point["value"], point["written"]) for point in written}
    assert len(boxes) == len(written)


def test_of_a_dense_line_the_ends_and_the_least_and_greatest_value_are_written() -> None:
    months = [date(2010 + number // 12, 1 + number % 12, 1) for number in range(150)]
    values = [500 + 7 * number % 97 for number in range(150)]
    sql = "SELECT date_trunc('month', applied_on) AS month, COUNT(*) AS n FROM housing.permits GROUP BY 1"
    points = points_of(spec_of(answer_of(sql, {"month": months, "n": values})))
    assert {point["value"] for point in points if point["written"]} == {
        values[0],
        values[-1],
        min(values),
        max(values),
    }


def test_beside_an_error_bar_a_figure_stands_to_the_right() -> None:
    interval = Interval(row=0, column="n", lower=1, upper=9)
    assert points_of(spec_of(lines(intervals=(interval,))))[0]["written"] == "beside"


def test_days_become_lines_on_a_clock_that_is_the_same_everywhere() -> None:
    sql = "SELECT date_trunc('month', applied_on) AS month, COUNT(*) AS n FROM housing.permits GROUP BY 1"
    spec = spec_of(answer_of(sql, {"month": [date(2020, 1, 1), date(2020, 2, 1)], "n": [3, 4]}))
    assert encoding(spec, "line", "x")["scale"]["type"] == "utc"
    assert [point["position"] for point in spec["datasets"][spec["data"]["name"]]] == [
        "2020-01-01T00:00:00Z",
        "2020-02-01T00:00:00Z",
    ]


def test_two_categories_become_groups_of_bars() -> None:
    sql = "SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project"
    table = {"city": ["bremen", "hamburg"], "project": ["adu", "adu"], "n": [3, 4]}
    spec = spec_of(answer_of(sql, table))
    assert encoding(spec, "bar", "yOffset")["field"] == "series"
    assert [point["position"] for point in spec["datasets"][spec["data"]["name"]]] == ["adu", "adu"]


def test_a_third_key_becomes_panels_and_a_fourth_is_refused_with_a_way_out() -> None:
    keys = ["city", "project", "applied_year", "review_track"]
    row: dict[str, list[Any]] = {"city": ["bremen"], "project": ["adu"], "applied_year": [2020], "n": [3]}
    sql = f"SELECT {', '.join(keys[:3])}, COUNT(*) AS n FROM housing.permits GROUP BY {', '.join(keys[:3])}"
    assert spec_of(answer_of(sql, row))["facet"]["field"] == "facet"
    sql = f"SELECT {', '.join(keys)}, COUNT(*) AS n FROM housing.permits GROUP BY {', '.join(keys)}"
    four = {**{key: row.get(key, ["other"]) for key in keys}, "n": [3]}
    with pytest.raises(ValueError, match="three keys at most, not 4; group by fewer"):
        answer_of(sql, four).plot()


def test_a_single_figure_is_one_bar() -> None:
    spec = spec_of(answer_of("SELECT COUNT(*) AS n FROM housing.permits", {"n": [7]}))
    assert "7" in [point["value_text"] for point in spec["datasets"][spec["data"]["name"]]]


def test_a_withheld_value_is_hatched_and_its_reason_is_in_legend_and_tooltip() -> None:
    svg = svg_of(bars(suppressed=(GONE,)))
    assert svg.count("no value: hamburg (withheld by disclosure control)") >= 2
    assert "not shown" in svg
    shapes = [layer["mark"].get("shape") for layer in spec_of(bars(suppressed=(GONE,)))["layer"]]
    assert hatched(600, 26 * 0.82) in shapes
    assert "no value" not in svg_of(bars())


def test_a_withheld_point_of_a_line_stands_above_the_panel_and_no_line_bridges_it() -> None:
    gone = MarkedCell(row=1, column="n", gaps={"bremen": "suppressed"})
    spec = spec_of(lines(suppressed=(gone,)))
    assert encoding(spec, "rule", "x")["field"] == "position"
    panel = [layer for layer in spec["layer"] if layer["encoding"].get("y", {}).get("value", 0) < 0]
    assert len(panel) == 1
    line = next(layer for layer in spec["layer"] if layer["mark"]["type"] == "line")
    assert line["mark"]["invalid"] == "break-paths-show-domains"


def test_a_partial_value_is_hollow_and_says_who_is_not_in_it() -> None:
    svg = svg_of(bars(partial=(PART,)))
    assert "partial, without lübeck (no answer in time)" in svg
    assert 'fill-opacity="0.15"' in svg


def test_intervals_become_error_bars() -> None:
    assert "rule" not in marks_of(spec_of(bars()))
    interval = Interval(row=0, column="mean_days", lower=60, upper=90)
    spec = spec_of(bars(intervals=(interval,)))
    assert encoding(spec, "rule", "x2")["field"] == "upper"
    assert "60 to 90" in svg_of(bars(intervals=(interval,)))


def test_an_error_bar_that_would_flatten_the_values_is_cut_and_the_caption_says_so() -> None:
    interval = Interval(row=0, column="mean_days", lower=60, upper=3650)
    spec = spec_of(bars(intervals=(interval,)))
    assert "error bars above 102 are cut off; tooltips have their ends" in spec["title"]["subtitle"]


def test_series_with_error_bars_get_panels_instead_of_lying_over_each_other() -> None:
    intervals = tuple(Interval(row=row, column="n", lower=1, upper=20) for row in (0, 2, 3))
    assert spec_of(lines(intervals=intervals))["facet"]["field"] == "facet"


def test_the_caption_tells_formula_purpose_cities_and_who_is_missing() -> None:
    late = CityReport(city="hamburg", state=Outcome.TIMED_OUT)
    spec = spec_of(bars(cities=(answered("bremen"), late)))
    assert spec["title"]["text"] == "mean_days by project"
    assert spec["title"]["subtitle"] == [
        "AVG(days_to_issue) in housing.permits/1, for the purpose statistics",
        "1 of 2 cities answered at level controlled: bremen",
        "hamburg: timed out",
    ]


def test_a_row_without_a_place_on_the_axis_is_left_out_and_counted() -> None:
    sql = "SELECT date_trunc('year', issued_on) AS issued, COUNT(*) AS n FROM housing.permits GROUP BY 1"
    table = pa.table({"issued": pa.array([date(2020, 1, 1), None], pa.date32()), "n": [3, 4]})
    assert "1 row is not drawn, where issued is null" in spec_of(answer_of(sql, table))["title"]["subtitle"]


def test_the_row_of_a_missing_city_invents_no_category() -> None:
    sql = "SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project"
    gone = tuple(MarkedCell(row=1, column=name, gaps={"hamburg": "timed_out"}) for name in ("project", "n"))
    cities = (answered("bremen"), CityReport(city="hamburg", state=Outcome.TIMED_OUT))
    table = {"city": ["bremen", "hamburg"], "project": ["adu", None], "n": [3, None]}
    spec = spec_of(answer_of(sql, table, suppressed=gone, cities=cities))
    assert [point["position"] for point in spec["datasets"][spec["data"]["name"]]] == ["adu"]
    assert "hamburg: timed out" in spec["title"]["subtitle"]


def test_the_asked_column_is_drawn_and_an_unknown_one_names_the_nearest() -> None:
    sql = "SELECT project, COUNT(*) AS n, AVG(days_to_issue) AS mean_days FROM housing.permits GROUP BY project"
    answer = answer_of(sql, {"project": KINDS, "n": [3, 4], "mean_days": [80.0, 90.0]})
    assert encoding(spec_of(answer), "bar", "x")["axis"]["title"] == "n (rows)"
    assert encoding(spec_of(answer, "mean_days"), "bar", "x")["axis"]["title"] == "mean_days (days)"
    with pytest.raises(ValueError, match=r"no measured number of the answer.*mean_days"):
        answer.plot("mean_day")


def test_names_with_dots_and_brackets_are_only_names() -> None:
    sql = 'SELECT project AS "a.b[0]", COUNT(*) AS "n.x" FROM housing.permits GROUP BY project'
    assert "n.x (rows)" in str(spec_of(answer_of(sql, {"a.b[0]": KINDS, "n.x": [3, 4]})))


def test_without_altair_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "altair", None)
    with pytest.raises(ImportError, match=r"needs altair, which is not installed; run `pip install 'hansa\[plot\]'`"):
        bars().plot()


def _luminance(color: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(color[index : index + 2], 16) / 255 for index in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _contrast(one: str, other: str) -> float:
    low, high = sorted((_luminance(one), _luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", [LIGHT, DARK])
def test_words_can_be_read_on_their_ground(theme: Theme) -> None:
    assert min(_contrast(theme.ground, theme.ink), _contrast(theme.ground, theme.muted)) >= 4.5
    assert len(set(theme.series)) == 8


def test_a_dark_chart_brings_its_own_ground() -> None:
    assert spec_of(bars(), dark=True)["config"]["background"] == DARK.ground


def test_the_columns_that_carry_marks_through_windows_and_joins_are_never_drawn() -> None:
    sql = """
        WITH q AS (SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project HAVING n > 9)
        SELECT city, SUM(n) AS total, SUM(n) * 1000 / MAX(people) AS rate, RANK() OVER (ORDER BY SUM(n)) AS place
        FROM q JOIN population USING (city) GROUP BY city"""
    table = {"city": ["bremen", "hamburg"], "total": [70, 90], "rate": [1.5, None], "place": [2, 1]}
    gone = MarkedCell(row=1, column="rate", gaps={"hamburg": "suppressed"})
    answer = answer_of(sql, table, {"population": ("city", "people")}, suppressed=(gone,))
    for value in ("total", "rate", "place"):
        drawn = str(spec_of(answer, value))
        assert not any(hidden in drawn for hidden in ("__row", "__gaps", "BIT_OR", "own_population"))
    assert "SUM(COUNT(*)) * 1000 / MAX(population.people)" in str(spec_of(answer, "rate"))


def pages_of(chart: Any) -> list[str]:
    """What a file and a notebook get, in lower case."""
    return [chart.to_html().lower(), chart._repr_mimebundle_()["image/svg+xml"].lower()]


@pytest.mark.parametrize(
    "evil", ["</script><script>alert(1)</script>", "</SCRIPT >", "<!--<script>", '"><script src=//x></script>']
)
def test_attack_a_citys_key_does_not_become_a_script_in_the_analysts_notebook(evil: str) -> None:
    chart, harmless = bars(table=pa.table({"project": [evil, "adu"], "mean_days": [81.5, 2.0]})).plot(), bars().plot()
    for page, other in zip(pages_of(chart), pages_of(harmless), strict=True):
        assert "alert" not in evil or "alert" in page  # it is drawn as the text that it is
        assert [page.count(tag) for tag in ("</script", "<script", "<!--")] == [
            other.count(tag) for tag in ("</script", "<script", "<!--")
        ]


def test_attack_a_citys_reason_does_not_become_a_script_either() -> None:
    report = CityReport(city="bremen", state=Outcome.REFUSED, code="denied", rule="</script><script>alert(1)</script>")
    assert "</script><script>alert" not in bars(cities=(report, answered("hamburg"))).plot().to_html()


def test_attack_a_tooltip_fetches_no_picture_that_a_city_names() -> None:
    sql = "SELECT project AS image, COUNT(*) AS n FROM housing.permits GROUP BY project"
    spec = answer_of(sql, {"image": ["http://evil/seen.png"], "n": [1]}).plot().to_dict()
    tips: Any = encoding(spec, "bar", "tooltip")
    assert all(tip["title"] != "image" for tip in tips)


@pytest.mark.parametrize(("cities", "years"), [(5_001, 1), (201, 2)])
def test_attack_an_answer_of_hostile_size_becomes_a_small_chart_that_says_what_it_leaves_out(
    cities: int, years: int
) -> None:
    rows = [(f"city {number}", 2000 + year) for number in range(cities) for year in range(years)]
    sql = "SELECT city, applied_year, COUNT(*) AS n FROM housing.permits GROUP BY city, applied_year"
    names, when = zip(*rows, strict=True)
    answer = answer_of(sql, {"city": list(names), "applied_year": list(when), "n": [1] * len(rows)})
    spec = spec_of(answer)
    assert len(points_of(spec)) == MOST_PANELS * years
    left, total = cities - MOST_PANELS, (cities - MOST_PANELS) * years
    said = f"the {MOST_PANELS} largest of {cities:,} values of city are drawn; {left:,} others: {total:,} together"
    assert said in spec["title"]["subtitle"]


def points_of(spec: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = spec["datasets"][spec["data"]["name"]]
    return found


@pytest.mark.parametrize("awkward", AWKWARD)
def test_an_awkward_answer_is_drawn_by_both_vegas_and_within_bounds(awkward: str) -> None:
    chart = AWKWARD[awkward]().plot()
    spec = chart.to_dict(validate=True)
    assert len(points_of(spec)) <= 5_000
    bundle: Any = chart._repr_mimebundle_()
    of_the_lab = bundle["application/vnd.vegalite.v5+json"]
    assert "<svg" in vl_convert.vegalite_to_svg(of_the_lab, vl_version="5.20")
    assert bundle["image/svg+xml"].startswith("<svg")
    assert bundle["text/plain"].count("cit") > 0


def awkward_spec(name: str) -> dict[str, Any]:
    return spec_of(AWKWARD[name]())


def test_null_the_word_null_nothing_and_a_blank_are_four_bars() -> None:
    labels = [point["position"] for point in points_of(awkward_spec("null_empty_blank_and_the_word_null"))]
    assert labels == ["'null'", "null", "''", "' '", "NULL", "''null''", "' adu'"]


@given(st.lists(st.one_of(st.none(), st.text(), st.sampled_from(["null", "'null'", "", " "])), unique=True))
def test_different_values_never_look_the_same(values: list[str | None]) -> None:
    labels = labels_of(values)
    assert len(set(labels.values())) == len(values)
    assert all(len(label) <= MOST_LETTERS + 8 for label in labels.values())


def test_emoji_and_texts_from_right_to_left_stay_whole_and_what_steers_is_shown() -> None:
    labels = [point["position"] for point in points_of(awkward_spec("emoji_and_texts_from_right_to_left"))]
    assert labels[0] == "👩‍👩‍👧‍👦 families"
    assert labels[2] == "مدينة القدس"
    assert labels[-1] == "a\\u202eb"


@given(st.integers(10, 60))
def test_no_emoji_is_torn_apart_where_a_label_is_cut(most: int) -> None:
    family = "👩‍👩‍👧‍👦"
    for part in cut(family * 20, most).split("…"):
        assert part.replace(family, "") == ""


def test_a_long_label_keeps_both_ends_and_its_tooltip_is_whole() -> None:
    (first, *_) = points_of(awkward_spec("labels_of_a_hundred_letters"))
    assert first["position"].startswith("conversion of an")
    assert first["position"].endswith("number 0")
    assert len(first["position"]) <= MOST_LETTERS
    assert first["tip0"] == "conversion of an existing garage into an accessory dwelling with a kitchen, number 0"


def test_the_largest_categories_are_drawn_and_the_others_are_summed_up_where_sums_mean_something() -> None:
    counts = points_of(awkward_spec("three_hundred_categories"))
    assert len(counts) == MOST_BARS + 1
    total = sum(AWKWARD["three_hundred_categories"]()["n"].to_pylist())
    drawn = sum(point["value"] for point in counts[:-1])
    assert (counts[-1]["position"], counts[-1]["value"]) == ("260 others", None)
    assert counts[-1]["value_text"] == f"{total - int(drawn):,} together"
    (*_, means) = points_of(awkward_spec("means_of_two_hundred_categories_some_withheld"))
    assert re.fullmatch(r"[\d.]+ to [\d.]+ each, 23 withheld", means["value_text"])


def test_a_zero_has_a_stroke_null_has_its_word_and_withheld_is_hatched() -> None:
    spec = awkward_spec("zeros_nulls_and_withheld_side_by_side")
    assert [(point["status"], point["value_text"]) for point in points_of(spec)] == [
        ("shown", "0"),
        ("null", "null"),
        ("withheld", ""),
        ("partial", "12"),
        ("shown", "30"),
    ]
    assert any(layer["mark"].get("shape") == "M0,-7V7" for layer in spec["layer"])


def test_a_histogram_is_drawn_bin_by_bin() -> None:
    spec = awkward_spec("one_histogram")
    assert marks_of(spec)[0] == "bar"
    points = points_of(spec)
    assert [point["position"] for point in points][:3] == ["0 to 7", "8 to 14", "15 to 30"]
    assert [point["value"] for point in points] == [120, 340, 500, 410, 260, 190, 80, 15, 0]


def test_histograms_of_several_cities_keep_their_own_bins() -> None:
    spec = awkward_spec("histograms_by_city_one_coarser_and_one_withheld")
    assert spec["resolve"]["scale"]["x"] == "independent"
    bins = {(point["facet"], point["position"]) for point in points_of(spec)}
    assert ("hamburg", "0 to 14") in bins
    assert ("bremen", "0 to 14") not in bins
    assert [point["status"] for point in points_of(spec) if point["facet"] == "lübeck"] == ["withheld"]


def test_bins_of_a_key_are_as_wide_as_they_are_and_an_empty_one_leaves_its_room() -> None:
    spec = awkward_spec("bins_of_a_number_with_empty_ones")
    assert encoding(spec, "bar", "x")["scale"]["domain"] == [0, 270]
    assert [(point["start"], point["stop"]) for point in points_of(spec)][-1] == (240, 270)


def test_a_dense_line_is_thinned_and_keeps_its_least_and_greatest_values() -> None:
    answer = AWKWARD["every_day_of_ten_years_in_three_cities"]()
    spec = spec_of(answer)
    points = points_of(spec)
    assert len(points) < len(answer) / 5
    assert f"{len(points):,} of {len(answer):,} points are drawn" in spec["title"]["subtitle"][-1]
    drawn = [point["value"] for point in points]
    assert (min(drawn), max(drawn)) == (min(answer["n"].to_pylist()), max(answer["n"].to_pylist()))


def test_a_dense_line_has_markers_only_where_no_line_leads() -> None:
    spec = awkward_spec("dense_days_with_gaps_and_islands")
    visible = [layer for layer in spec["layer"] if layer["mark"]["type"] == "point" and layer["mark"]["opacity"] == 1]
    assert any("is_alone" in str(layer["transform"]) for layer in visible)
    alone = [point for point in points_of(spec) if point["is_alone"] and point["value"] is not None]
    assert len(alone) == 6


@pytest.mark.parametrize("awkward", AWKWARD)
def test_every_axis_has_a_title(awkward: str) -> None:
    spec = awkward_spec(awkward)
    panel = spec.get("spec", spec)
    axes = [
        layer["encoding"][channel]["axis"]
        for layer in panel["layer"]
        for channel in ("x", "y")
        if layer["encoding"].get(channel, {}).get("axis")
    ]
    titled = [axis for axis in axes if axis.get("title")]
    assert titled
    bare = [axis for axis in axes if not axis.get("title")]
    assert not bare or awkward == "one_figure"  # its only bar has no key to name


@pytest.mark.parametrize("years", [[2023, 2024, 2025], list(range(1990, 2026)), [1, 1900, 1901, 1902, 2024]])
def test_ticks_of_whole_numbers_are_whole_and_few(years: list[int]) -> None:
    axis = number_axis("year", years, most=10).to_dict()
    assert all(tick == int(tick) for tick in axis["values"])
    assert len(set(axis["values"])) == len(axis["values"]) <= 10


def test_a_picture_has_its_tooltips_and_names_that_no_other_picture_has() -> None:
    pictures = [drawn(awkward_spec(name)) for name in ("error_bars_far_beyond_the_values", "three_years_and_one_gap")]
    assert "<title>project: other; median: 100; surely within: 30 to 3,650</title>" in pictures[0]
    assert "<title>city: bremen; applied_year: 2024; n: not shown; missing: no value: bremen" in pictures[1]
    names = [set(re.findall(r'\bid="([^"]+)"', picture)) for picture in pictures]
    assert names[0]
    assert not names[0] & names[1]
    assert all(f"url(#{name})" in pictures[0] for name in names[0])
