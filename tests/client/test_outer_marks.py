"""No gap is lost in the outer SQL: a value that it could change is marked, or a note names the clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hansa.answering.gaps import mask_gaps
from hansa.answering.marks import Marks, find_marks
from hansa.answering.outer import OuterEngine
from hansa.answering.selection_notes import selection_notes
from hansa.answering.statement_cells import StatementCells
from hansa_core.partial.merged_table import Mark, MergedTable
from hansa_core.plan.plan import AggregateFunction
from hansa_core.sql.split import parse_statement
from hansa_core.sql.statement import Statement
from hansa_merged_cells import MergedCell, MergedValue, table_of
from hansa_statements import CITIES, permits

PROJECTS = ("adu", "other", None)
POPULATION = pa.table({"city": ["seattle", "san-diego", "oslo"], "people": [700, 1400, 1], "rank_of": [1, 2, 3]})
Q = (
    "WITH q AS (SELECT city, project, COUNT(*) AS n, AVG(days_to_issue) AS d FROM housing.permits "
    "GROUP BY city, project) "
)
DIRECT = "SELECT city, project, COUNT(*) AS n, {} FROM housing.permits GROUP BY city, project "
STATEMENTS: dict[str, tuple[str, ...]] = {
    DIRECT.format("COALESCE(COUNT(*), 0) AS x"): ("city", "project"),
    DIRECT.format("CASE WHEN COUNT(*) > 5 THEN 'many' ELSE 'few' END AS x"): ("city", "project"),
    DIRECT.format("RANK() OVER (PARTITION BY city ORDER BY COUNT(*)) AS x"): ("city", "project"),
    DIRECT.format("COUNT(*) / SUM(COUNT(*)) OVER (PARTITION BY project) AS x"): ("city", "project"),
    DIRECT.format("LAG(COUNT(*)) OVER (PARTITION BY project ORDER BY city) AS x"): ("city", "project"),
    DIRECT.format("LEAD(COUNT(*), 2, 0) OVER (ORDER BY project, city) AS x"): ("city", "project"),
    DIRECT.format("FIRST_VALUE(COUNT(*)) OVER (PARTITION BY city ORDER BY COUNT(*) DESC) AS x"): ("city", "project"),
    DIRECT.format("LAST_VALUE(COUNT(*)) OVER (PARTITION BY city ORDER BY project) AS x"): ("city", "project"),
    DIRECT.format("COUNT(*) OVER (PARTITION BY COUNT(*) > 5) AS x"): ("city", "project"),
    DIRECT.format("SUM(COUNT(*)) OVER (ORDER BY city, project ROWS 1 PRECEDING) AS x"): ("city", "project"),
    DIRECT.format("AVG(COUNT(*)) OVER (ORDER BY COUNT(*) ROWS BETWEEN 1 PRECEDING AND 1 FOLLOWING) AS x"): (
        "city",
        "project",
    ),
    DIRECT.format("1 AS x") + "HAVING AVG(days_to_issue) > 3": ("city", "project"),
    DIRECT.format("ROW_NUMBER() OVER (ORDER BY COUNT(*), city, project) AS x") + "QUALIFY x <= 2": ("city", "project"),
    DIRECT.format("1 AS x") + "ORDER BY AVG(days_to_issue), city, project LIMIT 3": ("city", "project"),
    "SELECT DISTINCT project, COUNT(*) > 5 AS x FROM housing.permits GROUP BY city, project": ("project", "x"),
    Q + "SELECT project, SUM(n) AS s, AVG(d) AS m, COUNT(n) AS c, COUNT(*) AS r FROM q GROUP BY project": ("project",),
    Q + "SELECT project, SUM(n) FILTER (WHERE d > 3) AS s FROM q GROUP BY project": ("project",),
    Q + "SELECT project, MAX(n) AS s FROM q GROUP BY project HAVING MAX(n) > 4": ("project",),
    Q + "SELECT n > 5 AS big, COUNT(*) AS c FROM q GROUP BY big": ("big",),
    Q + "SELECT COUNT(*) AS c FROM q WHERE n > 5": (),
    Q + "SELECT COUNT(*) AS c, COUNT(DISTINCT n) AS v, MEDIAN(n) AS m FROM q": (),
    Q + "SELECT city, project, n / people AS rate FROM q JOIN mine USING (city)": ("city", "project"),
    Q + "SELECT city, project, people, COALESCE(d, people) AS x FROM q LEFT JOIN mine USING (city)": (
        "city",
        "project",
    ),
    Q + "SELECT q.city, project, m.city AS other FROM q LEFT JOIN mine m ON q.n = m.rank_of": (
        "city",
        "project",
        "other",
    ),
    Q
    + "SELECT a.city, a.project, a.n - b.n AS x, b.d AS y FROM q a JOIN q b ON a.city = b.city AND b.project = 'adu'": (
        "city",
        "project",
    ),
    Q + ", r AS (SELECT project, SUM(n) AS total FROM q GROUP BY project) "
    "SELECT q.city, q.project, q.n / r.total AS share, r.total FROM q JOIN r USING (project)": ("city", "project"),
    Q + "SELECT project, SUM(SUM(n)) OVER (ORDER BY project) AS s FROM q GROUP BY project": ("project",),
    Q
    + ", r AS (SELECT city, project, RANK() OVER (ORDER BY n) AS place FROM q) SELECT city, MIN(place) AS best FROM r "
    "GROUP BY city": ("city",),
    Q + ", top AS (SELECT city, project, d FROM q ORDER BY n DESC LIMIT 2) SELECT SUM(d) AS s FROM top": (),
    Q + "SELECT DISTINCT city, MAX(n) OVER (PARTITION BY city) AS m FROM q": ("city",),
    Q + "SELECT a.project, COUNT(*) AS pairs FROM q a CROSS JOIN q b GROUP BY a.project": ("project",),
}


@dataclass(frozen=True)
class Shown:
    table: pa.Table
    marks: Marks
    notes: tuple[str, ...]


@pytest.fixture(scope="module")
def engine() -> Iterator[OuterEngine]:
    with OuterEngine() as warm:
        yield warm


@st.composite
def released(draw: st.DrawFn) -> list[MergedCell]:
    """Cells of two or three cities; some values are withheld, or given without a city, or a city is missing."""
    cells: list[MergedCell] = []
    for city in CITIES[1 : draw(st.integers(3, 4))]:
        if draw(st.integers(0, 7)) == 0:
            gone = MergedValue(value=None, cities=(), gaps={city: "timed_out"}, marks=frozenset())
            cells.append(MergedCell(city=city, keys=(None,), values=(gone, gone)))
            continue
        for project in PROJECTS:
            cells.append(MergedCell(city=city, keys=(project,), values=(draw(values(city)), draw(values(city)))))
    return cells


def values(city: str) -> st.SearchStrategy[MergedValue]:
    whole = st.integers(0, 9).map(lambda v: MergedValue(value=v, cities=(city,), gaps={}, marks=frozenset()))
    withheld = MergedValue(value=None, cities=(), gaps={city: "suppressed"}, marks=frozenset())
    partial = MergedValue(value=4, cities=("oslo",), gaps={city: "failed"}, marks=frozenset({Mark.PARTIAL}))
    return st.one_of(whole, whole, st.just(withheld), st.just(partial))


def filled(cells: list[MergedCell], numbers: Iterator[int]) -> list[MergedCell]:
    """The same cells had the gaps had values, and the missing cities cells."""
    full: list[MergedCell] = []
    for cell in cells:
        is_missing = any("timed_out" in value.gaps.values() for value in cell.values)
        for project in PROJECTS if is_missing else cell.keys:
            known = tuple(
                MergedValue(value=next(numbers), cities=("x",), gaps={}, marks=frozenset()) if value.gaps else value
                for value in cell.values
            )
            full.append(MergedCell(city=cell.city, keys=(project,), values=known))
    return full


def as_cells(merged: MergedTable) -> StatementCells:
    cells = StatementCells()
    cells.add_merged(merged)
    return cells


def show(statement: Statement, cells: list[MergedCell], engine: OuterEngine) -> Shown:
    kinds = [pa.float64() if one.function is AggregateFunction.AVG else pa.int64() for one in statement.plan.aggregates]
    fields = [("city", pa.string()), ("k0", pa.string()), *((f"a{i}", kind) for i, kind in enumerate(kinds))]
    width = len(kinds)
    trimmed = tuple(MergedCell(city=cell.city, keys=cell.keys, values=cell.values[:width]) for cell in cells)
    merged = as_cells(table_of(pa.schema(fields), trimmed))
    masks = mask_gaps(merged)
    table, hidden = engine.run(statement.outer, merged.tables[0], gaps=masks.of_rows, tables={"mine": POPULATION})
    marks = find_marks(table, hidden, statement.outer, merged, masks)
    return Shown(table, marks, selection_notes(hidden, statement.outer, merged))


@pytest.mark.parametrize("sql", STATEMENTS)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cells=released(), seed=st.lists(st.integers(0, 9), min_size=24, max_size=24))
def test_a_value_that_a_gap_could_change_is_marked_or_noted(
    engine: OuterEngine, sql: str, cells: list[MergedCell], seed: list[int]
) -> None:
    statement = parse_statement(sql, permits(), CITIES, {"mine": POPULATION.column_names})
    now = show(statement, cells, engine)
    if now.notes:
        return
    then = show(statement, filled(cells, iter(seed)), engine)
    keys = STATEMENTS[sql]
    other = {tuple(row[key] for key in keys): row for row in then.table.to_pylist()}
    marked = {(cell.row, cell.column) for cell in (*now.marks.suppressed, *now.marks.partial)}
    for number, row in enumerate(now.table.to_pylist()):
        if any((number, key) in marked for key in keys):
            continue
        counterpart: Mapping[str, Any] = other[tuple(row[key] for key in keys)]
        for column, value in row.items():
            assert value == counterpart[column] or (number, column) in marked, (row, counterpart)


def cell(city: str, project: str | None, n: int | None) -> MergedCell:
    gaps = {} if n is not None else {city: "suppressed"}
    return MergedCell(
        city=city, keys=(project,), values=(MergedValue(value=n, cities=(city,), gaps=gaps, marks=frozenset()),)
    )


CELLS = [cell("san-diego", "adu", 5), cell("san-diego", "other", None), cell("seattle", "adu", 7)]
N = "WITH q AS (SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project) "


def marked_in(shown: Shown) -> set[tuple[int, str]]:
    return {(mark.row, mark.column) for mark in (*shown.marks.suppressed, *shown.marks.partial)}


def shown_of(sql: str, engine: OuterEngine) -> Shown:
    return show(parse_statement(sql, permits(), CITIES, {"mine": POPULATION.column_names}), CELLS, engine)


def test_a_sum_over_a_withheld_cell_is_marked_in_its_group_alone(engine: OuterEngine) -> None:
    shown = shown_of(N + "SELECT city, SUM(n) AS n FROM q GROUP BY city ORDER BY city", engine)
    assert shown.table.to_pydict() == {"city": ["san-diego", "seattle"], "n": [5, 7]}
    assert marked_in(shown) == {(0, "n")}
    assert shown.marks.covered_up == ("n",)
    assert shown.notes == ()


def test_a_key_that_is_null_is_a_value_and_a_missing_citys_row_has_none(engine: OuterEngine) -> None:
    """What is withheld is the count beside it; of a city that is not there, the key is as unknown as the count."""
    gone = MergedValue(value=None, cities=(), gaps={"san-francisco": "timed_out"}, marks=frozenset())
    cells = [
        cell("los-angeles", None, 4),
        cell("san-diego", None, None),
        MergedCell(city="san-francisco", keys=(None,), values=(gone,)),
        cell("seattle", "adu", None),
    ]
    sql = "SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project ORDER BY city"
    shown = show(parse_statement(sql, permits(), CITIES), cells, engine)
    assert shown.table.column("project").to_pylist() == [None, None, None, "adu"]
    assert [(mark.row, mark.column) for mark in shown.marks.suppressed] == [
        (1, "n"),
        (2, "project"),
        (2, "n"),
        (3, "n"),
    ]
    assert shown.marks.partial == ()


def test_having_says_how_many_cells_it_drops_for_want_of_a_value(engine: OuterEngine) -> None:
    sql = "SELECT city, project, COUNT(*) AS n FROM housing.permits GROUP BY city, project HAVING n > 5"
    shown = shown_of(sql, engine)
    assert shown.table.column("n").to_pylist() == [7]
    (note,) = shown.notes
    assert note.startswith("HAVING n > 5: decides without values of 1 cell that are withheld or incomplete, and 1 of")
    assert "is not shown" in note


def test_clauses_that_decide_without_the_same_cells_share_a_note(engine: OuterEngine) -> None:
    sql = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city, project HAVING n > 5 ORDER BY n LIMIT 1"
    (note,) = shown_of(sql, engine).notes
    assert note.startswith("HAVING n > 5; LIMIT 1: decide without values of 1 cell that")


def test_the_missing_match_of_a_left_join_is_no_suppression(engine: OuterEngine) -> None:
    sql = (
        "WITH o AS (SELECT city AS c FROM mine), q AS (SELECT city, project, COUNT(*) AS n FROM housing.permits "
        "GROUP BY city, project) SELECT c, q.n FROM o LEFT JOIN q ON o.c = q.city AND q.project = 'adu' ORDER BY c"
    )
    shown = shown_of(sql, engine)
    assert shown.table.to_pydict() == {"c": ["oslo", "san-diego", "seattle"], "n": [None, 5, 7]}
    assert marked_in(shown) == set()


def test_a_lag_is_marked_where_it_looks_at_a_withheld_value_and_nowhere_else(engine: OuterEngine) -> None:
    shown = shown_of(N + "SELECT n, LAG(n) OVER (ORDER BY city, project) AS b FROM q ORDER BY city, project", engine)
    assert shown.table.column("b").to_pylist() == [None, 5, None]
    assert marked_in(shown) == {(1, "n"), (2, "b")}


def test_more_kinds_of_gaps_than_bits_mark_too_much_and_never_too_little() -> None:
    cells = tuple(
        MergedCell(
            city=None,
            keys=(str(number),),
            values=(MergedValue(value=None, cities=(), gaps={f"c{number}": "failed"}, marks=frozenset()),),
        )
        for number in range(100)
    )
    masks = mask_gaps(as_cells(table_of(pa.schema([("k0", pa.string()), ("a0", pa.int64())]), cells)))
    assert max(masks.of_rows) < 2**63
    for row, mask in enumerate(masks.of_rows):
        assert row in set(masks.rows(mask))
