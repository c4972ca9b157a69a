"""Secondary suppression: an attacker with everything that is shown finds no unsafe cell within what it needs."""

from __future__ import annotations

import itertools
import random
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from hansa_contributions import contributions_of
from hansa_core.contract.types import Value
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.primary import Cause, primary_rules
from hansa_core.protection.publish import Publication, publish, rules_of
from hansa_core.protection.tables import shapes_of
from hansa_core.suppression.audited_tables import AuditedTables, CellId
from hansa_core.suppression.secondary import NothingPublishedError, SecondarySuppression
from hansa_published import SHOPS, count_rows, shops_manifest

CONTRACT = replace(SHOPS, entity=SHOPS.unit)
KIND, ZONE = ("bakery", "bar", "other"), (1, 2, 3, None)
CROSS = {"threshold": 5, "tables": [{"name": "cross", "dimensions": ["kind", "zone"]}]}
Row = Mapping[str, Value | None]


def shops(counts: Mapping[tuple[str, int | None], int], **values: Value | None) -> list[Row]:
    """So many shops of each kind in each zone, each with one row."""
    cells = [cell for cell, count in counts.items() for _ in range(count)]
    base = {"licensed": True, "street": "Elbe", "days": 10, "score": 4, "visits": 1, "owner": "x", **values}
    return [{**base, "firm": f"firm {n}", "kind": kind, "zone": zone} for n, (kind, zone) in enumerate(cells)]


def drawn(seed: int) -> list[Row]:
    rng = random.Random(seed)
    return shops({cell: rng.choice((0, 1, 3, 7, 12, 30)) for cell in itertools.product(KIND, ZONE)})


def published(
    rows: Sequence[Row], manifest: Manifest, secret: bytes = b"secret", settled: Mapping[CellId, bool] | None = None
) -> Publication:
    shapes = shapes_of(CONTRACT, manifest)
    tables = AuditedTables(shapes, CONTRACT, manifest)
    secondary = SecondarySuppression(
        rules=primary_rules(CONTRACT, manifest),
        tables=tables,
        contributions=contributions_of(tables, CONTRACT, rows),
        secret=secret,
        publication="town.shops/1",
        settled=settled or {},
    )
    facts = {name: count_rows(shape, CONTRACT, rows) for name, shape in shapes.items()}
    return publish(shapes, facts, (*rules_of(CONTRACT, manifest, tables.impossible), secondary))


def held(publication: Publication) -> dict[CellId, Cause]:
    return {(name, cell): cause for name, causes in publication.causes.items() for cell, cause in causes.items()}


def intervals(publication: Publication, columns: Mapping[str, Sequence[Any]]) -> dict[CellId, tuple[float, float]]:
    """What a linear programme over the whole cross of the columns says of each suppressed cell."""
    atoms = list(itertools.product(*columns.values()))

    def form(table: str, cell: int) -> np.ndarray:
        shape = publication.tables[table].shape
        inside = [True] * len(atoms)
        for dimension, node in zip(shape.dimensions, shape.nodes(cell), strict=True):
            place = list(columns).index(dimension.column)
            leaves = {dimension.leaves[leaf] for leaf in dimension.nodes[node].leaves}
            inside = [so_far and atom[place] in leaves for so_far, atom in zip(inside, atoms, strict=True)]
        return np.asarray(inside, dtype=float)

    shown = [
        (form(name, c.cell), c.figures.rows) for name, t in publication.tables.items() for c in t.cells if c.figures
    ]
    a_eq, b_eq = np.asarray([row for row, _ in shown]), np.asarray([rows for _, rows in shown], dtype=float)
    found = {}
    for name, table in publication.tables.items():
        for cell in table.cells:
            if cell.figures is None:
                target = form(name, cell.cell)
                ends = [
                    linprog(way * target, A_eq=a_eq, b_eq=b_eq, bounds=(0, 10_000)).fun * way if shown else way
                    for way in (1, -1)
                ]
                found[name, cell.cell] = ends[0], ends[1]
    return found


COLUMNS: dict[str, Sequence[Any]] = {"kind": KIND, "zone": (1, 2, 3, 4, None)}


@pytest.mark.parametrize("seed", range(12))
def test_no_unsafe_cell_of_a_table_is_found_more_closely_than_the_threshold(seed: int) -> None:
    manifest = shops_manifest(**CROSS)
    publication = published(drawn(seed), manifest)
    unsafe = {cell for cell, cause in held(publication).items() if cause is not Cause.SECONDARY}
    found = intervals(publication, COLUMNS)
    assert unsafe <= set(found)
    assert all(found[cell][1] - found[cell][0] >= 5 - 1e-6 for cell in unsafe)


def test_by_thresholds_alone_subtraction_finds_a_cell() -> None:
    rows = shops(dict.fromkeys(itertools.product(KIND, ZONE), 20) | {("bar", 1): 2})
    manifest = shops_manifest(**CROSS)
    shapes = shapes_of(CONTRACT, manifest)
    facts = {name: count_rows(shape, CONTRACT, rows) for name, shape in shapes.items()}
    alone = publish(shapes, facts, rules_of(CONTRACT, manifest))
    ((low, high),) = intervals(alone, COLUMNS).values()
    assert low == pytest.approx(2)
    assert high == pytest.approx(2)
    assert len(held(published(rows, manifest))) == 4


