"""What is said of quantiles that are hardly known."""

from __future__ import annotations

import pyarrow as pa

from hansa.answering.intervals import Interval, uncertainty_notes


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
