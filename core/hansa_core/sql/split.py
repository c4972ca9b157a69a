"""Splits a SELECT into the plan that the cities compute and the SELECT over what they release."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from types import MappingProxyType

from sqlglot import exp

from hansa_core.contract.column_names import aggregate_column, key_column
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.expression import Call, Expression, Op
from hansa_core.plan.plan import Aggregate, Plan
from hansa_core.sql.aggregates import AGGREGATE_NAMES, find_aggregates, read_aggregate
from hansa_core.sql.asking_time import fix_time
from hansa_core.sql.city import select_cities
from hansa_core.sql.clause import DIALECT, cut, quoted, refused, text_of
from hansa_core.sql.formats import with_formats_outside
from hansa_core.sql.functions import function_name
from hansa_core.sql.guard import read_select, too_deep
from hansa_core.sql.key_cells import released_cells
from hansa_core.sql.key_statistics import KeyStatistic, read_key_statistic, with_values_apart
from hansa_core.sql.keys import SelectItem, read_grouping
from hansa_core.sql.made_up import plain_aggregates
from hansa_core.sql.nesting import Nesting
from hansa_core.sql.outer_select import Built, build_select
from hansa_core.sql.own_tables import own_tables
from hansa_core.sql.parameters import Parameter
from hansa_core.sql.plain_select import plain_select
from hansa_core.sql.relation import Origin
from hansa_core.sql.released import Released
from hansa_core.sql.render import wording
from hansa_core.sql.scalar import read_condition
from hansa_core.sql.shape import check_shape
from hansa_core.sql.source import StatementSource, read_source
from hansa_core.sql.statement import CountedValues, OuterColumn, OuterSelect, Selection, Statement
from hansa_core.sql.where import check_where


def parse_statement(
    sql: str,
    contracts: Mapping[ContractId, Contract],
    cities: Collection[str],
    tables: Mapping[str, Sequence[str]] = MappingProxyType({}),
    parameters: Sequence[Parameter] = (),
    *,
    asked_at: datetime | None = None,
) -> Statement:
    """Read a question. `contracts`, `cities`: those of the league. `tables`: the columns of the analyst's own tables.
    `parameters`: the values of what the statement writes as `?`, `$1` or `$name`. `asked_at`: naive UTC, which a
    statement that asks for the current date or time is about.

    Types are checked here; what depends on a level is left to `check_plan`. Raises RefusedError naming clause and
    rewrite.
    """
    try:
        select = read_select(sql, parameters)
        fixed = fix_time(select, asked_at)
        return replace(_split(select, contracts, cities, tables), fixed=fixed)
    except RecursionError:  # the guard bounds the nesting; how much stack is left is the caller's affair
        raise too_deep() from None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Question:
    """The part of a statement that the cities answer."""

    plan: Plan
    cities: tuple[str, ...] | None
    by_city: bool
    counted: tuple[CountedValues, ...]
    texts: tuple[tuple[str, str], ...]


def _split(
    select: exp.Select,
    contracts: Mapping[ContractId, Contract],
    cities: Collection[str],
    tables: Mapping[str, Sequence[str]],
) -> Statement:
    asked: list[_Question] = []

    def ask_cities(select: exp.Select, selections: list[Selection], is_last: bool) -> Built:
        question, built = _read_question(select, contracts, cities, selections, is_last=is_last)
        asked.append(question)
        return built

    nesting = Nesting(own_tables(tables, contracts), frozenset(known.name for known in contracts), ask_cities)
    built = nesting.read(select)
    (question,) = asked
    plan = question.plan
    outer = OuterSelect(
        sql=built.select.sql(DIALECT, comments=False),
        columns=tuple(_outer_column(name, origin) for name, origin in built.origins.items()),
        key_columns=tuple(key_column(index) for index in range(len(plan.keys))),
        aggregate_columns=tuple(aggregate_column(index) for index in range(len(plan.aggregates))),
        selections=tuple(dict.fromkeys(nesting.selections)),
        tables=tuple(nesting.own_used),
        plain=plain_select(built.select),
        counted=question.counted,
    )
    return Statement(plan=plan, cities=question.cities, by_city=question.by_city, outer=outer, texts=question.texts)


def _outer_column(name: str, origin: Origin) -> OuterColumn:
    return OuterColumn(
        name=name,
        depends_on=tuple(sorted(origin.depends_on)),
        passes_through=origin.passes and len(origin.depends_on) == 1,
        row=origin.row,
        gaps=next(iter(origin.gaps), None),
    )


def _read_question(
    select: exp.Select,
    contracts: Mapping[ContractId, Contract],
    cities: Collection[str],
    selections: list[Selection],
    *,
    is_last: bool,
) -> tuple[_Question, Built]:
    check_shape(select)
    select = with_formats_outside(plain_aggregates(select))
    source = read_source(select, contracts)
    items = [SelectItem(item.alias, item.this if isinstance(item, exp.Alias) else item) for item in select.expressions]
    check_where(select.args.get("where"), items, source)
    conditions = [select.args[name].this for name in ("having", "qualify") if select.args.get(name)]
    orderings = select.args["order"].expressions if select.args.get("order") else []
    trees = [*(item.node for item in items), *conditions, *orderings]
    statistics = _read_statistics(trees, source)
    found = _read_aggregates(trees, statistics, select, source)
    selection = select_cities(select.args["where"].this if select.args.get("where") else None, source, cities)
    shown = read_grouping(select.args.get("group"), items, source)
    counting = with_values_apart(shown, [one.key for one in statistics.values()])
    plan = canonicalise(
        Plan(
            source.contract.id,
            _conjunction([read_condition(condition, source) for condition in selection.conditions]),
            counting.keys,
            tuple(found.values()),
            counting.totals,
        )
    )
    columns = {
        node: aggregate_column(plan.aggregates.index(_canonical(plan.source, aggregate)))
        for node, aggregate in found.items()
    }
    cells = released_cells(plan, shown, statistics, columns)
    released = Released(source=source, cells=cells, aggregates=columns, groupings=plan.groupings)
    question = _Question(
        plan=plan,
        cities=selection.cities,
        by_city=shown.by_city,
        counted=cells.counted,
        texts=tuple(_texts(plan, trees, columns, select.args.get("where"))),
    )
    return question, build_select(select, items, released.as_input(), selections, is_last=is_last)


def _texts(
    plan: Plan, trees: list[exp.Expr], columns: Mapping[int, str], where: exp.Where | None
) -> Iterator[tuple[str, str]]:
    """What was written for each part of the plan, by the name that a check of the plan gives it."""
    if where is not None:
        yield "where", quoted(where)
    for place, key in enumerate(plan.keys):
        yield f"keys[{place}]", wording(key)
    for node in (node for tree in trees for node in find_aggregates(tree)):
        yield f"aggregates[{columns[id(node)].removeprefix('a')}]", quoted(node)


def _read_statistics(trees: list[exp.Expr], source: StatementSource) -> dict[int, KeyStatistic]:
    """Each statistic over the values of a key, by the identity of its node."""
    read = {id(node): read_key_statistic(node, source) for tree in trees for node in find_aggregates(tree)}
    return {node: statistic for node, statistic in read.items() if statistic is not None}


def _read_aggregates(
    trees: list[exp.Expr], statistics: Mapping[int, KeyStatistic], select: exp.Select, source: StatementSource
) -> dict[int, Aggregate]:
    """What the cities compute for each aggregate, by the identity of its node."""
    found = {
        id(node): statistics[id(node)].rows if id(node) in statistics else read_aggregate(node, source)
        for tree in trees
        for node in find_aggregates(tree)
    }
    if not found:
        unknown = next((call for tree in trees for call in tree.find_all(exp.Anonymous)), None)
        if unknown is not None:  # a misspelt aggregate is no aggregate to the parser
            name = function_name(unknown)
            raise refused("unknown_function", unknown, f"there is no {name}()", nearest(name, AGGREGATE_NAMES))
        raise RefusedError(
            "rows_requested",
            "a question never returns rows: it selects at least one aggregate",
            "add one to the SELECT list, as in COUNT(*) or AVG(x)",
            cut("SELECT " + ", ".join(text_of(item) for item in select.expressions)),
        )
    return found


def _conjunction(conditions: list[Expression]) -> Expression | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return Call(Op.AND, tuple(conditions))


def _canonical(source: ContractId, aggregate: Aggregate) -> Aggregate:
    """The aggregate as it stands in a canonical plan."""
    return canonicalise(Plan(source, None, (), (aggregate,))).aggregates[0]
