"""Search of a declaration that publishes more: what is tried, in which order, and what is never proposed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings

from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.primary import primary_rules
from hansa_core.protection.publish import Facts, PrimarySuppression
from hansa_core.protection.tables import TableShape, shapes_of
from hansa_core.redesign.estimate import Estimate, TableEstimate, estimate_table, finest_cells
from hansa_core.redesign.moves import moves, plainer
from hansa_core.redesign.search import ENOUGH, Search, Step, best_of
from hansa_published import SHOPS, Row, count_rows, shop_rows, shops_manifest


class Shops:
    """Counts cells of rows."""

    def __init__(self, rows: Sequence[Row]) -> None:
        self._rows = rows
        self.counted: list[TableShape] = []

    def facts(self, shape: TableShape) -> Facts:
        self.counted.append(shape)
        return count_rows(shape, SHOPS, self._rows)


def shops(**counts: int) -> list[dict[str, Any]]:
    """So many shops of each kind and zone, as `bar_1=5`."""
    held = [name.split("_") for name, count in counts.items() for _ in range(count)]
    alike = {"licensed": True, "street": "Elbe", "score": 10, "visits": 5, "days": 10}
    return [
        {**alike, "kind": kind, "zone": int(zone), "firm": f"firm {n}", "owner": f"owner {n}"}
        for n, (kind, zone) in enumerate(held)
    ]


def tables(*written: dict[str, Any], **more: Any) -> Manifest:
    named = [{"name": f"t{number}", **table} for number, table in enumerate(written)]
    return shops_manifest(tables=named, threshold=3, structural_zeros={}, **more)


def estimate(manifest: Manifest, rows: Sequence[Row]) -> Estimate:
    return Search(manifest, SHOPS, Shops(rows)).estimate(manifest)


def walked(manifest: Manifest, rows: Sequence[Row]) -> list[Step]:
    return list(Search(manifest, SHOPS, Shops(rows)).steps())


def test_a_small_cell_and_the_smallest_beside_it_are_held() -> None:
    (table,) = estimate(tables({"dimensions": ["kind"]}), shops(bakery_1=9, bar_1=5, other_1=2)).tables
    assert (table.units, table.held) == (16, 7)
    labels = {table.shape.dimensions[0].nodes[cell].label for cell in table.held_cells}
    assert labels == {"bar", "other"}


def test_two_small_cells_that_are_enough_together_need_no_third() -> None:
    (table,) = estimate(tables({"dimensions": ["kind"]}), shops(bakery_1=9, bar_1=2, other_1=2)).tables
    assert table.held == 4


def test_information_is_the_bits_that_tell_a_units_cell() -> None:
    (table,) = estimate(tables({"dimensions": ["kind"]}), shops(bakery_1=4, bar_1=4)).tables
    assert (table.declared_bits, table.held) == (1.0, 4)  # nobody is `other`, so the smallest beside it is held
    assert table.bits == 0.5


def test_neighbours_of_numbers_are_merged_and_the_label_says_from_where_to_where() -> None:
    rows = shops(bar_1=9, bar_2=2, bar_3=9, bar_4=9)
    best = best_of(walked(tables({"dimensions": ["zone"]}), rows))
    assert best.estimate.shown_share >= ENOUGH
    labels = [group.label for group in best.manifest.hierarchies["zone"]]
    assert "1 to 2" in labels or "2 to 3" in labels
    assert not any(label in labels for label in ("1 to 3", "2 to 4"))


def test_sums_go_apart_from_bins_before_anything_is_lost() -> None:
    manifest = tables({"dimensions": ["kind"], "measures": ["days"], "bins": "days"})
    last = [*plainer(manifest, SHOPS)][-1].manifest
    assert [(table.name, table.measures, table.bins) for table in last.tables] == [
        ("t0", (), "days"),
        ("t0_sums", ("days",), None),
    ]
    assert [len(level) for level in last.cuts["days"]] == [3]


def test_a_cut_beside_held_bins_is_left_out() -> None:
    rows = [*shops(bar_1=9), *({**row, "days": 3, "firm": f"x{n}"} for n, row in enumerate(shops(bar_1=1)))]
    manifest = tables({"dimensions": [], "bins": "days"}, cuts={"days": [5, 20]})
    told = [move.told for move in moves(manifest, SHOPS, estimate(manifest, rows))]
    assert "days: the cut 5 left out" in told


def test_groups_that_the_steward_declared_lose_their_lowest_level_first() -> None:
    groups = {"food": ["bakery", "bar"], "rest": "rest"}
    manifest = tables({"dimensions": ["kind"]}, hierarchies={"kind": groups})
    rows = shops(bakery_1=9, bar_1=1, other_1=9)
    (move, *_) = moves(manifest, SHOPS, estimate(manifest, rows))
    assert move.told == "kind: only the coarsest groups"
    assert move.manifest.depths == {"kind": 1}


def test_the_period_is_never_merged() -> None:
    manifest = tables({"dimensions": ["zone"]}, period="zone")
    assert not [move for move in moves(manifest, SHOPS, estimate(manifest, shops(bar_1=1))) if "merged" in move.told]


def test_of_declarations_that_show_enough_the_one_that_says_most_is_best() -> None:
    def step(told: str, units: int, held: int, bits: float) -> Step:
        shape = shapes_of(SHOPS, manifest)["t0"]
        table = TableEstimate(shape=shape, units=units, bits=bits, declared_bits=bits, held_cells={1: held})
        return Step(told=told, manifest=manifest, estimate=Estimate(tables=(table,)))

    manifest = tables({"dimensions": ["kind"]})
    much, enough, little = step("much", 100, 50, 9.0), step("enough", 100, 10, 3.0), step("little", 100, 0, 1.0)
    assert best_of([much, enough, little]) is enough
    assert best_of([much]) is much


def test_a_table_is_counted_once_whatever_it_is_called() -> None:
    counted = Shops(shops(bakery_1=9, bar_1=1, other_1=9))
    list(Search(tables({"dimensions": ["kind"]}, {"dimensions": ["kind"]}), SHOPS, counted).steps())
    assert len(counted.counted) == len(set(counted.counted))


@settings(max_examples=25)
@given(rows=shop_rows(least=5))
def test_a_suggestion_declares_no_zero_and_no_other_rule(rows: list[dict[str, Any]]) -> None:
    manifest = shops_manifest(threshold=4)
    steps = walked(manifest, rows)
    assert [step.told for step in steps] == [step.told for step in walked(manifest, rows)]
    for step in steps:
        assert step.manifest.structural_zeros == manifest.structural_zeros
        assert (step.manifest.threshold, step.manifest.domains) == (manifest.threshold, manifest.domains)
        assert shapes_of(SHOPS, step.manifest)


def test_cells_that_are_held_are_never_fewer_than_those_unsafe_by_themselves() -> None:
    manifest, rows = tables({"dimensions": ["kind", "zone"]}), shops(bakery_1=9, bar_1=2, bar_2=1, other_3=7)
    (shape,) = shapes_of(SHOPS, manifest).values()
    rule = PrimarySuppression(primary_rules(SHOPS, manifest))
    facts = count_rows(shape, SHOPS, rows)
    unsafe = rule.withheld({"t0": shape}, {"t0": facts}, suppressed={}, earlier=())["t0"]
    found = estimate_table(shape, facts, rule)
    finest = {cell for cell in finest_cells(shape) if cell in facts}
    assert finest & set(unsafe) <= set(found.held_cells)
    assert found.held == sum(facts[cell].contributors.units for cell in finest & set(found.held_cells))
