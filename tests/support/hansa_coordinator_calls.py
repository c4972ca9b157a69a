"""An analyst's calls to a coordinator of a simulated league: the channel, a count as question, and who signs it."""

from __future__ import annotations

import secrets
from datetime import UTC, datetime, timedelta

import grpc

from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_simulated_city import SimulatedLeague
from hansa_wire.codec.query_codec import encode_query
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient
from hansa_wire.rpc.tls import dial_sync

SIGNER = Ed25519Signer(bytes(32))
CREDENTIAL = sign(payload_types.CREDENTIAL, b"{}", SIGNER)


def channel_to(
    league: SimulatedLeague, cert_pem: bytes, key_pem: bytes, coordinator: str | None = None
) -> grpc.Channel:
    """To the coordinator of that name, or the first, with this certificate."""
    entry = league.roster.coordinator(coordinator)
    return dial_sync(
        entry.host,
        entry.port,
        ca_pem=entry.ca_pem,
        server_name=entry.server_name,
        cert_pem=cert_pem,
        key_pem=key_pem,
    )


def analyst_channel(league: SimulatedLeague, city: str = "bremen", coordinator: str | None = None) -> grpc.Channel:
    """With the certificate of that city's analyst."""
    keys = league.directory / "analysts" / city
    return channel_to(league, (keys / "tls.pem").read_bytes(), (keys / "tls.key").read_bytes(), coordinator)


def analyst(league: SimulatedLeague, city: str = "bremen", coordinator: str | None = None) -> CoordinatorClient:
    """The calls of that city's analyst."""
    return CoordinatorClient(analyst_channel(league, city, coordinator))


def query(league: SimulatedLeague, *cities: str, payload_type: str = payload_types.QUERY) -> Envelope:
    """How many rows these cities have, signed, and good for a minute."""
    asked = Query(
        plan=Plan(league.contract.id, None, (), (Aggregate(AggregateFunction.COUNT_ROWS),)),
        purpose="statistics",
        league="hanse",
        cities=tuple(sorted(cities)),
        expires_at=datetime.now(UTC).replace(tzinfo=None, microsecond=0) + timedelta(minutes=1),
        nonce=secrets.token_bytes(16),
    )
    return sign(payload_type, encode_query(asked), SIGNER)
