"""Literals on the wire: each type in a field of its own, so that no value can change its type on the way."""

from __future__ import annotations

from datetime import date, datetime

from hansa_core.contract.types import DataType
from hansa_core.errors import PeerError
from hansa_core.instants import date_of, days_of, instant_of_microseconds, microseconds_of
from hansa_core.plan.expression import Literal
from hansa_protos.v1 import query_pb2
from hansa_wire.codec.enums import WireEnum

DATA_TYPES = WireEnum(DataType, query_pb2.DataType)


def write_literal(literal: Literal, message: query_pb2.Literal) -> None:
    """Fill an empty `message`."""
    match literal.value:
        case None:
            message.null_of = DATA_TYPES.to_wire(literal.type)
        case bool(flag):  # before int: a bool is one
            message.boolean = flag
        case int(number):
            message.integer = number
        case float(number):
            message.number = number
        case str(text):
            message.text = text
        case datetime() as moment:  # before date: a datetime is one
            message.timestamp_us = microseconds_of(moment)
        case date() as day:
            message.date_days = days_of(day)


def literal_from_wire(message: query_pb2.Literal) -> Literal:
    """The literal in `message`. Raises PeerError; ValueError or OverflowError where a number is out of its range."""
    match message.WhichOneof("value"):
        case "boolean":
            return Literal(message.boolean, DataType.BOOLEAN)
        case "integer":
            return Literal(message.integer, DataType.INTEGER)
        case "number":
            return Literal(message.number, DataType.NUMBER)
        case "text":
            return Literal(message.text, DataType.TEXT)
        case "date_days":
            return Literal(date_of(message.date_days), DataType.DATE)
        case "timestamp_us":
            return Literal(instant_of_microseconds(message.timestamp_us), DataType.TIMESTAMP)
        case "null_of":
            return Literal(None, DATA_TYPES.from_wire(message.null_of))
        case _:
            raise PeerError("a literal without a value")
