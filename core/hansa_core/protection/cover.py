"""Covers: the published cells of which the cells of a question are unions."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest, TableDeclaration
from hansa_core.partial.groupings import plain_plans
from hansa_core.plan.moments import Moment, MomentKind, moments_of
from hansa_core.plan.plan import Plan
from hansa_core.protection.effort import Effort
from hansa_core.protection.lacks import LackError, missing, refusal
from hansa_core.protection.regions import Key
from hansa_core.protection.table_cover import Figure, Parts, TableCover
from hansa_core.protection.tables import TableShape, shape_of


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredFigure:
    """What a moment adds up: one figure of the cells of one table."""

    table: str
    figure: Figure


@dataclass(frozen=True, slots=True, kw_only=True)
class CoveredCell:
    """One cell of the answer. `parts`: per moment, the numbers of the published cells whose sum it is."""

    key: Key
    parts: tuple[tuple[int, ...], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """A question as sums over published cells. `figures`: what each moment adds up, as `moments_of` lists them.

    A cell without parts is 0: it lies in a structural zero, or its filter holds nowhere. A figure None is that of a bin
    of a quantile or histogram that no table publishes, where tables publish coarser ones: it is withheld.
    """

    plan: Plan
    figures: tuple[CoveredFigure | None, ...]
    cells: tuple[CoveredCell, ...]

    @property
    def tables(self) -> tuple[str, ...]:
        """The tables that are read, each once."""
        return tuple(dict.fromkeys(each.table for each in self.figures if each is not None))


def find_covers(plan: Plan, contract: Contract, manifest: Manifest) -> tuple[Cover, ...]:
    """A cover for each of the plan's groupings, which are one question: they share its effort. `plan` is canonical.

    A total asks for its own cells: a sum over cells would be suppressed as soon as one of them is.
    """
    effort = Effort()
    return tuple(find_cover(part, contract, manifest, effort) for part in plain_plans(plan))


def find_cover(plan: Plan, contract: Contract, manifest: Manifest, effort: Effort) -> Cover:
    """The cover from the table with the fewest dimensions, then cells, then by name. `plan` has no totals.

    Where no table has all that the question needs, few tables have it together: all are of one publication. Found from
    plan, contract and manifest alone. Raises RefusedError, naming the nearest tables.
    """
    moments = moments_of(plan, contract)
    tried = [_TriedTable(table, plan, contract, manifest, effort) for table in manifest.tables]
    ordered = sorted((table for table in tried if table.may_have(moments)), key=_TriedTable.order)
    for table in ordered:
        if table.lack_of(moments) is None:
            return _cover(plan, [table.parts(moment) for moment in moments])
    found = _from_few(ordered, moments)
    without = [moment for moment in moments if moment not in found]
    needed = [moment for moment in without if not _has_coarser(moment, moments, without)]
    if needed:
        raise refusal(plan, [(table.declared, lack) for table in tried if (lack := table.lack_of(needed)) is not None])
    return _cover(plan, [found.get(moment) for moment in moments])


class _TriedTable:
    """A declared table that is tried for one plan. What it lacks for a moment it works out once."""

    def __init__(
        self, declared: TableDeclaration, plan: Plan, contract: Contract, manifest: Manifest, effort: Effort
    ) -> None:
        self.declared = declared
        self._plan = plan
        self._contract = contract
        self._manifest = manifest
        self._effort = effort
        self._known: dict[Moment, Parts | LackError] = {}

    @cached_property
    def _shape(self) -> TableShape:
        return shape_of(self.declared, self._contract, self._manifest)

    @cached_property
    def _cover(self) -> TableCover:
        return TableCover(self._plan, self._shape, self._contract, self._effort)

    def order(self) -> tuple[int, int, str]:
        """The least of all tables is read."""
        return len(self._shape.dimensions), self._shape.cell_count, self._shape.name

    def may_have(self, moments: Iterable[Moment]) -> bool:
        """Whether it has the columns for one of them."""
        return any(not self._missing(moment) for moment in moments)

    def parts(self, moment: Moment) -> Parts:
        """What adds up to the moment. Raises LackError."""
        if moment not in self._known:
            try:
                self._known[moment] = self._cover.parts(moment)
            except LackError as lack:
                self._known[moment] = lack
        known = self._known[moment]
        if isinstance(known, LackError):
            raise known
        return known

    def lack_of(self, moments: Iterable[Moment]) -> LackError | None:
        """What it lacks for the moments together: all of its columns, or the first thing that they do not tell."""
        listed = tuple(moments)
        columns = dict.fromkeys(lack for moment in listed for lack in self._missing(moment))
        if columns:
            return LackError(*columns)
        for moment in listed:
            try:
                self.parts(moment)
            except LackError as lack:
                return lack
        return None

    def _missing(self, moment: Moment) -> tuple[str, ...]:
        conditions = [one for one in (self._plan.where, moment.where) if one is not None]
        return missing(moment, (*self._plan.keys, *conditions), self.declared, self._contract)


def _from_few(tables: Sequence[_TriedTable], moments: Sequence[Moment]) -> Mapping[Moment, Parts]:
    """Every moment that some table has: again and again from the first of those that have the most of what is left."""
    having = [[moment for moment in moments if table.lack_of([moment]) is None] for table in tables]
    found: dict[Moment, Parts] = {}
    while having:
        left = [[moment for moment in has if moment not in found] for has in having]
        place = max(range(len(left)), key=lambda number: len(left[number]))
        if not left[place]:
            break
        found.update((moment, tables[place].parts(moment)) for moment in left[place])
    return found


def _has_coarser(moment: Moment, moments: Sequence[Moment], without: Collection[Moment]) -> bool:
    """Whether it is a bin of a quantile or histogram of which other bins are published."""
    if moment.kind is not MomentKind.BIN:
        return False
    of_same = ((moment.column, moment.where) == (other.column, other.where) for other in moments)
    bins = (other for other, same in zip(moments, of_same, strict=True) if same and other.kind is MomentKind.BIN)
    return any(other not in without for other in bins)


def _cover(plan: Plan, found: Sequence[Parts | None]) -> Cover:
    keys = next(parts.cells for parts in found if parts is not None)
    return Cover(
        plan=plan,
        figures=tuple(
            None if parts is None else CoveredFigure(table=parts.table, figure=parts.figure) for parts in found
        ),
        cells=tuple(
            CoveredCell(key=key, parts=tuple(() if parts is None else parts.cells[key] for parts in found))
            for key in keys
        ),
    )
