"""Builds a SELECT of the outer statement: the analyst's list, conditions, windows, order and limit over a relation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from sqlglot import exp

from hansa_core.sql.clause import cut, refused, text_of
from hansa_core.sql.keys import SelectItem
from hansa_core.sql.outer_order import or_alias, read_orderings
from hansa_core.sql.outer_scalar import Resolve, read_outer
from hansa_core.sql.relation import OF_NO_CELLS, Origin, Relation, aliased, any_gap, joined, origin_of, subquery, total
from hansa_core.sql.shape import row_count
from hansa_core.sql.statement import ROW_COLUMN, Selection
from hansa_core.sql.subqueries import QueryReader, Subqueries
from hansa_core.sql.windows import Windows

_DISTINCT = "d"


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """What a SELECT list is computed over.

    `columns`: the relation. `resolve`: what its nodes mean in it. `source`: what stands in FROM, asked for when every
    column is known. `is_answer`: it is the released table itself, whose row numbers break ties.
    """

    columns: Relation
    resolve: Resolve
    source: Callable[[], exp.Expr]
    is_answer: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Built:
    """A SELECT and the origins of its columns, by the names that the analyst gave, in order. `rows`: what decides how
    many rows it has.
    """

    select: exp.Select
    origins: dict[str, Origin]
    rows: Origin = OF_NO_CELLS


def build_select(
    select: exp.Select,
    items: Sequence[SelectItem],
    rows: Input,
    selections: list[Selection],
    reader: QueryReader,
    *,
    is_last: bool,
) -> Built:
    """The SELECT over `rows`; what decides about its rows is added to `selections`. Raises RefusedError.

    `reader`: reads a subquery inside an expression. `is_last`: nothing reads it but the analyst, who needs no gaps
    where a row tells them.
    """
    beside = Subqueries(rows.columns, rows.resolve, reader)
    aliases: dict[str, exp.Expr] = {}
    windows = Windows(rows.columns, or_alias(beside.resolve, aliases, "unknown_column"))
    trees: list[exp.Expr] = []
    for item in items:
        trees.append(read_outer(item.node, windows.resolve).unnest())
        if item.alias:
            aliases.setdefault(item.alias.lower(), trees[-1])
    names = _distinct_names(items)
    naming = or_alias(windows.resolve, aliases)
    having, qualify = (
        None if select.args.get(clause) is None else read_outer(select.args[clause].this, naming).unnest()
        for clause in ("having", "qualify")
    )
    if having is not None and windows.is_window(having):
        remedy = "write QUALIFY instead of HAVING"
        raise refused("unsupported_clause", select.args["having"], "HAVING comes before windows", remedy)
    for clause, tree in (("having", having), ("qualify", qualify)):
        if tree is not None:
            decides(select.args[clause], origin_of([tree], rows.columns.origins), selections)
    is_distinct = bool(select.args.get("distinct"))
    orderings = [] if is_distinct else read_orderings(select, items, trees, windows.resolve, aliases)
    source = beside.source(rows.source())
    where = None if having is None else total(having)
    if windows.are_any:
        source, where = windows.source(source, where), None
    if qualify is not None:
        where = total(qualify) if where is None else exp.and_(where, total(qualify))
    projected = _project(names, trees, rows, source, is_last=is_last and not is_distinct)
    if where is not None:
        projected = replace(projected, select=projected.select.where(where))
    if is_distinct:
        values = origin_of(trees, rows.columns.origins)
        decides(exp.Distinct(), joined(values, rows.columns.rows), selections)
        projected, orderings = _distinct(select, items, projected)
    built = projected.select
    tie: list[exp.Expr] = [exp.Literal.number(index + 1) for index in range(len(names))]
    if rows.is_answer and not is_distinct:
        tie = [rows.columns.column(ROW_COLUMN)]  # equal rows keep the order of the merge: LIMIT always gives the same
    limit, offset = row_count(select, "limit"), row_count(select, "offset")
    if limit is not None or offset is not None:
        over = projected.origins if is_distinct else rows.columns.origins
        decides(select.args["limit" if limit is not None else "offset"], origin_of(orderings, over), selections)
    if is_last or limit is not None or offset is not None:
        built = built.order_by(*orderings, *tie)
    built = built if limit is None else built.limit(limit)
    return replace(projected, select=built if offset is None else built.offset(offset))


def decides(clause: exp.Expr, origin: Origin, selections: list[Selection], words: str = "") -> None:
    """Note what released columns the clause decides by about which rows there are, if by any.

    `words`: what it is called; without, it is quoted.
    """
    if origin.depends_on:
        told = words or cut(text_of(clause))
        selections.append(Selection(clause=told, depends_on=tuple(sorted(origin.depends_on))))


def _project(names: Sequence[str], trees: Sequence[exp.Expr], rows: Input, source: exp.Expr, *, is_last: bool) -> Built:
    """The shown columns and, after them, the hidden ones that their origins name."""
    hidden: dict[str, exp.Expr] = {}
    named: dict[str, str] = {}
    taken = {name.lower() for name in names}
    origins: dict[str, Origin] = {}

    def hide(tree: exp.Expr, wanted: str) -> str:
        text = tree.sql("duckdb")
        if text not in named:
            number, name = 0, wanted
            while name in taken:
                number += 1
                name = f"{wanted}{number}"
            taken.add(name)
            named[text], hidden[name] = name, tree
        return named[text]

    if rows.is_answer:
        hide(rows.columns.column(ROW_COLUMN), ROW_COLUMN)
    for name, tree in zip(names, trees, strict=True):
        origin = origin_of([tree], rows.columns.origins)
        gaps = rows.columns.gaps(origin.gaps)
        row = None if origin.row is None else hide(rows.columns.column(origin.row), ROW_COLUMN)
        is_told = gaps is None or (is_last and row is not None)
        told = frozenset() if is_told or gaps is None else frozenset({hide(gaps, "__gaps")})
        origins[name] = replace(origin, row=row, gaps=told)
    of_rows = None if is_last else rows.columns.gaps(rows.columns.rows.gaps)
    behind = frozenset[str]() if of_rows is None else frozenset({hide(of_rows, "__gaps")})
    shown = [aliased(total(tree), name) for tree, name in zip(trees, names, strict=True)]
    return Built(
        select=exp.select(*shown, *(aliased(tree, name) for name, tree in hidden.items())).from_(source),
        origins=origins,
        rows=replace(rows.columns.rows, gaps=behind),
    )


def _distinct(select: exp.Select, items: Sequence[SelectItem], built: Built) -> tuple[Built, list[exp.Ordered]]:
    """Equal rows as one, and the order that is asked for."""
    if select.args["distinct"].args.get("on"):
        remedy = "write QUALIFY ROW_NUMBER() OVER (PARTITION BY … ORDER BY …) = 1"
        raise refused("unsupported_clause", select.args["distinct"], "DISTINCT ON is not offered", remedy)
    outputs = Relation(name=_DISTINCT, origins=dict(built.origins))
    trees: list[exp.Expr] = [outputs.column(name) for name in built.origins]
    by_name = {name.lower(): tree for name, tree in zip(built.origins, trees, strict=True)}

    def resolve(node: exp.Expr) -> exp.Expr | None:
        written = text_of(node).lower()
        for item, tree in zip(items, trees, strict=True):
            if text_of(item.node).lower() == written:
                return tree.copy()
        if isinstance(node, exp.Column) and node.name.lower() not in by_name:
            rule, remedy = "ORDER BY of SELECT DISTINCT names what is selected", "add it to the SELECT list"
            raise refused("unsupported_clause", node, rule, remedy)
        return by_name[node.name.lower()].copy() if isinstance(node, exp.Column) else None

    return once(built, _DISTINCT), read_orderings(select, items, trees, resolve, by_name)


def once(rows: Built, name: str) -> Built:
    """Equal rows as one, that stands on the gaps of them all. `name`: what the rows are called inside."""
    relation = Relation(name=name, origins=dict(rows.origins))
    trees: list[exp.Expr] = [relation.column(column) for column in rows.origins]
    hidden = sorted(rows.rows.gaps.union(*(origin.gaps for origin in rows.origins.values())))
    shown = [*trees, *(aliased(any_gap(relation.column(gaps)), gaps) for gaps in hidden)]
    select = exp.select(*shown).from_(subquery(rows.select, name))
    origins = {
        column: Origin(depends_on=origin.depends_on, gaps=origin.gaps, passes=origin.passes)
        for column, origin in rows.origins.items()
    }
    places = (exp.Literal.number(index + 1) for index in range(len(trees)))
    return replace(rows, select=select.group_by(*places), origins=origins)


def _distinct_names(items: Sequence[SelectItem]) -> list[str]:
    """The alias or the text of each item, made unique in any case of letters."""
    taken = {ROW_COLUMN}
    names = []
    for item in items:
        node = item.node
        wanted = item.alias or (node.name if isinstance(node, exp.Column) else text_of(node, functions="lower"))
        name, number = wanted, 0
        while name.lower() in taken:
            number += 1
            name = f"{wanted}_{number}"
        taken.add(name.lower())
        names.append(name)
    return names
