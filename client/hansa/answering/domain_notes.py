"""Notes on filters: values that they name and that no city can have."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from hansa_core.contract.contract import Contract
from hansa_core.nearest import near, shown
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op, walk
from hansa_core.plan.plan import Plan

_MOST_LISTED = 10


def domain_notes(plan: Plan, contract: Contract) -> tuple[str, ...]:
    """Whole sentences: without them a misspelt value would be a plausible 0. Only where the contract has a list."""
    computed = (argument for one in plan.aggregates for argument in one.arguments if not isinstance(argument, str))
    expressions = (plan.where, *plan.keys, *(one.where for one in plan.aggregates), *computed)
    named = compared_values(each for each in expressions if each is not None)
    told = (_told(name, value, contract) for name, value in named)
    return tuple(dict.fromkeys(note for note in told if note is not None))


def compared_values(expressions: Iterable[Expression]) -> Iterator[tuple[str, Literal]]:
    """Each column with a value that it is compared with."""
    return (found for each in expressions for node in walk(each) for found in _named(node))


def _named(node: Expression) -> Iterator[tuple[str, Literal]]:
    match node:
        case Call(
            op=Op.EQ | Op.NE, args=(Column(name=name), Literal() as value) | (Literal() as value, Column(name=name))
        ):
            yield name, value
        case Call(op=Op.IN, args=(Column(name=name), *values)):
            yield from ((name, value) for value in values if isinstance(value, Literal))


def _told(name: str, given: Literal, contract: Contract) -> str | None:
    domain, value = contract.columns[name].domain, given.value
    if not domain or value is None or value in domain:
        return None
    known = [str(each) for each in domain]
    close = near(str(value), known)
    if close is not None:
        remedy = f"did you mean {shown(close)}?"
    elif len(known) <= _MOST_LISTED:
        remedy = f"its values are {', '.join(known)}."
    else:
        remedy = f"it has {len(known)} values, which `hansa catalogue` lists."
    return f"{name} is never {shown(str(value))} in any city: {remedy}"