def test_where_every_cell_is_safe_every_cell_is_shown() -> None:
    assert not held(published(shops(dict.fromkeys(itertools.product(KIND, ZONE), 20)), shops_manifest(**CROSS)))


def test_nothing_at_all_is_published_as_nothing() -> None:
    publication = published([], shops_manifest(**CROSS))
    shape = publication.tables["cross"].shape
    assert len(held(publication)) == sum(not shape.is_structural_zero(cell) for cell in range(shape.cell_count))


def test_the_same_secret_chooses_the_same_cells_and_another_one_others() -> None:
    rows, manifest = drawn(3), shops_manifest(**CROSS)
    first = held(published(rows, manifest))
    assert first == held(published(rows, manifest))
    assert {tuple(sorted(held(published(rows, manifest, bytes([n]))))) for n in range(8)} != {tuple(sorted(first))}


def test_a_union_of_held_cells_that_follows_from_a_shown_one_is_safe_itself() -> None:
    """Two cells of 2 beside 40 under a shown total: together they are 4, and 4 is unsafe too."""
    table = {"threshold": 5, "tables": [{"name": "cross", "dimensions": ["kind"]}]}
    rows = shops({("bakery", 1): 2, ("bar", 1): 2, ("other", 1): 40})
    publication = published(rows, shops_manifest(**table))
    assert len(held(publication)) == 3


def test_cells_that_a_dependency_makes_impossible_are_zeros_and_not_unsafe() -> None:
    follows = [{"column": "licensed", "follows": "zone", "values": {1: True, 2: True, 3: False, None: None}}]
    tables = [{"name": "cross", "dimensions": ["zone", "licensed"]}]
    manifest = shops_manifest(threshold=5, tables=tables, dependencies=follows)
    rows = [
        {**row, "firm": f"{zone} {row['firm']}", "licensed": licensed}
        for zone, licensed in ((1, True), (2, True), (3, False), (None, None))
        for row in shops({("bar", zone): 9})
    ]
    publication = published(rows, manifest)
    assert not held(publication)
    free = published(rows, shops_manifest(threshold=5, tables=tables))
    assert held(free)


def test_a_dependency_through_a_column_of_no_table_is_known_to_attackers_and_to_the_audit() -> None:
    follows = [
        {"column": "kind", "follows": "street", "values": {"Elbe": "bar", "Alster": "bakery"}},
        {"column": "licensed", "follows": "street", "values": {"Elbe": True, "Alster": False}},
    ]
    tables = [{"name": "kinds", "dimensions": ["kind"]}, {"name": "licences", "dimensions": ["licensed"]}]
    rows = [{**row, "kind": "bakery", "licensed": False, "street": "Alster"} for row in shops({("bar", 1): 2})]
    rows += [{**row, "firm": f"other {row['firm']}"} for row in shops({("bar", 1): 30})]
    publication = published(rows, shops_manifest(threshold=5, tables=tables, dependencies=follows))
    many = {"kinds": 2, "licences": 2}  # bars, and licensed ones: both are the shops of Elbe
    is_total_shown = any((name, 0) not in held(publication) for name in many)
    are_many_shown = any(cell not in held(publication) for cell in many.items())
    assert not (is_total_shown and are_many_shown)


def test_where_earlier_publications_give_a_cell_away_nothing_is_published_and_the_table_is_named() -> None:
    rows = shops(dict.fromkeys(itertools.product(KIND, ZONE), 20) | {("bar", 1): 2})
    manifest = shops_manifest(**CROSS)
    shape = shapes_of(CONTRACT, manifest)["cross"]
    unsafe = next(
        cell for cell in held(published(rows, manifest)) if held(published(rows, manifest))[cell] is Cause.THRESHOLD
    )
    settled = {("cross", cell): ("cross", cell) != unsafe for cell in range(shape.cell_count)}
    with pytest.raises(NothingPublishedError, match=r"table cross: 1 of its cells .* coarsen it: 1 of zone has least"):
        published(rows, manifest, settled=settled)


def test_what_was_shown_stays_shown_and_what_was_held_stays_held() -> None:
    rows, manifest = drawn(5), shops_manifest(**CROSS)
    first = held(published(rows, manifest))
    shape = shapes_of(CONTRACT, manifest)["cross"]
    settled = {("cross", cell): ("cross", cell) not in first for cell in range(shape.cell_count)}
    assert set(held(published(rows, manifest, b"another secret", settled))) == set(first)


def test_an_owner_of_most_of_a_cell_is_uncertain_by_as_much_as_dominance_asks() -> None:
    """Sums of visits: one bar of zone 1 has nearly all of them, and nobody finds its number from what is shown."""
    rows = [*shops(dict.fromkeys(itertools.product(KIND, ZONE), 20))]
    rows[0] = {**rows[0], "visits": 100}
    rows = [{**row, "visits": 1 if row["visits"] != 100 else 100} for row in rows]
    tables = [{"name": "cross", "dimensions": ["kind", "zone"], "measures": ["visits"]}]
    publication = published(rows, shops_manifest(threshold=5, tables=tables, dominance={"largest": 1, "share": 0.5}))
    causes = set(held(publication).values())
    assert causes == {Cause.DOMINANCE, Cause.SECONDARY}
