"""The layout of a chart: which column of an answer goes along which axis, colour or panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa

from hansa.answering.meanings import ColumnRole, Meaning, meanings
from hansa_core.nearest import nearest, shown

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

MOST_SERIES = 8
"""As many as there are colours that can be told apart."""

MOST_ROWS = 5_000
"""Marks that a browser draws before its reader gives up; a city may release 100,000 cells."""

MOST_PANELS = 200
"""Each is a chart of its own."""


class Kind(StrEnum):
    """How positions along the chart's first axis relate."""

    CATEGORY = "category"
    NUMBER = "number"
    TIME = "time"


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column goes where.

    `position`: along the first axis, of that `kind`; `series`: by colour; `facet`: a panel for each value.
    """

    value: Meaning
    position: Meaning | None
    kind: Kind
    series: Meaning | None
    facet: Meaning | None


def choose_layout(answer: ShapedAnswer, value: str | None) -> Layout:
    """Time and numbers run along an axis, cities get colours, and what finds no place gets panels.

    Raises ValueError if nothing can be drawn, `value` is no measured number, there are more than three keys, or more
    rows or panels than a page can hold.
    """
    if len(answer) > MOST_ROWS:
        raise ValueError(
            f"a chart draws {MOST_ROWS:,} rows at most, not {len(answer):,}; group more coarsely, or LIMIT"
        )
    columns = meanings(answer.plan, answer.outer, answer.contract)
    measure = _measure(answer.table.schema, columns, value)
    kinds = {column.name: _kind(answer.table.schema.field(column.name).type) for column in columns}
    keys = [column for column in columns if column.role in (ColumnRole.CITY, ColumnRole.KEY)]
    # Names from elsewhere, as from the analyst's own table, stand in where the cities' own are not shown.
    keys = keys or [one for one in columns if one.role is ColumnRole.OTHER and kinds[one.name] is Kind.CATEGORY]
    if len(keys) > 3:
        raise ValueError(f"a chart shows three keys at most, not {len(keys)}; group by fewer, or take to_arrow()")
    # Time and numbers first; a city last: it is told best by its colour.
    keys.sort(key=lambda key: (kinds[key.name] is Kind.CATEGORY, key.role is ColumnRole.CITY))
    position = keys.pop(0) if keys else None
    kind = kinds[position.name] if position else Kind.CATEGORY
    keys.sort(key=lambda key: key.role is not ColumnRole.CITY)
    series = keys.pop(0) if keys else None
    facet = keys.pop(0) if keys else None
    if series is not None and facet is None and _wants_panels(answer, measure, series, kind):
        series, facet = None, series
    panels = len(answer.table.column(facet.name).unique()) if facet else 1
    if panels > MOST_PANELS:
        raise ValueError(f"a chart has {MOST_PANELS} panels at most, not {panels:,}; ask for fewer at once")
    return Layout(value=measure, position=position, kind=kind, series=series, facet=facet)


def _measure(schema: pa.Schema, columns: Sequence[Meaning], value: str | None) -> Meaning:
    measures = [one for one in columns if one.role is ColumnRole.MEASURE]
    numbers = {one.name: one for one in measures if _is_number(schema.field(one.name).type)}
    if not numbers:
        raise ValueError("no column of the answer is a measured number; ask for a count, a mean or a quantile")
    if value is None:
        return next(iter(numbers.values()))
    if value not in numbers:
        raise ValueError(f"{shown(value)} is no measured number of the answer; {nearest(value, numbers)}")
    return numbers[value]


def _wants_panels(answer: ShapedAnswer, measure: Meaning, series: Meaning, kind: Kind) -> bool:
    """Whether series would lie over each other beyond telling: too many, or each with error bars along one axis."""
    count = len(answer.table.column(series.name).unique())
    has_bars = any(interval.column == measure.name for interval in answer.intervals)
    return count > MOST_SERIES or (count > 1 and has_bars and kind is not Kind.CATEGORY)


def _kind(type_: pa.DataType) -> Kind:
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return Kind.TIME
    return Kind.NUMBER if _is_number(type_) else Kind.CATEGORY


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))
