"""Marked cells: kept by column, looked at as a sequence."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hansa.answer import Answer
from hansa.answering.marked_cells import MarkedCell, MarkedCells, MarkedColumn
from hansa.view.render.text import aligned_answer
from hansa_answers import answer_of

GAPS = ({"bremen": "suppressed"}, {"hamburg": "timed_out"}, {"bremen": "failed", "hamburg": "denied"})
CELLS = st.lists(st.tuples(st.integers(0, 9), st.sampled_from("abc"), st.sampled_from(GAPS)), unique_by=lambda c: c[:2])


def column_of(name: str, cells: list[MarkedCell]) -> MarkedColumn:
    own = [cell for cell in cells if cell.column == name]
    kinds = np.array([GAPS.index(cell.gaps) for cell in own])
    return MarkedColumn(column=name, rows=np.array([cell.row for cell in own]), kinds=kinds, gaps=GAPS)


@given(found=CELLS)
def test_they_are_cells_in_the_answers_order(found: list[tuple[int, str, dict[str, str]]]) -> None:
    cells = [MarkedCell(row=row, column=column, gaps=gaps) for row, column, gaps in sorted(found, key=lambda c: c[:2])]
    marked = MarkedCells(column_of(name, cells) for name in sorted({cell.column for cell in cells}))
    assert marked == cells
    assert (len(marked), bool(marked), marked[2:5]) == (len(cells), bool(cells), tuple(cells[2:5]))
    assert marked.first(4) == [cell for cell in cells if cell.row < 4]
    for column in "abcd":
        assert marked.in_column(column) == {cell.row: cell.gaps for cell in cells if cell.column == column}
        assert marked.rows_of(column).tolist() == [cell.row for cell in cells if cell.column == column]
    assert sum(count for _, _, count in marked.counts()) == len(cells)


def test_a_long_sequence_is_not_written_out() -> None:
    marked = MarkedCells.of(MarkedCell(row=row, column="n", gaps=GAPS[0]) for row in range(1_000))
    assert repr(marked).endswith(", and 980 more]")


def test_an_answer_is_shown_without_an_object_for_each_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    rows = 1_000
    marks = MarkedCells.of(MarkedCell(row=row, column="n", gaps=GAPS[row % 2]) for row in range(rows))
    table = pa.table({"project": [f"p{row}" for row in range(rows)], "n": list(range(rows))})
    answer = answer_of("SELECT project, COUNT(*) AS n FROM housing.permits GROUP BY project", table)
    whole = Answer(**{name: getattr(answer, name) for name in answer.__dataclass_fields__} | {"partial": marks})

    def made(**_: object) -> MarkedCell:
        raise AssertionError("an object for a mark")

    monkeypatch.setattr("hansa.answering.marked_cells.MarkedCell", made)
    assert aligned_answer(whole).count("†") == rows
    assert "bremen" in repr(whole)
    assert whole._repr_html_().count("<abbr") == 500
    assert "n: 500 values are partial" in repr(whole.explain())
    assert not whole.is_complete
