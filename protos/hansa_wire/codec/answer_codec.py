"""Answers and dry-run reports on the wire: the bytes that a city signs."""

from __future__ import annotations

import re
from collections.abc import Sequence

from google.protobuf.message import DecodeError

from hansa_core.errors import PeerError
from hansa_core.instants import instant_of_seconds, seconds_of
from hansa_core.partial.answer import DryRun, Refusal, Release, SignedAnswer
from hansa_core.plan.limits import MAX_ANSWER_BYTES
from hansa_core.plan.query import NONCE_BYTES
from hansa_protos.v1 import answer_pb2
from hansa_wire.codec.limits import MAX_COARSER_TABLES, MAX_DRY_RUN_BYTES, MAX_REFUSAL_TEXT
from hansa_wire.codec.messages import message_from_bytes, message_to_bytes, values_of_peer
from hansa_wire.codec.plan_codec import LEVELS, contract_from_wire, contract_to_wire

HASH_BYTES = 32
_CODE = re.compile(r"[a-z][a-z0-9_]{0,63}")


def encode_answer(answer: SignedAnswer) -> bytes:
    """The payload to sign. Raises RefusedError `too_large`."""
    message = answer_pb2.Answer(
        city=answer.city,
        query_hash=answer.query_hash,
        nonce=answer.nonce,
        answered_at_unix_s=seconds_of(answer.answered_at),
        unwitnessed_since_unix_s=None if answer.unwitnessed_since is None else seconds_of(answer.unwitnessed_since),
        coarser_tables=answer.coarser_tables,
    )
    match answer.outcome:
        case Release() as release:
            message.release.CopyFrom(_release_to_wire(release))
        case Refusal() as refusal:
            message.refusal.CopyFrom(refusal_to_wire(refusal))
    return message_to_bytes(message, what="answer", max_bytes=MAX_ANSWER_BYTES)


def decode_answer(payload: bytes) -> SignedAnswer:
    """The answer in a payload. Raises PeerError where it is malformed, RefusedError `too_large`."""
    message = message_from_bytes(answer_pb2.Answer, payload, what="answer", max_bytes=MAX_ANSWER_BYTES)
    with values_of_peer("answer"):
        return SignedAnswer(
            city=_named("city", message.city),
            query_hash=_exactly(HASH_BYTES, "query_hash", message.query_hash),
            nonce=_exactly(NONCE_BYTES, "nonce", message.nonce),
            answered_at=instant_of_seconds(message.answered_at_unix_s),
            outcome=_outcome(message),
            unwitnessed_since=(
                instant_of_seconds(message.unwitnessed_since_unix_s)
                if message.HasField("unwitnessed_since_unix_s")
                else None
            ),
            coarser_tables=_tables(message.coarser_tables),
        )


def refusal_in_answer(payload: bytes) -> Refusal | None:
    """The refusal in an answer's payload, None where it is a release; nothing else of it is looked at.

    Raises PeerError.
    """
    try:
        message = answer_pb2.Answer.FromString(payload)
    except DecodeError as error:
        raise PeerError("answer is not a message") from error
    return refusal_from_wire(message.refusal) if message.HasField("refusal") else None


def encode_dry_run(report: DryRun) -> bytes:
    """The payload to sign. Raises RefusedError `too_large`."""
    message = answer_pb2.DryRunReport(
        city=report.city,
        query_hash=report.query_hash,
        answered_at_unix_s=seconds_of(report.answered_at),
        level=None if report.level is None else LEVELS.to_wire(report.level),
        refusal=None if report.refusal is None else refusal_to_wire(report.refusal),
        table=report.table,
        cells=report.cells,
        cost_microrho=report.cost_microrho,
        coarser_tables=report.coarser_tables,
    )
    return message_to_bytes(message, what="dry-run report", max_bytes=MAX_DRY_RUN_BYTES)


def decode_dry_run(payload: bytes) -> DryRun:
    """The report in a payload. Raises PeerError where it is malformed, RefusedError `too_large`."""
    kind = answer_pb2.DryRunReport
    message = message_from_bytes(kind, payload, what="dry-run report", max_bytes=MAX_DRY_RUN_BYTES)
    with values_of_peer("dry-run report"):
        return DryRun(
            city=_named("city", message.city),
            query_hash=_exactly(HASH_BYTES, "query_hash", message.query_hash),
            answered_at=instant_of_seconds(message.answered_at_unix_s),
            level=LEVELS.from_wire(message.level) if message.HasField("level") else None,
            refusal=refusal_from_wire(message.refusal) if message.HasField("refusal") else None,
            table=message.table if message.HasField("table") else None,
            cells=message.cells if message.HasField("cells") else None,
            cost_microrho=message.cost_microrho,
            coarser_tables=_tables(message.coarser_tables),
        )


def refusal_to_wire(refusal: Refusal) -> answer_pb2.Refusal:
    """The message of a refusal."""
    return answer_pb2.Refusal(code=refusal.code, rule=refusal.rule, remedy=refusal.remedy, field=refusal.field)


def refusal_from_wire(message: answer_pb2.Refusal) -> Refusal:
    """The refusal in `message`. Raises PeerError where it does not say what, why and what instead."""
    if not _CODE.fullmatch(message.code):
        raise PeerError("the code of a refusal is lower-case snake_case")
    return Refusal(
        code=message.code,
        rule=_named("rule", message.rule)[:MAX_REFUSAL_TEXT],
        remedy=_named("remedy", message.remedy)[:MAX_REFUSAL_TEXT],
        field=message.field[:MAX_REFUSAL_TEXT],
    )


def _outcome(message: answer_pb2.Answer) -> Release | Refusal:
    match message.WhichOneof("outcome"):
        case "release":
            return _release_from_wire(message.release)
        case "refusal":
            return refusal_from_wire(message.refusal)
        case _:
            raise PeerError("an answer with neither release nor refusal")


def _release_to_wire(release: Release) -> answer_pb2.Release:
    return answer_pb2.Release(
        plan_hash=release.plan_hash,
        contract=contract_to_wire(release.contract),
        level=LEVELS.to_wire(release.level),
        data_version=release.data_version,
        protection_version=release.protection_version,
        partial_ipc=release.partial_ipc,
    )


def _release_from_wire(message: answer_pb2.Release) -> Release:
    return Release(
        plan_hash=_exactly(HASH_BYTES, "plan_hash", message.plan_hash),
        contract=contract_from_wire(message.contract),
        level=LEVELS.from_wire(message.level),
        data_version=message.data_version,
        protection_version=message.protection_version,
        partial_ipc=message.partial_ipc,
    )


def _tables(written: Sequence[str]) -> tuple[str, ...]:
    if len(written) > MAX_COARSER_TABLES:
        raise PeerError(f"{len(written)} coarser tables; there are at most {MAX_COARSER_TABLES}")
    return tuple(_named("coarser_tables", text)[:MAX_REFUSAL_TEXT] for text in written)


def _exactly(size: int, name: str, content: bytes) -> bytes:
    if len(content) != size:
        raise PeerError(f"{name} has {len(content)} bytes; it needs {size}")
    return content


def _named(name: str, text: str) -> str:
    if not text:
        raise PeerError(f"{name} is empty")
    return text
