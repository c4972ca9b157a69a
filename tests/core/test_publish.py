"""Published tables: which cells are shown, and why the others are not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace

import pytest

from hansa_core.contract.types import Value
from hansa_core.protection.facts import no_facts
from hansa_core.protection.primary import Cause
from hansa_core.protection.publish import Causes, Facts, Publication, publish, rules_of
from hansa_core.protection.tables import Figures, PublishedCell, PublishedTable, TableShape, shapes_of
from hansa_published import SHOPS, count_rows, figures_of, shops_manifest

MANIFEST = shops_manifest()
SHAPES = shapes_of(SHOPS, MANIFEST)
RULES = rules_of(SHOPS, MANIFEST)


def shop(number: int, **values: Value | None) -> dict[str, Value | None]:
    row: dict[str, Value | None] = {"kind": "bar", "zone": 1, "licensed": True, "street": "Elbe", "days": 10}
    return {**row, "firm": f"firm {number}", "owner": f"owner {number}", "score": 4, "visits": 1, **values}


def published(name: str, rows: list[dict[str, Value | None]]) -> PublishedTable:
    totals = {name: count_rows(SHAPES[name], SHOPS, rows)}
    return publish({name: SHAPES[name]}, totals, RULES).tables[name]


def test_a_safe_cell_shows_all_of_its_figures() -> None:
    table = published("by_kind", [shop(n) for n in range(3)] + [shop(3, days=None)])
    assert figures_of(table, "bar", "≤ 20") == Figures(rows=3, units=3, counts=(3, 3), totals=(30, 3))
    assert figures_of(table, "all", "all") == Figures(rows=4, units=4, counts=(3, 4), totals=(30, 4))


def test_a_cell_below_the_threshold_keeps_nothing_not_even_its_union_inside() -> None:
    table = published("by_kind", [shop(n) for n in range(3)] + [shop(3, kind="bakery")])
    assert figures_of(table, "bakery", "all") is None
    assert figures_of(table, "bakery", "≤ 20") is None


def test_many_rows_of_few_units_are_suppressed() -> None:
    assert figures_of(published("by_kind", [shop(n % 2) for n in range(50)]), "all", "all") is None


def test_units_of_two_owners_are_suppressed_where_owners_are_the_entity() -> None:
    rows = [shop(n, owner=f"owner {n % 2}") for n in range(50)]
    assert figures_of(published("by_kind", rows), "all", "all") is None


def test_a_measure_with_few_values_suppresses_the_counts_too() -> None:
    rows = [shop(n, days=10 if n < 2 else None) for n in range(50)]
    assert figures_of(published("by_kind", rows), "all", "all") is None


def test_where_a_measure_is_null_by_definition_its_own_rule_does_not_apply() -> None:
    table = published("by_kind", [shop(n, days=None) for n in range(5)])
    assert figures_of(table, "bar", "unknown") == Figures(rows=5, units=5, counts=(0, 5), totals=(0, 5))


def test_that_nobody_has_a_value_is_shown_where_everybody_knows_it() -> None:
    """Whether `days` is NULL is public by the contract, and `score` is not."""
    manifest = shops_manifest(
        tables=[{"name": name, "dimensions": ["kind"], "measures": [name]} for name in ("days", "score")]
    )
    shapes = shapes_of(SHOPS, manifest)
    rows = [shop(n, days=None, score=None) for n in range(5)] + [shop(n, kind="other") for n in range(5, 9)]
    facts = {name: count_rows(shape, SHOPS, rows) for name, shape in shapes.items()}
    found = publish(shapes, facts, rules_of(SHOPS, manifest)).tables
    assert figures_of(found["days"], "bar") == Figures(rows=5, units=5, counts=(0,), totals=(0,))
    assert figures_of(found["days"], "bakery") is None  # nobody is there
    assert figures_of(found["score"], "bar", "all") is None
    few = [shop(n, days=None if n else 7) for n in range(5)]
    facts = {name: count_rows(shape, SHOPS, few) for name, shape in shapes.items()}
    assert figures_of(publish(shapes, facts, rules_of(SHOPS, manifest)).tables["days"], "bar") is None


def test_an_empty_cell_is_suppressed_so_that_nobody_learns_it_is_empty() -> None:
    assert figures_of(published("by_kind", [shop(n) for n in range(9)]), "bakery", "all") is None


def test_a_structural_zero_is_shown_as_zero() -> None:
    table = published("by_kind_and_zone", [shop(n) for n in range(3)])
    assert figures_of(table, "bar", "4", "all") == Figures(rows=0, units=0, counts=(0, 0), totals=(0, 0))


def test_rows_in_a_structural_zero_stop_the_publication() -> None:
    shape = SHAPES["by_kind_and_zone"]
    empty = next(cell for cell in range(shape.cell_count) if shape.is_structural_zero(cell))
    totals = {empty: replace(no_facts(2), rows=1)}
    with pytest.raises(ValueError, match="structural"):
        publish({"t": shape}, {"t": totals}, RULES)


def test_that_a_measure_is_null_is_a_dimension_unless_it_is_public() -> None:
    assert [dimension.column for dimension in SHAPES["by_street"].dimensions] == ["street", "licensed", "score"]
    assert [dimension.column for dimension in SHAPES["by_kind"].dimensions] == ["kind", "days"]


def test_a_cell_and_its_nodes_are_two_ways_to_say_one_thing() -> None:
    shape = SHAPES["by_kind_and_zone"]
    assert [shape.cell(shape.nodes(cell)) for cell in range(shape.cell_count)] == list(range(shape.cell_count))


def test_a_published_table_lacks_no_cell() -> None:
    shape = TableShape(name="t", dimensions=SHAPES["by_kind"].dimensions, measures=())
    with pytest.raises(ValueError, match="every cell"):
        PublishedTable(shape=shape, cells=(PublishedCell(cell=0, figures=None),))


def test_all_tables_are_published_together_and_each_suppressed_cell_has_a_cause() -> None:
    rows = [shop(n) for n in range(3)] + [shop(3, kind="bakery")]
    totals = {name: count_rows(shape, SHOPS, rows) for name, shape in SHAPES.items()}
    found = publish(SHAPES, totals, RULES)
    assert set(found.tables) == set(SHAPES)
    assert found.causes["by_kind"]
    for name, table in found.tables.items():
        suppressed = {cell.cell for cell in table.cells if cell.figures is None}
        assert found.causes[name] == dict.fromkeys(suppressed, Cause.THRESHOLD)


@dataclass(frozen=True)
class Closed:
    """Withholds what was withheld the last time, or by another rule under the cell of the same number."""

    seen: list[tuple[object, ...]] = field(default_factory=list)

    def withheld(
        self,
        tables: Mapping[str, TableShape],
        facts: Mapping[str, Facts],
        *,
        suppressed: Causes,
        earlier: Iterable[Publication],
    ) -> Causes:
        self.seen.append((tables, facts, {name: set(cells) for name, cells in suppressed.items()}))
        return {name: cells for publication in earlier for name, cells in publication.causes.items()}


def test_a_rule_sees_all_tables_what_the_rules_before_withheld_and_what_was_published_before() -> None:
    few, many = [shop(n) for n in range(3)], [shop(n, kind=kind) for n in range(9) for kind in ("bar", "bakery")]
    before, now = ({name: count_rows(shape, SHOPS, rows) for name, shape in SHAPES.items()} for rows in (few, many))
    first, closed = publish(SHAPES, before, RULES), Closed()
    by_threshold = publish(SHAPES, now, RULES)
    found = publish(SHAPES, now, (*RULES, closed), [first])
    withheld = {name: set(cells) for name, cells in by_threshold.causes.items()}
    assert closed.seen == [(SHAPES, now, withheld)]
    assert figures_of(by_threshold.tables["by_kind"], "bakery", "all") is not None
    assert figures_of(found.tables["by_kind"], "bakery", "all") is None
    for name in SHAPES:
        assert set(found.causes[name]) == set(first.causes[name]) | withheld[name]


def test_a_suppressed_cell_without_a_cause_is_no_publication() -> None:
    shape = SHAPES["by_kind"]
    table = published("by_kind", [])
    assert all(cell.figures is None for cell in table.cells)
    with pytest.raises(ValueError, match="by_kind"):
        Publication(tables={shape.name: table}, causes={shape.name: {}})
