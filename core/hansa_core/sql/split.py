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
from hansa_core.sql.city_questions import CityQuestions
from hansa_core.sql.clause import DIALECT
from hansa_core.sql.guard import read_query, too_deep
from hansa_core.sql.nesting import Nesting
from hansa_core.sql.own_tables import own_tables
from hansa_core.sql.parameters import Parameter
from hansa_core.sql.plain_select import plain_select
from hansa_core.sql.relation import Origin
from hansa_core.sql.statement import OuterColumn, OuterSelect, Statement


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
    questions = CityQuestions(contracts, cities)
    nesting = Nesting(own_tables(tables, contracts), questions)
    built = nesting.read(query)
    outer = OuterSelect(
        sql=built.select.sql(DIALECT, comments=False),
        columns=tuple(_outer_column(name, origin) for name, origin in built.origins.items()),
        key_columns=tuple(key_column(index) for index in range(questions.end.key)),
        aggregate_columns=tuple(aggregate_column(index) for index in range(questions.end.aggregate)),
        selections=tuple(dict.fromkeys(nesting.selections)),
        tables=tuple(nesting.own_used),
        plain=plain_select(built.select) if len(questions.asked) == 1 else None,
        counted=tuple(questions.counted),
    )
    return Statement(questions=tuple(questions.asked), outer=outer)


def _outer_column(name: str, origin: Origin) -> OuterColumn:
    return OuterColumn(
        name=name,
        depends_on=tuple(sorted(origin.depends_on)),
        passes_through=origin.passes and len(origin.depends_on) == 1,
        rounds=origin.rounds and len(origin.depends_on) == 1,
        row=origin.row,
        gaps=next(iter(origin.gaps), None),
    )
