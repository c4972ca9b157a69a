"""Size limits of expressions, checked first so that nothing recursive meets a hostile tree."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hansa_core.errors import RefusedError
from hansa_core.plan.expression import Call, Expression
from hansa_core.plan.limits import MAX_DEPTH, MAX_NODES
from hansa_core.plan.plan import Plan


def check_size(parts: Iterable[tuple[str, Expression]], *, max_nodes: int = MAX_NODES) -> None:
    """Refuse (`too_deep`, `too_large`) what passes MAX_DEPTH levels, or `max_nodes` nodes over all parts together.

    `parts`: (field, expression). Without recursion, and done after `max_nodes` steps at most.
    """
    nodes = 0
    for field, expression in parts:
        nodes += 1
        stack = [(expression, 1)]
        while stack:
            node, depth = stack.pop()
            if depth > MAX_DEPTH:
                raise RefusedError(
                    "too_deep",
                    f"an expression has at most {MAX_DEPTH} levels",
                    "write a AND b AND c as one AND, x = 1 OR x = 2 as x IN (1, 2), or ask several questions",
                    field,
                )
            if isinstance(node, Call):
                nodes += len(node.args)
                stack.extend((argument, depth + 1) for argument in node.args if nodes <= max_nodes)
            if nodes > max_nodes:
                raise RefusedError(
                    "too_large",
                    f"the expressions of a question have at most {max_nodes} columns, literals and operators together",
                    "ask several questions, or compare with a range instead of a list",
                    field,
                )


def parts_of(plan: Plan) -> Iterator[tuple[str, Expression]]:
    """The expressions of a plan, each with its field."""
    if plan.where is not None:
        yield "where", plan.where
    yield from ((f"keys[{index}]", key) for index, key in enumerate(plan.keys))
    for index, aggregate in enumerate(plan.aggregates):
        for name, argument in (("column", aggregate.column), ("second", aggregate.second)):
            if argument is not None and not isinstance(argument, str):
                yield f"aggregates[{index}].{name}", argument
        if aggregate.where is not None:
            yield f"aggregates[{index}].where", aggregate.where
