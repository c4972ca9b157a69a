"""Every page that is written for people, measured in a browser: WCAG 2.2 AA, on a desk, a telephone and paper."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import pairwise
from pathlib import Path

import html5lib
import pytest

from hansa.view.plotting.offline import drawn
from hansa.view.plotting.theme import DARK as DARK_THEME
from hansa.view.plotting.theme import LIGHT as LIGHT_THEME
from hansa.view.plotting.theme import Theme
from hansa_attack_page import attack_page
from hansa_awkward_answers import AWKWARD
from hansa_browser import PHONE_PX, Chromium, Medium, Opened, Scheme, View, running_chromium
from hansa_ingest_pages import ingest_page
from hansa_page_logs import EVENTFUL, QUESTIONS, PageLogs, page_logs, write_pages

pytestmark = pytest.mark.xdist_group("browser")  # one browser, and one set of pages

ROOT = Path(__file__).parents[1]
LIGHT, DARK, PAPER, PHONE = View(), View(scheme="dark"), View(medium="print"), View(width_px=PHONE_PX)
VIEWS = {"dark": DARK, "phone": PHONE}
PAGES = (
    "report",
    "report-of-two",
    "report-stale",
    "report-damaged",
    "site/index.html",
    "site/search.html",
    f"site/{EVENTFUL}/index.html",
    f"site/{EVENTFUL}/questions-1.html",
    f"site/{EVENTFUL}/rules.html",
    "ingest",
    "attack",
    "answers",
    "charts",
)


DRAWN = (
    "emoji_and_texts_from_right_to_left",
    "labels_of_a_hundred_letters",
    "zeros_nulls_and_withheld_side_by_side",
    "no_rows_at_all",
    "eight_cities_with_long_names_by_category",
    "three_years_and_one_gap",
    "medians_with_error_bars_by_year_and_city",
    "histograms_by_city_one_coarser_and_one_withheld",
    "cities_missing_each_for_a_long_reason",
)
WITH_TABLES = tuple(page for page in PAGES if page not in ("attack", "charts", "site/search.html"))


@pytest.fixture(scope="module")
def logs(tmp_path_factory: pytest.TempPathFactory) -> PageLogs:
    return page_logs(tmp_path_factory.mktemp("logs"))


@pytest.fixture(scope="module")
def pages(logs: PageLogs, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Each page by its name."""
    into = tmp_path_factory.mktemp("pages")
    found = write_pages(logs, into)
    found["ingest"] = ingest_page(into / "ingest")
    found["attack"] = attack_page(into / "attack.html")
    found["answers"], found["charts"] = into / "answers.html", into / "charts.html"
    answers = [AWKWARD[name]() for name in DRAWN]
    found["answers"].write_text(_cells(answer._repr_html_() for answer in answers), encoding="utf-8")
    found["charts"].write_text(_cells(drawn(answer.plot().to_dict()) for answer in answers), encoding="utf-8")
    return found


def _cells(cells: Iterable[str]) -> str:
    """Outputs below each other, as a notebook's page has them."""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Cells</title>'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><style>:root{color-scheme:light dark}'
        "body{background:Canvas;color:CanvasText;margin:8px}svg{max-width:100%;height:auto}</style></head>"
        f"<body><main><h1>Cells</h1>{''.join(f'<div>{cell}</div>' for cell in cells)}</main></body></html>"
    )


@pytest.fixture(scope="module")
def chromium() -> Iterator[Chromium]:
    with running_chromium() as browser:
        yield browser


@pytest.mark.parametrize("page", PAGES)
def test_a_page_violates_no_rule_of_wcag_and_asks_for_nothing(
    pages: dict[str, Path], chromium: Chromium, page: str
) -> None:
    violations, problems = chromium.look(pages[page], LIGHT, lambda opened: (opened.violations(), opened.problems))
    assert violations == []
    assert problems == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize(("view", "rule"), [("dark", "color-contrast"), ("phone", "target-size")])
def test_text_stands_out_in_the_dark_and_what_is_touched_is_large_enough_on_a_telephone(
    pages: dict[str, Path], chromium: Chromium, page: str, view: str, rule: str
) -> None:
    assert chromium.look(pages[page], VIEWS[view], lambda opened: opened.violations(rule)) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("page", ["report", "ingest", "site/index.html"])
