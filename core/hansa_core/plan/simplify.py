"""The canonical form of one expression: equal to it in every row, to the bit.

NOT goes down to the leaves, AND and OR are flat and sorted, an OR of equalities is an IN, comparisons stand one way
round, and what has no column is computed. All of it holds in three-valued logic; nothing wider is tried.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from hansa_core.contract.types import DataType
from hansa_core.documents.canonical_json import canonical_json
from hansa_core.plan.evaluate import evaluate
from hansa_core.plan.expression import COMPARISONS, Call, Column, Expression, Literal, Op
from hansa_core.plan.expression_document import expression_document
from hansa_core.plan.typing import type_of

_NEGATED = {Op.EQ: Op.NE, Op.NE: Op.EQ, Op.LT: Op.GE, Op.GE: Op.LT, Op.GT: Op.LE, Op.LE: Op.GT}
_MIRRORED = {Op.EQ: Op.EQ, Op.NE: Op.NE, Op.LT: Op.GT, Op.GT: Op.LT, Op.LE: Op.GE, Op.GE: Op.LE}
_DUAL = {Op.AND: Op.OR, Op.OR: Op.AND}
_NEUTRAL = {Op.AND: Literal(True, DataType.BOOLEAN), Op.OR: Literal(False, DataType.BOOLEAN)}
_RANK: dict[type, int] = {Column: 0, Call: 1, Literal: 2}


def simplify(node: Expression) -> Expression:
    """The canonical form; simplifying it again changes nothing. The expression is well typed and of checked size."""
    match node:
        case Column():
            return node
        case Literal(value, kind):
            return Literal(value + 0.0, kind) if isinstance(value, float) else node  # there is one zero
        case Call(op, args):
            return _rebuilt(op, [simplify(argument) for argument in args])


def sort_key(node: Expression) -> bytes:
    """A total order of expressions, the same everywhere; equal for equal expressions only."""
    return canonical_json(expression_document(node))


def sorted_set(nodes: Iterable[Expression]) -> list[Expression]:
    """Without repeats, in `sort_key` order."""
    by_key = {sort_key(node): node for node in nodes}
    return [by_key[key] for key in sorted(by_key)]


def _rebuilt(op: Op, args: list[Expression]) -> Expression:
    """The call over canonical arguments."""
    if all(isinstance(argument, Literal) for argument in args):
        return _folded(Call(op, tuple(args)))
    if op is Op.NOT:
        return _negated(args[0])
    if op in _DUAL:
        return _combined(op, args)
    if op is Op.IN:
        return _in(args[0], args[1:])
    if op in COMPARISONS:
        return _oriented(op, *args)
    if op is Op.JOIN:
        parts = [part for arg in args for part in (arg.args if isinstance(arg, Call) and arg.op is op else (arg,))]
        return Call(op, tuple(parts))
    if op in (Op.ADD, Op.MUL):  # two arguments may change places to the bit; three may not be regrouped
        return Call(op, tuple(sorted(args, key=sort_key)))
    return Call(op, tuple(args))


def _folded(call: Call) -> Literal:
    return Literal(evaluate(call, {}, {}), type_of(call, {}))


def _negated(node: Expression) -> Expression:
    """The canonical NOT of a canonical condition."""
    match node:
        case Literal():
            return _folded(Call(Op.NOT, (node,)))
        case Call(Op.NOT, (inner,)):
            return inner
        case Call(op, args) if op in _DUAL:
            return _combined(_DUAL[op], [_negated(argument) for argument in args])
        case Call(op, (left, right)) if op in _NEGATED:
            return _oriented(_NEGATED[op], left, right)
        case _:
            return Call(Op.NOT, (node,))


def _combined(op: Op, args: Sequence[Expression]) -> Expression:
    """AND or OR over canonical conditions."""
    neutral, decisive = _NEUTRAL[op], _NEUTRAL[_DUAL[op]]
    flat = [part for arg in args for part in (arg.args if isinstance(arg, Call) and arg.op is op else (arg,))]
    if decisive in flat:
        return decisive
    parts = sorted_set(part for part in flat if part != neutral)
    if op is Op.OR:
        parts = sorted_set(_with_equalities_joined(parts))
    match parts:
        case []:
            return neutral
        case [only]:
            return only
        case _:
            return Call(op, tuple(parts))


def _with_equalities_joined(parts: Iterable[Expression]) -> list[Expression]:
    """The parts of an OR, with x = 1, x = 2 and x IN (3, 4) as one IN for each x and each type of literal."""
    lists: dict[tuple[bytes, DataType], tuple[Expression, list[Expression]]] = {}
    others: list[Expression] = []
    for part in parts:
        match part:
            case Call(Op.EQ | Op.IN, (subject, Literal(_, kind), *_) as args) if not isinstance(subject, Literal):
                lists.setdefault((sort_key(subject), kind), (subject, []))[1].extend(args[1:])
            case _:
                others.append(part)
    return [*others, *(_in(subject, items) for subject, items in lists.values())]


def _in(subject: Expression, items: Sequence[Expression]) -> Expression:
    distinct = sorted_set(items)
    return Call(Op.EQ, (subject, distinct[0])) if len(distinct) == 1 else Call(Op.IN, (subject, *distinct))


def _oriented(op: Op, left: Expression, right: Expression) -> Expression:
    """A column before a call, a call before a literal, and else in `sort_key` order."""
    ranks = _RANK[type(left)], _RANK[type(right)]
    if ranks[0] > ranks[1] or (ranks[0] == ranks[1] and sort_key(left) > sort_key(right)):
        return Call(_MIRRORED[op], (right, left))
    return Call(op, (left, right))
