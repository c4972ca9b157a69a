"""Reading of a publication through questions: every figure of every cell that a city will answer."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from fractions import Fraction

from hansa_core.contract.contract import Contract
from hansa_core.protection.hierarchy import BinInterval, Dimension, Leaf
from hansa_redteam.running.attacker import Attacker
from hansa_redteam.unpicking.figures import ROWS, CellFigure, FigureKind, KnownFigures, PublishedFigure
from hansa_redteam.unpicking.layout import TableCell, TableLayout

_AT_ONCE = 60  # aggregates of one question, which may have 64


@dataclass(frozen=True, slots=True, kw_only=True)
class _Wanted:
    """One aggregate: a figure of a cell, and its SQL."""

    cell: TableCell
    figure: PublishedFigure
    sql: str


def read_publication(attacker: Attacker, layout: TableLayout, city: str) -> KnownFigures:
    """Ask `city` for every figure of every cell. A sum over no values is 0 where its count is shown."""
    answers: dict[CellFigure, int | None] = {}
    wanted = list(_wanted(layout))
    for start in range(0, len(wanted), _AT_ONCE):
        asked = wanted[start : start + _AT_ONCE]
        aggregates = ", ".join(f"{one.sql} AS f{place}" for place, one in enumerate(asked))
        reply = attacker.ask_until_reached(f"SELECT {aggregates} FROM \"{layout.contract.id}\" WHERE city = '{city}'")
        if not reply.is_answered:
            raise RuntimeError(f"{city} did not answer from its own tables: {dict(reply.codes)}")
        for place, one in enumerate(asked):
            key = (one.cell.selected, one.figure)
            value = _quanta(reply.figure(f"f{place}"), one.figure, layout.contract)
            if answers.get(key) is None:
                answers[key] = value
    for (selected, figure), value in list(answers.items()):
        if value is None and answers.get((selected, PublishedFigure(FigureKind.COUNT, figure.measure))) == 0:
            answers[selected, figure] = 0
    shown = {key: value for key, value in answers.items() if value is not None}
    some = {selected for selected, _ in shown}
    held = {cell.selected: cell for cell in layout.cells() if cell.selected not in some}
    return KnownFigures(shown=shown, held=tuple(held.values()))


def _wanted(layout: TableLayout) -> Iterator[_Wanted]:
    asked = set[tuple[object, ...]]()
    for cell in layout.cells():
        shape = layout.shapes[cell.table]
        pairs = zip(shape.dimensions, cell.nodes, strict=True)
        conditions = [text for dimension, node in pairs if (text := _condition(dimension, node, layout.contract))]
        suffix = f" FILTER (WHERE {' AND '.join(conditions)})" if conditions else ""
        figures = [(ROWS, "COUNT(*)")]
        for name in shape.measures:
            figures += [
                (PublishedFigure(FigureKind.COUNT, name), f"COUNT({name})"),
                (PublishedFigure(FigureKind.SUM, name), f"SUM({name})"),
            ]
        for figure, sql in figures:
            if (cell.selected, figure) not in asked:
                asked.add((cell.selected, figure))
                yield _Wanted(cell=cell, figure=figure, sql=sql + suffix)


def _condition(dimension: Dimension, node: int, contract: Contract) -> str:
    """What a row of the node fulfils; nothing for all of them."""
    united = dimension.nodes[node].leaves
    if len(united) == len(dimension.leaves):
        return ""
    chosen = [dimension.leaves[place] for place in sorted(united)]
    name = dimension.column
    bins = [leaf for leaf in chosen if isinstance(leaf, BinInterval)]
    if bins:
        quantum = contract.columns[name].quantum
        assert quantum is not None
        ends = (min(each.lower for each in bins) * quantum, max(each.upper for each in bins) * quantum)
        return f"{name} >= {_number(ends[0])} AND {name} <= {_number(ends[1])}"
    values = [_literal(leaf) for leaf in chosen if leaf is not None]
    parts = [f"{name} IN ({', '.join(values)})"] if values else []
    parts += [f"{name} IS NULL"] if None in chosen else []
    return f"({' OR '.join(parts)})"


def _literal(value: Leaf) -> str:
    if isinstance(value, bool):
        return str(value).upper()
    if isinstance(value, datetime):
        return f"TIMESTAMP '{value}'"
    if isinstance(value, date):
        return f"DATE '{value}'"
    if isinstance(value, str):
        return "'" + value.replace("'", "''") + "'"
    return str(value)


def _number(value: Fraction) -> str:
    return str(value.numerator) if value.denominator == 1 else repr(float(value))


def _quanta(value: object, figure: PublishedFigure, contract: Contract) -> int | None:
    if value is None:
        return None
    quantum = contract.columns[figure.measure].quantum if figure.kind is FigureKind.SUM else None
    return round(Fraction(str(value)) / (quantum or 1))
