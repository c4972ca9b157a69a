"""The SQL that reads dates and times out of a source's text: ISO 8601, or the format that is declared."""

from __future__ import annotations

from datetime import date

from sqlglot import exp

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import DataType
from hansa_node.ingest.fragments import Sql, fragment, literal
from hansa_node.ingest.mapping import ColumnMapping, MomentFormat
from hansa_node.ingest.zones import clock_sql, utc_sql

EARLIEST, LATEST = date(1000, 1, 1), date(2999, 12, 31)
"""Bounds of dates where a contract declares none: a year of two digits or 9999 is no date, but a stand-in for one."""
_DAY = r"[0-9]{4}-[0-9]{2}-[0-9]{2}|[0-9]{8}"
_CLOCK = r"[0-9]{4}-[0-9]{2}-[0-9]{2}(?:[ T](?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:[.][0-9]{1,6}0{0,3})?)?)?"
_OFFSET = r"(?: ?(?:Z|[+-][0-9]{2}(?::?[0-9]{2})?))"
_BASIC_DAY = r"([0-9]{4})([0-9]{2})([0-9]{2})"
_USUAL_TIME = r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"
_AS_DUCKDB_WRITES_IT = "strlen(:raw) = {length} AND CAST(TRY_CAST(:raw AS {kind}) AS VARCHAR) = :raw"
"""How most files write days and times: to see it takes a third of the time of a regular expression.

The length keeps out what is written in other lengths alone: `infinity`, years before Christ and after 9999.
"""
_SUB_MICROSECONDS = r"([.][0-9]{6})0+"
_YEARS = ("%Y", "%y", "%G", "%c", "%x", "%D", "%F")
_WEEKS = ("%V", "%U", "%W")
_EXCEL_DAYS = {
    # Day 60 is the 29th of February 1900 there, which was none: what is before it is not read, and later days agree.
    MomentFormat.EXCEL: ("1899-12-30", 61, 2_958_466),
    # As workbooks from old Macintoshes count.
    MomentFormat.EXCEL_1904: ("1904-01-01", 0, 2_957_004),
}
"""Day 0, the first day that is read, and the first one beyond the year 9999."""


def moment_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """Text as a date or timestamp of any year, plausible or not; NULL where it is none."""
    if column.type is DataType.DATE:
        return fragment("CAST(:m AS DATE)", m=_day(mapping, text))
    return _time(mapping, text)


def year_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """The year of a date's text, as text; NULL where the date is implausible."""
    moment = moment_sql(mapping, column, text)
    plausible = is_plausible(column, moment)
    return fragment("CASE WHEN :ok THEN CAST(date_part('year', :m) AS VARCHAR) END", ok=plausible, m=moment)


def is_plausible(column: ContractColumn, moment: Sql) -> Sql:
    """Whether a date or timestamp lies within the contract's bounds, or the usual ones."""
    return fragment(
        "CAST(:m AS DATE) BETWEEN CAST(:earliest AS DATE) AND CAST(:latest AS DATE)",
        m=moment,
        earliest=literal((column.earliest or EARLIEST).isoformat()),
        latest=literal((column.latest or LATEST).isoformat()),
    )


def _day(mapping: ColumnMapping, text: Sql) -> Sql:
    """A day as it is written: it passes through no zone, and a time beside it makes it no day, unless declared."""
    raw, text = text, fragment("trim(:t)", t=text)
    if mapping.format is not None:
        moment = _by_format(mapping.format, text)
        if mapping.format in set(MomentFormat):  # a time there is of some clock: whose day would it be?
            return fragment("CASE WHEN CAST(CAST(:m AS DATE) AS TIMESTAMP) = :m THEN :m END", m=moment)
        return moment
    if mapping.local_day:
        shape = rf"(?:{_CLOCK}){_OFFSET}?"
        return fragment(
            "CASE WHEN regexp_full_match(:t, :shape) THEN TRY_CAST(left(:t, 10) AS DATE) END",
            t=text,
            shape=literal(shape),
        )
    return fragment(
        f"""
        CASE WHEN {_AS_DUCKDB_WRITES_IT.format(length=10, kind="DATE")} THEN TRY_CAST(:raw AS DATE)
            WHEN regexp_full_match(:t, :day)
            THEN TRY_CAST(regexp_replace(:t, :basic, '\\1-\\2-\\3') AS DATE)
            WHEN regexp_full_match(:t, :midnight) THEN TRY_CAST(left(:t, 10) AS DATE) END
        """,
        raw=raw,
        t=text,
        day=literal(_DAY),
        basic=literal(f"^{_BASIC_DAY}$"),
        midnight=literal(r"[0-9]{4}-[0-9]{2}-[0-9]{2}[ T]00:00:00(?:[.]0+)?"),  # how typed files write a day as a time
    )


