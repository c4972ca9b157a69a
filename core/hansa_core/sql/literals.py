"""Literals: from SQL text to typed constants, where often only the neighbour tells the type."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from sqlglot import exp

from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType
from hansa_core.errors import RefusedError
from hansa_core.nearest import shown
from hansa_core.plan.casts import midnight, try_cast
from hansa_core.plan.expression import Expression, Literal, literal
from hansa_core.sql.clause import refused

OPEN_NULL = Literal(None, DataType.TEXT)
"""NULL as written: it takes its type from its neighbours, as a text literal beside a date does."""

_EXAMPLES = {DataType.DATE: "'2024-01-31'", DataType.TIMESTAMP: "'2024-01-31 18:30:00'"}


def read_number(node: exp.Literal, *, negative: bool = False) -> Literal:
    """A numeric literal: digits alone are an integer, anything else a number. The sign belongs to it: −2⁶³ fits."""
    text = f"-{node.this}" if negative else str(node.this)
    if node.this.isascii() and node.this.isdigit():
        # The lengths first: int() refuses very long digit strings with an error of its own.
        if len(node.this.lstrip("0")) <= len(str(INT64_MAX)) and INT64_MIN <= int(text) <= INT64_MAX:
            return literal(int(text))
        raise refused("wrong_type", node, "an integer fits in 64 bits", "write it as a number: with a decimal point")
    try:
        number = float(text)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise refused("wrong_type", node, "a number is a finite double", "write it with digits, as 1.5 or 1e6")
    return literal(number)


def read_temporal(node: exp.Expr, text: str, kind: DataType) -> Literal:
    """The date or timestamp that the text spells; a date alone is the midnight that begins it."""
    value = try_cast(text, kind)
    day = try_cast(text, DataType.DATE) if value is None and kind is DataType.TIMESTAMP else None
    if value is None and day is not None:
        value = midnight(day)  # type: ignore[arg-type]
    if value is None:
        raise refused(
            "wrong_type", node, f"{shown(text)} is no {kind}", f"write it like {_EXAMPLES[kind]}, and only dates exist"
        )
    return literal(value)


def agree(
    node: exp.Expr, arguments: Sequence[Expression], type_of: Callable[[Expression], DataType]
) -> tuple[Expression, ...]:
    """The arguments, where text literals and NULLs take the type of the first argument that knows its own."""
    anchor = next((type_of(argument) for argument in arguments if not _is_open(argument)), DataType.TEXT)
    return tuple(_as_type(node, argument, anchor) for argument in arguments)


def _is_open(argument: Expression) -> bool:
    return isinstance(argument, Literal) and argument.type is DataType.TEXT


def _as_type(node: exp.Expr, argument: Expression, anchor: DataType) -> Expression:
    if not isinstance(argument, Literal) or not _is_open(argument):
        return argument
    if argument.value is None:
        return Literal(None, anchor)
    if anchor.is_temporal:
        return read_temporal(node, str(argument.value), anchor)
    if anchor is not DataType.TEXT:
        raise RefusedError(
            "wrong_type",
            f"a text cannot stand beside a value of type {anchor}",
            f"write the {anchor} without quotes",
            shown(str(argument.value)),
        )
    return argument
