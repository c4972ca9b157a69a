"""A dimension's leaves, nodes and covers."""

from __future__ import annotations

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import DataType
from hansa_core.protection.bins import binned
from hansa_core.protection.hierarchy import BinInterval, Dimension, Node, categorical
from hansa_published import SHOPS

DAYS = binned(SHOPS.columns["days"], cuts=True)
ZONE = categorical(SHOPS.columns["zone"], (1, 2, 3, 4), structural=(4,))


def labels(dimension: Dimension) -> list[str]:
    return [node.label for node in dimension.nodes]


def test_bins_nest_from_all_over_known_to_the_finest_cuts() -> None:
    assert labels(DAYS) == ["all", "known", "unknown", "≤ 20", "> 20", "≤ 5", "(5, 20]", "(20, 60]", "> 60"]
    assert DAYS.leaves == (BinInterval(-10, 5), BinInterval(6, 20), BinInterval(21, 60), BinInterval(61, 100), None)


def test_a_bin_holds_its_upper_cut_and_not_its_lower_one() -> None:
    score = binned(SHOPS.columns["score"], cuts=True)
    assert score.leaves[:2] == (BinInterval(0, 10), BinInterval(11, 20))  # 2.5 is ten quanta of a quarter


def test_a_required_measure_has_no_unknown() -> None:
    visits = binned(SHOPS.columns["visits"], cuts=True)
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
    assert binned(column, cuts=True).leaves == (BinInterval(0, 4), BinInterval(5, 9), None)


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
