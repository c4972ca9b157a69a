"""A manifest says what it means, or names what must be mended."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction
from typing import Any

import pytest

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.contract.types import DataType
from hansa_core.manifest.groups import Group
from hansa_core.manifest.manifest import Manifest, TableDeclaration
from hansa_core.protection.declaration import declaration_from_document
from hansa_core.protection.fingerprint import fingerprint
from hansa_core.protection.tables import shapes_of
from hansa_published import MANIFEST_DOCUMENT, SHOPS, shops_manifest

FOLLOWS = {"column": "kind", "follows": "street", "values": {"Elbe": "bar"}}


def test_a_manifest_is_read_with_safe_defaults() -> None:
    document = {key: value for key, value in MANIFEST_DOCUMENT.items() if key != "threshold"}
    manifest = declaration_from_document(document, SHOPS)
    assert (manifest.threshold, manifest.min_entities, manifest.protection_version) == (10, 3, 1)
    assert manifest.tables[1] == TableDeclaration(
        name="by_kind", dimensions=("kind",), measures=("days", "visits"), bins="days"
    )
    assert manifest.structural_zeros == {"zone": (4,)}
    assert manifest.contract == ContractId("town.shops", 1)
    shares = (manifest.dominant_entities, manifest.dominant_share, manifest.p_percent)
    assert shares == (2, Fraction(17, 20), Fraction(1, 10))


def test_a_dependency_speaks_of_the_values_that_it_lists_and_of_null_if_that_is_one() -> None:
    document = {"column": "licensed", "follows": "zone", "values": {1: True, 2: None, None: False}}
    (dependency,) = shops_manifest(dependencies=[document]).dependencies
    pairs = [(1, True), (1, None), (2, None), (2, False), (3, True), (3, None), (None, False), (None, None)]
    assert [dependency.allows(*pair) for pair in pairs] == [True, False, True, False, True, True, True, False]


def test_shares_are_read_exactly_as_they_are_written() -> None:
    manifest = shops_manifest(dominance={"largest": 1, "share": 0.7}, p_percent="1/3")
    assert (manifest.dominant_share, manifest.p_percent) == (Fraction(7, 10), Fraction(1, 3))


def test_sections_of_the_node_are_no_business_of_the_core() -> None:
    assert shops_manifest(source={"path": "x"}, mapping={}) == shops_manifest()


def test_a_range_of_structural_zeros_is_its_values() -> None:
    assert shops_manifest(structural_zeros={"zone": {"from": 2, "to": 3}}).structural_zeros == {"zone": (2, 3)}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"treshold": 10}, "did you mean threshold"),
        ({"threshold": 2}, "the least is 3"),
        ({"threshold": "ten"}, "threshold: must be a whole number"),
        ({"min_entities": 1}, "the least is 3"),
        ({"protection_version": 0}, "versions count from 1"),
        ({"population": ""}, "population"),
        ({"level": "controled"}, "did you mean controlled"),
        ({"contract": "town.shops/2"}, "the manifest is for town.shops/2"),
        ({"contract": "shops"}, "housing.permits/1"),
        ({"tables": []}, "at least one"),
        ({"tables": [{"name": "t", "dimension": ["kind"]}]}, "did you mean dimensions"),
        ({"tables": [{"name": "T 1"}]}, "lower-case"),
        ({"tables": [{"name": "t"}, {"name": "t"}]}, "two tables have one name"),
        ({"tables": [{"name": "t", "dimensions": ["kinds"]}]}, "did you mean kind"),
        ({"tables": [{"name": "t", "dimensions": ["days"]}]}, r"tables\[0\].dimensions"),
        ({"tables": [{"name": "t", "dimensions": ["firm"]}]}, r"tables\[0\].dimensions"),
        ({"tables": [{"name": "t", "dimensions": ["kind", "kind"]}]}, "twice"),
        ({"tables": [{"name": "t", "measures": ["kind"]}]}, r"tables\[0\].measures"),
        ({"tables": [{"name": "t", "bins": "visits"}]}, r"tables\[0\].bins"),
        ({"domains": {}}, "domains.street: the contract leaves this domain to the city"),
        ({"domains": {"kind": ["bar"]}}, "domains has an unknown key|unknown key 'kind'"),
        ({"domains": {"street": [1]}}, "'1' is no text"),
        ({"structural_zeros": {"zone": [9]}}, "not in the domain"),
        ({"structural_zeros": {"zone": {"from": 9, "to": 12}}}, "no value of the domain"),
        ({"structural_zeros": {"kind": {"from": 1, "to": 2}}}, "list the values"),
        ({"structural_zeros": {"days": [1]}}, "unknown key"),
        ({"dominance": {"largest": 6}}, "dominance.largest is 6; it is from 1 to 5"),
        ({"dominance": {"share": 1}}, "dominance.share is 1; it is a share between 0 and 1"),
        ({"dominance": {"shares": 1}}, "did you mean share"),
        ({"p_percent": 10}, "p_percent is 10; it is a share"),
        ({"p_percent": 0}, "p_percent is 0; it is a share"),
        ({"dependencies": [{**FOLLOWS, "follows": "streets"}]}, r"dependencies\[0\].follows: .*did you mean street"),
        ({"dependencies": [{**FOLLOWS, "column": "days"}]}, r"dependencies\[0\].column: 'days' has no public domain"),
        (
            {"dependencies": [{**FOLLOWS, "follows": "kind", "values": {"bar": "bar"}}]},
            "kind cannot follow from itself",
        ),
        ({"dependencies": [{**FOLLOWS, "values": {"Elbe": "pub"}}]}, "'pub' is no value of kind"),
        ({"dependencies": [{**FOLLOWS, "values": {"Elba": "bar"}}]}, "did you mean Elbe"),
        ({"dependencies": [{**FOLLOWS, "values": {"Elbe": None}}]}, "'None' is no text"),
        ({"dependencies": [{**FOLLOWS, "values": {}}]}, "give some"),
        ({"dependencies": [FOLLOWS, FOLLOWS]}, "join the two"),
        ({"hierarchies": {"days": {"a": [1]}}}, "hierarchies: has an unknown key"),
        ({"hierarchies": {"kind": {}}}, "hierarchies.kind: is empty"),
        ({"hierarchies": {"kind": {"food": ["bakery", "bar"]}}}, r"no group holds 'other'; name them, or .* rest"),
        (
            {"hierarchies": {"kind": {"a": ["bakery"], "b": ["bakery", "bar", "other"]}}},
            "'bakery' stands in two groups",
        ),
        ({"hierarchies": {"kind": {"a": ["bakery", "cafe"], "b": "rest"}}}, "'cafe' is not in the domain"),
        ({"hierarchies": {"kind": {"a": ["bakery", None], "b": "rest"}}}, "the column is never NULL"),
        ({"hierarchies": {"kind": {"a": "rest", "b": "rest"}}}, "says rest twice"),
        ({"hierarchies": {"kind": {"a": ["bakery", "bar", "other"], "b": "rest"}}}, "there is no rest"),
        ({"hierarchies": {"kind": {"a": [], "b": "rest"}}}, r"hierarchies.kind.a: is empty"),
        ({"hierarchies": {"kind": {"a": {"b": "bakery"}, "c": "rest"}}}, r"hierarchies.kind.a.b: .* is no list"),
        ({"hierarchies": {"kind": {1: ["bakery"], "c": "rest"}}}, "must be a text; write it in quotes"),
        ({"hierarchies": {"kind": {"a": {1: ["bakery"]}, "c": "rest"}}}, "kind.a.1: is a label that is no text"),
        ({"hierarchies": {"kind": {"a": {"from": 1, "to": 2}, "c": "rest"}}}, "list the values instead"),
        ({"hierarchies": {"zone": {"a": {"from": 1}, "c": "rest"}}}, "hierarchies.zone.a.to: is missing"),
        ({"depth": {"kind": 1}}, "depth.kind: has no hierarchy"),
        ({"hierarchies": {"kind": {"a": "rest"}}, "depth": {"kind": 0}}, "depth is 0"),
        ({"tables": [{"name": "t", "depth": {"kind": 1}}]}, "depth names kind, which is none of its dimensions"),
        ({"tables": [{"name": "t", "dimensions": ["kind"], "depth": {"kind": 1}}]}, "depth.kind: has no hierarchy"),
        ({"cuts": {"visits": [1]}}, "cuts: has an unknown key"),
        ({"cuts": {"days": [20, 30]}}, "cuts.days: 30 is no cut of the contract; choose from 5, 20, 60"),
        ({"cuts": {"days": [60, 20]}}, "must rise"),
        ({"cuts": {"days": [[20, 60], [5, 20]]}}, "a level lacks cuts of the one before"),
        ({"cuts": {"days": [20, [60]]}}, "cuts beside levels"),
        ({"cuts": {"days": ["x"]}}, "cuts.days: 'x' is no number"),
        ({"tables": [{"name": "t", "dimensions": ["kind"], "cuts": [20]}]}, "it has none; add bins, or drop the cuts"),
        (
            {
                "period": "kind",
                "hierarchies": {"kind": {"a": "rest"}},
                "tables": [{"name": "t", "dimensions": ["kind"]}],
            },
            "values are published one by one",
        ),
    ],
)
def test_what_is_wrong_is_named_with_its_remedy(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        shops_manifest(**changes)


def test_groups_are_labels_above_lists_ranges_smaller_groups_and_the_rest() -> None:
    written = {"west": {"near": [1], "far": {"from": 2, "to": 3}}, "east": "rest"}
    assert shops_manifest(hierarchies={"zone": written}).hierarchies == {
        "zone": (
            Group(label="west", groups=(Group(label="near", values=(1,)), Group(label="far", values=(2, 3)))),
            Group(label="east", values=(4, None)),
        )
    }


def test_a_table_has_its_own_cuts_and_depth_or_the_manifests() -> None:
    kinds = {"food": ["bakery", "bar"], "rest": "rest"}
    own = {"name": "own", "dimensions": ["kind"], "bins": "days", "cuts": [[20], [20, 60]], "depth": {"kind": 2}}
    manifest = shops_manifest(
        tables=[{"name": "plain", "dimensions": ["kind"], "bins": "days"}, own],
        hierarchies={"kind": kinds},
        depth={"kind": 1},
        cuts={"days": [60]},
    )
    shapes = shapes_of(SHOPS, manifest)
    found = {
        name: [[node.label for node in dimension.nodes] for dimension in shape.dimensions]
        for name, shape in shapes.items()
    }
    assert found == {
        "plain": [["all", "food", "rest"], ["all", "known", "unknown", "≤ 60", "> 60"]],
        "own": [
            ["all", "food", "bakery", "bar", "rest"],
            ["all", "known", "unknown", "≤ 20", "> 20", "(20, 60]", "> 60"],
        ],
    }
    assert shapes["plain"].dimensions[1].leaves == shapes["own"].dimensions[1].leaves


def test_a_missing_line_is_named() -> None:
    document = {key: value for key, value in MANIFEST_DOCUMENT.items() if key != "population"}
    with pytest.raises(ValueError, match="population"):
        declaration_from_document(document, SHOPS)


def test_a_level_below_the_contracts_floor_is_refused() -> None:
    floor = replace(SHOPS, least_level=Level.CONTROLLED)
    with pytest.raises(ValueError, match=r"level: .*never loosen.*write controlled"):
        declaration_from_document({**MANIFEST_DOCUMENT, "level": "open"}, floor)


def test_an_open_dataset_needs_no_tables() -> None:
    document = {"contract": "town.shops/1", "population": "shops", "level": "open"}
    assert declaration_from_document(document, SHOPS).tables == ()


def test_a_table_of_too_many_cells_says_what_to_coarsen() -> None:
    streets = {"street": [f"street {n}" for n in range(20_000)]}
    tables = [{"name": "t", "dimensions": ["street", "zone"]}]
    with pytest.raises(ValueError, match="coarsen street"):
        shops_manifest(domains=streets, tables=tables)


def test_too_many_cells_in_all_tables_say_what_to_leave_out() -> None:
    streets = {"street": [f"street {n}" for n in range(12_000)]}
    tables = [{"name": f"t{n}", "dimensions": ["street", "zone"]} for n in range(20)]
    with pytest.raises(ValueError, match="leave out t0"):
        shops_manifest(domains=streets, tables=tables)


def test_values_of_a_date_domain_are_dates() -> None:
    day = ContractColumn(name="day", type=DataType.DATE, meaning="day", per_city=True)
    contract = replace(SHOPS, columns={**SHOPS.columns, "day": day})
    document = {**MANIFEST_DOCUMENT, "domains": {"street": ["Elbe"], "day": [date(2024, 1, 1)]}}
    assert declaration_from_document(document, contract).domains["day"] == (date(2024, 1, 1),)


def test_every_parameter_of_the_protection_changes_the_fingerprint() -> None:
    prints = [
        fingerprint(SHOPS, manifest)
        for manifest in (
            shops_manifest(),
            shops_manifest(threshold=4),
            shops_manifest(min_entities=4),
            shops_manifest(protection_version=2),
            shops_manifest(structural_zeros={"zone": [3]}),
            shops_manifest(domains={"street": ["Elbe", "Alster"]}),
            shops_manifest(tables=MANIFEST_DOCUMENT["tables"][:2]),
            shops_manifest(level="open"),
            shops_manifest(dominance={"largest": 1}),
            shops_manifest(dominance={"share": 0.8}),
            shops_manifest(p_percent=0.2),
            shops_manifest(dependencies=[FOLLOWS]),
            shops_manifest(dependencies=[{**FOLLOWS, "values": {"Elbe": "bakery"}}]),
            shops_manifest(cuts={"days": [20]}),
            shops_manifest(hierarchies={"kind": {"food": ["bakery", "bar"], "rest": "rest"}}),
            shops_manifest(hierarchies={"kind": {"food": ["bakery", "bar"], "rest": "rest"}}, depth={"kind": 1}),
        )
    ]
    assert len(set(prints)) == len(prints)
    assert prints[0] == fingerprint(SHOPS, shops_manifest())


def test_a_manifest_cannot_be_changed_after_its_birth() -> None:
    manifest: Manifest = shops_manifest()
    with pytest.raises(TypeError):
        manifest.domains["street"] = ("x",)  # type: ignore[index]
