"""A contract: the shared, versioned description of a dataset's columns, units, bounds and public domains."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from fractions import Fraction
from math import ceil, floor
from types import MappingProxyType

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.measure_bins import Bin, level_bins
from hansa_core.contract.types import DataType, DatePart, Value

MAX_QUANTUM_TERM = 10**15
"""Of a quantum's numerator and denominator: a double holds both exactly."""


class Scope(StrEnum):
    """Where one privacy unit can appear: in one city only, or in several."""

    CITY = "city"
    GLOBAL = "global"


@dataclass(frozen=True, slots=True, kw_only=True)
class ContractColumn:
    """One column. Numeric columns are stored as whole `quantum` steps between `lower` and `upper`.

    `identifier`: names a person or thing; below `open` never a key or a filter.
    `names_people`: whether an identifier names people, and no things; None where the contract does not say.
    `required`: never NULL; ingest rejects the row. `unique`: no two rows have one value.
    `domain`: the public values, in display order; `per_city`: each manifest declares its own domain instead.
    `bins`: cuts of a measure in its own unit, coarse level first; each level contains the one before; a bin is (a, b].
    `levels`: the bins that they make, level by level. `all_bins`: each of them once: where a fine one is suppressed, a
    coarse one may be published.
    `key_width`: finest width of a numeric key; `key_part`: finest calendar part of a date key.
    `earliest`, `latest`: the bounds of a date or time, both included; ingest rejects what lies beyond.
    `null_is_public`: that x is NULL is public record. `constant_per_unit`: one value per privacy unit.
    """

    name: str
    type: DataType
    meaning: str
    unit: str | None = None
    identifier: bool = False
    names_people: bool | None = None
    required: bool = False
    unique: bool = False
    quantum: Fraction | None = None
    lower: Fraction | None = None
    upper: Fraction | None = None
    domain: tuple[Value, ...] | None = None
    per_city: bool = False
    bins: tuple[tuple[Fraction, ...], ...] = ()
    key_width: Fraction | None = None
    key_part: DatePart | None = None
    earliest: date | None = None
    latest: date | None = None
    null_is_public: bool = False
    constant_per_unit: bool = False
    levels: tuple[tuple[Bin, ...], ...] = field(init=False, repr=False, compare=False)
    all_bins: tuple[Bin, ...] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        numeric = (self.quantum, self.lower, self.upper)
        if self.type.is_numeric and not self.identifier and any(part is None for part in numeric):
            raise ValueError(f"column {self.name}: a numeric column declares quantum, lower and upper")
        if not self.type.is_numeric and any(part is not None for part in numeric):
            raise ValueError(f"column {self.name}: quantum, lower and upper belong to numeric columns")
        if self.quantum is not None and self.quantum <= 0:
            raise ValueError(f"column {self.name}: quantum must be above 0")
        if self.quantum is not None and max(self.quantum.as_integer_ratio()) > MAX_QUANTUM_TERM:
            raise ValueError(
                f"column {self.name}: the quantum's numerator and denominator are at most 10^15; choose a coarser one,"
                " or another unit"
            )
        if self.quantum is not None and self.type is DataType.INTEGER and self.quantum.denominator != 1:
            raise ValueError(f"column {self.name}: the quantum of an integer column must be whole")
        if self.domain is not None and (self.per_city or len(set(self.domain)) != len(self.domain) or not self.domain):
            raise ValueError(f"column {self.name}: a domain is a non-empty list without repeats, or per_city")
        if any(isinstance(value, datetime) and value.tzinfo is not None for value in self.domain or ()):
            raise ValueError(f"column {self.name}: the timestamps of a domain are UTC and name no zone; drop it")
        for coarse, fine in zip(self.bins, self.bins[1:], strict=False):
            if not set(coarse) < set(fine):
                raise ValueError(f"column {self.name}: each level of bins contains all cuts of the one before")
        if any(list(cuts) != sorted(set(cuts)) for cuts in self.bins):
            raise ValueError(f"column {self.name}: the cuts of a level must rise")
        if (self.earliest is not None or self.latest is not None) and not self.type.is_temporal:
            raise ValueError(f"column {self.name}: earliest and latest belong to dates and timestamps")
        if self.earliest is not None and self.latest is not None and self.earliest > self.latest:
            raise ValueError(f"column {self.name}: earliest is after latest")
        if self.lower is not None and self.upper is not None and self.lower > self.upper:
            raise ValueError(f"column {self.name}: lower is above upper")
        levels = self._levels()
        object.__setattr__(self, "levels", levels)
        object.__setattr__(self, "all_bins", tuple(dict.fromkeys(one for level in levels for one in level)))

    @property
    def bounds(self) -> Bin:
        """The least and the greatest whole quanta within the bounds of a column that declares them."""
        assert self.quantum is not None
        assert self.lower is not None
        assert self.upper is not None
        return ceil(self.lower / self.quantum), floor(self.upper / self.quantum)

    def _levels(self) -> tuple[tuple[Bin, ...], ...]:
        if self.quantum is None or self.lower is None or self.upper is None:
            return ()
        bounds, quantum = self.bounds, self.quantum
        return tuple(level_bins(bounds, quantum, cuts) for cuts in self.bins)


def domain_of(column: ContractColumn, own: Mapping[str, Sequence[Value]]) -> Sequence[Value]:
    """A column's public values: the contract's, the city's, or false and true; none without any.

    `own`: the values of the columns that the contract leaves to the city.
    """
    if column.type is DataType.BOOLEAN:
        return column.domain or (False, True)
    return own.get(column.name, ()) if column.per_city else column.domain or ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Contract:
    """The shared description of one dataset.

    `unit`: the column that identifies the privacy unit; `entity`: the holder for dominance and entity counts.
    `least_level`: the floor that a city may tighten, never loosen; `least_level_reason`: why it is `open` though an
    identifier names people.
    """

    id: ContractId
    title: str
    columns: Mapping[str, ContractColumn]
    unit: str
    entity: str
    unit_scope: Scope
    max_cities_per_unit: int
    least_level: Level
    least_level_reason: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "columns", MappingProxyType(dict(self.columns)))
        folded: dict[str, str] = {}
        for name in self.columns:
            if folded.setdefault(name.casefold(), name) != name:  # the engines fold the case of names
                raise ValueError(
                    f"{self.id}: the columns {folded[name.casefold()]} and {name} differ in case only; rename one"
                )
        for role in (self.unit, self.entity):
            if role not in self.columns:
                raise ValueError(f"{self.id}: {role} is no column of the contract")
        if not self.columns[self.unit].required:
            raise ValueError(f"{self.id}: the privacy unit {self.unit} must be required: exactly one unit per row")
        people = [name for name, column in self.columns.items() if column.names_people]
        if people and self.least_level is Level.OPEN and self.least_level_reason is None:
            raise ValueError(
                f"least_level: {people[0]} names people, and open protects nobody; write controlled, or say in"
                " least_level_reason why the data may be served row by row"
            )
