"""Calendar arithmetic as SQL, with the meaning of `hansa_core.plan.calendar`."""

from __future__ import annotations

from datetime import datetime

from sqlglot import exp

from hansa_core.contract.quanta import whole_of
from hansa_core.contract.types import DataType, DatePart
from hansa_core.plan.calendar import MICROSECONDS, MONTHS
from hansa_node.engines.sql.dialect import Binder, Calendar, Dialect, NamedValue
from hansa_node.engines.sql.syntax import Sql, binary, case, whole

_FIRST_US, _LAST_US = whole_of(datetime.min), whole_of(datetime.max)
_MONTHS_OF_ALL_YEARS = 9999 * 12


class CalendarCompiler:
    """Writes the calendar functions of one statement."""

    def __init__(self, dialect: Dialect, binder: Binder) -> None:
        self._dialect = dialect
        self._binder = binder

    def truncated(self, part: DatePart, moment: Sql, kind: DataType) -> Sql:
        """The start of the part; a date stays a date."""
        return self._dialect.calendar.truncated(part, moment, kind)

    def extracted(self, part: DatePart, moment: Sql) -> Sql:
        """The number of the part."""
        if part is DatePart.EPOCH_US:
            return self._microseconds(moment)
        return self._dialect.calendar.extracted(part, moment)

    def difference(self, part: DatePart, start: Sql, end: Sql) -> Sql:
        """Boundaries between the two: engines' own functions count full weeks, not Mondays."""
        first, last = (self._timestamp(moment) for moment in (start, end))
        if part in MONTHS:
            return self._dialect.calendar.months_between(self._binder, part, first, last)
        starts = [self._microseconds(self.truncated(part, moment, DataType.TIMESTAMP)) for moment in (last, first)]
        return self._dialect.numbers.whole_quotient(binary(exp.Sub, *starts), whole(MICROSECONDS[part]))

    def shifted(self, part: DatePart, moment: Sql, kind: DataType, count: int) -> Sql:
        """So many parts later, or NULL outside the years 1 to 9999: engines have other years."""
        if part in MONTHS:
            return self._months_later(moment, kind, count * MONTHS[part])
        microseconds = count * MICROSECONDS[part]
        if abs(microseconds) > _LAST_US - _FIRST_US:
            return never(moment)
        later = binary(exp.Add, self._microseconds(moment), whole(microseconds))

        def in_calendar(later: NamedValue) -> Sql:
            inside = exp.Between(this=later(), low=exp.paren(whole(_FIRST_US)), high=whole(_LAST_US))
            return case(
                (inside, self._dialect.types.cast(self._dialect.calendar.at_microseconds(self._binder, later()), kind))
            )

        return self._binder.let([later], in_calendar)

    def _months_later(self, moment: Sql, kind: DataType, months: int) -> Sql:
        if abs(months) > _MONTHS_OF_ALL_YEARS:
            return never(moment)

        def within_years(moment: NamedValue) -> Sql:
            later = self._dialect.calendar.months_later(moment(), months)
            return case((self._is_within_years(moment, months), self._dialect.types.cast(later, kind)))

        return self._binder.let([moment], within_years)

    def _is_within_years(self, moment: NamedValue, months: int) -> Sql:
        year, month = (self._dialect.calendar.extracted(part, moment()) for part in (DatePart.YEAR, DatePart.MONTH))
        place = binary(exp.Add, binary(exp.Add, binary(exp.Mul, year, whole(12)), month), whole(months - 1))
        return exp.Between(this=exp.paren(place), low=whole(12), high=whole(_MONTHS_OF_ALL_YEARS + 11))

    def _microseconds(self, moment: Sql) -> Sql:
        return self._dialect.calendar.microseconds(self._timestamp(moment))

    def _timestamp(self, moment: Sql) -> Sql:
        return self._dialect.types.cast(moment, DataType.TIMESTAMP)


def never(moment: Sql) -> Sql:
    """NULL of the moment's type; it names the moment, since engines refuse a bound value that nothing names."""
    return case((exp.false(), moment))


def wholes(calendar: Calendar, extreme: Sql, kind: DataType) -> Sql:
    """A date as days, a timestamp as microseconds since the start of 1970, as `whole_of` counts them."""
    match kind:
        case DataType.DATE:
            return calendar.days(extreme)
        case DataType.TIMESTAMP:
            return calendar.microseconds(extreme)
        case _:
            return extreme
