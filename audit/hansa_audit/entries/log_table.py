"""The entries of a log as an Arrow table, for people and for programs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from operator import attrgetter

import pyarrow as pa

from hansa_audit.entries.times import time_text
from hansa_audit.folder.held_log import HeldLog
from hansa_core.errors import ConfigError
from hansa_core.evidence.rows import COLUMNS, LogFilter, LogRow, row_of
from hansa_core.nearest import near, nearest, shown
from hansa_core.partial.arrow_arrays import array_of

_TYPES: dict[str, pa.DataType] = {
    "index": pa.int64(),
    "time_unix_s": pa.int64(),
    "data_version": pa.int64(),
    "cost": pa.int64(),
    "recalled": pa.bool_(),
}
_VALUES = attrgetter(*COLUMNS)
_SCHEMA = pa.schema([(name, _TYPES.get(name, pa.string())) for name in COLUMNS])
_SHOWN = (
    "index",
    "time",
    "type",
    "organisation",
    "purpose",
    "dataset",
    "level",
    "decision",
    "code",
    "recalled",
    "cost",
)
_MOST_KNOWN = 20  # values that a message can name
_CALENDAR_END_UNIX_S = 253_402_300_800  # the year 10,000: a made-up log may claim later times


def log_table(log: HeldLog, wanted: LogFilter) -> pa.Table:
    """The rows that are wanted, in the log's order.

    Raises ConfigError for a value that no entry of the log has: an empty table would read as "none happened".
    """
    known: dict[str, set[str]] = {name: set() for name in wanted.named}

    def rows() -> Iterator[LogRow]:
        for index, entry in log.entries():
            row = row_of(index, entry)
            for name, values in known.items():
                values.update(wanted.spellings(name, row))
            if wanted.admits(row):
                yield row

    table = _table(rows())
    for name, value in wanted.named.items():
        if value not in known[name]:
            option = f"--{name.replace('_', '-')} {shown(value)}"
            raise ConfigError(f"{option}: no entry of this log has it; {_remedy(value, known[name])}")
    return table


def _remedy(value: str, known: Collection[str]) -> str:
    """The nearest value, or some of those that the log has."""
    if not known:
        return "no entry has any"
    if len(known) <= _MOST_KNOWN or near(value, known) is not None:
        return nearest(value, known)
    return nearest(value, sorted(known)[:_MOST_KNOWN]) + ", …"


def for_people(table: pa.Table) -> pa.Table:
    """The columns that fit on a screen and say something; times as text."""
    kept = [name for name in _SHOWN if name in ("index", "time", "type") or table[name].null_count < table.num_rows]
    shown = table.select(kept)
    times = [time_text(at).removesuffix(" UTC") for at in table["time_unix_s"].to_pylist()]
    return shown.set_column(kept.index("time"), "time (UTC)", array_of(times, pa.string()))


def _table(rows: Iterable[LogRow]) -> pa.Table:
    """With `time` beside the number of seconds; null where no calendar has it."""
    columns = list(zip(*map(_VALUES, rows), strict=True)) or [()] * len(COLUMNS)
    arrays = [array_of(column, field.type) for column, field in zip(columns, _SCHEMA, strict=True)]
    table = pa.table(arrays, schema=_SCHEMA)
    times = [at if at < _CALENDAR_END_UNIX_S else None for at in table["time_unix_s"].to_pylist()]
    return table.add_column(1, "time", array_of(times, pa.int64()).cast(pa.timestamp("s", tz="UTC")))
