"""Nothing is asked of a league whose papers do not hold, and nothing that no city of it could answer."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

import hansa
from hansa.errors import TrustError
from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError, RefusedError
from hansa_core.league.roster import Roster, roster_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_to_json
from hansa_local.key_file import read_signer
from hansa_new_league import CITIES, new_league
from hansa_renewed_certificate import renewed

COUNT = "SELECT COUNT(*) FROM housing.permits"
PERMITS = ContractId("housing.permits", 1)


@pytest.fixture(scope="module")
def founded(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Roster]:
    return new_league(tmp_path_factory.mktemp("founding"))


@pytest.fixture
def league(founded: tuple[Path, Roster], tmp_path: Path) -> Path:
    return Path(shutil.copytree(founded[0], tmp_path / "league"))


def govern(league: Path, roster: Roster, *, by: Sequence[Ed25519Signer] = ()) -> None:
    """Put another roster into its place, signed by every governor or `by` others."""
    governors = [read_signer(path) for path in sorted((league / "governance").glob("*.key"))]
    signed = sign(payload_types.ROSTER, roster_payload(roster), *(by or governors))
    (league / "roster.json").write_bytes(envelope_to_json(signed))


def refused(league: Path, statement: str, **options: str) -> str:
    with hansa.connect(league / "profile.toml") as connected, pytest.raises(RefusedError) as refusal:
        connected.sql(statement, **options)  # type: ignore[arg-type]
    return refusal.value.code


@pytest.mark.produces("roster_invalid")
def test_a_roster_that_its_governors_did_not_sign_is_not_believed(league: Path, founded: tuple[Path, Roster]) -> None:
    govern(league, founded[1], by=[Ed25519Signer(bytes([number]) * 32) for number in range(3)])
    with pytest.raises(TrustError, match="roster_invalid"):
        hansa.connect(league / "profile.toml")


@pytest.mark.produces("contract_invalid")
def test_a_contract_that_is_not_the_one_of_the_roster_is_not_believed(league: Path) -> None:
    (contract,) = (league / "contracts").iterdir()
    contract.write_text(contract.read_text() + "# more\n")
    with pytest.raises(TrustError, match="contract_invalid"):
        hansa.connect(league / "profile.toml")


@pytest.mark.produces("contract_not_served")
def test_a_contract_that_no_city_serves_is_refused_before_anybody_is_asked(
    league: Path, founded: tuple[Path, Roster]
) -> None:
    roster = founded[1]
    govern(league, replace(roster, members=tuple(replace(each, contracts=()) for each in roster.members)))
    assert refused(league, COUNT) == "contract_not_served"


def test_a_city_that_does_not_serve_the_contract_is_refused_before_anybody_is_asked(
    league: Path, founded: tuple[Path, Roster]
) -> None:
    first, *rest = founded[1].members
    govern(league, replace(founded[1], members=(replace(first, contracts=()), *rest)))
    assert refused(league, f"{COUNT} WHERE city = '{first.city}'") == "contract_not_served"


@pytest.mark.produces("unknown_level")
def test_a_level_that_does_not_exist_is_refused_before_anybody_is_asked(league: Path) -> None:
    assert refused(league, COUNT, level="opne") == "unknown_level"


def test_an_expired_certificate_is_named_with_the_clock_before_anybody_is_asked(league: Path) -> None:
    analyst, city = league / "analysts" / CITIES[0], league / "cities" / CITIES[0]
    certificate = analyst / "tls.pem"
    certificate.write_bytes(renewed(certificate, city, valid_for=timedelta(minutes=-1)))
    with pytest.raises(ConfigError, match=r"tls.pem: has expired, at .*; have your city issue a new one .*clock"):
        hansa.connect(league / "profile.toml")


def test_a_key_of_another_certificate_is_named_before_anybody_is_asked(league: Path) -> None:
    own, other = (league / "analysts" / city / "tls.key" for city in CITIES[:2])
    own.write_bytes(other.read_bytes())
    with pytest.raises(ConfigError, match=r"tls.key: is not the key of .*tls.pem.* see to `tls_key`"):
        hansa.connect(league / "profile.toml")
