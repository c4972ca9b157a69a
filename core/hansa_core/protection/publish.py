"""Publication: all declared tables protected together, each cell shown or suppressed with a cause."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

from hansa_core.contract.contract import Contract
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.facts import CellFacts, no_facts
from hansa_core.protection.primary import Cause, PrimaryRules, primary_rules
from hansa_core.protection.tables import Figures, PublishedCell, PublishedTable, TableShape

Facts = Mapping[int, CellFacts]
"""The cells of one table that have rows, by number; a cell that is not among them has none."""

Causes = Mapping[str, Mapping[int, Cause]]
"""The suppressed cells of each table by number, each with why. The city's secret."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Publication:
    """Every cell of every table, by the table's name, and the cause of each suppressed one by its number.

    `causes` is the city's secret. `is_audited`: whether it was looked at what follows from the shown cells; not of
    what earlier releases published.
    """

    tables: Mapping[str, PublishedTable]
    causes: Causes
    is_audited: bool = True

    def __post_init__(self) -> None:
        for name, table in self.tables.items():
            if {cell.cell for cell in table.cells if cell.figures is None} != set(self.causes[name]):
                raise ValueError(f"table {name}: every suppressed cell has a cause, and no other cell has one")


class DisclosureRule(Protocol):
    """A disclosure rule over a whole publication: all of its tables together, and what was published before."""

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        facts: Mapping[str, Facts],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Causes:
        """The cells of each table that may not be shown, each with why.

        `suppressed`: by the rules before this one. `earlier`: what was published of the same population before, the
        newest first; each is read when it is asked for.
        """


def rules_of(
    contract: Contract, manifest: Manifest, impossible: Mapping[str, Collection[int]] | None = None
) -> tuple[DisclosureRule, ...]:
    """The manifest's rules that judge every cell by itself, in order.

    `impossible`: the cells of each table that have no rows by declarations about other tables too.
    """
    primary = PrimarySuppression(primary_rules(contract, manifest), impossible or {})
    return (primary,) if manifest.period is None else (GrowingUnions(), primary)


def publish(
    tables: Mapping[str, TableShape],
    facts: Mapping[str, Facts],
    rules: Sequence[DisclosureRule],
    earlier: Iterable[Publication] = (),
) -> Publication:
    """Every cell of every table, with its figures if no rule withholds it; the first rule that does gives its cause.

    `facts`: of each table. `earlier`: handed to each rule as it is. Raises ValueError on rows in a cell that was
    declared to have none.
    """
    for name, shape in tables.items():
        _check_structural_zeros(shape, facts[name])
    causes: dict[str, Mapping[int, Cause]] = {name: {} for name in tables}
    for rule in rules:
        for name, cells in rule.withheld(tables, facts, suppressed=causes, earlier=earlier).items():
            causes[name] = {**cells, **causes[name]}
    return Publication(
        tables={name: _table(shape, facts[name], causes[name]) for name, shape in tables.items()}, causes=causes
    )


@dataclass(frozen=True, slots=True)
class PrimarySuppression:
    """The rules that judge every cell by itself, whatever was published before.

    Cells that have no rows by declaration are safe: from their zero nobody learns anything.
    """

    rules: PrimaryRules
    impossible: Mapping[str, Collection[int]] = field(default_factory=dict)

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        facts: Mapping[str, Facts],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Causes:
        return {name: dict(self._unsafe(shape, facts[name])) for name, shape in tables.items()}

    def _unsafe(self, shape: TableShape, facts: Facts) -> Iterator[tuple[int, Cause]]:
        for cell in range(shape.cell_count):
            if not shape.is_structural_zero(cell) and cell not in self.impossible.get(shape.name, ()):
                cause = self.rules.cause(without_public_nulls(shape, judged_facts(shape, cell, facts)))
                if cause is not None:
                    yield cell, cause


def without_public_nulls(shape: TableShape, facts: CellFacts) -> CellFacts:
    """The facts without measures of which everybody knows that nobody in the cell has a value.

    That a measure is NULL is a dimension of the table, and the measure a column of it, unless the contract makes it
    public or it is never NULL: then what has no value over rows that are there says nothing new.
    """
    if not facts.rows or {dimension.column for dimension in shape.dimensions} & set(shape.measures):
        return facts
    return replace(facts, measures=tuple(measure for measure in facts.measures if measure.count))


@dataclass(frozen=True, slots=True)
class GrowingUnions:
    """A union of periods is published by none of them: the next one would change it."""

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        facts: Mapping[str, Facts],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Causes:
        return {
            name: {cell: Cause.GROWING for cell in range(shape.cell_count) if shape.is_growing_union(cell)}
            for name, shape in tables.items()
        }


def judged_facts(shape: TableShape, cell: int, facts: Facts) -> CellFacts:
    """What is judged of a cell: its facts, of measures those that `judged_measures` names."""
    found, judged = facts.get(cell) or no_facts(len(shape.measures)), judged_measures(shape, cell)
    pairs = zip(shape.measures, found.measures, strict=True)
    return replace(found, measures=tuple(measure for name, measure in pairs if name in judged))


def judged_measures(shape: TableShape, cell: int) -> tuple[str, ...]:
    """The measures that are not NULL all over a cell by its definition."""
    nulls = {
        dimension.column
        for dimension, node in zip(shape.dimensions, shape.nodes(cell), strict=True)
        if all(dimension.leaves[leaf] is None for leaf in dimension.nodes[node].leaves)
    }
    return tuple(name for name in shape.measures if name not in nulls)


def _check_structural_zeros(shape: TableShape, facts: Facts) -> None:
    if any(map(shape.is_structural_zero, facts)):
        raise ValueError(f"table {shape.name}: a structural zero has rows; correct structural_zeros")


def _table(shape: TableShape, facts: Facts, causes: Mapping[int, Cause]) -> PublishedTable:
    return PublishedTable(
        shape=shape,
        cells=tuple(
            PublishedCell(cell=cell, figures=None if cell in causes else _figures(shape, facts.get(cell)))
            for cell in range(shape.cell_count)
        ),
    )


def _figures(shape: TableShape, facts: CellFacts | None) -> Figures:
    if facts is None:
        nothing = (0,) * len(shape.measures)
        return Figures(rows=0, units=0, counts=nothing, totals=nothing)
    return Figures(
        rows=facts.rows,
        units=facts.contributors.units,
        counts=tuple(measure.count for measure in facts.measures),
        totals=tuple(measure.total for measure in facts.measures),
    )
