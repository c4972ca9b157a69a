"""`hansa league new`: a league in which every holder can prove who they are, and nobody more."""

from __future__ import annotations

import os
import stat
import threading
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import grpc
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.serialization import load_pem_private_key
from cryptography.x509.oid import ExtendedKeyUsageOID
from cryptography.x509.verification import PolicyBuilder, Store, VerificationError
from typer.testing import CliRunner

from hansa_core.errors import ConfigError, HansaError, PeerError
from hansa_core.league.credential import credential_from_envelope
from hansa_core.league.roster import Roster, roster_payload
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import sign
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_league.cli import app
from hansa_league.founding import create
from hansa_league.founding.contract_files import read_contract_files
from hansa_league.founding.create import create_league
from hansa_local.contract_files import contract_file_name, read_contract_documents
from hansa_local.coordinator_config import load_config
from hansa_local.key_file import read_private_file, read_signer
from hansa_local.roster_file import FileRoster
from hansa_new_league import CITIES, CONTRACT_TEXT, new_league, write_contract
from hansa_node.app.config import read_config
from hansa_node.app.init import init_node
from hansa_wire.rpc.pins import analyst_city
from hansa_wire.rpc.tls import dial_sync, server_credentials, spki_of


def utc_now() -> datetime:
    return datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Roster]:
    return new_league(tmp_path_factory.mktemp("founding"))


def source(directory: Path, roster: Roster) -> FileRoster:
    return FileRoster(
        path=directory / "roster.json",
        governance_keys=roster.governance_keys,
        governance_threshold=roster.governance_threshold,
    )


