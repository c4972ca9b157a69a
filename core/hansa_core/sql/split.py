"""Splits a statement into the plans that the cities compute and the SELECT over what they release."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from types import MappingProxyType

from sqlglot import exp

from hansa_core.contract.column_names import aggregate_column, key_column
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.sql.asking_time import fix_time
from hansa_core.sql.clause import DIALECT
from hansa_core.sql.guard import read_query, too_deep
from hansa_core.sql.nesting import Asked, Nesting
from hansa_core.sql.numbering import Place
from hansa_core.sql.own_tables import own_tables
from hansa_core.sql.parameters import Parameter
from hansa_core.sql.plain_select import plain_select
from hansa_core.sql.question import read_question
from hansa_core.sql.relation import Origin
from hansa_core.sql.statement import CityQuestion, CountedValues, OuterColumn, OuterSelect, Statement


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
        query = read_query(sql, parameters)
        fixed = fix_time(query, asked_at)
        return replace(_split(query, contracts, cities, tables), fixed=fixed)
    except RecursionError:  # the guard bounds the nesting; how much stack is left is the caller's affair
        raise too_deep() from None


def _split(
    query: exp.Query,
    contracts: Mapping[ContractId, Contract],
    cities: Collection[str],
    tables: Mapping[str, Sequence[str]],
) -> Statement:
    questions: list[CityQuestion] = []
    counted: list[CountedValues] = []
    places = [Place()]

    def ask_cities(select: exp.Select) -> Asked:
        read = read_question(select, contracts, cities, places[-1])
        questions.append(read.question)
        counted.extend(read.released.cells.counted)
        places.append(places[-1].behind(read.question, len(read.released.cells.counted)))
        return Asked(select=read.select, items=read.items, rows=read.released.as_input())

    nesting = Nesting(own_tables(tables, contracts), frozenset(known.name for known in contracts), ask_cities)
    built = nesting.read(query)
    end = places[-1]
    outer = OuterSelect(
        sql=built.select.sql(DIALECT, comments=False),
        columns=tuple(_outer_column(name, origin) for name, origin in built.origins.items()),
        key_columns=tuple(key_column(index) for index in range(end.key)),
        aggregate_columns=tuple(aggregate_column(index) for index in range(end.aggregate)),
        selections=tuple(dict.fromkeys(nesting.selections)),
        tables=tuple(nesting.own_used),
        plain=plain_select(built.select) if len(questions) == 1 else None,
        counted=tuple(counted),
    )
    return Statement(questions=tuple(questions), outer=outer)


def _outer_column(name: str, origin: Origin) -> OuterColumn:
    return OuterColumn(
        name=name,
        depends_on=tuple(sorted(origin.depends_on)),
        passes_through=origin.passes and len(origin.depends_on) == 1,
        row=origin.row,
        gaps=next(iter(origin.gaps), None),
    )
