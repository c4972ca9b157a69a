"""What a log line looks like, and what never stands in one."""

from __future__ import annotations

import logging
import sys

from hansa_local.log import KeyValueFormatter


def line(message: str, **fields: object) -> str:
    record = logging.LogRecord("hansa", logging.INFO, __file__, 1, message, None, None)
    record.created = 0.0
    vars(record).update(fields)
    return KeyValueFormatter().format(record)


def test_a_line_is_an_event_and_its_fields() -> None:
    assert (
        line("query answered", query_id="ab12", ms=3) == "1970-01-01T00:00:00Z INFO query answered query_id=ab12 ms=3"
    )


def test_a_field_cannot_start_a_line_or_another_field() -> None:
    forged = line("query refused", city="x\n1970 INFO query answered", name_="a b=c", empty="")
    assert "\n" not in forged
    assert 'name_="a b=c" empty=""' in forged


def test_an_error_is_told_by_its_type_alone() -> None:
    try:
        raise ValueError("Müller, 17 minutes")
    except ValueError:
        record = logging.LogRecord("hansa", logging.ERROR, __file__, 1, "failed", None, sys.exc_info())
    text = KeyValueFormatter().format(record)
    assert text.endswith("ERROR failed error=ValueError")
    assert "Müller" not in text
