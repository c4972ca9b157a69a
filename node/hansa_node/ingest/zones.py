"""Conversion between UTC and the time on a city's own clock."""

from __future__ import annotations

import duckdb
from sqlglot import exp

from hansa_core.errors import ConfigError
from hansa_core.nearest import nearest, shown

_ON_THE_CLOCK = "timezone(:zone, timezone('UTC', {utc}))"
# By the offset of the day before: where a clock shows an hour twice, this is the earlier of the two.
_EARLIER = f"({{clock}} - ({_ON_THE_CLOCK.format(utc='{day}')} - {{day}}))"
_DAY_BEFORE = "timezone('UTC', timezone(:zone, {clock} - INTERVAL 1 DAY))"


def utc_sql(clock: exp.Expr, zone: str) -> exp.Expr:
    """The UTC of a time on the zone's clock, both as TIMESTAMP; NULL for a time that the clock leaps over.

    A time that the clock shows twice (the hour when summer time ends) is the earlier of the two.
    """
    earlier = _EARLIER.format(clock="c", day=_DAY_BEFORE.format(clock="c"))
    as_it_stands = "timezone('UTC', timezone(:zone, c))"
    template = f"""
        list_extract(list_transform([:clock], lambda c: list_extract(list_filter(
            [{earlier}, {as_it_stands}], lambda u: {_ON_THE_CLOCK.format(utc="u")} = c), 1)), 1)
    """
    return _filled(template, zone, clock=clock)


def clock_sql(utc: exp.Expr, zone: str) -> exp.Expr:
    """The time that the zone's clock shows at a time in UTC, both as TIMESTAMP."""
    return _filled(_ON_THE_CLOCK.format(utc=":utc"), zone, utc=utc)


def check_zone(connection: duckdb.DuckDBPyConnection, field: str, zone: str) -> None:
    """Raise ConfigError unless `zone` is a name of the tz database."""
    known = [str(row[0]) for row in connection.execute("SELECT name FROM pg_timezone_names()").fetchall()]
    if zone not in known:
        raise ConfigError(f"{field}: {shown(zone)} is no time zone; {nearest(zone, known)}")


def _filled(template: str, zone: str, **parts: exp.Expr) -> exp.Expr:
    parsed: exp.Expr = exp.maybe_parse(template, dialect="duckdb")
    return exp.replace_placeholders(parsed, zone=exp.Literal.string(zone), **parts)
