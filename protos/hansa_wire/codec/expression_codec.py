"""Expressions on the wire, never deeper than anybody may ask."""

from __future__ import annotations

from hansa_core.errors import PeerError
from hansa_core.plan.expression import Call, Column, Expression, Literal, Op
from hansa_core.plan.limits import MAX_DEPTH
from hansa_protos.v1 import query_pb2
from hansa_wire.codec.enums import WireEnum
from hansa_wire.codec.literal_codec import literal_from_wire, write_literal
from hansa_wire.codec.messages import too_deep

OPERATORS = WireEnum(Op, query_pb2.Operator)


def write_expression(expression: Expression, message: query_pb2.Expression) -> None:
    """Fill an empty `message` in place: passing messages up by value would copy each of them once a level.

    The caller has checked the size of `expression`, so that recursion ends.
    """
    match expression:
        case Column(name):
            message.column = name
        case Literal():
            # A literal always sets a field, so the message is present in its oneof.
            write_literal(expression, message.literal)
        case Call(op, args):
            message.call.operator = OPERATORS.to_wire(op)
            for arg in args:
                write_expression(arg, message.call.arguments.add())


def expression_from_wire(message: query_pb2.Expression, *, level: int = 1) -> Expression:
    """The expression in `message`. Raises RefusedError `too_deep`, PeerError, ValueError or OverflowError."""
    if level > MAX_DEPTH:
        raise too_deep()
    match message.WhichOneof("kind"):
        case "column":
            return Column(message.column)
        case "literal":
            return literal_from_wire(message.literal)
        case "call":
            call = message.call
            arguments = tuple(expression_from_wire(argument, level=level + 1) for argument in call.arguments)
            return Call(OPERATORS.from_wire(call.operator), arguments)
        case _:
            raise PeerError("an expression that is neither column, literal nor call")
