"""Reads a SELECT over a contract: the question to the cities, and the released table that the rest of it reads."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.types import Value
from hansa_core.errors import RefusedError
from hansa_core.nearest import nearest
from hansa_core.plan.canonical import canonicalise
from hansa_core.plan.city_sets import CityMeasure, CitySet
from hansa_core.plan.expression import Call, Expression, Op
from hansa_core.plan.plan import Aggregate, Plan
from hansa_core.sql.aggregates import AGGREGATE_NAMES, find_aggregates, read_aggregate
from hansa_core.sql.city import conditions_of, label_text, mentions_city, select_cities
from hansa_core.sql.clause import cut, quoted, refused, text_of
from hansa_core.sql.formats import with_formats_outside
from hansa_core.sql.functions import function_name
from hansa_core.sql.key_cells import released_cells
from hansa_core.sql.key_statistics import KeyStatistic, read_key_statistic, with_values_apart
from hansa_core.sql.keys import SelectItem, read_grouping, select_items
from hansa_core.sql.made_up import plain_aggregates
from hansa_core.sql.named_windows import with_windows_written_out
from hansa_core.sql.numbering import Numbering, Place
from hansa_core.sql.released import Released
from hansa_core.sql.render import wording
from hansa_core.sql.scalar import read_condition
from hansa_core.sql.shape import check_shape
from hansa_core.sql.source import StatementSource, read_source
from hansa_core.sql.statement import CityQuestion, Labels
from hansa_core.sql.where import check_where

_CLAUSES = ("having", "qualify")


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadQuestion:
    """A question, the SELECT as the outer side sees it, its items, and the released table that they read."""

    question: CityQuestion
    select: exp.Select
    items: tuple[SelectItem, ...]
    released: Released


@dataclass(frozen=True, slots=True)
class _Measure:
    """An aggregate, by its node: what the cities compute for it, over which of them (None: all that are asked), and the
    statistic over the values of a key that is told from it, if it is one.
    """

    node: exp.Expr
    aggregate: Aggregate
    cities: frozenset[str] | None
    statistic: KeyStatistic | None


def read_question(
    select: exp.Select, contracts: Mapping[ContractId, Contract], cities: Collection[str], place: Place
) -> ReadQuestion:
    """The question in a SELECT over a contract. `cities`: those of the league. Raises RefusedError."""
    select = with_windows_written_out(select)
    check_shape(select)
    source = read_source(select, contracts)
    select = with_formats_outside(plain_aggregates(select), source)
    items = select_items(select)
    check_where(select.args.get("where"), items, source)
    where = select.args["where"].this if select.args.get("where") else None
    reader = _Aggregates(source, cities)
    found = reader.read(select, items)
    selection = select_cities(conditions_of(where), source, cities)
    shown = read_grouping(select.args.get("group"), items, source, cities)
    statistics = {node: one.statistic for node, one in found.items() if one.statistic is not None}
    counting = with_values_apart(shown, [one.key for one in statistics.values()])
    plan = canonicalise(
        Plan(
            source.contract.id,
            _conjunction([read_condition(condition, source) for condition in selection.conditions]),
            counting.keys,
            tuple(one.aggregate for one in found.values()),
            counting.totals,
        )
    )
    numbering = Numbering(place=place, plan=plan, shown=shown, counting=counting)
    over_some = tuple(dict.fromkeys((one.aggregate, one.cities) for one in found.values() if one.cities is not None))
    question = CityQuestion(
        plan=plan,
        cities=selection.cities,
        named=selection.named | reader.named,
        predicates=selection.predicates,
        by_city=shown.by_city,
        labels=_labels(numbering) if shown.are_labelled else None,
        over_some=tuple(
            CityMeasure(aggregate=plan.aggregates.index(aggregate), cities=of or frozenset())
            for aggregate, of in over_some
        ),
        texts=tuple(_texts(plan, found.values(), select.args.get("where"))),
    )
    measures = [*((one, None) for one in plan.aggregates), *over_some]
    columns = {
        node: numbering.aggregate_column(measures.index((one.aggregate, one.cities))) for node, one in found.items()
    }
    cells = released_cells(numbering, statistics, columns)
    released = Released(
        source=source,
        cells=cells,
        labels={
            label_text(one.node, source): name
            for one, name in zip(shown.labels, numbering.city_columns if shown.are_labelled else (), strict=False)
        },
        aggregates=columns,
    )
    return ReadQuestion(question=question, select=select, items=tuple(items), released=released)


class _Aggregates:
    """The aggregates of one SELECT. `named`: the cities that their filters list."""

    def __init__(self, source: StatementSource, cities: Collection[str]) -> None:
        self._source = source
        self._cities = cities
        self.named: frozenset[str] = frozenset()

    def read(self, select: exp.Select, items: list[SelectItem]) -> dict[int, _Measure]:
        """Each aggregate by the identity of its node."""
        conditions = [select.args[name].this for name in _CLAUSES if select.args.get(name)]
        orderings = select.args["order"].expressions if select.args.get("order") else []
        trees = [*(item.node for item in items), *conditions, *orderings]
        found = {id(node): self._measure(node) for tree in trees for node in find_aggregates(tree)}
        if not found:
            raise _without_aggregates(trees, select)
        return found

    def _measure(self, written: exp.Expr) -> _Measure:
        node = written
        cities: frozenset[str] | None = None
        if isinstance(node, exp.Filter) and mentions_city(node.expression, self._source):
            selection = select_cities(conditions_of(node.expression.this), self._source, self._cities)
            self.named |= selection.named
            cities = frozenset(selection.cities or ())
            plain: exp.Expr = node.this.copy()
            if selection.conditions:
                condition = exp.and_(*(part.copy() for part in selection.conditions))
                plain = exp.Filter(this=plain, expression=exp.Where(this=condition))
            node = plain
        statistic = read_key_statistic(node, self._source)
        aggregate = read_aggregate(node, self._source) if statistic is None else statistic.rows
        return _Measure(written, _canonical(self._source.contract.id, aggregate), cities, statistic)


def _texts(plan: Plan, measures: Iterable[_Measure], where: exp.Where | None) -> Iterator[tuple[str, str]]:
    """What was written for each part of the plan, by the name that a check of the plan gives it."""
    if where is not None:
        yield "where", quoted(where)
    for place, key in enumerate(plan.keys):
        yield f"keys[{place}]", wording(key)
    for one in measures:
        yield f"aggregates[{plan.aggregates.index(one.aggregate)}]", quoted(one.node)


def _without_aggregates(trees: list[exp.Expr], select: exp.Select) -> RefusedError:
    unknown = next((call for tree in trees for call in tree.find_all(exp.Anonymous)), None)
    if unknown is not None:  # a misspelt aggregate is no aggregate to the parser
        name = function_name(unknown)
        return refused("unknown_function", unknown, f"there is no {name}()", nearest(name, AGGREGATE_NAMES))
    return RefusedError(
        "rows_requested",
        "a question never returns rows: it selects at least one aggregate",
        "add one to the SELECT list, as in COUNT(*) or AVG(x)",
        cut("SELECT " + ", ".join(_item(item) for item in select.expressions)),
    )


def _item(item: exp.Expr) -> str:
    """An item of the SELECT list; of `FROM t` alone, where nobody wrote one, the star that it means."""
    return text_of(item) if isinstance(item, exp.Star) else quoted(item)


def _labels(numbering: Numbering) -> Labels:
    """Each set of cities that share their labels, in the order of the groupings and of the labels."""
    grouping = numbering.counting
    of_labels: dict[tuple[int, ...], list[tuple[int, int]]] = {}
    for number, one in enumerate(grouping.sets):
        of_labels.setdefault(one.labels, []).append((numbering.plan_grouping(one), number))
    sets = []
    for kept, groupings in of_labels.items():
        members: dict[tuple[Value | None, ...], list[str]] = {}
        for city in grouping.cities:
            values = [label.values[city] if at in kept else None for at, label in enumerate(grouping.labels)]
            members.setdefault(tuple(values), []).append(city)
        sets += [
            CitySet(cities=tuple(cities), labels=labels, groupings=tuple(groupings))
            for labels, cities in sorted(members.items(), key=lambda item: tuple(map(_sorting, item[0])))
        ]
    return Labels(
        columns=numbering.city_columns,
        words=tuple(text_of(label.node) for label in grouping.labels),
        types=tuple(label.type for label in grouping.labels),
        sets=tuple(sets),
    )


def _sorting(value: Value | None) -> tuple[bool, str, object]:
    """NULL last; the values of one label are all of one type."""
    return value is None, type(value).__name__, value


def _conjunction(conditions: list[Expression]) -> Expression | None:
    if len(conditions) < 2:
        return conditions[0] if conditions else None
    return Call(Op.AND, tuple(conditions))


def _canonical(source: ContractId, aggregate: Aggregate) -> Aggregate:
    """The aggregate as it stands in a canonical plan."""
    return canonicalise(Plan(source, None, (), (aggregate,))).aggregates[0]
