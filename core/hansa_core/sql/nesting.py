"""Takes a statement apart: some of its SELECTs are questions to the cities, the others read what those release."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.sql.city_questions import CityQuestions
from hansa_core.sql.clause import refused
from hansa_core.sql.keys import SelectItem
from hansa_core.sql.named_windows import with_windows_written_out
from hansa_core.sql.outer_from import ROWS, JoinedRows, JoinedTable
from hansa_core.sql.outer_groups import Groups, is_grouped
from hansa_core.sql.outer_scalar import read_outer
from hansa_core.sql.outer_select import Built, Input, build_select, decides
from hansa_core.sql.relation import origin_of, subquery, total
from hansa_core.sql.set_operations import check_set_operation, combined, is_plain, not_offered
from hansa_core.sql.shape import check_outer_shape
from hansa_core.sql.statement import MAX_QUESTIONS, Selection
from hansa_core.sql.subqueries import Subqueries

_TAIL = ("with_", "order", "limit", "offset")
_WHOLE = "rows of a set operation"
_EXAMPLE = "WITH q AS (SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city) SELECT … FROM q JOIN …"


class Nesting:
    """One statement with all its SELECTs. `own`: the analyst's tables, by name. `questions`: reads those to cities."""

    def __init__(self, own: Mapping[str, JoinedTable], questions: CityQuestions) -> None:
        self._own = own
        self._contracts = questions.contract_names
        self._questions = questions
        self._ctes: list[exp.CTE] = []
        self.selections: list[Selection] = []
        self.own_used: dict[str, None] = {}

    def read(self, query: exp.Query) -> Built:
        """The whole outer statement. Raises RefusedError."""
        built = self._query(query, self._own, is_last=True)
        if not self._questions.asked:
            rule = "one SELECT of the statement reads a contract"
            raise RefusedError("unknown_contract", rule, f"write for example {_EXAMPLE}", "FROM")
        if self._ctes:
            built.select.set("with_", exp.With(expressions=self._ctes))
        return built

    def _query(self, query: exp.Expr, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        while isinstance(query, exp.Subquery) and is_plain(query, ("this", "alias")):
            query = query.this
        if isinstance(query, exp.Subquery) and is_plain(query, ("this", "alias", *_TAIL)):
            known = self._with(query, known)
            return self._ordered(query, self._query(query.this, known, is_last=False), known, is_last=is_last)
        if isinstance(query, exp.SetOperation):
            return self._set_operation(query, self._with(query, known), is_last=is_last)
        if not isinstance(query, exp.Select):
            raise not_offered(query)
        return self._select(query, known, is_last=is_last)

    def _select(self, select: exp.Select, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        known = self._with(select, known)
        if _reads(select, known):
            return self._over_answer(select, known, is_last=is_last)
        if len(self._questions.asked) == MAX_QUESTIONS:
            rule = f"a statement asks the cities at most {MAX_QUESTIONS} questions, each of which is charged"
            remedy = "GROUP BY what tells them apart, or ask some of them by themselves"
            raise refused("cannot_split", select, rule, remedy)
        read = self._questions.read(select)
        within = _SubqueryReader(self, known)
        return build_select(read.select, read.items, read.rows, self.selections, within, is_last=is_last)

    def _set_operation(self, node: exp.SetOperation, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        check_set_operation(node)
        left, right = (self._named(self._query(one, known, is_last=False)) for one in (node.this, node.expression))
        return self._ordered(node, combined(node, left, right, self.selections), known, is_last=is_last)

    def _ordered(self, query: exp.Expr, built: Built, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        """The rows of a query that has ORDER BY and LIMIT of its own, or is what the analyst sees."""
        tail = {name: query.args[name] for name in _TAIL if query.args.get(name) and name != "with_"}
        if not tail and not is_last:
            return built
        whole = exp.Select(
            expressions=[exp.Star()], from_=exp.From(this=exp.Table(this=exp.to_identifier(_WHOLE, quoted=True)))
        )
        for name, clause in tail.items():
            whole.set(name, clause.copy())
        return self._over_answer(whole, {**known, _WHOLE: self._named(built)}, is_last=is_last)

    def subquery(self, query: exp.Expr, known: Mapping[str, JoinedTable]) -> JoinedTable:
        """A query inside an expression, as a table of the outer statement. `known`: what its FROM can name."""
        return self._named(self._query(query, known, is_last=False))

    def _with(self, select: exp.Expr, known: Mapping[str, JoinedTable]) -> Mapping[str, JoinedTable]:
        with_ = select.args.get("with_")
        if with_ is None:
            return known
        if with_.args.get("recursive"):
            raise refused("cannot_split", with_, "WITH RECURSIVE is not offered", "leave RECURSIVE out")
        for cte in with_.expressions:
            alias = cte.args["alias"]
            if alias.args.get("columns") or cte.args.get("key_expressions") or cte.args.get("scalar"):
                remedy = "name the columns with AS inside the CTE"
                raise refused("unsupported_clause", cte, "a CTE is a name and a SELECT", remedy)
            name = cte.alias.lower()
            if name in known or name in self._contracts:
                raise refused("unsupported_clause", cte, f"two tables are called {shown(cte.alias)}", "rename the CTE")
            known = {**known, name: self._named(self._query(cte.this, known, is_last=False))}
        return known

    def _named(self, built: Built) -> JoinedTable:
        """The SELECT as a CTE of the outer statement."""
        name = f"q{len(self._ctes)}"
        self._ctes.append(exp.CTE(this=built.select, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True))))
        return JoinedTable(name=name, origins=built.origins, rows=built.rows)

    def _over_answer(self, select: exp.Select, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        select = with_windows_written_out(select)
        check_outer_shape(select)
        reader = _SubqueryReader(self, known)
        joined = JoinedRows()
        joined.read(select, lambda node: self._table(node, known))
        for clause, origin in joined.decided_by:
            decides(clause, origin, self.selections)
        beside = Subqueries(joined.columns, joined.resolve, reader)
        where = select.args.get("where")
        condition = None if where is None else read_outer(where.this, beside.resolve).unnest()
        if where is not None and condition is not None:
            decides(where, origin_of([condition], joined.columns.origins), self.selections)
        items = [item for node in select.expressions for item in _items(node, joined)]
        if not is_grouped(select, items):
            rows = _rows(joined, beside, condition)
            given = Input(columns=joined.columns, resolve=joined.resolve, source=lambda: rows, is_answer=False)
            return build_select(select, items, given, self.selections, reader, is_last=is_last)
        groups = Groups(select, items, joined.columns, beside.resolve)
        if select.args.get("group"):
            decides(select.args["group"], groups.keys, self.selections)
        given = Input(
            columns=groups.columns,
            resolve=groups.resolve,
            source=lambda: groups.source(_rows(joined, beside, condition)),
            is_answer=False,
        )
        return build_select(select, items, given, self.selections, reader, is_last=is_last)

    def _table(self, node: exp.Expr, known: Mapping[str, JoinedTable]) -> JoinedTable:
        alias = node.args.get("alias")
        extras = {name for name, value in node.args.items() if value} - {"this", "alias", "db", "catalog"}
        is_plain = isinstance(node, exp.Subquery) or (
            isinstance(node, exp.Table) and isinstance(node.this, exp.Identifier)
        )
        if not is_plain or extras or (alias is not None and alias.args.get("columns")):
            rule = "FROM takes CTEs, subqueries and own tables: no function, file, sample, pivot or column list"
            raise refused("unsupported_clause", node, rule, "hand a file in as a table of your own")
        if isinstance(node, exp.Subquery):
            return self._named(self._query(node.this, known, is_last=False))
        name = _full_name(node)
        if name in known:
            if name in self._own:
                self.own_used[name] = None
            return known[name]
        if name.partition("/")[0] in self._contracts:
            rule = "a contract is not joined: its cities answer in aggregates"
            raise refused("cannot_split", node, rule, f"aggregate it in a CTE: {_EXAMPLE}")
        rule = f"there is no table {shown(name)}"
        raise refused("unknown_table", node, rule, nearest(name, {*known, *self._contracts}))


@dataclass(frozen=True, slots=True)
class _SubqueryReader:
    """The QueryReader of one SELECT. `known`: the tables that its subqueries can name."""

    nesting: Nesting
    known: Mapping[str, JoinedTable]

    def read(self, query: exp.Expr) -> JoinedTable:
        return self.nesting.subquery(query, self.known)


def _rows(joined: JoinedRows, beside: Subqueries, condition: exp.Expr | None) -> exp.Expr:
    """What stands in FROM: the joined rows that meet the condition, with the subqueries that they read."""
    if not beside.are_any:
        return joined.source(condition)
    rows = beside.source(joined.source(None))
    return rows if condition is None else subquery(exp.select("*").from_(rows).where(total(condition)), ROWS)


def _reads(select: exp.Select, known: Mapping[str, JoinedTable]) -> bool:
    """Whether the SELECT reads what is known here, and not a contract."""
    from_ = select.args.get("from_")
    if from_ is None:  # one row of constants
        return True
    if isinstance(from_.this, exp.Table):
        return _full_name(from_.this) in known
    return isinstance(from_.this, exp.Subquery)


def _full_name(table: exp.Expr) -> str:
    parts = (table.args.get(name) for name in ("catalog", "db", "this"))
    return ".".join(part.name for part in parts if isinstance(part, exp.Expr)).lower()


def _items(node: exp.Expr, joined: JoinedRows) -> list[SelectItem]:
    if isinstance(node, exp.Star) or (isinstance(node, exp.Column) and isinstance(node.this, exp.Star)):
        return [SelectItem("", column) for column in joined.star(node)]
    return [SelectItem(node.alias, node.this if isinstance(node, exp.Alias) else node)]
