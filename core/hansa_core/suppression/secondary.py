"""Secondary suppression: the rule that holds safe cells too, so that no unsafe one follows from those shown."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from hansa_core.protection.facts import CellFacts, no_facts
from hansa_core.protection.primary import Cause, PrimaryRules
from hansa_core.protection.publish import Causes, Facts, Publication, judged_facts, without_public_nulls
from hansa_core.protection.tables import TableShape
from hansa_core.suppression.atoms import LinearForm
from hansa_core.suppression.audited_tables import AuditedTables, CellId
from hansa_core.suppression.contributions import Contributions, Selection
from hansa_core.suppression.insiders import Insiders
from hansa_core.suppression.lines import AdditiveLine, Lines
from hansa_core.suppression.needs import Needs
from hansa_core.suppression.prior import Prior, audit_prior
from hansa_core.suppression.programme import WorkExceededError, WorkLimit
from hansa_core.suppression.selection import AuditedCell, AuditedPublication, CellSelection, UnprovenError

_Key = tuple[tuple[str, tuple[int, ...]], ...]

_PROGRAMMES = 20_000


class NothingPublishedError(ValueError):
    """No choice of cells protects the unsafe ones: nothing may be published. The text names what to coarsen."""


@dataclass(frozen=True, slots=True, eq=False, kw_only=True)
class SecondarySuppression:
    """Holds further cells until every unsafe figure is as uncertain as the primary rules demand, over all tables.

    `secret`: the city's; `publication`: what tells this publication from the city's others. `settled`: the cells that
    stay as they were published before, and whether each is shown. Raises NothingPublishedError.
    """

    rules: PrimaryRules
    tables: AuditedTables
    contributions: Contributions
    secret: bytes
    publication: str
    settled: Mapping[CellId, bool]

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        facts: Mapping[str, Facts],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Causes:
        merged = MergedCells(self.tables, facts, suppressed, self.settled)
        seed = hmac.digest(self.secret, hashlib.sha256(self.publication.encode()).digest(), "sha256")
        effort = WorkLimit(_PROGRAMMES)
        try:
            audited = _Audited(self, merged, seed, effort)
            held = CellSelection(audited.publication, seed, effort).held() if audited.needs_audit else frozenset()
        except UnprovenError as error:
            raise NothingPublishedError(merged.blamed(error.cells)) from None
        except WorkExceededError:
            raise NothingPublishedError(merged.blamed(merged.unsafe(self.rules))) from None
        causes: dict[str, dict[int, Cause]] = {name: {} for name in tables}
        for number in sorted(held):
            for name, cell in merged.members[number]:
                causes[name][cell] = Cause.SECONDARY
        return causes


class MergedCells:
    """All cells that may have rows, equal ones as one, by number."""

    def __init__(
        self,
        tables: AuditedTables,
        facts: Mapping[str, Facts],
        suppressed: Causes,
        settled: Mapping[CellId, bool],
    ) -> None:
        self.tables, self._facts = tables, facts
        self.members: list[list[CellId]] = []
        self.selections: list[Selection] = []
        self.numbers: dict[_Key, int] = {}
        self._number: dict[CellId, int] = {}
        for cell in tables.cells():
            selection = tables.selection(cell)
            key = key_of(selection)
            if key not in self.numbers:
                self.numbers[key] = len(self.members)
                self.members.append([])
                self.selections.append(selection)
            self._number[cell] = self.numbers[key]
            self.members[self.numbers[key]].append(cell)
        self.held = frozenset(
            number
            for number, cells in enumerate(self.members)
            if any(cell in suppressed[name] or not settled.get((name, cell), True) for name, cell in cells)
        )
        self.pinned = frozenset(
            number for number, cells in enumerate(self.members) if any(settled.get(cell, False) for cell in cells)
        )

    def facts(self, cell: CellId) -> CellFacts:
        """What is judged of a cell."""
        return judged_facts(self.tables.shapes[cell[0]], cell[1], self._facts[cell[0]])

    def counted(self, number: int) -> CellFacts:
        """The facts of one of the equal cells; rows and contributors are the same for all."""
        name, cell = self.members[number][0]
        return self._facts[name].get(cell) or no_facts(0)

    def unsafe(self, rules: PrimaryRules) -> list[int]:
        """The cells that a primary rule calls unsafe, whatever else they are held for."""
        return [
            number
            for number, cells in enumerate(self.members)
            if any(
                rules.cause(without_public_nulls(self.tables.shapes[c[0]], self.facts(c))) is not None for c in cells
            )
        ]

    def lines(self) -> Iterator[AdditiveLine]:
        """Each cell that is the sum of others along a dimension or by a dependency, with those."""
        found: dict[AdditiveLine, None] = {}
        for parent, children in self.tables.lines():
            if parent in self._number:
                found[AdditiveLine(parent=self._number[parent], children=self._sorted(children))] = None
        for number, selection in enumerate(self.selections):
            for parts in self.tables.dependent_parts(selection):
                keys = list(map(key_of, parts))
                if keys and all(key in self.numbers for key in keys):
                    together = tuple(sorted({self.numbers[key] for key in keys}))
                    found[AdditiveLine(parent=number, children=together)] = None
        return (line for line in found if line.children != (line.parent,))

    def _sorted(self, cells: Iterable[CellId]) -> tuple[int, ...]:
        return tuple(sorted({self._number[cell] for cell in cells}))

    def blamed(self, numbers: Iterable[int]) -> str:
        """What to coarsen, where these cells stay too closely known."""
        of_table: dict[str, int] = {}
        for number in numbers:
            for name, _ in self.members[number]:
                of_table[name] = of_table.get(name, 0) + 1
        table = min(of_table, key=lambda name: (-of_table[name], name))
        column, leaf = self._least(self.tables.shapes[table])
        return (
            f"table {table}: {of_table[table]} of its cells stay too closely known whatever else is suppressed; coarsen"
            f" it: {leaf} of {column} has least in it, unite it with another, or leave the table out"
        )

    def _least(self, shape: TableShape) -> tuple[str, str]:
        """The leaf of the table's dimensions with the fewest rows; none that is empty by declaration."""
        found = []
        for place, dimension in enumerate(shape.dimensions):
            for number, node in enumerate(dimension.nodes):
                if number and not node.children and not dimension.is_structural_zero(number):
                    cell = shape.cell([number if other == place else 0 for other in range(len(shape.dimensions))])
                    facts = self._facts[shape.name].get(cell)
                    found.append((0 if facts is None else facts.rows, dimension.column, node.label))
        _, column, label = min(found, default=(0, "its dimensions", "the whole"))
        return column, label