def test_text_stands_out_on_paper(pages: dict[str, Path], chromium: Chromium, page: str, scheme: Scheme) -> None:
    paper = View(medium="print", scheme=scheme)
    assert chromium.look(pages[page], paper, lambda opened: opened.violations("color-contrast")) == []


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("width_px", [320, PHONE_PX])
def test_nothing_is_cut_on_a_telephone(pages: dict[str, Path], chromium: Chromium, page: str, width_px: int) -> None:
    """WCAG 2.2, 1.4.10, at the width that it names and at a small telephone's; a box that scrolls is a cut, too.

    But for the table of an answer, which has as many columns as were asked for.
    """
    beyond = """() => [document.documentElement, ...document.querySelectorAll('body *')]
        .filter(each => !each.closest('svg, thead, caption, .skip, .wide'))
        .filter(each => getComputedStyle(each).display !== 'inline')
        .filter(each => each.scrollWidth > each.clientWidth + 1 || each.getBoundingClientRect().right > innerWidth + 1)
        .map(each => each.outerHTML.slice(0, 120))"""

    def look(opened: Opened) -> list[str]:
        opened.page.evaluate("document.querySelectorAll('details').forEach(each => each.open = true)")
        found: list[str] = opened.page.evaluate(beyond)
        return found

    assert chromium.look(pages[page], View(width_px=width_px), look) == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("medium", ["screen", "print"])
def test_neighbouring_bars_stand_out_against_each_other_and_what_lies_between(
    pages: dict[str, Path], chromium: Chromium, scheme: Scheme, medium: Medium
) -> None:
    """WCAG 2.2, 1.4.11: 3 to 1, as the browser draws them."""
    drawn = """() => ({
        card: getComputedStyle(document.querySelector('.bars').closest('section')).backgroundColor,
        bars: [...document.querySelectorAll('.bar > div')].map(bar => [...bar.children].map(each => ({
            colour: getComputedStyle(each).backgroundColor, box: each.getBoundingClientRect().toJSON()}))),
        columns: [...document.querySelectorAll('svg rect')].map(each => ({
            colour: getComputedStyle(each).fill, box: each.getBoundingClientRect().toJSON()}))})"""
    found = chromium.look(
        pages["report"], View(scheme=scheme, medium=medium), lambda opened: opened.page.evaluate(drawn)
    )
    card = luminance(found["card"])
    neighbours = 0
    for bar in found["bars"]:
        for part in bar:
            assert contrast(luminance(part["colour"]), card) >= 3
        for one, other in pairwise(bar):
            assert other["box"]["left"] - one["box"]["right"] >= 1.5
            neighbours += 1
    for one, other in pairwise(found["columns"]):
        if one["box"]["left"] == other["box"]["left"]:
            assert one["box"]["top"] - other["box"]["bottom"] >= 1
            assert (
                contrast(luminance(one["colour"]), luminance(other["colour"])) >= 3 or one["colour"] != other["colour"]
            )
            neighbours += 1
    assert neighbours > 15


def test_the_outcomes_follow_each_other_in_colours_that_differ_without_their_hue(
    pages: dict[str, Path], chromium: Chromium
) -> None:
    """So that neighbours in the usual order have 3 to 1 even where the gap between them is too thin to be seen."""
    keys = "() => [...document.querySelectorAll('.key i')].map(each => getComputedStyle(each).backgroundColor)"
    for view in (LIGHT, DARK, PAPER):
        colours = chromium.look(pages["report"], view, lambda opened: opened.page.evaluate(keys))
        assert len(colours) == 4
        for one, other in pairwise(map(luminance, colours)):
            assert contrast(one, other) >= 3


def contrast(one: float, other: float) -> float:
    low, high = sorted((one, other))
    return (high + 0.05) / (low + 0.05)


