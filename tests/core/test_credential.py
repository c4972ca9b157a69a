"""Credentials: whom a city vouches for, and nobody else."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from hansa_core.errors import RefusedError
from hansa_core.league.credential import Credential, credential_from_envelope, credential_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, Envelope, Signature, sign
from hansa_trust_values import NOW, league_of

LEAGUE = league_of("bremen", "hamburg")
BREMEN, HAMBURG = LEAGUE.holders
ANALYST = Ed25519Signer(b"\x07" * 32)
CREDENTIAL = Credential(
    subject="ann",
    organisation="planning office",
    city="bremen",
    key=ANALYST.public_key,
    not_before=NOW,
    not_after=NOW + timedelta(hours=1),
)


def issued(credential: Credential = CREDENTIAL) -> Envelope:
    return sign(payload_types.CREDENTIAL, credential_payload(credential), BREMEN.credential_key)


def refused_code(envelope: Envelope, *, later: timedelta = timedelta()) -> str:
    with pytest.raises(RefusedError) as refused:
        credential_from_envelope(envelope, LEAGUE.roster, NOW + later)
    return refused.value.code


def test_what_the_city_issued_is_believed() -> None:
    assert credential_from_envelope(issued(), LEAGUE.roster, NOW) == CREDENTIAL
    bound = replace(CREDENTIAL, purposes=("statistics",))
    assert credential_from_envelope(issued(bound), LEAGUE.roster, NOW).purposes == ("statistics",)
    assert CREDENTIAL.key_id == ANALYST.keyid


def test_the_credential_that_a_new_league_issues_is_believed() -> None:
    assert credential_from_envelope(BREMEN.credential(), LEAGUE.roster, NOW).key == BREMEN.query_key.public_key


def test_a_city_cannot_vouch_for_another_citys_analyst() -> None:
    other = sign(payload_types.CREDENTIAL, credential_payload(CREDENTIAL), HAMBURG.credential_key)
    assert refused_code(other) == "credential_invalid"


def test_an_analyst_cannot_vouch_for_themselves() -> None:
    own = sign(payload_types.CREDENTIAL, credential_payload(CREDENTIAL), ANALYST)
    assert refused_code(own) == "not_a_member"
    borrowed = Signature(BREMEN.credential_key.keyid, own.signatures[0].sig)
    assert refused_code(Envelope(own.payload_type, own.payload, (borrowed,))) == "credential_invalid"


def test_a_city_that_left_the_league_vouches_for_nobody() -> None:
    stranger = league_of("bremen", "wismar").holder("wismar")
    assert refused_code(stranger.credential()) == "not_a_member"


@pytest.mark.parametrize("role", ["answer_key", "governance_key", "query_key"])
def test_no_other_key_of_the_city_issues_credentials(role: str) -> None:
    envelope = sign(payload_types.CREDENTIAL, credential_payload(CREDENTIAL), getattr(BREMEN, role))
    assert refused_code(envelope) == "not_a_member"


def test_a_stranger_beside_the_city_spoils_the_credential() -> None:
    envelope = sign(payload_types.CREDENTIAL, credential_payload(CREDENTIAL), BREMEN.credential_key, ANALYST)
    assert refused_code(envelope) == "credential_invalid"


def test_nothing_else_that_the_city_signed_passes_for_a_credential() -> None:
    envelope = sign(payload_types.QUERY, credential_payload(CREDENTIAL), BREMEN.credential_key)
    assert refused_code(envelope) == "credential_invalid"


def test_a_credential_holds_from_its_first_second_and_not_at_its_last() -> None:
    assert credential_from_envelope(issued(), LEAGUE.roster, NOW + timedelta(minutes=59, seconds=59))
    assert refused_code(issued(), later=timedelta(seconds=-1)) == "credential_expired"
    assert refused_code(issued(), later=timedelta(hours=1)) == "credential_expired"


def test_a_credential_that_was_believed_before_still_ends() -> None:
    envelope = issued()
    assert credential_from_envelope(envelope, LEAGUE.roster, NOW) == CREDENTIAL
    assert refused_code(envelope, later=timedelta(hours=1)) == "credential_expired"
    assert credential_from_envelope(envelope, LEAGUE.roster, NOW) == CREDENTIAL


def test_a_credential_that_was_believed_before_ends_with_its_citys_membership() -> None:
    envelope = issued()
    assert credential_from_envelope(envelope, LEAGUE.roster, NOW) == CREDENTIAL
    with pytest.raises(RefusedError) as refused:
        credential_from_envelope(envelope, league_of("hamburg", "wismar").roster, NOW)
    assert refused.value.code == "not_a_member"


def test_every_flipped_bit_is_refused() -> None:
    envelope = issued()
    for bit in range(len(envelope.payload) * 8):
        payload = bytearray(envelope.payload)
        payload[bit // 8] ^= 1 << (bit % 8)
        changed = Envelope(envelope.payload_type, bytes(payload), envelope.signatures)
        assert refused_code(changed) == "credential_invalid"


@pytest.mark.parametrize(
    "change",
    [
        lambda c: c.update(admin=True),
        lambda c: c.pop("not_after"),
        lambda c: c.update(key=c["key"][:-2]),
        lambda c: c.update(key=c["key"].upper()),
        lambda c: c.update(key="01" + "00" * 31),
        lambda c: c.update(city="bremen/../hamburg"),
        lambda c: c.update(subject="ann\x1b[31m"),
        lambda c: c.update(subject="\ud800"),
        lambda c: c.update(organisation=""),
        lambda c: c.update(not_before=c["not_after"]),
        lambda c: c.update(purposes=[]),
        lambda c: c.update(purposes=["a", "a"]),
        lambda c: c.update(purposes=None),
        lambda c: c.update(subject="x" * 20_000),
    ],
)
def test_a_malformed_credential_is_refused_although_the_city_signed_it(
    change: Callable[[dict[str, Any]], object],
) -> None:
    document = json.loads(credential_payload(CREDENTIAL))
    change(document)
    envelope = sign(payload_types.CREDENTIAL, json.dumps(document).encode(), BREMEN.credential_key)
    assert refused_code(envelope) == "credential_invalid"
