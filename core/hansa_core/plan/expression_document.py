"""An expression as a JSON document: one document for each expression, and one expression for each document."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import Call, Column, Expression, Literal


def expression_document(node: Expression) -> dict[str, Any]:
    """`{column}`, `{literal, type}` or `{op, args}`."""
    match node:
        case Column(name):
            return {"column": name}
        case Literal(_, kind):
            return {"literal": _literal_value(node), "type": kind.value}
        case Call(op, args):
            return {"op": op.value, "args": [expression_document(argument) for argument in args]}


def _literal_value(node: Literal) -> bool | float | str | None:
    match node.type, node.value:
        case _, None:
            return None
        case DataType.INTEGER, value:
            return str(value)  # JSON numbers are doubles: exact to 2**53 only
        case DataType.TIMESTAMP, datetime() as moment:
            return moment.isoformat(timespec="microseconds")
        case DataType.DATE, value:
            return str(value)
        case _, (bool() | float() | str()) as value:
            return value
        case _, value:
            raise AssertionError(f"{type(value).__name__} is no value of a {node.type} literal")