def luminance(colour: str) -> float:
    """Relative luminance of `rgb(r, g, b)`, as WCAG defines it."""
    parts = [int(each) / 255 for each in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("page", WITH_TABLES)
def test_each_table_has_a_caption_and_each_heading_says_what_it_heads(
    pages: dict[str, Path], chromium: Chromium, page: str
) -> None:
    wanting = """() => [...document.querySelectorAll(
            'table:not(:has(> caption)), th:not([scope]), table:not(:has(th))')]
        .map(each => each.outerHTML.slice(0, 120))"""
    assert chromium.look(pages[page], LIGHT, lambda opened: opened.page.evaluate(wanting)) == []


def test_whatever_is_folded_away_stands_on_paper(pages: dict[str, Path], chromium: Chromium) -> None:
    """Each number of a chart is in a table, which nobody can click open on paper."""
    hidden = """() => [...document.querySelectorAll('details td, details th, details code')]
        .filter(each => !each.checkVisibility({contentVisibilityAuto: true}) || !each.getBoundingClientRect().height)
        .map(each => each.textContent)"""
    on_paper = chromium.look(pages["report"], PAPER, lambda opened: opened.page.evaluate(hidden))
    on_screen = chromium.look(pages["report"], LIGHT, lambda opened: opened.page.evaluate(hidden))
    assert (on_paper, len(on_screen) > 20) == ([], True)


def test_every_number_of_the_charts_is_read_without_a_pointer(pages: dict[str, Path], chromium: Chromium) -> None:
    """Each stacked column is a row of the table below, and what a budget's line reaches at last is one, too."""
    numbers = """() => [...document.querySelectorAll('details tbody tr')].map(row =>
        [...row.querySelectorAll('td')].map(each => Number(each.textContent.replaceAll(',', ''))))"""
    rows = chromium.look(pages["report"], PAPER, lambda opened: opened.page.evaluate(numbers))
    columns = "() => document.querySelectorAll('svg rect').length"
    drawn = chromium.look(pages["report"], LIGHT, lambda opened: opened.page.evaluate(columns))
    assert sum(number > 0 for row in rows if len(row) == 4 for number in row) == drawn
    assert any(row[1] == 1_000_000 and row[0] > 0 for row in rows if len(row) == 2)


def test_the_ingest_report_tells_everything_and_no_value_of_the_file_steers_it(pages: dict[str, Path]) -> None:
    text = pages["ingest"].read_text(encoding="utf-8")
    for said in (
        "3 rows added, 2 updated",
        "2 ragged, 1 in another",
        "&lt;i&gt;five fields\\x1b",
        "did you mean bicycle",
    ):
        assert said in text, said
    for said in (
        "Exceeded: 1,203 of",
        "Published though: a known change of the source &lt;b&gt;",
        "U+0456",
        "37 threshold",
    ):
        assert said in text, said
    assert not {"\x1b", "\u202e"} & set(text)
    assert "<script" not in text


@pytest.mark.parametrize("page", [page for page in PAGES if page not in ("answers", "charts")])
def test_a_page_is_valid_html(pages: dict[str, Path], page: str) -> None:
    html5lib.HTMLParser(strict=True).parse(pages[page].read_text(encoding="utf-8"))


@pytest.mark.parametrize("page", PAGES)
def test_a_page_is_read_without_a_script(pages: dict[str, Path], chromium: Chromium, page: str) -> None:
    def look(opened: Opened) -> tuple[str, bool]:
        return opened.page.locator("main").inner_text(), opened.page.locator("form").is_visible()

    text, form = chromium.look(pages[page], View(scripts=False), look)
    assert len(text) > 40
    assert not form
    if page == "site/search.html":
        assert "use your browser’s own search" in text


def test_the_search_finds_what_was_typed_and_leads_there(pages: dict[str, Path], chromium: Chromium) -> None:
    def look(opened: Opened) -> tuple[list[str], str, list[str], str, str]:
        page = opened.page
        page.get_by_role("searchbox").fill("STADTWERKE refused")
        page.keyboard.press("Enter")
        found = page.locator("#found li").all_inner_texts()
        said = page.get_by_role("status").inner_text()
        page.get_by_role("searchbox").fill("no such word")
        none = page.locator("#found li").all_inner_texts()
        page.get_by_role("searchbox").fill("SELECT project")
        page.locator("#found a").click()
        page.wait_for_url("**/questions-1.html#entry-*")
        target = page.evaluate("document.querySelector(':target').innerText")
        return found, said, none, target, " ".join(opened.problems)

    found, said, none, target, problems = chromium.look(pages["site/search.html"], LIGHT, look)
    assert found
    assert all("Stadtwerke Köln" in each and "refused" in each for each in found)
    assert said == f"Found: {len(found)} of {QUESTIONS} questions"
    assert none == []
    assert 'SELECT "project"' in target
    assert problems == ""


def test_a_page_is_walked_by_keyboard_from_its_beginning(pages: dict[str, Path], chromium: Chromium) -> None:
    """The first stop leads past the navigation, and every stop shows where it is."""

    stop = """[document.activeElement.textContent,
        parseFloat(getComputedStyle(document.activeElement).outlineWidth)]"""

    def look(opened: Opened) -> list[tuple[str, float]]:
        stops = []
        for _ in range(6):
            opened.page.keyboard.press("Tab")
            stops.append(opened.page.evaluate(stop))
        return stops

    stops = chromium.look(pages["site/index.html"], LIGHT, look)
    assert stops[0][0] == "Skip to the content"
    assert all(width >= 2 for _, width in stops)
    assert stops[5][0] in (EVENTFUL, "bremen")


@pytest.mark.parametrize("theme", [LIGHT_THEME, DARK_THEME], ids=["light", "dark"])
def test_each_series_of_a_chart_and_its_texts_stand_out_against_the_ground(theme: Theme) -> None:
    ground = luminance_of_hex(theme.ground)
    for colour in theme.series:
        assert contrast(luminance_of_hex(colour), ground) >= 3, colour
    for colour in (theme.ink, theme.muted):
        assert contrast(luminance_of_hex(colour), ground) >= 4.5, colour


def luminance_of_hex(colour: str) -> float:
    return luminance(" ".join(str(int(colour[at : at + 2], 16)) for at in (1, 3, 5)))
