"""A running coordinator over real mutual TLS: whom it lets in, what it carries, what it does not keep going."""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import NameOID

from hansa_coordinator.service import RunningCoordinator, serve, start
from hansa_coordinator_calls import CREDENTIAL, analyst, channel_to, query
from hansa_core.errors import ConfigError, PeerError, RefusedError
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer
from hansa_local.clock import utc_now
from hansa_local.coordinator_config import load_config
from hansa_renewed_certificate import renewed
from hansa_simulated_city import CITIES, Fault, SimulatedLeague, simulated_league
from hansa_wire.codec.progress import CityState
from hansa_wire.rpc.coordinator_rpc import CoordinatorClient

DEADLINE_S = 60.0


def dialled(league: SimulatedLeague, cert_pem: bytes, key_pem: bytes) -> CoordinatorClient:
    return CoordinatorClient(channel_to(league, cert_pem, key_pem))


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SimulatedLeague]:
    with simulated_league(tmp_path_factory.mktemp("served")) as league:
        yield league


@pytest.fixture
def league(served: SimulatedLeague) -> Iterator[SimulatedLeague]:
    yield served
    served.heal()


def issued(league: SimulatedLeague, *, by: str, name: str) -> tuple[bytes, bytes]:
    """A certificate for `name` from the authority of the city `by`."""
    folder = league.directory / "cities" / by
    authority = x509.load_pem_x509_certificate((folder / "ca.pem").read_bytes())
    authority_key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
    assert isinstance(authority_key, ec.EllipticCurvePrivateKey)
    key = ec.generate_private_key(ec.SECP256R1())
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]))
        .issuer_name(authority.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(authority_key, SHA256())
    )
    key_pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return certificate.public_bytes(Encoding.PEM), key_pem


def test_a_question_reaches_the_addressed_cities_and_no_other(league: SimulatedLeague) -> None:
    events = list(analyst(league).ask(query(league, "bremen", "luebeck"), CREDENTIAL, deadline_s=10))
    assert {event.city for event in events if event.state is CityState.ANSWERED} == {"bremen", "luebeck"}
    assert league.cities["hamburg"].asked == 0


def test_an_unknown_city_fails_and_the_others_answer(league: SimulatedLeague) -> None:
    events = list(analyst(league).ask(query(league, "atlantis", "bremen"), CREDENTIAL, deadline_s=10))
    last = {event.city: event for event in events}
    assert (last["atlantis"].state, last["atlantis"].code) == (CityState.FAILED, "not_a_member")
    assert last["bremen"].state is CityState.ANSWERED


def test_a_signed_refusal_is_told_and_relayed(league: SimulatedLeague) -> None:
    league.cities["bremen"].fault = Fault.REFUSE
    *_, last = analyst(league).ask(query(league, "bremen"), CREDENTIAL, deadline_s=10)
    assert (last.state, last.code) == (CityState.REFUSED, "not_published")
    assert last.answer is not None
    assert last.receipt


def test_an_unsigned_refusal_is_told_with_its_code(league: SimulatedLeague) -> None:
    league.cities["bremen"].fault = Fault.REJECT
    *_, last = analyst(league).ask(query(league, "bremen"), CREDENTIAL, deadline_s=10)
    assert (last.state, last.code, last.answer) == (CityState.REFUSED, "credential_expired", None)


def test_a_crash_in_a_city_tells_nothing_of_its_cause(league: SimulatedLeague) -> None:
    league.cities["bremen"].fault = Fault.CRASH
    *_, last = analyst(league).ask(query(league, "bremen"), CREDENTIAL, deadline_s=10)
    assert last.state is CityState.FAILED
    assert "secret" not in last.detail


def test_a_slow_city_times_out_and_its_call_is_cancelled(league: SimulatedLeague) -> None:
    league.cities["bremen"].fault = Fault.SLOW
    events = list(analyst(league).ask(query(league, "bremen", "hamburg"), CREDENTIAL, deadline_s=2.0))
    last = {event.city: event.state for event in events}
    assert last == {"bremen": CityState.TIMED_OUT, "hamburg": CityState.ANSWERED}
    assert league.cities["bremen"].cancelled.wait(10)


def test_an_analyst_who_goes_away_cancels_the_calls_to_the_cities(league: SimulatedLeague) -> None:
    league.cities["bremen"].fault = Fault.SLOW
    events = analyst(league).ask(query(league, "bremen"), CREDENTIAL, deadline_s=30)
    assert next(events).state is CityState.ASKED
    while not league.cities["bremen"].asked:
        time.sleep(0.01)
    events.close()
    assert league.cities["bremen"].cancelled.wait(10)


