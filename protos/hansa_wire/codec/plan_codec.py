"""Plans on the wire: source, filter, keys and aggregates, and no field for anything else."""

from __future__ import annotations

from functools import lru_cache

from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import PeerError
from hansa_core.plan.plan import Aggregate, AggregateFunction, Argument, Plan
from hansa_core.plan.size import check_size, parts_of
from hansa_protos.v1 import query_pb2
from hansa_wire.codec.enums import WireEnum
from hansa_wire.codec.expression_codec import expression_from_wire, write_expression

_REMEMBERED_BYTES = 4096
"""A plan that is longer is read anew each time, so that what strangers ask fills no memory."""

AGGREGATE_FUNCTIONS = WireEnum(AggregateFunction, query_pb2.AggregateFunction)
LEVELS = WireEnum(Level, query_pb2.Level)


def plan_to_wire(plan: Plan) -> query_pb2.Plan:
    """The message of `plan`. Raises RefusedError `too_deep` or `too_large`."""
    check_size(parts_of(plan))
    message = query_pb2.Plan(source=contract_to_wire(plan.source))
    if plan.where is not None:
        write_expression(plan.where, message.where)
    for key in plan.keys:
        write_expression(key, message.keys.add())
    for aggregate in plan.aggregates:
        _write_aggregate(aggregate, message.aggregates.add())
    for kept in plan.totals:
        message.totals.add(kept=kept)
    return message


def plan_from_wire(message: query_pb2.Plan) -> Plan:
    """The plan in `message`, the very same for the same bytes where they came lately.

    Raises RefusedError `too_deep` or `too_large`, PeerError, ValueError or OverflowError.
    """
    if message.ByteSize() > _REMEMBERED_BYTES:
        return _plan_from_wire(message)
    return _plan_from_bytes(message.SerializeToString(deterministic=True))


@lru_cache(maxsize=128)  # a dashboard asks the same again and again; what it means follows from the bytes
def _plan_from_bytes(encoded: bytes) -> Plan:
    return _plan_from_wire(query_pb2.Plan.FromString(encoded))


def _plan_from_wire(message: query_pb2.Plan) -> Plan:
    plan = Plan(
        source=contract_from_wire(message.source),
        where=expression_from_wire(message.where) if message.HasField("where") else None,
        keys=tuple(expression_from_wire(key) for key in message.keys),
        aggregates=tuple(_aggregate_from_wire(aggregate) for aggregate in message.aggregates),
        totals=tuple(tuple(total.kept) for total in message.totals),
    )
    check_size(parts_of(plan))
    return plan


def contract_to_wire(contract: ContractId) -> query_pb2.ContractId:
    """The message of a contract id."""
    return query_pb2.ContractId(name=contract.name, version=contract.version)


def contract_from_wire(message: query_pb2.ContractId) -> ContractId:
    """The contract id in `message`, whose default is none. Raises ValueError."""
    return ContractId(message.name, message.version)


def _write_aggregate(aggregate: Aggregate, message: query_pb2.Aggregate) -> None:
    message.function = AGGREGATE_FUNCTIONS.to_wire(aggregate.function)
    if aggregate.column is not None:
        _write_argument(aggregate.column, message.argument)
    if aggregate.where is not None:
        write_expression(aggregate.where, message.where)
    if aggregate.second is not None:
        _write_argument(aggregate.second, message.second)
    if aggregate.quantile is not None:
        message.quantile = aggregate.quantile


def _write_argument(argument: Argument, message: query_pb2.Argument) -> None:
    if isinstance(argument, str):
        message.column = argument
    else:
        write_expression(argument, message.computed)


def _aggregate_from_wire(message: query_pb2.Aggregate) -> Aggregate:
    return Aggregate(
        function=AGGREGATE_FUNCTIONS.from_wire(message.function),
        column=_argument_from_wire(message.argument) if message.HasField("argument") else None,
        where=expression_from_wire(message.where) if message.HasField("where") else None,
        second=_argument_from_wire(message.second) if message.HasField("second") else None,
        quantile=message.quantile if message.HasField("quantile") else None,
    )


def _argument_from_wire(message: query_pb2.Argument) -> Argument:
    match message.WhichOneof("kind"):
        case "column":
            return message.column
        case "computed":
            return expression_from_wire(message.computed)
        case _:
            raise PeerError("an argument that is neither a column nor computed")
