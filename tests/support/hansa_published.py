"""A small contract for published tables, rows of it, and the cells of a table counted row by row."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from hypothesis import strategies as st

from hansa_core.contract.contract import Contract, ContractColumn, Scope
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.quanta import quantum_of
from hansa_core.contract.types import DataType, Value
from hansa_core.manifest.manifest import Manifest
from hansa_core.plan.moments import MomentKind
from hansa_core.protection.concentration import MAX_LARGEST, Concentration
from hansa_core.protection.cover import Cover, CoveredFigure
from hansa_core.protection.declaration import declaration_from_document
from hansa_core.protection.facts import CellFacts, MeasureFacts
from hansa_core.protection.hierarchy import BinInterval, Dimension
from hansa_core.protection.tables import Figures, PublishedTable, TableShape
from hansa_core.protection.threshold import Contributors

Row = Mapping[str, Value | None]


def _column(name: str, kind: DataType, **more: Any) -> ContractColumn:
    return ContractColumn(name=name, type=kind, meaning=name, **more)


_WHOLE = {"quantum": Fraction(1), "lower": Fraction(-10), "upper": Fraction(100)}
SHOPS = Contract(
    id=ContractId("town.shops", 1),
    title="Inspections of shops",
    columns={
        column.name: column
        for column in (
            _column("firm", DataType.TEXT, identifier=True, required=True),
            _column("owner", DataType.TEXT, identifier=True, required=True),
            _column("kind", DataType.TEXT, required=True, domain=("bakery", "bar", "other"), constant_per_unit=True),
            _column(
                "zone", DataType.INTEGER, quantum=Fraction(1), lower=Fraction(1), upper=Fraction(4), domain=(1, 2, 3, 4)
            ),
            _column("licensed", DataType.BOOLEAN),
            _column("street", DataType.TEXT, required=True, per_city=True),
            _column(
                "days",
                DataType.INTEGER,
                **_WHOLE,
                null_is_public=True,
                bins=((Fraction(20),), (Fraction(5), Fraction(20), Fraction(60))),
            ),
            _column(
                "score",
                DataType.NUMBER,
                quantum=Fraction(1, 4),
                lower=Fraction(0),
                upper=Fraction(5),
                bins=((Fraction(5, 2),),),
            ),
            _column("visits", DataType.INTEGER, **_WHOLE, required=True),
        )
    },
    unit="firm",
    entity="owner",
    unit_scope=Scope.CITY,
    max_cities_per_unit=1,
    least_level=Level.OPEN,
)

MANIFEST_DOCUMENT: dict[str, Any] = {
    "contract": "town.shops/1",
    "population": "shops of the town",
    "level": "controlled",
    "threshold": 3,
    "domains": {"street": ["Alster", "Elbe"]},
    "structural_zeros": {"zone": [4]},
    "tables": [
        {"name": "whole", "measures": ["visits"]},
        {"name": "by_kind", "dimensions": ["kind"], "measures": ["days", "visits"], "bins": "days"},
        {"name": "by_kind_and_zone", "dimensions": ["kind", "zone"], "measures": ["days", "visits"], "bins": "days"},
        {"name": "by_score", "dimensions": ["licensed"], "measures": ["score", "visits"], "bins": "score"},
        {"name": "by_street", "dimensions": ["street", "licensed"], "measures": ["score"]},
    ],
}


def shops_manifest(**changes: Any) -> Manifest:
    """The manifest of SHOPS, with some of its document's fields replaced."""
    return declaration_from_document({**MANIFEST_DOCUMENT, **changes}, SHOPS)


@st.composite
def shop_rows(draw: st.DrawFn, least: int = 0) -> list[dict[str, Value | None]]:
    """Rows as a dataset stores them. A firm has one kind and one owner; zone 4 has no rows."""
    firms = draw(
        st.lists(st.tuples(st.integers(0, 1), st.sampled_from(("bakery", "bar", "other"))), min_size=1, max_size=6)
    )
    row = st.fixed_dictionaries(
        {
            "zone": st.sampled_from((1, 2, 3, None)),
            "licensed": st.sampled_from((True, False, None)),
            "street": st.sampled_from(("Alster", "Elbe")),
            "days": st.sampled_from((-10, 5, 6, 20, 21, 60, 61, 100, None)),
            "score": st.sampled_from((0, 10, 11, 20, None)),
            "visits": st.integers(-10, 100),
        }
    )
    drawn = draw(st.lists(st.tuples(st.integers(0, len(firms) - 1), row), min_size=least, max_size=25))
    return [
        {**values, "firm": f"firm {firm}", "owner": f"owner {firms[firm][0]}", "kind": firms[firm][1]}
        for firm, values in drawn
    ]


