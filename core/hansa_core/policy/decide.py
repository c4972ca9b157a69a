"""The decision on a query: permit or refuse, from query, analyst, policy, manifest, spent budget and time alone."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from hansa_core.budget.ledger_charge import LedgerCharge, check_ledgers, first_over_limit
from hansa_core.contract.level import Level
from hansa_core.errors import RefusedError
from hansa_core.partial.answer import Refusal
from hansa_core.plan.query import Query
from hansa_core.policy.policy import Policy

MAX_EXPIRY_AHEAD = timedelta(hours=24)  # bounds how long a node owes an asker the same stored answer


@dataclass(frozen=True, slots=True, kw_only=True)
class VouchedAnalyst:
    """The analyst who asks, as the credential says. `city`: the one that vouches for them, and for their organisation.

    `key_id`: of the query key. `purposes`: None where the credential is silent.
    """

    subject: str
    organisation: str
    city: str
    key_id: str
    purposes: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeagueRules:
    """What a node decides under: its city, and the name, purposes and expiry of the league that its roster gives.

    `roster_expires`: naive UTC.
    """

    city: str
    name: str
    purposes: frozenset[str]
    roster_expires: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """What binding found: the served level, the rule that the plan breaks there, if any, and what an answer costs.

    All of it comes from plan, contract and manifest; none from rows. `charges`: at most one to each ledger.
    """

    level: Level
    broken: RefusedError | None = None
    charges: tuple[LedgerCharge, ...] = ()

    def __post_init__(self) -> None:
        check_ledgers(self.charges)


@dataclass(frozen=True, slots=True, kw_only=True)
class Permit:
    """The query is answered at `level`, once every one of `charges` is taken."""

    level: Level
    charges: tuple[LedgerCharge, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refuse:
    """The query is refused; `refusal` is public."""

    refusal: Refusal


Verdict = Permit | Refuse


def turn_away(
    query: Query,
    *,
    asker: VouchedAnalyst,
    policy: Policy,
    league: LeagueRules,
    is_served: bool,
    replayed: bool,
    now: datetime,
) -> Refuse | None:
    """The first rule that keeps this asker from asking this query, in the order below; None if there is none.

    It comes before binding, which costs work that nobody gets who may not ask. `is_served`: the city has such a
    dataset. `replayed`: the asker used this nonce for another query. `now`: naive UTC.
    """
    refusal = (
        _addressing(query, league)
        or _time(query, league, replayed=replayed, now=now)
        or _denial(asker, policy)
        or (None if is_served else _not_served(query))
        or _purpose(query, asker, policy, league)
    )
    return None if refusal is None else Refuse(refusal=refusal)


def refuse_bound(query: Query, bound: Bound) -> Refuse | None:
    """The rule that the question breaks as it was bound, whatever was spent; None if it breaks none.

    A question that passes may be answered from a stored release, which costs nothing.
    """
    if query.level is not None and query.level is not bound.level:
        return Refuse(refusal=_other_level(query, bound.level))
    if bound.broken is not None:
        return Refuse(refusal=refusal_of(bound.broken))
    return None


def decide(query: Query, bound: Bound, *, spent: Mapping[str, int]) -> Verdict:
    """Whether the query of an asker who was not turned away is answered anew, as it was bound.

    `spent`: what each ledger of `bound.charges` has spent. A permit holds only while that is so: its charges are taken
    in the transaction that read it.
    """
    refused = refuse_bound(query, bound)
    if refused is not None:
        return refused
    if first_over_limit(bound.charges, spent) is not None:
        return Refuse(
            refusal=Refusal(
                code="budget_exhausted",
                rule="what is spent on a city's answers never passes the limits of its ledgers",
                remedy="ask a question that was answered before, or ask the city's steward for more",
            )
        )
    return Permit(level=bound.level, charges=bound.charges)


def refusal_of(broken: RefusedError) -> Refusal:
    """A broken rule as the value that a city signs."""
    return Refusal(code=broken.code, rule=broken.rule, remedy=broken.remedy, field=broken.field)


def _addressing(query: Query, league: LeagueRules) -> Refusal | None:
    if query.league != league.name:
        return Refusal(
            code="league_mismatch",
            rule=f"this node answers the league {league.name} only",
            remedy="sign the query for that league",
            field="league",
        )
    if league.city not in query.cities:
        return Refusal(
            code="not_addressed",
            rule="a city answers only queries whose signed cities name it",
            remedy=f"sign a query whose cities include {league.city}",
            field="cities",
        )
    return None


def _time(query: Query, league: LeagueRules, *, replayed: bool, now: datetime) -> Refusal | None:
    if now >= league.roster_expires:
        return Refusal(
            code="roster_expired",
            rule="a node answers only under a roster that has not expired",
            remedy="ask the city's operator to install the league's newest roster",
        )
    if now >= query.expires_at:
        return Refusal(
            code="expired",
            rule="a query is answered before it expires",
            remedy="sign the question anew with a later expiry",
            field="expires_at",
        )
    if query.expires_at - now > MAX_EXPIRY_AHEAD:
        return Refusal(
            code="expiry_too_far",
            rule="a query expires at most 24 hours ahead",
            remedy="sign the question anew with an earlier expiry",
            field="expires_at",
        )
    if replayed:
        return Refusal(
            code="replay",
            rule="a query key uses a nonce for one query only",
            remedy="sign the question anew with a fresh random nonce",
            field="nonce",
        )
    return None


def _denial(asker: VouchedAnalyst, policy: Policy) -> Refusal | None:
    if policy.deny.holds(subject=asker.subject, key_id=asker.key_id, organisation=asker.organisation):
        return Refusal(
            code="denied",
            rule="the city's deny list names this subject, key or organisation",
            remedy="ask the city's steward",
        )
    return None


def _purpose(query: Query, asker: VouchedAnalyst, policy: Policy, league: LeagueRules) -> Refusal | None:
    dataset = query.plan.source
    rules = [
        rule
        for rule in policy.rules_for(dataset)
        if rule.admits_asker(organisation=asker.organisation, city=asker.city)
    ]
    if not rules:
        return Refusal(
            code="organisation_not_allowed",
            rule=f"no rule of the policy {policy.id} lets {asker.organisation} of {asker.city} ask {dataset}",
            remedy="ask the city's steward for a rule that admits the organisation",
        )
    allowed = league.purposes if asker.purposes is None else league.purposes & asker.purposes
    allowed = frozenset(purpose for purpose in allowed if any(rule.admits_purpose(purpose) for rule in rules))
    if query.purpose not in allowed:
        return Refusal(
            code="purpose_not_allowed",
            rule="league, credential and policy must all allow the purpose",
            remedy=_one_of("purpose", allowed),
            field="purpose",
        )
    return None


def _not_served(query: Query) -> Refusal:
    return Refusal(
        code="dataset_not_served",
        rule=f"the city serves no dataset under {query.plan.source}",
        remedy="see which cities serve it with `hansa catalogue`",
        field="plan.source",
    )


def _other_level(query: Query, served: Level) -> Refusal:
    return Refusal(
        code="level_not_offered",
        rule=f"the city serves {query.plan.source} at level {served} only",
        remedy=f"ask at level {served}, or leave the level to each city",
        field="level",
    )


def _one_of(what: str, names: Collection[str]) -> str:
    return f"ask with one {what} of: {', '.join(sorted(names))}" if names else f"no {what} is open to this asker"
