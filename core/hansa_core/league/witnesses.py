"""The witness quorum that must cosign a city's log, derived from the roster."""

from __future__ import annotations

from itertools import islice

from hansa_core.league.roster import Member, Roster
from hansa_core.tlog.note import COSIGNATURE_V1, ED25519, MAX_SIGNATURES, VerifierKey
from hansa_core.tlog.policy import NO_QUORUM, PolicyGroup, PolicyLog, PolicyWitness, TlogPolicy

MAX_WITNESSES = MAX_SIGNATURES - 1
"""A checkpoint carries the log's own signature and at most so many more; it bounds the work of a log, too."""

_QUORUM = "quorum"  # no witness bears it: their names have a slash


def witnesses_of(roster: Roster, city: str) -> tuple[Member, ...]:
    """The other members that listen, in the roster's order, the first `MAX_WITNESSES` of them.

    Raises RefusedError `unknown_city`.
    """
    own = roster.member(city)
    listening = (member for member in roster.members if member is not own and member.log_port is not None)
    return tuple(islice(listening, MAX_WITNESSES))


def quorum_of(roster: Roster, city: str) -> int:
    """How many of its witnesses cosign a checkpoint of the city before it counts; 0: nobody has to."""
    return min(roster.witness_threshold, len(witnesses_of(roster, city)))


def log_vkey(member: Member) -> VerifierKey:
    """The key that signs the checkpoints of the member's log, under the log's origin."""
    return VerifierKey(member.log_origin, ED25519, member.log_key)


def witness_vkey(member: Member) -> VerifierKey:
    """The key with which the member cosigns the checkpoints of others."""
    return VerifierKey(member.witness_name, COSIGNATURE_V1, member.witness_key)


def log_url(member: Member) -> str:
    """Where its log is read and its witness asked; empty for a city that only dials out."""
    return "" if member.log_port is None else f"https://{member.host}:{member.log_port}"


def tlog_policy(roster: Roster, city: str) -> TlogPolicy:
    """Whom to believe about the city's log, as third-party tools read it. Raises RefusedError `unknown_city`."""
    own, quorum = roster.member(city), quorum_of(roster, city)
    witnesses = tuple(
        PolicyWitness(name=member.witness_name, key=witness_vkey(member), url=log_url(member))
        for member in witnesses_of(roster, city)
    )
    group = PolicyGroup(name=_QUORUM, threshold=quorum, members=tuple(witness.name for witness in witnesses))
    return TlogPolicy(
        logs=(PolicyLog(key=log_vkey(own), url=log_url(own)),),
        witnesses=witnesses,
        groups=(group,) if quorum else (),
        quorum=_QUORUM if quorum else NO_QUORUM,
    )
