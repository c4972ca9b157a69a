"""What comes out of a merge: finished cells, and for each value why it is missing and which cities are in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

import pyarrow as pa

from hansa_core.contract.column_names import CITY_COLUMN
from hansa_core.contract.types import Value
from hansa_core.partial.arrow_arrays import array_of
from hansa_core.partial.finalise import Binned


class Mark(StrEnum):
    """What a reader of a value has to know."""

    PARTIAL = "partial"  # some addressed city is not in it
    NOT_DEDUPLICATED = "not_deduplicated"  # units that appear in several cities count once in each


@dataclass(frozen=True, slots=True, kw_only=True)
class MergedValue:
    """One aggregate of one cell.

    `cities`: those that gave a value. `gaps`: the other addressed cities and why: a refusal code, `timed_out`,
    `unreachable`, `failed`, `suppressed`, `not_in_domain` or `too_many_rows`. With gaps the value is withheld unless it
    is marked partial. A value of None that is not withheld is SQL's NULL, such as a SUM over no value. `interval`: of a
    quantile, the closed interval that holds the true one.
    """

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
class MergedTable:
    """Merged cells in domain order, by city first where cities are kept apart.

    `schema`: `city` (if kept apart), `k0…` and `a0…` in the plan's order.
    """

    schema: pa.Schema
    cells: tuple[MergedCell, ...]

    def to_arrow(self) -> pa.Table:
        """The values alone, built anew; a missing value is null with nothing behind it."""
        apart = CITY_COLUMN in self.schema.names
        rows = [
            (*((cell.city,) if apart else ()), *cell.keys, *(value.value for value in cell.values))
            for cell in self.cells
        ]
        columns = list(zip(*rows, strict=True)) if rows else [()] * len(self.schema)
        arrays = [array_of(column, field.type) for column, field in zip(columns, self.schema, strict=True)]
        return pa.Table.from_arrays(arrays, schema=self.schema)

    def reason(self, row: int, aggregate: int) -> str | None:
        """Why the value is withheld: the reason of the first city, by name, that is not in it. None if it is not."""
        merged = self.cells[row].values[aggregate]
        if not merged.gaps or Mark.PARTIAL in merged.marks:
            return None
        return merged.gaps[min(merged.gaps)]

    def gaps(self, row: int, aggregate: int) -> Mapping[str, str]:
        """The cities that are not in the value, each with its reason."""
        return self.cells[row].values[aggregate].gaps

    def cities(self, row: int) -> tuple[str, ...]:
        """The cities that are in every value of the row, sorted."""
        inside = set(self.cells[row].values[0].cities).intersection(*(v.cities for v in self.cells[row].values))
        return tuple(sorted(inside))

    def marks(self, row: int, aggregate: int) -> frozenset[Mark]:
        """What a reader of this value has to know."""
        return self.cells[row].values[aggregate].marks

    def interval(self, row: int, aggregate: int) -> tuple[float, float] | None:
        """Of a quantile, the closed interval that holds the true one."""
        return self.cells[row].values[aggregate].interval

    @property
    def notes(self) -> frozenset[Mark]:
        """The marks of all values together."""
        return frozenset().union(*(value.marks for cell in self.cells for value in cell.values))
