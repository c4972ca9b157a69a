"""Verify: the credential against the roster, and the query against the credential's key."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from hansa_core.errors import PeerError, RefusedError
from hansa_core.league.credential import check_in_force, signed_credential
from hansa_core.plan.query import Query
from hansa_core.policy.decide import VouchedAnalyst
from hansa_core.signing.dsse import Envelope
from hansa_core.signing.dsse import verify as verify_envelope
from hansa_core.signing.keys import public_key_id
from hansa_local.expiry import of_credential
from hansa_node.context import NodeContext
from hansa_node.league_in_force import LeagueInForce
from hansa_wire.codec.query_codec import decode_query


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedQuery:
    """A query whose signature and credential hold.

    `envelope`: as it was signed. `credential`: as the asker's city signed it. `query_hash`: SHA-256 of the signed
    bytes. `content`: the query, or the rule that kept it from being read. `league`: under which it is answered, even
    where a newer roster comes into force meanwhile.
    """

    envelope: Envelope
    credential: Envelope
    query_hash: bytes
    asker: VouchedAnalyst
    content: Query | RefusedError
    league: LeagueInForce


def verify(
    query: Envelope, credential: Envelope, payload_type: str, league: LeagueInForce, context: NodeContext
) -> VerifiedQuery:
    """Check the credential against the league's roster, then the query against the credential's key.

    A credential that ends soon is told of.

    Raises RefusedError `credential_invalid`, `credential_expired`, `not_a_member` or `signature_invalid`: nobody is
    known to have asked, so it is answered unsigned and not stored. Raises PeerError for a malformed query.
    """
    holder = signed_credential(credential, league.roster)
    context.expiry.met(of_credential(holder))
    check_in_force(holder, context.clock())
    try:
        payload = verify_envelope(query, payload_type, (holder.key,))
    except PeerError as broken:
        raise RefusedError(
            code="signature_invalid",
            rule=f"the holder of the credential's key signs the query: {broken}",
            remedy="sign the query with the key that the credential names",
            field="query",
        ) from None
    content: Query | RefusedError
    try:
        content = decode_query(payload)
    except RefusedError as broken:
        content = broken
    asker = VouchedAnalyst(
        subject=holder.subject,
        organisation=holder.organisation,
        city=holder.city,
        key_id=public_key_id(holder.key),
        purposes=None if holder.purposes is None else frozenset(holder.purposes),
    )
    return VerifiedQuery(
        envelope=query,
        credential=credential,
        query_hash=hashlib.sha256(payload).digest(),
        asker=asker,
        content=content,
        league=league,
    )
