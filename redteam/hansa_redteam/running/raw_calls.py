"""Calls beneath the SDK: any signed bytes are sent as a query, by an analyst with valid papers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from datetime import timedelta

from hansa.asking.connect import open_session
from hansa_core.contract.ids import ContractId
from hansa_core.errors import HansaError
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.query import Query
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, sign
from hansa_local.clock import utc_now
from hansa_local.key_file import read_signer
from hansa_local.profile import load_profile
from hansa_redteam.running.stage import LEAGUE, AttackedLeague
from hansa_wire.codec.query_codec import encode_query
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient
from hansa_wire.rpc.tls import dial_sync

_PATIENCE_S = 20.0


class RawCaller:
    """Sends what it is given."""

    def __init__(self, client: CoordinatorClient, credential: Envelope, signer: Ed25519Signer) -> None:
        self._client = client
        self._credential = credential
        self._signer = signer

    def send(self, payload: bytes) -> None:
        """Sign the bytes and send them as a query; whatever comes back is dropped."""
        query = sign(payload_types.QUERY, payload, self._signer)
        with suppress(HansaError):
            list(self._client.ask(query, self._credential, deadline_s=_PATIENCE_S))


@contextmanager
def raw_caller(stage: AttackedLeague) -> Iterator[RawCaller]:
    """A caller with the analyst's certificate, credential and key."""
    profile = stage.directory / "profile.toml"
    session, address = open_session(profile)
    with closing(session), dial_sync(**asdict(address)) as channel:
        yield RawCaller(CoordinatorClient(channel), session.credential, read_signer(load_profile(profile).query_key))


def query_bytes(stage: AttackedLeague, source: ContractId) -> bytes:
    """A query that every city would answer, as it is signed."""
    (purpose,) = stage.league.roster.purposes
    query = Query(
        plan=Plan(source, None, (), (Aggregate(AggregateFunction.COUNT_ROWS),)),
        purpose=purpose,
        league=LEAGUE,
        cities=stage.league.roster.cities,
        expires_at=utc_now() + timedelta(minutes=5),
        nonce=secrets.token_bytes(16),
    )
    return encode_query(query)
