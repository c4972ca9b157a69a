"""Which questions are the same question? The canonical form of a plan, and its hash."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256
from typing import Any

import rfc8785

from hansa_core.query.expression import Expression, Literal
from hansa_core.query.expression_document import expression_document
from hansa_core.query.limits import MAX_NODES
from hansa_core.query.plan import Aggregate, Plan
from hansa_core.query.simplify import simplify, sorted_set
from hansa_core.query.size import check_size, parts_of
from hansa_core.query.types import DataType

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
    aggregates = {
        rfc8785.dumps(_aggregate_document(one)): one
        for one in (Aggregate(item.function, item.column, _filter(item.where)) for item in plan.aggregates)
    }
    return Plan(
        source=plan.source,
        where=_filter(plan.where),
        keys=tuple(sorted_set(simplify(key) for key in plan.keys)),
        aggregates=tuple(aggregates[text] for text in sorted(aggregates)),
    )


def plan_json(plan: Plan) -> bytes:
    """The plan as it stands, as RFC 8785 JSON."""
    return rfc8785.dumps(
        {
            "source": str(plan.source),
            "where": _optional(plan.where),
            "keys": [expression_document(key) for key in plan.keys],
            "aggregates": [_aggregate_document(aggregate) for aggregate in plan.aggregates],
        }
    )


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


def _aggregate_document(aggregate: Aggregate) -> dict[str, Any]:
    return {"function": aggregate.function.value, "column": aggregate.column, "where": _optional(aggregate.where)}
