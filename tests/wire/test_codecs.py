"""Values survive the wire, and equal values have equal bytes."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest
from hypothesis import given

from hansa_core.contract.types import DataType
from hansa_core.errors import PeerError, RefusedError
from hansa_core.partial.answer import DryRun, SignedAnswer
from hansa_core.plan.expression import Call, Column, Literal, Op, literal
from hansa_core.plan.limits import MAX_DEPTH, MAX_NODES, MAX_QUERY_BYTES
from hansa_core.plan.plan import Plan
from hansa_core.plan.query import Query
from hansa_core.signing.dsse import Envelope
from hansa_protos.v1 import coordinator_pb2, envelope_pb2, query_pb2
from hansa_wire.codec.answer_codec import decode_answer, decode_dry_run, encode_answer, encode_dry_run
from hansa_wire.codec.description import Description
from hansa_wire.codec.description_codec import decode_description, encode_description
from hansa_wire.codec.envelope_codec import envelope_from_wire, envelope_to_wire
from hansa_wire.codec.limits import MAX_SIGNATURES
from hansa_wire.codec.plan_codec import plan_from_wire, plan_to_wire
from hansa_wire.codec.progress import CityEvent
from hansa_wire.codec.progress_codec import event_from_wire, event_to_wire
from hansa_wire.codec.query_codec import decode_query, encode_query
from hansa_wire_values import (
    a_query,
    answers,
    city_events,
    descriptions,
    dry_runs,
    envelopes,
    nested,
    plans,
    queries,
)


@given(plans)
def test_a_plan_survives_the_wire(plan: Plan) -> None:
    assert plan_from_wire(plan_to_wire(plan)) == plan


def test_a_plan_that_comes_again_is_the_same_one_and_a_long_one_is_not_remembered() -> None:
    def read(plan: Plan) -> Plan:
        return plan_from_wire(plan_to_wire(plan))

    plan = a_query(None).plan
    long = replace(plan, where=Call(Op.EQ, (Column("kind"), literal("x" * 5000))))
    assert read(plan) is read(plan)
    assert read(long) == long
    assert read(long) is not read(long)


@given(queries)
def test_a_query_survives_the_wire_and_has_one_encoding(query: Query) -> None:
    payload = encode_query(query)
    assert decode_query(payload) == query
    assert encode_query(decode_query(payload)) == payload


@given(answers)
def test_an_answer_survives_the_wire_and_has_one_encoding(answer: SignedAnswer) -> None:
    payload = encode_answer(answer)
    assert decode_answer(payload) == answer
    assert encode_answer(decode_answer(payload)) == payload


@given(dry_runs)
def test_a_dry_run_report_survives_the_wire(report: DryRun) -> None:
    assert decode_dry_run(encode_dry_run(report)) == report


@given(descriptions)
def test_a_description_survives_the_wire(description: Description) -> None:
    assert decode_description(encode_description(description)) == description


@given(envelopes)
def test_an_envelope_is_carried_unchanged(envelope: Envelope) -> None:
    message = envelope_pb2.Envelope.FromString(envelope_to_wire(envelope).SerializeToString())
    assert envelope_from_wire(message, what="query") == envelope


@given(city_events())
def test_a_city_event_survives_the_wire(event: CityEvent) -> None:
    message = coordinator_pb2.CityEvent.FromString(event_to_wire(event).SerializeToString())
    assert event_from_wire(message) == event


@pytest.mark.parametrize(("value", "other"), [(True, 1), (1, 1.0), (0.0, -0.0)])
def test_values_that_python_calls_equal_stay_apart(value: float, other: float) -> None:
    first, second = (a_query(Call(Op.EQ, (Column("x"), literal(each)))) for each in (value, other))
    assert encode_query(first) != encode_query(second)
    where = decode_query(encode_query(second)).plan.where
    assert isinstance(where, Call)
    back = where.args[1]
    assert isinstance(back, Literal)
    assert type(back.value) is type(other)
    assert math.copysign(1, float(str(back.value))) == math.copysign(1, other)


def test_an_expression_at_the_depth_limit_passes_and_one_level_more_is_refused() -> None:
    query = a_query(nested(MAX_DEPTH))
    assert decode_query(encode_query(query)) == query
    with pytest.raises(RefusedError, match="too_deep"):
        encode_query(a_query(nested(MAX_DEPTH + 1)))


def test_nesting_ten_thousand_deep_is_refused_without_recursion() -> None:
    with pytest.raises(RefusedError, match="too_deep"):
        encode_query(a_query(nested(10_000)))


@pytest.mark.parametrize("depth", [MAX_DEPTH + 1, 45, 60, 10_000])
def test_a_peer_that_nests_too_deep_is_refused_as_too_deep(depth: int) -> None:
    expression = query_pb2.Expression(column="x").SerializeToString()
    for _ in range(depth - 1):
        call = _field(2, expression)
        expression = _field(3, call)
    message = query_pb2.Query.FromString(encode_query(a_query()))
    plan = message.plan.SerializeToString()
    message.ClearField("plan")
    payload = message.SerializeToString() + _field(7, plan + _field(2, expression))
    with pytest.raises(RefusedError, match="too_deep"):
        decode_query(payload)


def test_a_filter_of_ten_megabytes_is_refused_before_it_is_sent() -> None:
    with pytest.raises(RefusedError, match="too_large"):
        encode_query(a_query(Call(Op.EQ, (Column("x"), literal("x" * 10_000_000)))))
    with pytest.raises(RefusedError, match="too_large"):
        encode_query(a_query(Call(Op.IN, (Column("x"), *[literal(f"{i:0>10000}") for i in range(1_000)]))))


def test_a_peer_that_sends_too_much_is_refused_unread() -> None:
    with pytest.raises(RefusedError, match="too_large"):
        decode_query(bytes(MAX_QUERY_BYTES + 1))


def test_a_peer_that_sends_too_many_nodes_is_refused() -> None:
    message = query_pb2.Query.FromString(encode_query(a_query()))
    message.plan.where.call.operator = query_pb2.OPERATOR_COALESCE
    for _ in range(MAX_NODES):
        message.plan.where.call.arguments.add().column = "x"
    with pytest.raises(RefusedError, match="too_large"):
        decode_query(message.SerializeToString())


def test_text_that_is_no_unicode_is_refused() -> None:
    with pytest.raises(RefusedError, match="lone surrogates"):
        encode_query(a_query(Call(Op.EQ, (Column("x"), Literal("\ud800", DataType.TEXT)))))


def test_an_envelope_with_too_many_signatures_is_not_read() -> None:
    message = envelope_pb2.Envelope(payload_type="t", payload=b"p")
    for _ in range(MAX_SIGNATURES + 1):
        message.signatures.add(keyid="0" * 64, sig=bytes(64))
    with pytest.raises(PeerError, match="17 signatures"):
        envelope_from_wire(message, what="query")


def _field(number: int, content: bytes) -> bytes:
    """A length-delimited protobuf field."""
    size, length = len(content), bytearray()
    while size > 127:
        length.append(size & 127 | 128)
        size >>= 7
    return bytes([number << 3 | 2, *length, size]) + content