def certificate(path: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate(path.read_bytes())


def test_a_new_league_has_a_roster_that_all_governors_signed(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    assert source(directory, roster).load(utc_now()) == roster
    assert len(envelope_from_json((directory / "roster.json").read_bytes()).signatures) == len(CITIES)
    assert roster.governance_threshold == 2
    assert [member.port for member in roster.members] == [7401, 7402, 7403]
    assert [member.log_port for member in roster.members] == [7404, 7405, 7406]
    assert roster.witness_threshold == 2
    assert roster.coordinator().port == 7400


def test_the_contract_files_are_the_ones_that_the_governors_signed(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    (document,) = read_contract_documents(directory / "contracts", roster).values()
    assert document.decode() == CONTRACT_TEXT


def test_each_key_opens_and_is_the_one_in_the_roster(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    for member in roster.members:
        home = directory / "cities" / member.city
        assert read_signer(home / "answer.key").public_key == member.answer_key
        assert read_signer(home / "credential.key").public_key == member.credential_key
        assert read_signer(home / "log.key").public_key == member.log_key
        assert read_signer(home / "witness.key").public_key == member.witness_key
        assert read_signer(directory / "governance" / f"{member.city}.key").public_key in roster.governance_keys
        assert spki_of((home / "tls.pem").read_bytes()) == member.tls_spki
        assert (home / "ca.pem").read_bytes() == member.ca_pem
    assert spki_of((directory / "coordinator" / "tls.pem").read_bytes()) == roster.coordinator().tls_spki


def test_each_analysts_credential_names_the_query_key_beside_it(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    for city in CITIES:
        home = directory / "analysts" / city
        envelope = envelope_from_json((home / "credential.json").read_bytes())
        credential = credential_from_envelope(envelope, roster, utc_now())
        assert (credential.city, credential.key_id) == (city, read_signer(home / "query.key").keyid)


def test_only_its_owner_can_read_a_key_whatever_the_umask(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        directory, _ = new_league(tmp_path)
    finally:
        os.umask(before)
    keys = list(directory.rglob("*.key"))
    assert len(keys) == len(CITIES) * 10 + 2
    assert {stat.S_IMODE(key.stat().st_mode) for key in keys} == {0o600}
    assert {stat.S_IMODE(key.parent.stat().st_mode) for key in keys} == {0o700}
    assert not list(directory.rglob("*.new"))


def test_every_tls_key_is_p256_and_fits_its_certificate(league: tuple[Path, Roster]) -> None:
    directory, _ = league
    for path in directory.rglob("*.pem"):
        key = load_pem_private_key(path.with_suffix(".key").read_bytes(), password=None)
        assert key.public_key() == certificate(path).public_key()
        assert certificate(path).public_key().curve.name == "secp256r1"  # type: ignore[union-attr]


def test_a_city_cannot_vouch_for_another_citys_server(league: tuple[Path, Roster]) -> None:
    directory, _ = league
    leaf = certificate(directory / "cities" / "bremen" / "tls.pem")

    def verify(authority: str, name: str) -> object:
        store = Store([certificate(directory / "cities" / authority / "ca.pem")])
        return PolicyBuilder().store(store).build_server_verifier(x509.DNSName(name)).verify(leaf, [])

    assert verify("bremen", "node.bremen")
    for authority, name in (("hamburg", "node.bremen"), ("bremen", "node.hamburg")):
        with pytest.raises(VerificationError):
            verify(authority, name)


@pytest.mark.parametrize(
    ("host", "name"), [("127.0.0.1", x509.IPAddress(ip_address("127.0.0.1"))), ("lübeck.example", None)]
)
def test_a_tool_that_knows_only_the_address_can_dial_a_node(
    tmp_path: Path, host: str, name: x509.IPAddress | None
) -> None:
    """Under the city's authority, as ever. A host that no certificate can name stays dialled by the node's name."""
    create_league(
        tmp_path / "league", name="hanse", cities=("bremen",), contracts=[write_contract(tmp_path)], host=host
    )
    folder = tmp_path / "league/cities/bremen"
    store, leaf = Store([certificate(folder / "ca.pem")]), certificate(folder / "tls.pem")
    assert PolicyBuilder().store(store).build_server_verifier(x509.DNSName("node.bremen")).verify(leaf, [])
    if name is not None:
        assert PolicyBuilder().store(store).build_server_verifier(name).verify(leaf, [])


def test_a_city_cannot_vouch_for_another_citys_analyst(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    authorities = {member.city: member.ca_pem for member in roster.members}
    shown = (directory / "analysts" / "bremen" / "tls.pem").read_bytes()
    assert analyst_city(shown, authorities) == "bremen"
    with pytest.raises(HansaError):
        analyst_city(shown, {**authorities, "bremen": authorities["hamburg"]})


@pytest.mark.parametrize(
    ("path", "usages"),
    [
        ("cities/bremen/tls.pem", {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}),
        ("analysts/bremen/tls.pem", {ExtendedKeyUsageOID.CLIENT_AUTH}),
        ("auditors/bremen/tls.pem", {ExtendedKeyUsageOID.CLIENT_AUTH}),
        ("coordinator/tls.pem", {ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH}),
    ],
)
def test_a_certificate_serves_its_role_and_issues_nothing(
    league: tuple[Path, Roster], path: str, usages: set[x509.ObjectIdentifier]
) -> None:
    leaf = certificate(league[0] / path)
    assert set(leaf.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value) == usages
    assert not leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    authority = league[0] / path.replace("analysts", "cities").replace("auditors", "cities").replace("tls", "ca")
    leaf.verify_directly_issued_by(certificate(authority))
    with pytest.raises((ValueError, InvalidSignature)):
        leaf.verify_directly_issued_by(certificate(league[0] / "cities" / "hamburg" / "ca.pem"))


class _Echo(grpc.GenericRpcHandler):
    def service(self, handler_call_details: grpc.HandlerCallDetails) -> Any:
        return grpc.unary_unary_rpc_method_handler(lambda request, context: request)


def test_grpc_takes_the_certificates_and_checks_both_sides(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    node, desk = directory / "cities" / "bremen", directory / "coordinator"
    server = grpc.server(ThreadPoolExecutor(2), handlers=[_Echo()])
    credentials = server_credentials(
        (node / "tls.pem").read_bytes(), (node / "tls.key").read_bytes(), [roster.coordinator().ca_pem]
    )
    port = server.add_secure_port("127.0.0.1:0", credentials)
    server.start()

    def ask(dialler: Path, city: str) -> object:
        member = roster.member(city)
        pair = {"cert_pem": (dialler / "tls.pem").read_bytes(), "key_pem": (dialler / "tls.key").read_bytes()}
        with dial_sync("127.0.0.1", port, ca_pem=member.ca_pem, server_name=member.server_name, **pair) as channel:
            echo: grpc.UnaryUnaryMultiCallable[bytes, bytes] = channel.unary_unary("/x/Echo")
            return echo(b"hello", timeout=5)

    try:
        assert ask(desk, "bremen") == b"hello"
        for dialler, city in ((desk, "hamburg"), (directory / "analysts" / "bremen", "bremen")):
            with pytest.raises(grpc.RpcError):
                ask(dialler, city)
    finally:
        server.stop(None).wait()


def test_a_contract_that_was_changed_after_signing_is_refused(tmp_path: Path) -> None:
    directory, roster = new_league(tmp_path)
    path = directory / "contracts" / "housing.permits.1.yaml"
    path.write_text(CONTRACT_TEXT.replace("identifier: true, ", ""), encoding="utf-8")
    with pytest.raises(PeerError, match=r"housing\.permits\.1\.yaml: is not the file"):
        read_contract_documents(directory / "contracts", roster)
    path.unlink()
    with pytest.raises(ConfigError, match=r"housing\.permits\.1\.yaml: cannot be read"):
        read_contract_documents(directory / "contracts", roster)


def test_a_roster_that_one_governor_rewrote_is_refused(tmp_path: Path) -> None:
    directory, roster = new_league(tmp_path)
    governor = read_signer(directory / "governance" / "bremen.key")
    rewritten = sign(payload_types.ROSTER, roster_payload(roster), governor)
    (directory / "roster.json").write_bytes(envelope_to_json(rewritten))
    with pytest.raises(PeerError, match=r"roster\.json: 1 keys signed the envelope; it needs 2"):
        source(directory, roster).load(utc_now())


def test_a_missing_roster_is_the_operators_to_mend(tmp_path: Path, league: tuple[Path, Roster]) -> None:
    with pytest.raises(ConfigError, match=r"roster\.json: cannot be read"):
        source(tmp_path, league[1]).load(utc_now())


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        ("Logs.City.example", "logs.city.example:{log_port}/log"),
        ("192.0.2.7", "192.0.2.7:{log_port}/log"),
        ("127.0.0.1", "node.bremen/log"),
        ("0.0.0.0", "node.bremen/log"),
        ("localhost", "node.bremen/log"),
        ("2001:db8::7", "node.bremen/log"),
        ("lübeck.example", "node.bremen/log"),
    ],
)
def test_a_new_log_is_named_by_the_address_at_which_others_can_dial_it(tmp_path: Path, host: str, origin: str) -> None:
    contracts = [write_contract(tmp_path)]
    founded = create_league(
        tmp_path / "league", name="x", cities=["bremen", "kiel"], contracts=contracts, host=host, outbound=["kiel"]
    )
    member = founded.member("bremen")
    assert member.log_origin == origin.format(log_port=member.log_port)
    assert founded.member("kiel").log_origin == "node.kiel/log"
    read = source(tmp_path / "league", founded).load(utc_now())
    assert read == founded
    assert read.member("bremen").witness_name == "node.bremen/witness"


@pytest.mark.parametrize("origin", ["", "city.example", "https://city.example/log", "city.example:0/log", "a b/log"])
def test_an_origin_is_a_host_and_log(league: tuple[Path, Roster], origin: str) -> None:
    with pytest.raises(ValueError, match=r"log_origin .* must be a host"):
        replace(league[1].members[0], origin=origin)


def test_a_league_ends_with_its_roster(tmp_path: Path) -> None:
    founded = datetime(2026, 1, 1)
    directory = tmp_path / "league"
    contracts = [write_contract(tmp_path)]
    roster = create_league(directory, name="x", cities=["a"], contracts=contracts, valid_days=2, now=founded)
    assert source(directory, roster).load(founded + timedelta(days=2, seconds=-1)) == roster
    with pytest.raises(PeerError, match="expired"):
        source(directory, roster).load(founded + timedelta(days=2))


def test_a_key_that_others_can_read_is_not_used(tmp_path: Path) -> None:
    directory, _ = new_league(tmp_path)
    key = directory / "cities" / "bremen" / "answer.key"
    key.chmod(0o640)
    with pytest.raises(ConfigError, match=r"open to others \(mode 0640\); run chmod 600"):
        read_private_file(key)
    with pytest.raises(ConfigError, match="no Ed25519 key"):
        read_signer(key.with_name("tls.key"))
    with pytest.raises(ConfigError, match="cannot be read"):
        read_signer(key.with_name("absent.key"))


def test_a_folder_that_holds_anything_is_left_as_it_is(tmp_path: Path) -> None:
    directory, _ = new_league(tmp_path)
    before = {path: path.stat().st_mtime_ns for path in directory.rglob("*")}
    with pytest.raises(ConfigError, match="not empty"):
        new_league(tmp_path)
    assert {path: path.stat().st_mtime_ns for path in directory.rglob("*")} == before


def test_a_full_disk_leaves_no_half_league_and_no_key_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    written = []

    def full_after_ten(descriptor: int) -> None:
        written.append(descriptor)
        if len(written) > 10:
            raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full_after_ten)
    with pytest.raises(ConfigError, match="No space left on device"):
        new_league(tmp_path)
    assert not (tmp_path / "league").exists()
    (tmp_path / "league").mkdir()
    with pytest.raises(ConfigError, match="No space left on device"):
        new_league(tmp_path)
    assert list((tmp_path / "league").iterdir()) == []


def test_an_interrupted_founding_leaves_nothing_behind(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(create, "write_league", interrupted)
    with pytest.raises(KeyboardInterrupt):
        new_league(tmp_path)
    assert not (tmp_path / "league").exists()


def test_of_two_racing_founders_one_wins_and_the_other_takes_nothing_away(tmp_path: Path) -> None:
    contracts, start = [write_contract(tmp_path)], threading.Barrier(2)

    def found() -> Roster | None:
        start.wait()
        try:
            return create_league(tmp_path / "league", name="x", cities=["a"], contracts=contracts)
        except ConfigError:
            return None

    with ThreadPoolExecutor(2) as pool:
        founders = [pool.submit(found) for _ in range(2)]
        (winner,) = [roster for founder in founders if (roster := founder.result()) is not None]
    assert source(tmp_path / "league", winner).load(utc_now()) == winner


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"cities": []}, "at least one city"),
        ({"cities": ["a", "a"]}, "cities must not repeat"),
        ({"cities": ["../escape"]}, "city"),
        ({"cities": ["A"]}, "city"),
        ({"cities": ["x" * 64]}, "city"),
        ({"name": "a\nb"}, "name must be"),
        ({"purposes": []}, "at least one purpose"),
        ({"purposes": ["any thing"]}, "purpose"),
        ({"valid_days": 0}, "valid_days is 0"),
        ({"base_port": 65535}, "leave 1 to 65535"),
        ({"ports": [7000]}, "ports: give 3"),
        ({"ports": [7000, 7001, 7001]}, "ports: give 3 different"),
        ({"host": "a b"}, "host"),
        ({"witness_threshold": -1}, "witness_threshold is -1"),
        ({"contracts": []}, "at least one contract"),
        ({"contracts": [Path("/absent.yaml")]}, "/absent.yaml: cannot be read"),
    ],
)
def test_an_argument_that_will_not_do_is_named_and_nothing_is_made(
    tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    arguments: dict[str, Any] = {"name": "hanse", "cities": ["a"], "contracts": [write_contract(tmp_path)], **change}
    with pytest.raises(ConfigError, match=reason):
        create_league(tmp_path / "league", **arguments)
    assert not (tmp_path / "league").exists()


@pytest.mark.parametrize("text", ["contract: [", "contract: housing.permits/1\n", "- 1", ""])
def test_a_file_that_is_no_contract_is_named(tmp_path: Path, text: str) -> None:
    path = write_contract(tmp_path)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError, match=r"permits\.yaml: is no contract"):
        create_league(tmp_path / "league", name="x", cities=["a"], contracts=[path])


def test_one_contract_given_twice_is_noticed(tmp_path: Path) -> None:
    path = write_contract(tmp_path)
    with pytest.raises(ConfigError, match="was given before"):
        create_league(tmp_path / "league", name="x", cities=["a"], contracts=[path, path])


def test_the_command_makes_a_league_and_says_so(tmp_path: Path) -> None:
    directory, contract = str(tmp_path / "league"), str(write_contract(tmp_path))
    named = ["--name", "hanse", "--city", "luebeck", "--city", "bremen", "--contract", contract]
    done = CliRunner().invoke(app, ["new", directory, *named, "--base-port", "9000", "--purpose", "housing-policy"])
    assert done.exit_code == 0, done.output
    assert "the league hanse of 2 cities" in done.stdout
    again = CliRunner().invoke(app, ["new", directory, *named])
    assert (again.exit_code, again.stdout) == (2, "")
    assert "is not empty; name a new or an empty folder" in again.stderr
    assert "Traceback" not in again.stderr


def test_the_help_shows_an_example() -> None:
    shown = CliRunner().invoke(app, ["new", "--help"])
    assert "hansa league new ./league --name" in " ".join(shown.stdout.split())


def test_a_league_with_replicas_and_a_city_that_dials_out(tmp_path: Path) -> None:
    directory = tmp_path / "league"
    contract = write_contract(tmp_path)
    roster = create_league(
        directory, name="hanse", cities=CITIES, contracts=[contract], outbound=["bremen"], replicas=2
    )
    assert [entry.name for entry in roster.coordinators] == ["coordinator", "coordinator-2"]
    assert [member.port for member in roster.members] == [7402, None, 7404]
    assert [member.log_port for member in roster.members] == [7405, None, 7407]
    assert roster.witness_threshold == 1
    assert source(directory, roster).load(utc_now()) == roster
    assert 'name = "coordinator-2"' in (directory / "coordinator-2" / "coordinator.toml").read_text()
    home = tmp_path / "node"
    list(init_node(home, league=directory, city="bremen"))
    config = read_config(home / "node.toml")
    assert (config.attach, config.listen.enabled) == (("coordinator", "coordinator-2"), False)


@pytest.mark.parametrize("wrong", [{"outbound": ["atlantis"]}, {"replicas": 0}, {"replicas": 17}])
def test_a_shape_that_no_league_has_leaves_nothing_behind(tmp_path: Path, wrong: dict[str, Any]) -> None:
    directory = tmp_path / "league"
    with pytest.raises(ConfigError):
        create_league(directory, name="hanse", cities=CITIES, contracts=[write_contract(tmp_path)], **wrong)
    assert not directory.exists()


@pytest.mark.parametrize(
    ("cities", "outbound", "threshold"),
    [(["a"], [], 0), (["a"], ["a"], 0), (["a", "b"], [], 1), (["a", "b"], ["a"], 0), (["a", "b", "c", "d"], [], 2)],
)
def test_a_majority_of_the_fewest_witnesses_that_a_city_has_cosigns_its_log(
    tmp_path: Path, cities: list[str], outbound: list[str], threshold: int
) -> None:
    contracts = [write_contract(tmp_path)]
    roster = create_league(tmp_path / "league", name="x", cities=cities, contracts=contracts, outbound=outbound)
    assert roster.witness_threshold == threshold


def test_an_auditor_has_a_profile_and_nothing_to_sign_with(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    home = directory / "auditors" / "bremen"
    assert {path.name for path in home.iterdir()} == {"profile.toml", "tls.key", "tls.pem"}
    profile = tomllib.loads((home / "profile.toml").read_text(encoding="utf-8"))
    assert (profile["league"], profile["city"], profile["tls_key"]) == (roster.league, "bremen", "tls.key")
    assert (home / profile["roster"]).resolve() == (directory / "roster.json").resolve()
    names = certificate(home / "tls.pem").extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["auditor.bremen"]


PEOPLE = """
contract: town.loans/1
title: Loans
unit: borrower
unit_scope: city
least_level: {level}
{more}
columns:
  borrower: {{type: text, meaning: who borrows, identifier: true, required: true{people}}}
"""


def loans(folder: Path, *, level: str = "open", more: str = "", people: str = "") -> Path:
    path = folder / "loans.yaml"
    path.write_text(PEOPLE.format(level=level, more=more, people=people))
    return path


def test_a_contract_that_seems_to_name_people_is_open_for_a_reason_only(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"columns\.borrower: seems to hold .*; write least_level: controlled"):
        read_contract_files([loans(tmp_path)])
    for allowed in (
        {"level": "controlled"},
        {"more": "least_level_reason: of nobody", "people": ", names_people: true"},
        {"people": ", names_people: false"},
    ):
        assert len(read_contract_files([loans(tmp_path, **allowed)])) == 1


@pytest.mark.parametrize(("ends", "told"), [(b"\r\n", "CRLF"), (b"\n", "LF")])
def test_a_contract_whose_line_ends_changed_is_told_as_such(tmp_path: Path, ends: bytes, told: str) -> None:
    signed = ends.join(CONTRACT_TEXT.encode().splitlines())
    _, roster = new_league(tmp_path)
    id_ = next(iter(roster.contracts))
    changed = replace(roster, contracts={id_: sha256(signed).hexdigest()})
    folder = tmp_path / "copies"
    folder.mkdir()
    other = signed.replace(b"\n", b"\r\n") if told == "LF" else signed.replace(b"\r\n", b"\n")
    (folder / contract_file_name(id_)).write_bytes(other)
    found = "LF" if told == "CRLF" else "CRLF"
    with pytest.raises(PeerError, match=rf"lines end in {found}, which an editor or git has changed"):
        read_contract_documents(folder, changed)


def test_what_others_dial_is_apart_from_what_is_bound(tmp_path: Path) -> None:
    given = ["bremen=bremen.example:7411:7421", "kiel=[2001:db8::7]", "coordinator=hub.example"]
    contracts = [write_contract(tmp_path)]
    roster = create_league(
        tmp_path / "league", name="x", cities=["bremen", "kiel", "wismar"], contracts=contracts, addresses=given
    )
    dialled = {member.city: (member.host, member.port, member.log_port) for member in roster.members}
    assert dialled == {
        "bremen": ("bremen.example", 7411, 7421),
        "kiel": ("2001:db8::7", 7410, 7420),
        "wismar": ("127.0.0.1", 7403, 7406),
    }
    assert (roster.coordinator().host, roster.coordinator().port) == ("hub.example", 7400)
    bound = {}
    for city in dialled:
        list(init_node(tmp_path / city, league=tmp_path / "league", city=city))
        config = read_config(tmp_path / city / "node.toml")
        assert config.log.host == config.listen.host
        bound[city] = (config.listen.host, config.listen.port, config.log.port)
    assert bound == {
        "bremen": ("0.0.0.0", 7411, 7421),
        "kiel": ("2001:db8::7", 7410, 7420),
        "wismar": ("127.0.0.1", 7403, 7406),
    }
    assert load_config(tmp_path / "league" / "coordinator" / "coordinator.toml").listen.host == "0.0.0.0"


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (["bremen"], "write CITY=HOST"),
        (["bremen=a b"], "write CITY=HOST"),
        (["bremen=host:7410:7420:1"], "write CITY=HOST"),
        (["bremen=2001:db8::7"], "write CITY=HOST"),
        (["bremn=host"], "did you mean bremen"),
        (["bremen=host", "bremen=other"], "has two"),
        (["coordinator=host:7400:7420"], "a coordinator has no log"),
        (["kiel=host"], "kiel is outbound"),
        (["bremen=host:0"], "give 1 to 65535"),
        (["bremen=host:70000"], "give 1 to 65535"),
        (["bremen=host:7420"], "bremen and the log of bremen are both at host:7420"),
        (["bremen=host:7400:7410", "coordinator=host"], "coordinator and bremen are both at host:7400"),
    ],
)
def test_an_address_that_will_not_do_is_told_before_a_key_is_made(tmp_path: Path, given: list[str], said: str) -> None:
    contracts = [write_contract(tmp_path)]
    with pytest.raises(ConfigError, match=said):
        create_league(
            tmp_path / "league",
            name="x",
            cities=["bremen", "kiel"],
            contracts=contracts,
            addresses=given,
            outbound=["kiel"],
        )
    assert not (tmp_path / "league").exists()
