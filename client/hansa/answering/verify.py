"""Verification of what came in a city's name: signature, question, plan, level and receipt."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING, TypeVar

from hansa.answering.city_words import VerifiedRelease
from hansa.errors import TrustError
from hansa.question.question import Expected
from hansa_core.contract.level import LEVELS_BY_STRICTNESS
from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.roster import Member
from hansa_core.partial.answer import DryRun, Refusal, Release, SignedAnswer
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Envelope, verify
from hansa_wire.codec.answer_codec import decode_answer, decode_dry_run
from hansa_wire.codec.answered import Answered
from hansa_wire.codec.description import Description
from hansa_wire.codec.description_codec import decode_description

if TYPE_CHECKING:
    from hansa_core.partial.read_again import ReadPartials

_RECEIPT_MISSING = "receipt_missing"
_RECEIPT_INVALID = "receipt_invalid"
RECEIPT_CODES = frozenset({_RECEIPT_MISSING, _RECEIPT_INVALID})
"""The codes of a TrustError that is about the receipt, and not about the answer that came with it."""

_T = TypeVar("_T")


def verify_answer(given: Answered, member: Member, expected: Expected) -> VerifiedRelease | Refusal:
    """What `member` signed about the question, and has in its log. Raises TrustError on anything else."""
    answer = _open(given.envelope, payload_types.ANSWER, member, decode_answer)
    _check_about(answer, member, expected.query_hash)
    verify_receipt(given, member, answer, organisation=expected.organisation, purpose=expected.purpose)
    if isinstance(answer.outcome, Refusal):
        return answer.outcome
    return _release(answer.outcome, answer, member, expected)


def verify_receipt(given: Answered, member: Member, answer: SignedAnswer, *, organisation: str, purpose: str) -> None:
    """Raise TrustError unless the log of `member` has the decision that `answer` tells, a refusal as well.

    `answer`: what the verified payload of `given` says. `organisation`, `purpose`: for whom, and what for.
    """
    from hansa_core.evidence.receipt import AskedAs, check_receipt  # the log's formats, which only an answer needs

    if not given.receipt:
        raise TrustError(_RECEIPT_MISSING, f"{member.city} answered without a receipt from its log")
    asked_as = AskedAs(organisation=organisation, purpose=purpose)
    try:
        check_receipt(given.receipt, member=member, payload=given.envelope.payload, answer=answer, asked_as=asked_as)
    except PeerError as broken:
        rule = f"{member.city}'s receipt does not prove its answer: {broken}"
        raise TrustError(_RECEIPT_INVALID, rule) from broken


def verify_dry_run(given: Answered, member: Member, query_hash: bytes) -> DryRun:
    """The verdict that `member` signed about the dry run. Raises TrustError on anything else."""
    report = _open(given.envelope, payload_types.DRY_RUN_REPORT, member, decode_dry_run)
    _check_about(report, member, query_hash)
    return report


def verify_description(given: Answered, member: Member) -> Description:
    """What `member` says that it serves. Raises TrustError on anything else."""
    description = _open(given.envelope, payload_types.DESCRIPTION, member, decode_description)
    if description.city != member.city:
        raise TrustError("wrong_city", f"{member.city} signed a description of another city")
    return description


def _open(envelope: Envelope, payload_type: str, member: Member, decode: Callable[[bytes], _T]) -> _T:
    try:
        payload = verify(envelope, payload_type, [member.answer_key])
    except PeerError as forged:
        raise TrustError("signature_invalid", f"not signed with {member.city}'s answer key: {forged}") from forged
    try:
        return decode(payload)
    except (PeerError, RefusedError) as broken:
        raise TrustError("malformed_answer", f"{member.city} signed what cannot be read: {broken}") from broken


@cache
def _partials() -> ReadPartials:
    from hansa_core.partial.read_again import ReadPartials  # Arrow, which only a release needs

    return ReadPartials()


def _check_about(answer: SignedAnswer | DryRun, member: Member, query_hash: bytes) -> None:
    if answer.city != member.city:
        raise TrustError("wrong_city", f"{member.city} signed an answer in another city's name")
    if answer.query_hash != query_hash:
        raise TrustError("wrong_query", f"{member.city} signed an answer to another question")


def _release(release: Release, answer: SignedAnswer, member: Member, expected: Expected) -> VerifiedRelease:
    contract = expected.contract
    if release.contract != contract.id or release.plan_hash != expected.plan_hash:
        raise TrustError("wrong_plan", f"{member.city} signed a release of another plan")
    if LEVELS_BY_STRICTNESS.index(release.level) < LEVELS_BY_STRICTNESS.index(contract.least_level):
        raise TrustError("below_floor", f"{member.city} answered at level {release.level}, below the contract's floor")
    if expected.level not in (None, release.level):
        rule = f"{member.city} answered at level {release.level}, and {expected.level} was asked for"
        raise TrustError("wrong_level", rule)
    try:
        table = _partials().read(release.partial_ipc, expected.plan, contract)
    except PeerError as broken:
        raise TrustError("malformed_answer", f"{member.city} signed a partial that does not fit: {broken}") from broken
    return VerifiedRelease(
        level=release.level,
        data_version=release.data_version,
        answered_at=answer.answered_at,
        table=table,
        unwitnessed_since=answer.unwitnessed_since,
        coarser_tables=answer.coarser_tables,
    )