def test_a_city_that_is_down_is_unreachable_and_found_again(league: SimulatedLeague) -> None:
    league.run(league.stop_city("hamburg"))
    try:
        *_, last = analyst(league).ask(query(league, "hamburg"), CREDENTIAL, deadline_s=5)
        assert last.state is CityState.UNREACHABLE
    finally:
        league.run(league.start_city("hamburg"))
    for _ in range(40):
        *_, last = analyst(league).ask(query(league, "hamburg"), CREDENTIAL, deadline_s=5)
        if last.state is CityState.ANSWERED:
            break
        time.sleep(0.5)
    assert last.state is CityState.ANSWERED


def test_the_catalogue_has_one_event_for_each_city_in_the_rosters_order(league: SimulatedLeague) -> None:
    league.cities["hamburg"].fault = Fault.CRASH
    events = analyst(league).catalogue(deadline_s=10)
    assert [event.city for event in events] == [member.city for member in league.roster.members]
    assert [event.state for event in events] == [CityState.ANSWERED, CityState.FAILED, CityState.ANSWERED]


def test_a_dry_run_goes_to_the_dry_run_of_the_cities(league: SimulatedLeague) -> None:
    asked = query(league, "bremen", payload_type=payload_types.DRY_RUN)
    *_, last = analyst(league).ask(asked, CREDENTIAL, deadline_s=10)
    assert last.answer is not None
    assert (last.answer.payload_type, last.receipt) == (payload_types.DRY_RUN_REPORT, b"")


def test_another_payload_type_is_carried_nowhere(league: SimulatedLeague) -> None:
    asked = query(league, "bremen", payload_type=payload_types.ANSWER)
    with pytest.raises(PeerError, match="neither a query nor a dry run"):
        list(analyst(league).ask(asked, CREDENTIAL, deadline_s=10))
    assert league.cities["bremen"].asked == 0


@pytest.mark.produces("unpinned_peer")
@pytest.mark.parametrize(
    ("by", "name"), [("hamburg", "analyst.bremen"), ("hamburg", "node.hamburg"), ("hamburg", "analyst.atlantis")]
)
def test_a_certificate_that_its_own_city_did_not_issue_to_an_analyst_is_turned_away(
    league: SimulatedLeague, by: str, name: str
) -> None:
    client = dialled(league, *issued(league, by=by, name=name))
    with pytest.raises(RefusedError, match="unpinned_peer"):
        list(client.ask(query(league, "bremen"), CREDENTIAL, deadline_s=5))
    with pytest.raises(RefusedError, match="unpinned_peer"):
        client.catalogue(deadline_s=5)
    assert league.cities["bremen"].asked == 0


def test_an_analyst_whom_the_very_city_vouches_for_is_let_in(league: SimulatedLeague) -> None:
    client = dialled(league, *issued(league, by="hamburg", name="analyst.hamburg"))
    assert len(client.catalogue(deadline_s=10)) == 3


def asked(league: SimulatedLeague, client: CoordinatorClient) -> None:
    assert list(client.ask(query(league, *CITIES), CREDENTIAL, deadline_s=DEADLINE_S))


def fields_of(caplog: pytest.LogCaptureFixture, message: str, whose: str) -> list[dict[str, Any]]:
    """The fields of the log lines `message` that are about `whose`."""
    lines = [record.__dict__ for record in caplog.records if record.message == message]
    return [line for line in lines if whose in line.get("whose", line.get("what", ""))]


def test_a_city_whose_clock_is_wrong_is_named_in_the_log(
    league: SimulatedLeague, caplog: pytest.LogCaptureFixture
) -> None:
    league.cities["hamburg"].call_clock_ahead = timedelta(minutes=-10)
    try:
        asked(league, analyst(league))
    finally:
        league.cities["hamburg"].call_clock_ahead = timedelta()
    (line,) = fields_of(caplog, "clock is wrong", "hamburg")
    assert (line["whose"], line["by"]) == ("the node of hamburg", "10 minutes slow")
    assert "the operator of the node of hamburg" in line["remedy"]


