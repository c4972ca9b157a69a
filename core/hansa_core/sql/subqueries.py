"""Subqueries inside expressions of the outer statement: each is read once, and stands beside every row as columns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import refused
from hansa_core.sql.outer_from import JoinedTable
from hansa_core.sql.outer_scalar import Resolve, read_outer
from hansa_core.sql.relation import Origin, Relation, aliased, any_gap, joined, or_none, subquery, table_as

_SEVERAL = "a subquery that stands for one value gives several rows: add LIMIT 1, or aggregate it"
_VALUE, _LISTED, _ANY, _GAPS = "value", "listed", "has_null", "gaps"


@dataclass(frozen=True, slots=True)
class _Beside:
    """A subquery as one row that is joined to all: its alias, and the SELECT of its columns."""

    alias: str
    select: exp.Select


class QueryReader(Protocol):
    """Reads the queries inside a SELECT."""

    def read(self, query: exp.Expr) -> JoinedTable:
        """The query as a table of the outer statement. Raises RefusedError."""


class Subqueries:
    """The subqueries of one SELECT over a relation. `rows`: the relation, whose origins they join."""

    def __init__(self, rows: Relation, resolve: Resolve, reader: QueryReader) -> None:
        self._rows = rows
        self._resolve = resolve
        self._reader = reader
        self._beside: list[_Beside] = []
        self._shown: list[exp.Expr] = []

    def resolve(self, node: exp.Expr) -> exp.Expr | None:
        """As the relation resolves it, but a subquery is the column that holds its value."""
        match node:
            case exp.Subquery():
                return self._scalar(node)
            case exp.Exists():
                return self._exists(node)
            case exp.In() if node.args.get("query"):
                return self._membership(node, node.this, node.args["query"])
            case exp.EQ() if isinstance(node.expression, exp.Any) and isinstance(node.expression.this, exp.Subquery):
                return self._membership(node, node.this, node.expression.this)
        return self._resolve(node)

    @property
    def are_any(self) -> bool:
        """Whether there is any subquery."""
        return bool(self._beside)

    def source(self, rows: exp.Expr) -> exp.Expr:
        """What stands in FROM: the rows with the subqueries' columns beside each."""
        if not self.are_any:
            return rows
        star = exp.Column(this=exp.Star(), table=exp.to_identifier(self._rows.name, quoted=True))
        select = exp.select(star, *self._shown).from_(rows)
        for one in self._beside:
            select = select.join(subquery(one.select, one.alias), join_type="cross")
        return subquery(select, self._rows.name)

    def _scalar(self, node: exp.Subquery) -> exp.Expr:
        table, column = self._one_column(node, node.this)
        counted = exp.GT(this=exp.Count(this=exp.Star(), big_int=True), expression=exp.Literal.number(1))
        several = exp.Anonymous(this="error", expressions=[exp.Literal.string(_SEVERAL)])
        value = exp.AnyValue(this=column)
        only = exp.Case(ifs=[exp.If(this=counted, true=several)], default=value)
        place = self._put(table, {_VALUE: only}, joined(next(iter(table.origins.values())), table.rows))
        return self._rows.column(place[_VALUE])

    def _exists(self, node: exp.Exists) -> exp.Expr:
        table = self._table(node, node.this)
        counted = exp.GT(this=exp.Count(this=exp.Star(), big_int=True), expression=exp.Literal.number(0))
        place = self._put(table, {_VALUE: counted}, table.rows)
        return self._rows.column(place[_VALUE])

    def _membership(self, node: exp.Expr, tested: exp.Expr, query: exp.Expr) -> exp.Expr:
        """Three-valued, as SQL has it: unknown where the value is not found and a NULL is listed."""
        table, column = self._one_column(node, query)
        known = exp.Not(this=exp.Is(this=column.copy(), expression=exp.Null()))
        listed = exp.Filter(this=exp.ArrayAgg(this=column), expression=exp.Where(this=known))
        any_null = exp.LogicalOr(this=exp.Is(this=column.copy(), expression=exp.Null()))
        origin = joined(next(iter(table.origins.values())), table.rows)
        place = self._put(table, {_LISTED: listed, _ANY: any_null}, origin)
        value = read_outer(tested, self.resolve).unnest()
        items, has_null = self._rows.column(place[_LISTED]), self._rows.column(place[_ANY])
        found = exp.Coalesce(
            this=exp.Anonymous(this="list_contains", expressions=[items, value]),
            expressions=[exp.Boolean(this=False)],
        )
        unknown = exp.or_(
            exp.Is(this=has_null.copy(), expression=exp.Boolean(this=True)),
            exp.and_(exp.Is(this=value.copy(), expression=exp.Null()), _is_known(items.copy())),
        )
        is_value = exp.Is(this=value.copy(), expression=exp.Null())
        return exp.Case(
            ifs=[
                exp.If(this=exp.and_(exp.Not(this=is_value), found), true=exp.Boolean(this=True)),
                exp.If(this=unknown, true=exp.Null()),
            ],
            default=exp.Boolean(this=False),
        )

    def _one_column(self, node: exp.Expr, query: exp.Expr) -> tuple[JoinedTable, exp.Column]:
        table = self._table(node, query)
        if len(table.origins) != 1:
            rule = f"a subquery that stands for a value has one column, and this one has {len(table.origins)}"
            raise refused("unsupported_clause", node, rule, "select the one column that is meant")
        return table, exp.column(next(iter(table.origins)), table=self._alias, quoted=True)

    def _table(self, node: exp.Expr, query: exp.Expr) -> JoinedTable:
        try:
            return self._reader.read(query)
        except RefusedError as refusal:
            if refusal.code == "unknown_column" and self._is_outer(query):
                rule = "a subquery inside an expression reads its own tables, and none of the rows around it"
                remedy = "join it with ON, or write x IN (SELECT …)"
                raise refused("cannot_split", node, rule, remedy) from None
            raise

    def _is_outer(self, query: exp.Expr) -> bool:
        """Whether some column in the query means one of the rows around it."""
        for column in query.find_all(exp.Column):
            try:
                if self._resolve(column) is not None:
                    return True
            except RefusedError:
                continue
        return False

    @property
    def _alias(self) -> str:
        return f"s{len(self._rows.origins)}"

    def _put(self, table: JoinedTable, columns: dict[str, exp.Expr], origin: Origin) -> dict[str, str]:
        """Put the columns beside the rows. Returns what each is called there."""
        alias = self._alias
        hidden = Relation(name=alias, origins={})
        gaps = {_GAPS: any_gap(hidden.gaps(origin.gaps))} if origin.gaps else {}
        shown = [aliased(tree, name) for name, tree in (columns | gaps).items()]
        self._beside.append(_Beside(alias, exp.select(*shown).from_(table_as(table.name, alias))))
        names = {name: f"{alias}_{name}" for name in columns | gaps}
        for name, place in names.items():
            taken: exp.Expr = exp.column(name, table=alias, quoted=True)
            self._shown.append(aliased(or_none(taken) if name == _GAPS else taken, place))
        behind = frozenset({names[_GAPS]}) if gaps else frozenset()
        for name in columns:
            self._rows.origins[names[name]] = Origin(depends_on=origin.depends_on, gaps=behind, passes=False)
        return names


def _is_known(items: exp.Expr) -> exp.Expr:
    return exp.Not(this=exp.Is(this=items, expression=exp.Null()))