def key_of(selection: Selection) -> _Key:
    """Equal for equal selections."""
    return tuple((column, tuple(sorted(leaves))) for column, leaves in sorted(selection.items()))


class _Audited:
    """A publication as the selection of its cells needs it."""

    def __init__(self, owner: SecondarySuppression, merged: MergedCells, seed: bytes, effort: WorkLimit) -> None:
        self._owner, self._merged, self._seed, self._effort = owner, merged, seed, effort
        self._unsafe = merged.unsafe(owner.rules)
        self.needs_audit = bool(self._unsafe)
        self._system = owner.tables.system
        self._truth = owner.contributions.data_set(self._system)
        self._figures: dict[bytes, tuple[int, LinearForm]] = {}

    @cached_property
    def publication(self) -> AuditedPublication:
        """All of it; its work is bounded. Raises WorkExceededError."""
        owner, merged, tables = self._owner, self._merged, self._owner.tables
        cells = [
            AuditedCell(
                figures=tuple(dict.fromkeys(self._figure(form) for cell in members for form in tables.forms(cell))),
                weight=merged.counted(number).contributors.units,
                key=repr(key).encode(),
            )
            for (key, number), members in zip(merged.numbers.items(), merged.members, strict=True)
        ]
        public = sorted({self._figure(form) for cell in tables.cells() for form in tables.public_forms(cell)})
        figures = [form for _, form in self._figures.values()]
        insiders_of = {number: owner.contributions.largest(merged.selections[number]) for number in self._unsafe}
        known = {insider for insiders in insiders_of.values() for insider in insiders}
        parts = {insider: owner.contributions.rows_of(insider, self._system) for insider in sorted(known)}
        insiders = Insiders(self._system, self._truth, parts)
        needs = Needs(owner.rules, tables, self._truth, parts)
        prior: Prior = audit_prior(
            system=self._system,
            truth=self._truth,
            figures=[figures[figure] for figure in public],
            targets=[
                target
                for number in self._unsafe
                for target in needs.targets(
                    number, [(cell, merged.facts(cell)) for cell in merged.members[number]], insiders_of[number]
                )
            ],
            insiders=insiders,
            seed=self._seed,
            effort=self._effort,
        )
        rows = [merged.counted(number).rows for number in range(len(cells))]
        return AuditedPublication(
            system=self._system,
            truth=self._truth,
            figures=figures,
            public=public,
            cells=cells,
            held=merged.held,
            pinned=merged.pinned - merged.held,
            targets=prior.targets,
            lines=Lines(list(merged.lines()), rows, _Unions(owner, merged, self._unsafe).short_by),
            insiders=insiders,
        )

    def _figure(self, form: LinearForm) -> int:
        """The place of a figure among all of them; equal figures of several cells are one."""
        return self._figures.setdefault(form.key, (len(self._figures), form))[0]


class _Unions:
    """Unions of held cells, judged as cells."""

    def __init__(self, owner: SecondarySuppression, merged: MergedCells, unsafe: Iterable[int]) -> None:
        self._owner, self._merged, self._unsafe = owner, merged, frozenset(unsafe)
        self._judged: dict[frozenset[int], int] = {}

    def short_by(self, cells: frozenset[int]) -> int:
        """How many units the union lacks to be safe; 0 where it is. Safe cells are safe together."""
        if self._unsafe.isdisjoint(cells):
            return 0
        if cells not in self._judged:
            self._judged[cells] = self._short_by(cells)
        return self._judged[cells]

    def _short_by(self, cells: frozenset[int]) -> int:
        rules, contributions, tables = self._owner.rules, self._owner.contributions, self._owner.tables
        members = [cell for number in sorted(cells) for cell in self._merged.members[number]]
        measures = sorted({name for cell in members for name in tables.judged_measures(cell)})
        parts = [contributions.records(self._merged.selections[number]) for number in sorted(cells)]
        facts = contributions.facts_of(np.unique(np.concatenate(parts)), measures)
        if rules.cause(facts) is None:
            return 0
        return max(1, rules.threshold.min_units - facts.contributors.units)