def count_rows(shape: TableShape, contract: Contract, rows: Sequence[Row]) -> dict[int, CellFacts]:
    """The facts of every cell with rows, straight from the definition."""
    members: dict[int, list[Row]] = {}
    for row in rows:
        sides = [_nodes_above(dimension, row[dimension.column], contract) for dimension in shape.dimensions]
        for nodes in product(*sides):
            members.setdefault(shape.cell(nodes), []).append(row)
    return {cell: _facts(shape, contract, held) for cell, held in members.items()}


def _nodes_above(dimension: Dimension, stored: Value | None, contract: Contract) -> list[int]:
    column = contract.columns[dimension.column]
    for index, leaf in enumerate(dimension.leaves):
        if isinstance(leaf, BinInterval):
            found = isinstance(stored, int) and leaf.lower <= stored <= leaf.upper
        elif column.type.is_numeric and leaf is not None and stored is not None:
            found = stored * quantum_of(column) == leaf  # type: ignore[operator]
        else:
            found = leaf is stored or leaf == stored
        if found:
            return [number for number, node in enumerate(dimension.nodes) if index in node.leaves]
    raise AssertionError(f"{stored!r} is no leaf of {dimension.column}")


def _facts(shape: TableShape, contract: Contract, rows: Sequence[Row]) -> CellFacts:
    def who(members: Sequence[Row]) -> Contributors:
        units, entities = ({row[name] for row in members} for name in (contract.unit, contract.entity))
        return Contributors(units=len(units), entities=len(entities))

    def spread(parts: Iterable[tuple[Row, int]]) -> Concentration:
        totals = Counter[object]()
        for row, part in parts:
            totals[row[contract.entity]] += part
        largest = sorted((part for part in totals.values() if part > 0), reverse=True)[:MAX_LARGEST]
        return Concentration(total=sum(totals.values()), largest=tuple(largest))

    def measure(name: str) -> MeasureFacts:
        lower, upper = contract.columns[name].bounds
        known = [(row, value) for row in rows if isinstance(value := row[name], int)]
        return MeasureFacts(
            contributors=who([row for row, value in known if value]),
            count=len(known),
            total=sum(value for _, value in known),
            spread_of_count=spread((row, 1) for row, _ in known),
            spreads=(
                spread((row, abs(value)) for row, value in known),
                spread((row, value - lower) for row, value in known),
                spread((row, upper - value) for row, value in known),
            ),
        )

    return CellFacts(
        contributors=who(rows),
        rows=len(rows),
        spread=spread((row, 1) for row in rows),
        measures=tuple(map(measure, shape.measures)),
    )


def unprotected_moments(
    cover: Cover, shapes: Mapping[str, TableShape], totals: Mapping[str, Mapping[int, CellFacts]]
) -> dict[tuple[Value | None, ...], tuple[int, ...]]:
    """What the cover's sums would be if nothing were suppressed, by key; a moment that no table has counts as 0."""

    def figure(covered: CoveredFigure | None, cell: int) -> int:
        held = None if covered is None else totals[covered.table].get(cell)
        if covered is None or held is None:
            return 0
        kind = covered.figure.kind
        if kind is MomentKind.ROWS:
            return held.rows
        if kind is MomentKind.DISTINCT:
            return held.contributors.units
        of_measure = held.measures[shapes[covered.table].measures.index(str(covered.figure.measure))]
        return of_measure.count if kind is MomentKind.COUNT else of_measure.total

    return {
        cell.key: tuple(
            sum(figure(one, number) for number in parts) for one, parts in zip(cover.figures, cell.parts, strict=True)
        )
        for cell in cover.cells
    }


def figures_of(table: PublishedTable, *labels: str) -> Figures | None:
    """The figures of the cell with these node labels, one per dimension."""
    nodes = [
        next(number for number, node in enumerate(dimension.nodes) if node.label == label)
        for dimension, label in zip(table.shape.dimensions, labels, strict=True)
    ]
    return table.cells[table.shape.cell(nodes)].figures
