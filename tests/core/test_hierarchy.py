"""A dimension's leaves, nodes and covers."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import DataType
from hansa_core.manifest.groups import Group
from hansa_core.protection.bins import binned
from hansa_core.protection.hierarchy import BinInterval, Dimension, InseparableError, categorical
from hansa_core.protection.nodes import Node
from hansa_published import SHOPS

DAYS = binned(SHOPS.columns["days"], SHOPS.columns["days"].levels)
ZONE = categorical(SHOPS.columns["zone"], (1, 2, 3, 4), structural=(4,))


def labels(dimension: Dimension) -> list[str]:
    return [node.label for node in dimension.nodes]


def test_bins_nest_from_all_over_known_to_the_finest_cuts() -> None:
    assert labels(DAYS) == ["all", "known", "unknown", "≤ 20", "> 20", "≤ 5", "(5, 20]", "(20, 60]", "> 60"]
    assert DAYS.leaves == (BinInterval(-10, 5), BinInterval(6, 20), BinInterval(21, 60), BinInterval(61, 100), None)


def test_a_bin_holds_its_upper_cut_and_not_its_lower_one() -> None:
    score = binned(SHOPS.columns["score"], SHOPS.columns["score"].levels)
    assert score.leaves[:2] == (BinInterval(0, 10), BinInterval(11, 20))  # 2.5 is ten quanta of a quarter


def test_a_required_measure_has_no_unknown() -> None:
    visits = binned(SHOPS.columns["visits"], SHOPS.columns["visits"].levels)
    assert labels(visits) == ["all"]


def test_a_cut_outside_the_bounds_separates_nothing() -> None:
    column = ContractColumn(
        name="x",
        type=DataType.INTEGER,
        meaning="x",
        quantum=Fraction(1),
        lower=Fraction(0),
        upper=Fraction(9),
        bins=((Fraction(4), Fraction(9), Fraction(50)),),
    )
    assert binned(column, column.levels).leaves == (BinInterval(0, 4), BinInterval(5, 9), None)


def test_a_column_of_values_has_an_unknown_unless_it_is_required() -> None:
    assert labels(ZONE) == ["all", "1", "2", "3", "4", "unknown"]
    assert labels(categorical(SHOPS.columns["kind"], ("bakery", "bar"))) == ["all", "bakery", "bar"]
    assert labels(categorical(SHOPS.columns["licensed"], (False, True))) == ["all", "false", "true", "unknown"]


def test_a_domain_of_one_value_is_one_node() -> None:
    assert labels(categorical(SHOPS.columns["kind"], ("bar",))) == ["bar"]


def test_a_cover_takes_the_coarsest_nodes() -> None:
    assert [DAYS.nodes[node].label for node in DAYS.covering({0, 1, 2, 3, 4})] == ["all"]
    assert [DAYS.nodes[node].label for node in DAYS.covering({0, 1, 3})] == ["≤ 20", "> 60"]
    assert DAYS.covering(set()) == ()


def test_leaves_without_rows_are_free_to_join_a_cover() -> None:
    assert [ZONE.nodes[node].label for node in ZONE.covering({0, 1, 2, 4})] == ["all"]
    assert ZONE.covering({3}) == ()
    assert ZONE.is_structural_zero(4)
    assert not ZONE.is_structural_zero(0)


@given(st.sets(st.integers(0, 4)))
def test_a_cover_is_disjoint_and_unites_to_what_was_asked(leaves: set[int]) -> None:
    held = [leaf for node in DAYS.covering(leaves) for leaf in DAYS.nodes[node].leaves]
    assert sorted(held) == sorted(leaves)


def test_children_that_do_not_partition_their_parent_are_refused() -> None:
    top = Node(label="all", leaves=frozenset({0, 1}), children=(1,))
    with pytest.raises(ValueError, match="partition"):
        Dimension(column="x", leaves=("a", "b"), nodes=(top, Node(label="a", leaves=frozenset({0}))))


KINDS = (
    Group(label="food", groups=(Group(label="bread", values=("bakery",)), Group(label="drink", values=("bar",)))),
    Group(label="rest", values=("other", "kiosk", None)),
)
KIND = replace(SHOPS.columns["kind"], required=False)
DOMAIN = ("bakery", "bar", "other", "kiosk")


def test_groups_nest_between_all_and_the_values() -> None:
    kinds = categorical(KIND, DOMAIN, groups=KINDS)
    assert labels(kinds) == ["all", "food", "bread", "drink", "rest", "other", "kiosk", "unknown"]
    assert kinds.leaves == (*DOMAIN, None)
    assert labels_of(kinds, kinds.covering({0, 1})) == ["food"]
    assert labels_of(kinds, kinds.covering({0, 2, 3, 4})) == ["bread", "rest"]
    assert labels_of(kinds, kinds.covering({1, 4})) == ["drink", "unknown"]


def test_null_that_no_group_holds_stands_beside_them() -> None:
    groups = (Group(label="food", values=("bakery", "bar")), Group(label="rest", values=("other", "kiosk")))
    assert labels(categorical(KIND, DOMAIN, groups=groups, depth=1)) == ["all", "food", "rest", "unknown"]


def test_a_depth_publishes_groups_in_place_of_their_values() -> None:
    kinds = categorical(KIND, DOMAIN, groups=KINDS, depth=1)
    assert labels(kinds) == ["all", "food", "rest"]
    assert labels_of(kinds, kinds.covering({2, 3, 4})) == ["rest"]
    with pytest.raises(InseparableError) as asked:
        kinds.covering({0, 2, 3, 4})
    assert (asked.value.column, asked.value.node) == ("kind", "food")
    assert labels(categorical(KIND, DOMAIN, groups=KINDS, depth=2)) == [
        *("all", "food", "bread", "drink", "rest", "other", "kiosk", "unknown")
    ]


def test_a_value_without_rows_is_free_to_join_a_group_or_to_stay_out() -> None:
    kinds = categorical(KIND, DOMAIN, ("kiosk",), groups=KINDS, depth=1)
    assert labels_of(kinds, kinds.covering({2, 4})) == ["rest"]
    assert labels_of(kinds, kinds.covering({3})) == []


def test_coarser_bins_are_unions_of_the_leaves_that_other_tables_publish() -> None:
    days = SHOPS.columns["days"]
    coarse = binned(days, (days.levels[0],), days.levels[-1])
    assert coarse.leaves == DAYS.leaves
    assert labels(coarse) == ["all", "known", "unknown", "≤ 20", "> 20"]
    assert labels_of(coarse, coarse.covering({0, 1})) == ["≤ 20"]
    with pytest.raises(InseparableError):
        coarse.covering({0})


def labels_of(dimension: Dimension, nodes: tuple[int, ...]) -> list[str]:
    return [dimension.nodes[node].label for node in nodes]
