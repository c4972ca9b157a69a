"""The calendar in DuckDB."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType, DatePart
from hansa_node.engines.duckdb.types import TYPES
from hansa_node.engines.sql.dialect import Binder
from hansa_node.engines.sql.syntax import Sql, binary, call, text, whole


class DuckDBCalendar:
    """The Calendar of DuckDB."""

    def truncated(self, part: DatePart, moment: Sql, kind: DataType) -> Sql:
        """Of a date DuckDB makes a timestamp."""
        return TYPES.cast(call("date_trunc", text(part), moment), kind)

    def extracted(self, part: DatePart, moment: Sql) -> Sql:
        return TYPES.cast(call("date_part", text(part), moment), DataType.INTEGER)

    def months_between(self, binder: Binder, part: DatePart, start: Sql, end: Sql) -> Sql:
        return TYPES.cast(call("date_diff", text(part), start, end), DataType.INTEGER)

    def months_later(self, moment: Sql, months: int) -> Sql:
        return binary(exp.Add, moment, call("to_months", whole(months)))

    def microseconds(self, moment: Sql) -> Sql:
        return call("epoch_us", moment)

    def at_microseconds(self, binder: Binder, count: Sql) -> Sql:
        return call("make_timestamp", count)

    def days(self, date: Sql) -> Sql:
        return call("date_diff", text("day"), call("make_date", whole(1970), whole(1), whole(1)), date)
