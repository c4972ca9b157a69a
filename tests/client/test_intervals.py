"""What is said of quantiles that are hardly known."""

from __future__ import annotations

import pyarrow as pa
import pytest

from hansa.answering.intervals import Interval, uncertainty_notes
from hansa.view.render.column_texts import interpolated_text
from hansa_answers import answer_of
from hansa_statements import ask


def interval(row: int, lower: float, upper: float, column: str = "days") -> Interval:
    return Interval(row=row, column=column, lower=lower, upper=upper)


def test_an_interval_wider_than_its_value_is_said_with_its_ends() -> None:
    table = pa.table({"days": [1616.0, 170.0]})
    known = [interval(0, 91, 3650), interval(1, 151, 180)]
    assert uncertainty_notes(table, known) == (
        "days: 1 value is only known to lie within 91 to 3,650, an interval wider than the value.",
    )


def test_several_are_counted_by_column_with_the_widest() -> None:
    table = pa.table({"days": [1616.0, 3.0], "cost": [5.0, 5.0]})
    known = [interval(0, 91, 3650), interval(1, 0, 7), interval(1, 4.5, 5.5, "cost")]
    assert uncertainty_notes(table, known) == (
        "days: 2 values are only known to lie within intervals wider than they are, the widest 91 to 3,650.",
    )


def test_quantiles_that_are_known_well_are_said_nothing_of() -> None:
    assert uncertainty_notes(pa.table({"days": [170.0]}), [interval(0, 151, 180)]) == ()
    assert uncertainty_notes(pa.table({"n": [3]}), []) == ()


@pytest.mark.parametrize(
    ("value", "lower", "upper", "text"),
    [
        (144.62, 121, 150, "140"),
        (1616.29, 91, 3650, "2,000"),
        (31.3, 31, 60, "31"),  # 30 would stand outside
        (31.3, 31.2, 60, "31.3"),
        (0.123456, 0.12, 0.13, "0.12"),
        (7.0, 7, 7, "7"),
        (-3.5, -8, 1, "-4"),
        (-0.4, -8, 4, "0"),
        (5e-324, 0, 1, "0"),
    ],
)
def test_a_quantile_is_printed_no_finer_than_its_interval_and_never_outside(
    value: float, lower: float, upper: float, text: str
) -> None:
    assert interpolated_text(value, lower, upper) == text
    assert lower <= float(text.replace(",", "")) <= upper


def test_tables_print_a_quantile_by_its_interval_and_frames_keep_it_whole() -> None:
    answer = answer_of(
        "SELECT MEDIAN(days_to_issue) AS days, AVG(days_to_issue) AS mean FROM housing.permits",
        {"days": [144.62], "mean": [144.62]},
        intervals=(interval(0, 121, 150),),
    )
    assert str(answer).splitlines()[2].split() == ["140", "144.62"]
    assert ">140<" in answer._repr_html_()
    assert answer.to_arrow().column("days").to_pylist() == [144.62]


@pytest.mark.parametrize(
    ("item", "shows_it"),
    [
        ("MEDIAN(days_to_issue)", True),
        ("ROUND(MEDIAN(days_to_issue), 1)", True),
        ("CAST(FLOOR((MEDIAN(days_to_issue))) AS BIGINT)", True),
        ("MEDIAN(days_to_issue)::DECIMAL(9, 1)", True),
        ("MEDIAN(days_to_issue) / 30", False),
        ("ROUND(MEDIAN(days_to_issue) - AVG(days_to_issue))", False),
        ("CAST(MEDIAN(days_to_issue) AS TEXT)", False),
        ("MAX(MEDIAN(days_to_issue)) OVER ()", False),
    ],
)
@pytest.mark.parametrize("form", ["{}", "WITH q AS ({}) SELECT city, m FROM q WHERE city <> 'x'"])
def test_a_quantile_keeps_its_interval_where_it_is_rounded_and_nothing_else(
    item: str, shows_it: bool, form: str
) -> None:
    statement = ask(form.format(f"SELECT city, {item} AS m FROM housing.permits GROUP BY city"))
    assert statement.outer.columns[1].shows_one_value is shows_it


def test_a_rounded_quantile_is_printed_no_finer_than_its_interval() -> None:
    answer = answer_of(
        "SELECT ROUND(MEDIAN(days_to_issue), 1) AS days FROM housing.permits",
        {"days": [144.6]},
        intervals=(interval(0, 121, 150),),
    )
    assert str(answer).splitlines()[2].split() == ["140"]
    assert "surely holds" in answer.explain()["Error bars"].lines[0]
