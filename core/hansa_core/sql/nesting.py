"""Takes WITH and FROM-subqueries apart: one SELECT is the question to the cities, the others read what it releases."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest, shown
from hansa_core.sql.clause import quoted, refused
from hansa_core.sql.keys import SelectItem
from hansa_core.sql.outer_from import JoinedRows, JoinedTable
from hansa_core.sql.outer_groups import Groups, is_grouped
from hansa_core.sql.outer_scalar import read_outer
from hansa_core.sql.outer_select import Built, Input, build_select, decides
from hansa_core.sql.relation import origin_of, total
from hansa_core.sql.shape import check_outer_shape
from hansa_core.sql.statement import Selection

AskCities = Callable[[exp.Select, list[Selection], bool], Built]
"""Reads the one SELECT over a contract: the SELECT, what decides about its rows, and whether it is the outermost."""

_EXAMPLE = "WITH q AS (SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city) SELECT … FROM q JOIN …"


class Nesting:
    """One statement with all its SELECTs. `own`: the analyst's tables, by name. `contracts`: the names of contracts."""

    def __init__(self, own: Mapping[str, JoinedTable], contracts: frozenset[str], ask_cities: AskCities) -> None:
        self._own = own
        self._contracts = contracts
        self._ask_cities = ask_cities
        self._question: exp.Select | None = None
        self._ctes: list[exp.CTE] = []
        self.selections: list[Selection] = []
        self.own_used: dict[str, None] = {}

    def read(self, select: exp.Select) -> Built:
        """The whole outer statement. Raises RefusedError."""
        built = self._read(select, self._own, is_last=True)
        if self._question is None:
            rule = "one SELECT of the statement reads a contract"
            raise RefusedError("unknown_contract", rule, f"write for example {_EXAMPLE}", "FROM")
        if self._ctes:
            built.select.set("with_", exp.With(expressions=self._ctes))
        return built

    def _read(self, select: exp.Select, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        known = self._with(select, known)
        if _reads(select, known):
            return self._over_answer(select, known, is_last=is_last)
        if self._question is not None:
            raise RefusedError(
                "cannot_split",
                "a statement asks the cities one question",
                "ask them one by one, and hand the first answer in as a table of your own",
                quoted(select),
            )
        self._question = select
        return self._ask_cities(select, self.selections, is_last)

    def _with(self, select: exp.Select, known: Mapping[str, JoinedTable]) -> Mapping[str, JoinedTable]:
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
            known = {**known, name: self._named(self._inner(cte.this, known))}
        return known

    def _inner(self, query: exp.Expr, known: Mapping[str, JoinedTable]) -> Built:
        while isinstance(query, exp.Subquery) and {name for name, value in query.args.items() if value} <= {"this"}:
            query = query.this
        if not isinstance(query, exp.Select):
            rule = "set operations cannot be split into a question to the cities"
            raise refused("cannot_split", query, rule, "ask one SELECT at a time and join the answers yourself")
        return self._read(query, known, is_last=False)

    def _named(self, built: Built) -> JoinedTable:
        """The SELECT as a CTE of the outer statement."""
        name = f"q{len(self._ctes)}"
        self._ctes.append(exp.CTE(this=built.select, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True))))
        return JoinedTable(name=name, origins=built.origins)

    def _over_answer(self, select: exp.Select, known: Mapping[str, JoinedTable], *, is_last: bool) -> Built:
        check_outer_shape(select)
        joined = JoinedRows()
        joined.read(select, lambda node: self._table(node, known))
        for clause, origin in joined.decided_by:
            decides(clause, origin, self.selections)
        where = select.args.get("where")
        condition = None if where is None else read_outer(where.this, joined.resolve).unnest()
        if where is not None and condition is not None:
            decides(where, origin_of([condition], joined.columns.origins), self.selections)
        rows = joined.source(None if condition is None else total(condition))
        items = [item for node in select.expressions for item in _items(node, joined)]
        if not is_grouped(select, items):
            given = Input(columns=joined.columns, resolve=joined.resolve, source=lambda: rows, is_answer=False)
            return build_select(select, items, given, self.selections, is_last=is_last)
        groups = Groups(select, items, joined.columns, joined.resolve)
        if select.args.get("group"):
            decides(select.args["group"], groups.keys, self.selections)
        given = Input(
            columns=groups.columns, resolve=groups.resolve, source=lambda: groups.source(rows), is_answer=False
        )
        return build_select(select, items, given, self.selections, is_last=is_last)

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
            return self._named(self._inner(node.this, known))
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


def _reads(select: exp.Select, known: Mapping[str, JoinedTable]) -> bool:
    """Whether the SELECT reads what is known here, and not a contract."""
    from_ = select.args.get("from_")
    if from_ is None:
        return False
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
