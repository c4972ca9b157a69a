"""The layout of a chart: which column of an answer goes along which axis, colour or panel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import pyarrow as pa

from hansa.answering.meanings import ColumnRole, Meaning, meanings
from hansa.answering.released_parts import released_parts
from hansa.answering.shaped import asked_of
from hansa_core.nearest import nearest, shown
from hansa_core.plan.expression import Call, Literal, Op
from hansa_core.plan.plan import Aggregate, AggregateFunction

if TYPE_CHECKING:
    from hansa.answering.shaped import ShapedAnswer

MOST_SERIES = 8
"""As many as there are colours that can be told apart."""

_MOST_OVER_EACH_OTHER = 400
"""Points of each line: denser ones hide each other."""

_ADDITIVE = (AggregateFunction.COUNT_ROWS, AggregateFunction.COUNT, AggregateFunction.SUM)


class Kind(StrEnum):
    """How positions along the chart's first axis relate."""

    CATEGORY = "category"
    NUMBER = "number"
    TIME = "time"
    BINS = "bins"  # ranges of numbers side by side, of one width or of several


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """Which column goes where.

    `position`: along the first axis, of that `kind`; None for a histogram, which brings its own bins, and where there
    is no key. `series`: by colour. `facet`: a panel for each value, or for each combination of values. `width`: of the
    bins of a key. `is_additive`: values of several cells can be added up.
    """

    value: Meaning
    position: Meaning | None
    kind: Kind
    series: Meaning | None
    facet: tuple[Meaning, ...]
    width: float | None = None
    is_additive: bool = False

    @property
    def is_histogram(self) -> bool:
        """Whether each value is itself a list of bins with their rows."""
        return self.kind is Kind.BINS and self.position is None


def choose_layout(answer: ShapedAnswer, value: str | None) -> Layout:
    """Time and numbers run along an axis, cities get colours, and what finds no place gets panels.

    Raises ValueError if nothing can be drawn, `value` is no measured number or histogram, or there are more than three
    keys.
    """
    columns = meanings(asked_of(answer), answer.outer)
    schema = answer.table.schema
    measure = _measure(schema, columns, value)
    kinds = {column.name: _kind(schema.field(column.name).type) for column in columns}
    keys = [column for column in columns if column.role in (ColumnRole.CITY, ColumnRole.KEY)]
    # Names from elsewhere, as from the analyst's own table, stand in where the cities' own are not shown.
    keys = keys or [one for one in columns if one.role is ColumnRole.OTHER and kinds[one.name] is Kind.CATEGORY]
    if len(keys) > 3:
        raise ValueError(f"a chart shows three keys at most, not {len(keys)}; group by fewer, or take to_arrow()")
    # Time and numbers first; a city last: it is told best by its colour.
    keys.sort(key=lambda key: (kinds[key.name] is Kind.CATEGORY, key.role is ColumnRole.CITY))
    if kinds[measure.name] is Kind.BINS:
        return Layout(value=measure, position=None, kind=Kind.BINS, series=None, facet=tuple(keys))
    position = keys.pop(0) if keys else None
    kind = kinds[position.name] if position else Kind.CATEGORY
    width = _width_of_bins(answer, position)
    additive = _is_additive(answer, measure)
    if width is not None:  # bars of several series would hide each other
        kind, facet, series = Kind.BINS, tuple(keys), None
    else:
        keys.sort(key=lambda key: key.role is not ColumnRole.CITY)
        series, facet = (keys[0] if keys else None), tuple(keys[1:])
        if series is not None and _wants_panels(answer, measure, series, kind, has_panels=bool(facet)):
            series, facet = None, tuple(keys)
    return Layout(
        value=measure, position=position, kind=kind, series=series, facet=facet, width=width, is_additive=additive
    )


def _measure(schema: pa.Schema, columns: Sequence[Meaning], value: str | None) -> Meaning:
    measures = [one for one in columns if one.role is ColumnRole.MEASURE]
    numbers = {one.name: one for one in measures if _is_number(schema.field(one.name).type)}
    drawn = numbers | {one.name: one for one in measures if _is_histogram(schema.field(one.name).type)}
    if not drawn:
        raise ValueError("no column of the answer is a measured number; ask for a count, a mean or a quantile")
    if value is None:
        return next(iter(drawn.values()))
    if value not in drawn:
        raise ValueError(f"{shown(value)} is no measured number of the answer; {nearest(value, drawn)}")
    return drawn[value]


def _source(answer: ShapedAnswer, name: str) -> str | None:
    """The released column that is shown under that name as it is."""
    column = next(one for one in answer.outer.columns if one.name == name)
    return column.depends_on[0] if column.passes_through and column.depends_on else None


def _width_of_bins(answer: ShapedAnswer, position: Meaning | None) -> float | None:
    source = _source(answer, position.name) if position else None
    if source not in answer.outer.key_columns:
        return None
    match released_parts(asked_of(answer), answer.outer)[source].part:
        case Call(Op.BIN, (_, Literal(value=width))):
            return float(width)  # type: ignore[arg-type]  # the language takes numbers only
    return None


def _is_additive(answer: ShapedAnswer, measure: Meaning) -> bool:
    source = _source(answer, measure.name)
    if source not in answer.outer.aggregate_columns:
        return False
    part = released_parts(asked_of(answer), answer.outer)[source].part
    return isinstance(part, Aggregate) and part.function in _ADDITIVE


def _count(answer: ShapedAnswer, key: Meaning) -> int:
    return len(answer.table.column(key.name).unique())


def _wants_panels(answer: ShapedAnswer, measure: Meaning, series: Meaning, kind: Kind, *, has_panels: bool) -> bool:
    """Whether series would lie over each other beyond telling: too many, or each with error bars along one axis."""
    count = _count(answer, series)
    if kind is not Kind.CATEGORY and count > 1 and len(answer) > count * _MOST_OVER_EACH_OTHER:
        return True
    has_bars = any(interval.column == measure.name for interval in answer.intervals)
    return count > MOST_SERIES or (count > 1 and has_bars and kind is not Kind.CATEGORY and not has_panels)


def _kind(type_: pa.DataType) -> Kind:
    if pa.types.is_date(type_) or pa.types.is_timestamp(type_):
        return Kind.TIME
    if _is_histogram(type_):
        return Kind.BINS
    return Kind.NUMBER if _is_number(type_) else Kind.CATEGORY


def _is_number(type_: pa.DataType) -> bool:
    return bool(pa.types.is_integer(type_) or pa.types.is_floating(type_) or pa.types.is_decimal(type_))


def _is_histogram(type_: pa.DataType) -> bool:
    return bool(pa.types.is_list(type_) and pa.types.is_struct(type_.value_type))
