"""The attacker of suppressed cells finds what follows and nothing else, whichever way the atoms are laid out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import product
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from hansa_core.contract.contract_document import contract_from_document
from hansa_core.protection.declaration import declaration_from_document
from hansa_redteam.unpicking import atom_space
from hansa_redteam.unpicking.atom_space import AtomSpace
from hansa_redteam.unpicking.cliques import clique_tree
from hansa_redteam.unpicking.figures import ROWS, CellFigure, FigureKind, KnownFigures, PublishedFigure
from hansa_redteam.unpicking.layout import TableLayout
from hansa_redteam.unpicking.microdata import Microdata
from hansa_redteam.unpicking.needs import FigureNeeds
from hansa_redteam.unpicking.programme import AttackerProgramme
from hansa_redteam.unpicking.unpick import Unpicked, Unpicker

SUM = PublishedFigure(FigureKind.SUM, "x")
COUNT = PublishedFigure(FigureKind.COUNT, "x")


def layout_of(
    sizes: Mapping[str, int], schemes: Sequence[Sequence[str]], *, measure: Mapping[str, Any] | None = None, **more: Any
) -> TableLayout:
    """Tables over columns a, b, … with so many values each; `measure`: what the contract says of x beside its type."""
    columns: dict[str, Any] = {"unit": {"type": "text", "meaning": "unit", "identifier": True, "required": True}}
    columns["firm"] = dict(columns["unit"])
    for name, size in sizes.items():
        domain = [f"{name}{value}" for value in range(size)]
        columns[name] = {
            "type": "text",
            "meaning": "key",
            "required": True,
            "constant_per_unit": True,
            "domain": domain,
        }
    if measure is not None:
        columns["x"] = {
            "type": "integer",
            "meaning": "x",
            "unit": "1",
            "quantum": 1,
            "lower": 0,
            "upper": 100,
        } | dict(measure)
    entity = more.pop("entity", "unit")
    contract = contract_from_document(
        {
            "contract": "made.up/1", "title": "Made up", "unit": "unit", "entity": entity, "unit_scope": "city",
            "max_cities_per_unit": 1, "least_level": "open", "columns": columns,
        }
    )  # fmt: skip
    tables = [
        {"name": f"t{place}", "dimensions": list(scheme), "measures": ["x"] if measure is not None else []}
        for place, scheme in enumerate(schemes)
    ]
    document: dict[str, Any] = {
        "contract": "made.up/1",
        "population": "made up",
        "level": "controlled",
        "threshold": 3,
    } | dict(more)
    return TableLayout(contract, declaration_from_document(document | {"tables": tables}, contract))


def microdata_of(layout: TableLayout, rows: Sequence[Mapping[str, Any]]) -> Microdata:
    """The rows, each a unit and a firm of its own unless it says otherwise."""
    whole = [{"unit": f"u{place}", "firm": f"f{place}"} | dict(row) for place, row in enumerate(rows)]
    return Microdata(pa.Table.from_pylist(whole, schema=_schema(layout)), layout)


def _schema(layout: TableLayout) -> pa.Schema:
    kinds = {
        name: pa.int64() if column.type.is_numeric else pa.string() for name, column in layout.contract.columns.items()
    }
    return pa.schema(kinds)


def primary_only(layout: TableLayout, microdata: Microdata) -> KnownFigures:
    """Every safe cell shown, and nothing else held back."""
    needs = FigureNeeds(microdata)
    shown, held = {}, {}
    for cell in layout.cells():
        if needs.is_unsafe(cell):
            held[cell.selected] = cell
            continue
        rows = microdata.of(cell.selected)
        shown[cell.selected, ROWS] = len(rows.units)
        for name in layout.shapes[cell.table].measures:
            shown[cell.selected, PublishedFigure(FigureKind.COUNT, name)] = int(rows.known[name].sum())
            shown[cell.selected, PublishedFigure(FigureKind.SUM, name)] = int(rows.values[name].sum())
    return KnownFigures(shown=shown, held=tuple(held.values()))


def unpicked(layout: TableLayout, rows: Sequence[Mapping[str, Any]]) -> Unpicked:
    microdata = microdata_of(layout, rows)
    return Unpicker(layout, microdata, primary_only(layout, microdata)).unpick()


def rows_at(counts: Mapping[Any, int], names: Sequence[str], **values: Any) -> list[dict[str, Any]]:
    return [dict(zip(names, key, strict=True)) | values for key, count in counts.items() for _ in range(count)]


def test_one_suppressed_cell_of_a_row_is_known() -> None:
    layout = layout_of({"a": 3}, [["a"]])
    found = unpicked(layout, rows_at({("a0",): 5, ("a1",): 7, ("a2",): 2}, "a"))
    (finding,) = found.findings
    assert (finding.truth, finding.is_exact, finding.who) == (2, True, "outsider")


def test_two_suppressed_cells_are_a_union_that_is_known() -> None:
    layout = layout_of({"a": 3}, [["a"]])
    found = unpicked(layout, rows_at({("a0",): 5, ("a1",): 1, ("a2",): 1}, "a"))
    assert {finding.who for finding in found.findings} == {"outsider", "union"}  # each is 0 to 2: narrower than 3


def test_four_suppressed_cells_with_room_hold() -> None:
    counts = {("a0", "b0"): 2, ("a0", "b1"): 9, ("a1", "b0"): 9, ("a1", "b1"): 2}
    layout = layout_of({"a": 2, "b": 2}, [["a", "b"]])
    microdata = microdata_of(layout, rows_at(counts, "ab"))
    whole = primary_only(layout, microdata)
    inner = {cell.selected: cell for cell in layout.cells() if all(cell.nodes)}
    known = KnownFigures(
        shown={key: value for key, value in whole.shown.items() if key[0] not in inner}, held=tuple(inner.values())
    )
    assert Unpicker(layout, microdata, known).unpick().findings == []


def test_linked_tables_give_away_what_none_of_them_does_by_itself() -> None:
    """The cells of AB, AC and BC that are shown leave one way only to fill the cube."""
    names = "abc"
    cube = dict.fromkeys(product(("a0", "a1", "a2"), ("b0", "b1", "b2"), ("c0", "c1", "c2")), 4)
    cube["a0", "b0", "c0"] = 2
    cube["a0", "b0", "c1"] = cube["a0", "b0", "c2"] = 0
    sizes = {"a": 3, "b": 3, "c": 3}
    linked = layout_of(sizes, [["a", "b"], ["a", "c"], ["b", "c"]], threshold=3)
    found = unpicked(linked, rows_at(cube, names))
    assert any(finding.is_exact and finding.truth == 2 for finding in found.findings)


def test_a_sum_at_its_bound_gives_its_rows_away() -> None:
    """Seven rows of at most 100 add up to 700: each is 100, those of the suppressed cell too."""
    layout = layout_of({"a": 2}, [["a"]], measure={"required": True})
    whole, _, second = (cell.selected for cell in layout.cells())
    programme = AttackerProgramme(AtomSpace(layout), {(whole, ROWS): 7, (whole, SUM): 700})
    interval = programme.interval_beside((second, SUM), (second, ROWS), 2)
    assert (interval.least, interval.greatest) == (200, 200)


def test_an_insider_knows_more_than_an_outsider() -> None:
    """Counts of 0 to 3 are wide enough for whoever is not in them; whoever is one of them knows that it is not 0."""
    layout = layout_of({"a": 3}, [["a"]])
    rows = rows_at({("a0",): 5, ("a1",): 1, ("a2",): 2}, "a")
    found = unpicked(layout, rows)
    assert {finding.who for finding in found.findings} == {"insider"}


def test_a_dependency_rules_atoms_out() -> None:
    follows = [{"column": "b", "follows": "a", "values": {"a0": "b0", "a1": "b1", "a2": "b1"}}]
    free = layout_of({"a": 3, "b": 2}, [["a"], ["b"]])
    bound = layout_of({"a": 3, "b": 2}, [["a"], ["b"]], dependencies=follows)
    for layout, greatest in ((free, 12), (bound, 7)):
        every = frozenset({0, 1, 2})
        known: dict[CellFigure, int] = {((every, frozenset({0, 1})), ROWS): 12, ((every, frozenset({1})), ROWS): 7}
        interval = AttackerProgramme(AtomSpace(layout), known).interval(((frozenset({2}), frozenset({0, 1})), ROWS))
        assert interval.greatest == greatest


@pytest.mark.parametrize("seed", range(12))
def test_cliques_say_what_the_full_cross_says(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    draw = np.random.default_rng(seed)
    names = "abcd"
    schemes = ([*"abc"], [*"cd"]) if seed % 2 else ([*"ab"], [*"bc"], [*"cd"])
    measure = {"required": True} if seed % 3 == 0 else None
    layout = layout_of(dict.fromkeys(names, 2), schemes, measure=measure)
    rows = [
        {name: f"{name}{int(draw.integers(0, 2))}" for name in names}
        | ({"x": int(draw.integers(0, 101))} if measure else {})
        for _ in range(40)
    ]
    microdata = microdata_of(layout, rows)
    known = primary_only(layout, microdata)
    targets = [(cell.selected, figure) for cell in layout.cells() for figure in ((ROWS, SUM) if measure else (ROWS,))]
    cross = AtomSpace(layout)
    monkeypatch.setattr(atom_space, "_FULL_CROSS", 0)
    apart = AtomSpace(layout)
    assert len(cross.tree.cliques) == 1 < len(apart.tree.cliques)
    one, other = AttackerProgramme(cross, known.shown), AttackerProgramme(apart, known.shown)
    for target in targets:
        assert one.interval(target) == other.interval(target)


def test_a_ring_of_tables_gets_a_chord() -> None:
    tree = clique_tree(dict.fromkeys("abcd", 2), [frozenset(pair) for pair in ("ab", "bc", "cd", "da")])
    assert sorted(map(len, tree.cliques)) == [3, 3]
    assert len(tree.joins) == 1


def test_every_interval_is_what_enumeration_finds() -> None:
    """Of a table of two by two whose total and rows are known, every filling is tried."""
    layout = layout_of({"a": 2, "b": 2}, [["a", "b"]])
    whole = frozenset({0, 1})
    known: dict[CellFigure, int] = {
        ((whole, whole), ROWS): 6,
        ((frozenset({0}), whole), ROWS): 4,
        ((whole, frozenset({0})), ROWS): 3,
    }
    programme = AttackerProgramme(AtomSpace(layout), known)
    fillings = [(a, b, c, d) for a, b, c, d in product(range(7), repeat=4) if (a + b, a + c, c + d) == (4, 3, 2)]
    for place, (a, b) in enumerate(product((0, 1), repeat=2)):
        interval = programme.interval(((frozenset({a}), frozenset({b})), ROWS))
        values = [cells[place] for cells in fillings]
        assert (interval.least, interval.greatest) == (min(values), max(values))


@pytest.mark.parametrize(
    ("firms", "values", "is_unsafe"),
    [
        ("abcdef", [50] * 6, False),
        ("aabbcc", [50] * 6, False),
        ("aaaabb", [50] * 6, True),  # fewer than three firms
        ("abcdef", [100, 90, 1, 1, 1, 1], True),  # the first two hold more than 85 %
        ("abcdef", [0, 0, 0, 0, 90, 90], True),  # two contribute at all
    ],
)
def test_what_is_unsafe_follows_from_the_rules(firms: str, values: list[int], is_unsafe: bool) -> None:
    layout = layout_of({"a": 1}, [["a"]], measure={"required": True}, entity="firm")
    rows = [{"a": "a0", "firm": firm, "x": value} for firm, value in zip(firms, values, strict=True)]
    needs = FigureNeeds(microdata_of(layout, rows))
    (cell,) = layout.cells()
    assert needs.is_unsafe(cell) is is_unsafe


def test_null_is_a_leaf_and_counts_are_of_what_is_known() -> None:
    layout = layout_of({"a": 2}, [["a"]], measure={})
    microdata = microdata_of(layout, [{"a": "a0", "x": None}, {"a": "a0", "x": 7}, {"a": "a1", "x": None}])
    assert layout.leaves["x"][-1] is None
    whole = next(iter(layout.cells()))
    rows = microdata.of(whole.selected)
    assert (len(rows.units), int(rows.known["x"].sum()), int(rows.values["x"].sum())) == (3, 1, 7)
    known = {(whole.selected, ROWS): 3, (whole.selected, COUNT): 1}
    interval = AttackerProgramme(AtomSpace(layout), known).interval((whole.selected, SUM))
    assert (interval.least, interval.greatest) == (0, 100)
