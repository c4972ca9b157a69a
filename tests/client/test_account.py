"""What an analyst says to have asked: read back as it was signed, and nothing else is read."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hansa.answering.coverage import CityReport, Outcome
from hansa.evidence.account import Account, AskedAccount, read_account, sign_account
from hansa_core.errors import PeerError
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, verify

SIGNER = Ed25519Signer(bytes(32))
ACCOUNT = Account(
    asked_at=datetime(2026, 5, 1, 12),
    statement="SELECT COUNT(*) FROM harbour.ships",
    tables={"ports": "ab" * 32},
    partial=True,
    asked=(
        AskedAccount(
            min_cities=1, cities=(CityReport(city="bremen", state=Outcome.ANSWERED, proven=True, elapsed_ms=7),)
        ),
    ),
)

DOCUMENT: dict[str, Any] = json.loads(sign_account(ACCOUNT, SIGNER).payload)

texts = st.text(st.characters(exclude_categories=()), max_size=40)  # half of a surrogate pair, too
reports = st.builds(
    CityReport,
    city=st.from_regex(r"[a-z]{1,9}", fullmatch=True),
    state=st.sampled_from(Outcome),
    proven=st.booleans(),
    code=texts,
    rule=texts,
    elapsed_ms=st.integers(0, 10**6),
)
accounts = st.builds(
    Account,
    asked_at=st.datetimes().map(lambda moment: moment.replace(microsecond=0, fold=0)),
    statement=texts,
    tables=st.dictionaries(st.from_regex(r"[a-z][a-z0-9_]{0,9}", fullmatch=True), texts, max_size=3),
    partial=st.booleans(),
    asked=st.lists(
        st.builds(AskedAccount, min_cities=st.integers(1, 99), cities=st.lists(reports, max_size=3).map(tuple)),
        min_size=1,
        max_size=3,
    ).map(tuple),
)


@settings(max_examples=50, deadline=None)
@given(accounts)
def test_an_account_is_read_as_it_was_signed(account: Account) -> None:
    signed = sign_account(account, SIGNER)
    assert read_account(verify(signed, payload_types.QUESTION, [SIGNER.public_key])) == account


@pytest.mark.parametrize(
    "changes",
    [
        {"v": 2},
        {"partial": 1},
        {"asked_at": "yesterday"},
        {"statement": None},
        {"tables": {}},
        {"tables": [{"name": "ports"}]},
        {"tables": [{"name": "Ports", "sha256": ""}]},
        {"tables": [{"name": "ports", "sha256": ""}, {"name": "ports", "sha256": ""}]},
        {"more": "than is known"},
    ],
)
def test_what_is_no_account_is_not_read(changes: dict[str, Any]) -> None:
    with pytest.raises(PeerError):
        read_account(json.dumps({**DOCUMENT, **changes}).encode())


@pytest.mark.parametrize("changes", [{"city": "../bremen"}, {"state": "lost"}, {"proven": 1}, {"more": ""}])
def test_what_is_no_report_of_a_city_is_not_read(changes: dict[str, Any]) -> None:
    (report,) = DOCUMENT["cities"]
    with pytest.raises(PeerError):
        read_account(json.dumps({**DOCUMENT, "cities": [{**report, **changes}]}).encode())
