"""Canonical form of a plan, and its hash: equal questions are one question."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

from hansa_core.contract.types import DataType
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.plan.expression import Column, Expression, Literal
from hansa_core.plan.expression_document import expression_document
from hansa_core.plan.limits import MAX_NODES
from hansa_core.plan.plan import Aggregate, AggregateFunction, Argument, Plan
from hansa_core.plan.simplify import simplify, sort_key, sorted_set
from hansa_core.plan.size import check_size, parts_of

_PLANS_KEPT = 64  # the largest plans have some thousand nodes, so these are megabytes at worst


def canonicalise(plan: Plan) -> Plan:
    """The same question in canonical form: expressions simplified, keys and aggregates sorted, without repeats.

    The plan is well typed; raises RefusedError (`too_deep`, `too_large`, `wrong_type`) where that shows.
    """
    # A NOT above n conditions becomes n NOTs, so a canonical plan may have twice the nodes that a question may.
    # First of all, since even to compare deeper plans takes a stack of their depth.
    check_size(parts_of(plan), max_nodes=2 * MAX_NODES)
    return _canonical(plan)


@lru_cache(maxsize=_PLANS_KEPT)
def _canonical(plan: Plan) -> Plan:
    aggregates = {canonical_json(_aggregate_document(one)): one for one in map(_aggregate, plan.aggregates)}
    simple = [simplify(key) for key in plan.keys]
    keys = sorted_set(simple)
    place = {sort_key(key): index for index, key in enumerate(keys)}
    totals = {tuple(sorted({place[sort_key(simple[index])] for index in kept})) for kept in plan.totals}
    return Plan(
        source=plan.source,
        where=_filter(plan.where),
        keys=tuple(keys),
        aggregates=tuple(aggregates[text] for text in sorted(aggregates)),
        totals=tuple(sorted(kept for kept in totals if len(kept) < len(keys))),
    )


def plan_json(plan: Plan) -> bytes:
    """The plan as it stands, as RFC 8785 JSON."""
    document: dict[str, Any] = {
        "source": str(plan.source),
        "where": _optional(plan.where),
        "keys": [expression_document(key) for key in plan.keys],
        "aggregates": [_aggregate_document(aggregate) for aggregate in plan.aggregates],
    }
    if plan.totals:
        document["totals"] = [list(kept) for kept in plan.totals]
    return canonical_json(document)


def plan_hash(plan: Plan) -> bytes:
    """SHA-256 of the canonical plan's JSON: what two askers of one question share."""
    return _hash(canonicalise(plan))


@lru_cache(maxsize=_PLANS_KEPT)
def _hash(canonical: Plan) -> bytes:
    return sha256(plan_json(canonical)).digest()


def _filter(where: Expression | None) -> Expression | None:
    simple = None if where is None else simplify(where)
    return None if simple == Literal(True, DataType.BOOLEAN) else simple


def _optional(where: Expression | None) -> dict[str, Any] | None:
    return None if where is None else expression_document(where)


def _aggregate(aggregate: Aggregate) -> Aggregate:
    argument = _argument(aggregate.column)
    if aggregate.function is AggregateFunction.COUNT and isinstance(argument, Literal) and argument.value is not None:
        return Aggregate(AggregateFunction.COUNT_ROWS, None, _filter(aggregate.where))  # a constant is never NULL
    return Aggregate(
        aggregate.function,
        argument,
        _filter(aggregate.where),
        _argument(aggregate.second),
        None if aggregate.quantile is None else aggregate.quantile + 0.0,  # there is one zero
    )


def _argument(argument: Argument | None) -> Argument | None:
    if argument is None or isinstance(argument, str):
        return argument
    simple = simplify(argument)
    return simple.name if isinstance(simple, Column) else simple


def _aggregate_document(aggregate: Aggregate) -> dict[str, Any]:
    document: dict[str, Any] = {
        "function": aggregate.function.value,
        "column": _argument_document(aggregate.column),
        "where": _optional(aggregate.where),
    }
    if aggregate.second is not None:
        document["second"] = _argument_document(aggregate.second)
    if aggregate.quantile is not None:
        document["quantile"] = aggregate.quantile
    return document


def _argument_document(argument: Argument | None) -> str | dict[str, Any] | None:
    return argument if argument is None or isinstance(argument, str) else expression_document(argument)
