"""A merged table cell by cell, and single cells finished, for tests that look at one value at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.contract import Contract
from hansa_core.contract.types import Value
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.finalise import Binned, IntervalColumn, finalise
from hansa_core.partial.merged_table import Mark, MergedColumn, MergedTable
from hansa_core.plan.moments import moments_of_aggregate
from hansa_core.plan.plan import Aggregate
from hansa_moment_columns import one_cell


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedValue:
    """One aggregate of one cell: its value, the cities in it, the others with their reasons, its marks and interval."""

    value: Value | Binned | None
    cities: tuple[str, ...]
    gaps: Mapping[str, str]
    marks: frozenset[Mark]
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedCell:
    """One row: `city` is None unless cities are kept apart; `keys` are None throughout for a missing city's row."""

    city: str | None
    keys: tuple[Value | None, ...]
    values: tuple[MergedValue, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class FinishedCell:
    """One aggregate of one cell, as `finalise` gives it."""

    value: Value | Binned | None
    interval: tuple[float, float] | None
    hidden: bool


def finish(aggregate: Aggregate, moments: Sequence[int | None], contract: Contract) -> FinishedCell:
    """Finish one cell. `moments`: in the order of `moments_of_aggregate`; None is suppressed."""
    named = dict(zip(moments_of_aggregate(aggregate, contract), moments, strict=True))
    column = finalise(aggregate, one_cell(named), np.array([True]), contract)
    return FinishedCell(
        value=_plain(column.values)[0], interval=_ends(column.interval, 0), hidden=bool(column.hidden[0])
    )


def cells_of(table: MergedTable) -> list[MergedCell]:
    """Every cell with all that the table knows of it."""
    keys = [key.to_pylist() for key in table.keys]
    values = [_plain(column.values) for column in table.columns]
    return [
        MergedCell(
            city=_city_of(table, row),
            keys=tuple(column[row] for column in keys),
            values=tuple(_value(table, row, place, column[row]) for place, column in enumerate(values)),
        )
        for row in range(table.num_rows)
    ]


def table_of(schema: pa.Schema, cells: Sequence[MergedCell]) -> MergedTable:
    """The merged table of these cells, in their order."""
    apart = CITY_COLUMN in schema.names
    named = {name for cell in cells for value in cell.values for name in (*value.cities, *value.gaps)}
    cities = tuple(sorted(named | ({str(cell.city) for cell in cells} if apart else set())))
    reasons = tuple(sorted({reason for cell in cells for value in cell.values for reason in value.gaps.values()}))
    fields = list(schema)[apart:]
    width = len(cells[0].keys) if cells else 0
    keys = tuple(
        array_of([cell.keys[place] for cell in cells], field.type) for place, field in enumerate(fields[:width])
    )
    columns = []
    for place, field in enumerate(fields[width:]):
        values = [cell.values[place] for cell in cells]
        gaps = [_codes(cell, value, cities, reasons, apart=apart) for cell, value in zip(cells, values, strict=True)]
        columns.append(
            MergedColumn(
                values=array_of([value.value for value in values], field.type),
                given=np.array([not value.gaps or Mark.PARTIAL in value.marks for value in values], dtype=bool),
                gaps=np.array(gaps, dtype=np.uint16).reshape(len(cells), 1 if apart else len(cities)),
                repeats=np.array([Mark.NOT_DEDUPLICATED in value.marks for value in values], dtype=bool),
            )
        )
    city = np.array([cities.index(str(cell.city)) for cell in cells], dtype=np.int64) if apart else None
    return MergedTable(schema=schema, addressed=cities, city=city, keys=keys, columns=tuple(columns), reasons=reasons)


def _codes(
    cell: MergedCell, value: MergedValue, cities: Sequence[str], reasons: Sequence[str], *, apart: bool
) -> list[int]:
    return [
        1 + reasons.index(value.gaps[city]) if city in value.gaps else 0
        for city in ([str(cell.city)] if apart else cities)
    ]


def _city_of(table: MergedTable, row: int) -> str | None:
    """The row's city; None where cities are not kept apart."""
    return None if table.city is None else table.addressed[table.city[row]]


def _value(table: MergedTable, row: int, place: int, value: Value | Binned | None) -> MergedValue:
    gaps = table.gaps(row, place)
    asked = table.addressed if table.city is None else (str(_city_of(table, row)),)
    return MergedValue(
        value=value,
        cities=tuple(city for city in asked if city not in gaps),
        gaps=gaps,
        marks=table.marks(row, place),
        interval=table.interval(row, place),
    )


def _plain(values: pa.Array) -> list[Value | Binned | None]:
    """Python values; a histogram as a tuple, a wide whole number as an int."""
    listed = values.to_pylist()
    if pa.types.is_decimal(values.type):
        return [None if value is None else int(value) for value in listed]
    return [tuple(value) if isinstance(value, list) else value for value in listed]


def _ends(interval: IntervalColumn | None, row: int) -> tuple[float, float] | None:
    if interval is None or np.isnan(interval.lower[row]):
        return None
    return float(interval.lower[row]), float(interval.upper[row])
