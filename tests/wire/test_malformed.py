"""Nothing that a peer sends raises anything but PeerError or RefusedError."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa_core.contract.types import DataType
from hansa_core.errors import PeerError, RefusedError
from hansa_core.plan.expression import Call, Column, Op, literal
from hansa_protos.v1 import answer_pb2, query_pb2
from hansa_wire.codec.answer_codec import (
    decode_answer,
    decode_dry_run,
    encode_answer,
    encode_dry_run,
    refusal_from_wire,
)
from hansa_wire.codec.description_codec import decode_description, encode_description
from hansa_wire.codec.enums import WireEnum
from hansa_wire.codec.limits import MAX_REFUSAL_TEXT
from hansa_wire.codec.query_codec import decode_query, encode_query
from hansa_wire_values import a_query, answers, descriptions, dry_runs, queries

DECODERS: tuple[Callable[[bytes], object], ...] = (decode_query, decode_answer, decode_dry_run, decode_description)

payloads = st.one_of(
    queries.map(encode_query),
    answers.map(encode_answer),
    dry_runs.map(encode_dry_run),
    descriptions.map(encode_description),
)


@given(st.binary(max_size=200))
def test_noise_is_a_peer_error(noise: bytes) -> None:
    for decode in DECODERS:
        with suppress(PeerError, RefusedError):
            decode(noise)


@settings(max_examples=300)
@given(payloads, st.data())
def test_cut_and_changed_payloads_are_values_or_peer_errors(payload: bytes, data: st.DataObject) -> None:
    changed = bytearray(payload)
    for _ in range(data.draw(st.integers(0, 3))):
        changed[data.draw(st.integers(0, len(changed) - 1))] = data.draw(st.integers(0, 255))
    cut = bytes(changed[: data.draw(st.integers(0, len(changed)))])
    for decode in DECODERS:
        with suppress(PeerError, RefusedError):
            decode(cut)


def _query_with(change: Callable[[query_pb2.Query], object]) -> bytes:
    where = Call(Op.EQ, (Column("x"), literal(1)))
    message = query_pb2.Query.FromString(encode_query(a_query(where)))
    change(message)
    return message.SerializeToString()


def _no_literal(query: query_pb2.Query) -> None:
    query.plan.where.call.arguments[1].literal.ClearField("integer")


def _put(query: query_pb2.Query, **literal_fields: int | float) -> None:
    query.plan.where.call.arguments[1].literal.CopyFrom(query_pb2.Literal(**literal_fields))  # type: ignore[arg-type]


def _aggregate(query: query_pb2.Query, function: int) -> query_pb2.Aggregate:
    """One more aggregate, over the column x."""
    added = query.plan.aggregates.add(function=function)
    added.argument.column = "x"
    return added


MALFORMED: dict[str, Callable[[query_pb2.Query], object]] = {
    "no plan": lambda query: query.ClearField("plan"),
    "no aggregate": lambda query: query.plan.ClearField("aggregates"),
    "no source": lambda query: query.plan.ClearField("source"),
    "an unspecified operator": lambda query: query.plan.where.call.ClearField("operator"),
    "an unknown operator": lambda query: setattr(query.plan.where.call, "operator", 99),
    "an unspecified function": lambda query: query.plan.aggregates[0].ClearField("function"),
    "a column for COUNT(*)": lambda query: setattr(query.plan.aggregates[0].argument, "column", "x"),
    "an empty argument": lambda query: query.plan.aggregates[0].argument.SetInParent(),
    "a computed value that is a bare column": lambda query: _aggregate(query, 3).argument.computed.MergeFrom(
        query_pb2.Expression(column="x")
    ),
    "a sum of two arguments": lambda query: setattr(_aggregate(query, 3).second, "column", "y"),
    "a correlation of one argument": lambda query: _aggregate(query, 13),
    "a quantile without its share": lambda query: _aggregate(query, 10),
    "a share above 1": lambda query: setattr(_aggregate(query, 10), "quantile", 1.5),
    "a share that is no number": lambda query: setattr(_aggregate(query, 10), "quantile", float("nan")),
    "a total over every key": lambda query: query.plan.totals.add(kept=[0]),
    "a total over a key that is not there": lambda query: query.plan.totals.add(kept=[7]),
    "a total twice": lambda query: query.plan.totals.extend([query_pb2.Total(), query_pb2.Total()]),
    "a share for a sum": lambda query: setattr(_aggregate(query, 3), "quantile", 0.5),
    "an unspecified level": lambda query: setattr(query, "level", 0),
    "an unknown level": lambda query: setattr(query, "level", 99),
    "an empty expression": lambda query: query.plan.keys.add(),
    "an empty literal": _no_literal,
    "a number that is not finite": lambda query: _put(query, number=float("nan")),
    "a date after the year 9999": lambda query: _put(query, date_days=2**31 - 1),
    "an instant before the year 1": lambda query: _put(query, timestamp_us=-(2**63)),
    "NULL without a type": lambda query: _put(query, null_of=0),
    "cities out of order": lambda query: query.cities.reverse(),
    "no city": lambda query: query.ClearField("cities"),
    "a short nonce": lambda query: setattr(query, "nonce", b"short"),
    "an expiry after the year 9999": lambda query: setattr(query, "expires_at_unix_s", 2**62),
    "no purpose": lambda query: query.ClearField("purpose"),
    "no league": lambda query: query.ClearField("league"),
    "a purpose to fill a node's store with": lambda query: setattr(query, "purpose", "x" * 101),
    "a contract to fill a node's store with": lambda query: setattr(query.plan.source, "name", "a." + "b" * 99),
}


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_query_is_a_peer_error(name: str) -> None:
    assert decode_query(_query_with(lambda query: None))
    with pytest.raises(PeerError):
        decode_query(_query_with(MALFORMED[name]))


def test_a_field_of_a_newer_version_is_not_passed_over() -> None:
    payload = encode_query(a_query())
    assert decode_query(payload)
    with pytest.raises(PeerError, match="does not know"):
        decode_query(payload + b"\xf8\x01\x01")  # field 31 of the query
    inner = query_pb2.Query.FromString(payload)
    inner.plan.MergeFromString(b"\xf8\x01\x01")
    with pytest.raises(PeerError, match="does not know"):
        decode_query(inner.SerializeToString())


def test_an_answer_without_outcome_or_with_a_short_hash_is_a_peer_error() -> None:
    whole = answer_pb2.Answer(city="a", query_hash=bytes(32), nonce=bytes(16), answered_at_unix_s=1)
    with pytest.raises(PeerError, match="neither release nor refusal"):
        decode_answer(whole.SerializeToString())
    whole.refusal.CopyFrom(answer_pb2.Refusal(code="denied", rule="r", remedy="s"))
    assert decode_answer(whole.SerializeToString()).city == "a"
    whole.refusal.code = "DROP TABLE"
    with pytest.raises(PeerError, match="snake_case"):
        decode_answer(whole.SerializeToString())
    whole.refusal.code, whole.query_hash = "denied", b"short"
    with pytest.raises(PeerError, match="query_hash has 5 bytes"):
        decode_answer(whole.SerializeToString())


def test_a_list_of_the_core_that_the_protos_lack_stops_the_import() -> None:
    with pytest.raises(ValueError, match="AGGREGATE_FUNCTION_BOOLEAN"):
        WireEnum(DataType, query_pb2.AggregateFunction)


@pytest.mark.parametrize("cities", [[f"{number:05}" for number in range(4097)], ["x" * 101]])
def test_attack_a_query_to_thousands_of_cities_that_do_not_exist_is_malformed(cities: list[str]) -> None:
    def change(query: query_pb2.Query) -> None:
        query.cities[:] = cities

    with pytest.raises(PeerError, match="cities must be at most"):
        decode_query(_query_with(change))


def test_attack_a_refusal_of_megabytes_is_cut_to_what_a_person_reads() -> None:
    refusal = answer_pb2.Refusal(code="denied", rule="r" * 10_000_000, remedy="r" * 10_000_000, field="f" * 10_000_000)
    read = refusal_from_wire(refusal)
    assert max(len(read.rule), len(read.remedy), len(read.field)) == MAX_REFUSAL_TEXT


def test_attack_a_query_that_says_two_purposes_has_no_reading() -> None:
    """Protobuf takes the last one; a tool that takes the first would judge another question than the city answers."""
    payload = encode_query(a_query(None))
    assert decode_query(payload).purpose == "research"
    for more in (query_pb2.Query(purpose="planning"), query_pb2.Query(purpose="research")):
        with pytest.raises(PeerError, match="has a field twice"):
            decode_query(payload + more.SerializeToString())
        with pytest.raises(PeerError, match="has a field twice"):
            decode_query(more.SerializeToString() + payload)


def test_a_number_that_is_written_longer_than_it_need_be_has_no_second_reading() -> None:
    payload = encode_query(a_query(None))
    tag_and_length = payload.index(b"research") - 2
    longer = bytes([payload[tag_and_length], payload[tag_and_length + 1] | 0x80, 0])
    with pytest.raises(PeerError, match="not written as short as can be"):
        decode_query(payload[:tag_and_length] + longer + payload[tag_and_length + 2 :])
