"""Reading a statement: its plan, its cities and its purpose, checked against the league before anything is signed."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from hansa.question.other_sql import is_sql, not_offered
from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.errors import RefusedError
from hansa_core.league.roster import Roster
from hansa_core.nearest import nearest, shown
from hansa_core.plan.check import check_plan

if TYPE_CHECKING:
    import pyarrow as pa

    from hansa_core.plan.plan import Plan
    from hansa_core.sql.parameters import Parameter
    from hansa_core.sql.statement import CityQuestion, Statement

TableColumns = tuple[tuple[str, tuple[str, ...]], ...]
"""The names of tables, in lower case, each with those of its columns."""


def columns_of(tables: Mapping[str, pa.Table]) -> TableColumns:
    """The names of the tables, in lower case, each with those of its columns."""
    return tuple((name, tuple(table.column_names)) for name, table in tables.items())


def read_question(
    statement: str,
    tables: TableColumns,
    parameters: tuple[Parameter, ...],
    asked_at: datetime | None,
    *,
    contracts: Mapping[ContractId, Contract],
    roster: Roster,
) -> Statement:
    """The SQL as plan and outer SELECT. `tables`: the analyst's own. `parameters`: the values of its parameters.
    `asked_at`: naive UTC in whole seconds, where the statement asks for it.

    Raises RefusedError for what no city could answer.
    """
    from hansa_core.sql.split import parse_statement  # sqlglot, which only a statement needs

    try:
        asked = parse_statement(statement, contracts, roster.cities, dict(tables), parameters, asked_at=asked_at)
    except RefusedError as error:
        raise (not_offered(error) if error.code == "syntax_error" and is_sql(statement) else error) from None
    for question in asked.questions:
        contract = contracts[question.plan.source]
        try:
            check_plan(question.plan, contract, contract.least_level)
        except RefusedError as error:
            raise RefusedError(error.code, error.rule, error.remedy, question.written_at(error.field)) from None
    return asked


def addressed_cities(asked: CityQuestion, roster: Roster) -> tuple[str, ...]:
    """The cities that the roster, never the coordinator, says the question is for. Raises RefusedError.

    A city that the statement names has to serve the contract; one that merely meets a condition may not.
    """
    serving = roster.cities_serving(asked.plan.source)
    if not serving:
        raise RefusedError(
            "contract_not_served",
            f"no city of the league serves {asked.plan.source}",
            "league.catalogue and `hansa catalogue` say what is served",
            "FROM",
        )
    for city in sorted(asked.named):
        if city not in serving:
            raise _not_served(f"{city} does not serve {asked.plan.source}", serving)
    cities = serving if asked.cities is None else tuple(city for city in serving if city in asked.cities)
    if not cities:
        raise _not_served(f"no city with {' AND '.join(asked.predicates)} serves {asked.plan.source}", serving)
    return cities


def distinct_queries(
    asked: Statement, roster: Roster
) -> tuple[tuple[tuple[Plan, tuple[str, ...]], ...], tuple[int, ...]]:
    """The plans that are sent, each to its cities, and of each question of the statement which of them answers it.

    What two questions ask alike is asked once, so that both are of one release, and it is charged once.
    """
    wanted = [(question.plan, addressed_cities(question, roster)) for question in asked.questions]
    queries = tuple(dict.fromkeys(wanted))
    return queries, tuple(queries.index(one) for one in wanted)


def _not_served(rule: str, serving: Collection[str]) -> RefusedError:
    return RefusedError("contract_not_served", rule, f"these do: {', '.join(serving)}", "city")


def demanded_cities(min_cities: int | None, cities: Collection[str], *, partial: bool) -> int:
    """How many of the addressed cities have to answer: all by default, with `partial` one. Raises RefusedError."""
    if min_cities is None:
        return 1 if partial else len(cities)
    if not 1 <= min_cities <= len(cities):
        rule = f"at least 1 and at most the {len(cities)} addressed cities can be demanded"
        raise RefusedError("min_cities", rule, f"ask for 1 to {len(cities)}", "min_cities")
    return min_cities


def stated_purpose(purpose: str | None, roster: Roster) -> str:
    """The purpose, if the league knows it. Raises RefusedError for an unknown one, and for None: none was stated."""
    if purpose is None:
        known = ", ".join(roster.purposes)
        raise RefusedError("purpose_not_allowed", "a question states its purpose", f"known are: {known}", "purpose")
    if purpose not in roster.purposes:
        rule = f"{shown(purpose)} is no purpose of the league"
        raise RefusedError("purpose_not_allowed", rule, nearest(purpose, roster.purposes), "purpose")
    return purpose