def test_what_the_nodes_show_that_listen_is_looked_at(league: SimulatedLeague) -> None:
    """gRPC shows a dialler no certificate; so one that ends soon on a connection that lasts would not be seen."""
    folder = league.directory / "cities" / "hamburg"
    old = (folder / "tls.pem").read_bytes()
    league.run(league.stop_city("hamburg"))
    (folder / "tls.pem").write_bytes(renewed(folder / "tls.pem", folder, valid_for=timedelta(days=3)))
    try:
        league.run(league.start_city("hamburg"))
        found = {each.what: each.expires for each in league.run(league.coordinator()._shown())}
    finally:
        league.run(league.stop_city("hamburg"))
        (folder / "tls.pem").write_bytes(old)
        league.run(league.start_city("hamburg"))
    assert found.keys() == {f"the TLS certificate of the node of {city}" for city in CITIES}
    assert found["the TLS certificate of the node of hamburg"] < utc_now() + timedelta(days=4)
    assert found["the TLS certificate of the node of bremen"] > utc_now() + timedelta(days=4)


def renewed_analyst(league: SimulatedLeague, valid_for: timedelta) -> CoordinatorClient:
    keys = league.directory / "analysts" / "bremen"
    certificate = renewed(keys / "tls.pem", league.directory / "cities" / "bremen", valid_for=valid_for)
    return dialled(league, certificate, (keys / "tls.key").read_bytes())


def test_an_analyst_whose_certificate_ends_soon_is_told_of_once_and_by_key_alone(
    league: SimulatedLeague, caplog: pytest.LogCaptureFixture
) -> None:
    client = renewed_analyst(league, timedelta(days=6))
    for _ in range(3):
        asked(league, client)
    (line,) = fields_of(caplog, "expires soon", "an analyst of bremen, key ")
    assert line["within_days"] == 7
    assert "bremen issues a new certificate to its analyst" in line["remedy"]


@pytest.mark.produces("certificate_expired")
def test_an_analyst_whose_certificate_expires_on_an_open_connection_is_turned_away_and_told_of(
    league: SimulatedLeague, caplog: pytest.LogCaptureFixture
) -> None:
    client = renewed_analyst(league, timedelta(seconds=4))
    asked(league, client)

    def until_turned_away() -> None:
        deadline = time.monotonic() + DEADLINE_S
        while time.monotonic() < deadline:
            client.catalogue(deadline_s=DEADLINE_S)
            time.sleep(0.1)

    with pytest.raises(RefusedError, match="has to install a new certificate") as refused:
        until_turned_away()
    assert refused.value.code == "certificate_expired"
    assert len(fields_of(caplog, "has expired", "an analyst of bremen, key ")) == 1


def test_the_coordinator_writes_nothing(league: SimulatedLeague) -> None:
    def contents() -> dict[Path, str]:
        files = (path for path in league.directory.rglob("*") if path.is_file())
        return {path: hashlib.sha256(path.read_bytes()).hexdigest() for path in files}

    before = contents()
    list(analyst(league).ask(query(league, "bremen", "luebeck"), CREDENTIAL, deadline_s=10))
    assert contents() == before


def refused_start(league: SimulatedLeague, old: str, new: str) -> str:
    text = (league.directory / "coordinator" / "coordinator.toml").read_text(encoding="utf-8")
    assert old in text
    path = league.directory / "coordinator" / "altered.toml"
    path.write_text(text.replace(old, new), encoding="utf-8")
    try:
        with pytest.raises(ConfigError) as stopped:
            league.run(start(load_config(path)))
    finally:
        path.unlink()
    return str(stopped.value)


def test_a_port_in_use_stops_the_start(league: SimulatedLeague) -> None:
    assert "listen" in refused_start(league, 'certificate = "tls.pem"', 'certificate = "../coordinator/tls.pem"')


def test_a_key_that_the_roster_does_not_pin_stops_the_start(league: SimulatedLeague) -> None:
    assert "pins for coordinator" in refused_start(league, '"tls.pem"', '"../cities/bremen/tls.pem"')


def test_a_name_that_the_roster_does_not_have_stops_the_start(league: SimulatedLeague) -> None:
    assert "name" in refused_start(league, 'name = "coordinator"', 'name = "koordinator"')


def test_a_roster_that_others_signed_stops_the_start(league: SimulatedLeague) -> None:
    key = league.roster.governance_keys[0].hex()
    other = Ed25519Signer(bytes([7]) * 32).public_key.hex()
    assert "roster" in refused_start(league, key, other)


def test_what_ends_a_running_coordinator_reaches_its_operator_in_its_own_type(
    league: SimulatedLeague, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def fail(_: RunningCoordinator) -> None:
        raise ConfigError("what the operator has to see")

    monkeypatch.setattr(RunningCoordinator, "follow_roster", fail)
    league.run(league.stop_coordinator())
    try:
        with pytest.raises(ConfigError, match="what the operator has to see"):
            asyncio.run(serve(load_config(league.directory / "coordinator" / "coordinator.toml")))
    finally:
        league.run(league.start_coordinator())