def _time(mapping: ColumnMapping, text: Sql) -> Sql:
    raw, text = text, fragment("trim(:t)", t=text)
    if mapping.format is not None:
        moment = fragment("make_timestamp(epoch_us(:m))", m=_by_format(mapping.format, text))
    else:
        shape = _CLOCK if mapping.from_zone is not None else rf"(?:{_CLOCK}){_OFFSET}?"
        kind = "TIMESTAMP" if mapping.from_zone is not None else "TIMESTAMPTZ"
        moment = fragment(
            f"""
            CASE WHEN {_AS_DUCKDB_WRITES_IT.format(length=19, kind="TIMESTAMP")} THEN TRY_CAST(:raw AS TIMESTAMP)
                WHEN regexp_full_match(:raw, :usual) THEN TRY_CAST(:raw AS TIMESTAMP)
                WHEN regexp_full_match(:t, :shape)
                THEN make_timestamp(epoch_us(TRY_CAST(regexp_replace(:t, :sub, '\\1') AS {kind}))) END
            """,
            raw=raw,
            t=text,
            usual=literal(_USUAL_TIME),
            shape=literal(shape),
            sub=literal(_SUB_MICROSECONDS),
        )
    if mapping.from_zone is not None:
        moment = utc_sql(moment, mapping.from_zone)
    return moment if mapping.to_zone is None else clock_sql(moment, mapping.to_zone)


def _by_format(form: str, text: Sql) -> Sql:
    """A declared format: a number of seconds, milliseconds or days, or strptime's."""
    number = "CAST(TRY_CAST(:t AS DECIMAL(18, 1)) AS BIGINT)"
    whole = f"CASE WHEN regexp_full_match(:t, '[+-]?[0-9]{{1,15}}(?:[.]0*)?') THEN {number} END"
    match form:
        case MomentFormat.EPOCH_S:
            return fragment(f"make_timestamp({whole} * 1000000)", t=text)
        case MomentFormat.EPOCH_MS:
            return fragment(f"make_timestamp({whole} * 1000)", t=text)
        case MomentFormat.EXCEL | MomentFormat.EXCEL_1904:
            day0, first, beyond = _EXCEL_DAYS[MomentFormat(form)]
            serial = "TRY_CAST(:t AS DECIMAL(38, 9))"
            inside = f"{serial} >= {first} AND {serial} < {beyond}"
            moment = f"CAST(:day0 AS TIMESTAMP) + to_microseconds(CAST(round({serial} * 86400000) AS BIGINT) * 1000)"
            return fragment(f"CASE WHEN {inside} THEN {moment} END", t=text, day0=literal(day0))
        case _:
            return _by_strptime(form, text)


def _by_strptime(form: str, text: Sql) -> Sql:
    if not any(each in form for each in _YEARS):
        return exp.cast(exp.null(), exp.DataType.build("TIMESTAMP"))  # a time without a day is no moment
    moment = fragment("try_strptime(:t, :f)", t=text, f=literal(form))
    if any(each in form for each in _WEEKS):  # week 53 of a year with 52 would be read as one of the next year
        moment = fragment("CASE WHEN strftime(:m, :f) = :t THEN :m END", m=moment, f=literal(form), t=text)
    return moment
