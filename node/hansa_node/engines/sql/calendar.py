"""Calendar arithmetic as DuckDB SQL, with the meaning of `hansa_core.plan.calendar`."""

from __future__ import annotations

from datetime import datetime

from sqlglot import exp

from hansa_core.contract.quanta import whole_of
from hansa_core.contract.types import DataType, DatePart
from hansa_core.plan.calendar import MICROSECONDS, MONTHS
from hansa_node.engines.duckdb.nodes import Binder, Sql, binary, call, case, cast, text, whole

_FIRST_US, _LAST_US = whole_of(datetime.min), whole_of(datetime.max)
_MONTHS_OF_ALL_YEARS = 9999 * 12


def truncated(part: DatePart, moment: Sql, kind: DataType) -> Sql:
    """The start of the part; of a date DuckDB makes a timestamp."""
    return cast(call("date_trunc", text(part), moment), kind)


def extracted(part: DatePart, moment: Sql) -> Sql:
    """The number of the part."""
    if part is DatePart.EPOCH_US:
        return _microseconds(moment)
    return cast(call("date_part", text(part), moment), DataType.INTEGER)


def difference(part: DatePart, start: Sql, end: Sql) -> Sql:
    """Boundaries between the two. DuckDB's own function counts full weeks, not Mondays."""
    first, last = (cast(moment, DataType.TIMESTAMP) for moment in (start, end))
    if part in MONTHS:
        return cast(call("date_diff", text(part), first, last), DataType.INTEGER)
    starts = [_microseconds(truncated(part, moment, DataType.TIMESTAMP)) for moment in (last, first)]
    return binary(exp.IntDiv, binary(exp.Sub, *starts), whole(MICROSECONDS[part]))


def shifted(binder: Binder, part: DatePart, moment: Sql, kind: DataType, count: int) -> Sql:
    """So many parts later, or NULL outside the years 1 to 9999: DuckDB has more years."""
    if part in MONTHS:
        months = count * MONTHS[part]
        if abs(months) > _MONTHS_OF_ALL_YEARS:
            return never(moment)
        return binder.let(moment, lambda x: case((_within_years(x(), months), _months_later(x(), months, kind))))
    microseconds = count * MICROSECONDS[part]
    if abs(microseconds) > _LAST_US - _FIRST_US:
        return never(moment)
    later = binary(exp.Add, _microseconds(moment), whole(microseconds))

    def in_calendar(value: Sql, again: Sql) -> Sql:
        inside = exp.Between(this=value, low=exp.paren(whole(_FIRST_US)), high=whole(_LAST_US))
        return case((inside, cast(call("make_timestamp", again), kind)))

    return binder.let(later, lambda value: in_calendar(value(), value()))


def never(moment: Sql) -> Sql:
    """NULL of the moment's type; it names the moment, or DuckDB would refuse what is bound in it."""
    return case((exp.false(), moment))


def _months_later(moment: Sql, months: int, kind: DataType) -> Sql:
    return cast(binary(exp.Add, moment, call("to_months", whole(months))), kind)


def _within_years(moment: Sql, months: int) -> Sql:
    year, month = (call("date_part", text(part), moment.copy()) for part in ("year", "month"))
    place = binary(exp.Add, binary(exp.Add, binary(exp.Mul, year, whole(12)), month), whole(months - 1))
    return exp.Between(this=exp.paren(place), low=whole(12), high=whole(_MONTHS_OF_ALL_YEARS + 11))


def _microseconds(moment: Sql) -> Sql:
    return call("epoch_us", cast(moment, DataType.TIMESTAMP))
