"""A manifest: what a city declares about one dataset before anything of it may be published."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from types import MappingProxyType

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import Value
from hansa_core.manifest.groups import Group

DEFAULT_THRESHOLD = 10
LEAST_THRESHOLD = 3  # below three, one contributor who knows their own part learns the other's
DEFAULT_MIN_ENTITIES = 3
DEFAULT_DOMINANT_ENTITIES = 2
DEFAULT_DOMINANT_SHARE = Fraction(17, 20)
DEFAULT_P_PERCENT = Fraction(1, 10)
MAX_DOMINANT_ENTITIES = 5  # entities whose totals are looked at one by one

CutLevels = tuple[tuple[Fraction, ...], ...]
"""Cuts of a measure in its own unit, coarse level first; each level contains the one before."""


class Protection(StrEnum):
    """How the published tables of level controlled are protected: `protection` of a manifest."""

    SUPPRESSION = "suppression"
    PRIMARY = "primary"


_TABLE_NAME = re.compile(r"[a-z][a-z0-9_]{0,62}")


@dataclass(frozen=True, slots=True, kw_only=True)
class TableDeclaration:
    """One published table: every combination of its dimensions, with its measures.

    `bins`: the measure whose declared cuts are one more dimension of the table, or None.
    `cuts`: those of the bins, where they are coarser than the manifest's. `depths`: how many levels of a dimension's
    hierarchy the table publishes below all, where it is another number than the manifest's.
    """

    name: str
    dimensions: tuple[str, ...]
    measures: tuple[str, ...] = ()
    bins: str | None = None
    cuts: CutLevels | None = None
    depths: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "depths", MappingProxyType(dict(self.depths)))
        if not _TABLE_NAME.fullmatch(self.name):
            raise ValueError(f"table name {self.name!r}: a name is a lower-case word such as by_project")
        for what, columns in (("dimensions", self.dimensions), ("measures", self.measures)):
            if len(set(columns)) != len(columns):
                raise ValueError(f"table {self.name}: {what} names a column twice")
        if self.bins is not None and self.bins in self.dimensions:
            raise ValueError(f"table {self.name}: {self.bins} is a dimension and bins; keep one")
        if self.cuts is not None and self.bins is None:
            raise ValueError(f"table {self.name}: cuts are those of its bins, and it has none; add bins or drop cuts")
        beside = sorted(set(self.depths) - set(self.dimensions))
        if beside:
            raise ValueError(f"table {self.name}: depth names {beside[0]}, which is none of its dimensions; drop it")


@dataclass(frozen=True, slots=True, kw_only=True)
class Dependency:
    """A dimension whose value follows from another's: `values` gives it for values of `follows`, NULL among them.

    Public knowledge about the columns, such as the league's track that a city's own name of a track stands for. Of a
    value of `follows` that is left out it says nothing.
    """

    column: str
    follows: str
    values: Mapping[Value | None, Value | None]

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))
        if self.column == self.follows:
            raise ValueError(f"dependencies: {self.column} cannot follow from itself")
        if not self.values:
            raise ValueError(f"dependencies: {self.column} follows from no value of {self.follows}; give some")

    def allows(self, follows: Value | None, column: Value | None) -> bool:
        """Whether a row may have these two values."""
        return follows not in self.values or self.values[follows] == column


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """A city's declaration for one dataset.

    `population`: whose records these are; one population has one level.
    `threshold`: the least units of a published cell. `min_entities`: its least entities, where they are not units.
    `domains`: the public values of the columns that the contract leaves to the city.
    `dominant_entities`, `dominant_share`: a total is unsafe where so many entities hold more than this share of it.
    `p_percent`: and where the second largest entity can tell the largest one's part to within this share. All three are
    the city's secret.
    `dependencies`: dimensions that follow from others.
    `structural_zeros`: values that are known to have no rows without looking at them.
    `hierarchies`: the groups of a dimension's values, which nest. `depths`: how many levels below all tables publish
    of it; down to the values where it is not named. `cuts`: of a measure's bins, where they are coarser than the
    contract's.
    `period`: the column whose values are the periods that are published one after the other, each once; or None.
    `protection`: whether further cells are suppressed so that no unsafe one follows from the others.
    `protection_version`: raised by the steward whenever a parameter of the protection changes.
    """

    contract: ContractId
    population: str
    level: Level
    threshold: int = DEFAULT_THRESHOLD
    min_entities: int = DEFAULT_MIN_ENTITIES
    tables: tuple[TableDeclaration, ...] = ()
    domains: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    structural_zeros: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    dependencies: tuple[Dependency, ...] = ()
    dominant_entities: int = DEFAULT_DOMINANT_ENTITIES
    dominant_share: Fraction = DEFAULT_DOMINANT_SHARE
    p_percent: Fraction = DEFAULT_P_PERCENT
    protection_version: int = 1
    protection: Protection = Protection.SUPPRESSION
    period: str | None = None
    hierarchies: Mapping[str, tuple[Group, ...]] = field(default_factory=dict)
    depths: Mapping[str, int] = field(default_factory=dict)
    cuts: Mapping[str, CutLevels] = field(default_factory=dict)

    def __post_init__(self) -> None:
        for name in ("hierarchies", "depths", "cuts"):
            object.__setattr__(self, name, MappingProxyType(dict(getattr(self, name))))
        object.__setattr__(self, "domains", MappingProxyType(dict(self.domains)))
        object.__setattr__(self, "structural_zeros", MappingProxyType(dict(self.structural_zeros)))
        if not self.population:
            raise ValueError("population must not be empty: it says whose records these are")
        if self.threshold < LEAST_THRESHOLD:
            raise ValueError(f"threshold is {self.threshold}; the least is {LEAST_THRESHOLD}")
        if self.min_entities < DEFAULT_MIN_ENTITIES:
            raise ValueError(f"min_entities is {self.min_entities}; the least is {DEFAULT_MIN_ENTITIES}")
        if not 1 <= self.dominant_entities <= MAX_DOMINANT_ENTITIES:
            rule = f"dominance.largest is {self.dominant_entities}; it is from 1 to {MAX_DOMINANT_ENTITIES}"
            raise ValueError(f"{rule}; 2 is usual")
        for name, share in (("dominance.share", self.dominant_share), ("p_percent", self.p_percent)):
            if not 0 < share < 1:
                raise ValueError(f"{name} is {float(share):g}; it is a share between 0 and 1, such as 0.1")
        pairs = [(dependency.column, dependency.follows) for dependency in self.dependencies]
        if len(set(pairs)) != len(pairs):
            raise ValueError("dependencies: a pair of columns stands there twice; join the two")
        if self.protection_version < 1:
            raise ValueError(f"protection_version is {self.protection_version}; versions count from 1")
        names = [table.name for table in self.tables]
        if len(set(names)) != len(names):
            raise ValueError("tables: two tables have one name")
        if self.level is Level.CONTROLLED and not self.tables:
            raise ValueError("tables: level controlled answers from published tables; declare at least one")
        without = [table.name for table in self.tables if self.period not in (None, *table.dimensions)]
        if without:
            raise ValueError(
                f"tables: {without[0]} has no dimension {self.period}, the period: it would be published anew with each"
                " one; add it"
            )
        self._check_depths()
        for values in (*self.domains.values(), *self.structural_zeros.values()):
            if not values or len(set(values)) != len(values):
                raise ValueError("domains and structural_zeros are non-empty lists without repeats")

    def depth_of(self, table: TableDeclaration, column: str) -> int | None:
        """How many levels of a dimension's hierarchy a table publishes below all; None: down to the values."""
        return table.depths.get(column, self.depths.get(column))

    def cuts_of(self, table: TableDeclaration) -> CutLevels | None:
        """The cuts of a table's bins, where they are coarser than the contract's."""
        if table.bins is None:
            return None
        return self.cuts.get(table.bins) if table.cuts is None else table.cuts

    def _check_depths(self) -> None:
        for name in (*self.depths, *(name for table in self.tables for name in table.depths)):
            if name not in self.hierarchies:
                raise ValueError(f"depth.{name}: has no hierarchy; declare its groups under hierarchies")
        for depth in (*self.depths.values(), *(depth for table in self.tables for depth in table.depths.values())):
            if depth < 1:
                raise ValueError(f"depth is {depth}; 1 publishes the coarsest groups alone")
        if self.period in self.hierarchies:
            raise ValueError(
                f"hierarchies.{self.period}: is the period, whose values are published one by one and never united;"
                " leave it out"
            )
