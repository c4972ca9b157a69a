"""An answer derived again from its evidence: the same to the byte, or the file that does not hold is named."""

from __future__ import annotations

import hashlib
import random
import shutil
import stat
from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv
from typer.testing import CliRunner, Result

import hansa as sdk
from hansa.answering.city_words import VerifiedRelease
from hansa.answering.coverage import ExitCode, Outcome
from hansa.answering.verify import verify_answer
from hansa.cli import app
from hansa.errors import ConfigError, TrustError
from hansa.evidence.account import AskedAccount, read_account, sign_account
from hansa.evidence.evidence import Evidence
from hansa.evidence.kept_tables import write_kept
from hansa.evidence.replay import replay, replay_folder
from hansa.question.question import Expected
from hansa.view.render.text import plain_text, whole_answer
from hansa_core.contract.level import Level
from hansa_core.league.members import Member
from hansa_core.league.roster import roster_payload
from hansa_core.partial.answer import Refusal
from hansa_core.signing import payload_types
from hansa_core.signing.dsse import Ed25519Signer, sign
from hansa_core.signing.envelope_json import envelope_from_json, envelope_to_json
from hansa_local.key_file import read_signer
from hansa_new_league import new_league
from hansa_simulated_city import CITIES, Fault, SimulatedLeague
from hansa_wire.codec.answered import Answered

SQL = "SELECT kind, COUNT(*) AS n, AVG(tons) AS mean FROM harbour.ships GROUP BY kind ORDER BY 2 * COUNT(*)"
COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"
FILES = (
    "question.json",
    "question.dsse.json",
    "query.dsse.json",
    "credential.dsse.json",
    "roster.json",
    "contracts/harbour.ships.1.yaml",
    *(f"answers/{city}{ending}" for city in CITIES for ending in (".dsse.json", ".tlog-proof")),
)


@pytest.fixture(scope="module")
def league(served: SimulatedLeague) -> Iterator[sdk.League]:
    with sdk.connect(served.profile) as connected:
        yield connected


@pytest.fixture(scope="module")
def kept(league: sdk.League, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The evidence of one answer of three cities; not to be written to."""
    folder = tmp_path_factory.mktemp("kept") / "evidence"
    league.sql(SQL).save_evidence(folder)
    return folder


@pytest.fixture
def copy(kept: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(kept, tmp_path / "copy"))


def hansa(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, [str(each) for each in arguments])


@pytest.mark.parametrize("format_", ["table", "csv", "json", "parquet", "arrow"])
def test_a_replay_prints_what_the_query_printed(cities: SimulatedLeague, tmp_path: Path, format_: str) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    cities.cities["bremen"].fault = Fault.SUPPRESSED
    asked: list[str | Path] = [
        "query",
        SQL,
        "--partial",
        "--min-cities",
        "2",
        "--format",
        format_,
        "--profile",
        cities.profile,
    ]
    first = hansa(*asked, "--receipt", tmp_path / "kept")
    again = hansa("audit", "replay", tmp_path / "kept", "--format", format_)
    assert (first.exit_code, again.exit_code) == (0, 0), first.stderr + again.stderr
    assert again.stdout_bytes == first.stdout_bytes
    assert again.stderr.startswith(first.stderr)
    assert "3 signed answers with receipts" in again.stderr


PORTS = pa.table({"kind": ["cog", "hulk", "boat"], "crew": [12, 30, 2], "since": [None, 0.1, float("inf")]})
JOINED = (
    "WITH q AS (SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind) "
    "SELECT kind, n * crew AS sailors, since FROM q JOIN ports USING (kind) ORDER BY kind"
)


@pytest.fixture
def joined(cities: SimulatedLeague, league: sdk.League, tmp_path: Path) -> Path:
    """The evidence of an answer that joins two tables of the analyst's own, of which it reads one."""
    folder = tmp_path / "joined"
    league.sql(JOINED, tables={"Ports": PORTS, "spare": PORTS.slice(1, 1)}).save_evidence(folder)
    return folder


def test_a_replay_joins_the_tables_that_the_question_joined(
    cities: SimulatedLeague, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    csv.write_csv(PORTS, tmp_path / "ports.csv")
    kept, table = tmp_path / "kept", f"ports={tmp_path / 'ports.csv'}"
    first = hansa("query", JOINED, "--table", table, "--receipt", kept, "--profile", cities.profile)
    assert first.exit_code == 0, first.stderr
    (tmp_path / "ports.csv").unlink()
    again = hansa("audit", "replay", kept)
    assert again.exit_code == 0, again.stderr
    assert "27060" in again.stdout.replace(",", "")
    assert again.stdout_bytes == first.stdout_bytes


def test_an_own_table_is_kept_as_a_file_that_others_read_too(joined: Path) -> None:
    with pa.ipc.open_stream((joined / "tables" / "ports.arrows").read_bytes()) as reader:
        assert reader.read_all().equals(PORTS)
    assert stat.S_IMODE((joined / "tables" / "ports.arrows").stat().st_mode) == 0o600
    assert replay_folder(joined).answer.table_rows[0] == {"kind": "cog", "sailors": 36, "since": None}


@pytest.mark.produces("evidence_invalid", "evidence_missing")
def test_a_changed_bit_in_an_own_table_is_found_even_where_it_is_not_read(joined: Path) -> None:
    for name in ("ports", "spare"):
        path = joined / "tables" / f"{name}.arrows"
        content = path.read_bytes()
        for bit in random.Random(name).sample(range(8 * len(content)), 25):
            changed = bytearray(content)
            changed[bit // 8] ^= 1 << bit % 8
            path.write_bytes(changed)
            with pytest.raises(TrustError, match=rf"evidence_invalid: tables/{name}\.arrows"):
                replay_folder(joined)
        path.write_bytes(content)
    (joined / "tables" / "ports.arrows").unlink()
    with pytest.raises(TrustError, match=r"evidence_missing: tables/ports\.arrows"):
        replay_folder(joined)


@pytest.mark.parametrize("content", [b"", b"no arrow", write_kept(PORTS)[:-100]])
def test_an_own_table_that_the_analyst_broke_on_purpose_is_named(
    served: SimulatedLeague, joined: Path, content: bytes
) -> None:
    (joined / "tables" / "ports.arrows").write_bytes(content)
    kept = read_account(envelope_from_json((joined / "question.dsse.json").read_bytes()).payload).tables
    signer = read_signer(served.directory / "analysts" / "bremen" / "query.key")
    resigned(joined, signer, tables={**kept, "ports": hashlib.sha256(content).hexdigest()})
    with pytest.raises(TrustError, match=r"evidence_invalid: tables/ports\.arrows"):
        replay_folder(joined)


def test_own_tables_under_names_that_no_statement_could_join_are_named(served: SimulatedLeague, joined: Path) -> None:
    signer = read_signer(served.directory / "analysts" / "bremen" / "query.key")
    content = write_kept(PORTS)
    (joined / "tables" / "main.arrows").write_bytes(content)
    resigned(joined, signer, tables={"main": hashlib.sha256(content).hexdigest()})
    with pytest.raises(TrustError, match=r"question\.dsse\.json"):
        replay_folder(joined)


def test_a_claim_about_a_city_without_a_signed_word_stays_a_claim(cities: SimulatedLeague, tmp_path: Path) -> None:
    cities.cities["bremen"].fault, cities.cities["hamburg"].fault = Fault.REJECT, Fault.CRASH
    with sdk.connect(cities.profile) as league:
        answer = league.sql(COUNT)
    answer.save_evidence(tmp_path / "kept")
    replayed = replay_folder(tmp_path / "kept").answer
    assert replayed.cities == answer.cities
    assert [report.proven for report in replayed.cities] == [False, False, True]
    assert plain_text(whole_answer(replayed)) == repr(answer)
    assert repr(sdk.Answer.from_evidence(tmp_path / "kept")) == repr(answer)


def test_a_city_that_was_not_trusted_stays_so_and_nothing_of_it_is_kept(
    cities: SimulatedLeague, tmp_path: Path
) -> None:
    cities.cities["bremen"].fault = Fault.FOREIGN_LOG
    kept = tmp_path / "kept"
    assert hansa("query", COUNT, "--receipt", kept, "--profile", cities.profile).exit_code == 5
    assert not list(kept.glob("answers/bremen*"))
    assert hansa("audit", "replay", kept).exit_code == 5
    assert replay_folder(kept).answer.cities[0].state is Outcome.UNTRUSTED


def test_evidence_is_private_and_made_of_documents_that_people_can_read(kept: Path) -> None:
    assert sorted(path.relative_to(kept).as_posix() for path in kept.rglob("*") if path.is_file()) == sorted(FILES)
    for path in (kept, *kept.rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) == (0o700 if path.is_dir() else 0o600)
    assert SQL in (kept / "question.json").read_text()
    assert (kept / "answers" / "bremen.tlog-proof").read_text().startswith("c2sp.org/tlog-proof@v1\n")


def test_the_replay_trusts_the_governors_of_a_profile_and_says_whom_it_trusts(
    served: SimulatedLeague, kept: Path
) -> None:
    own, given = hansa("audit", "replay", kept), hansa("audit", "replay", kept, "--profile", served.profile)
    assert (own.exit_code, given.exit_code) == (0, 0)
    assert "the folder itself names" in own.stderr
    assert "the governors of --profile" in given.stderr
    assert "by analyst" in given.stderr


def test_a_folder_of_another_league_is_not_trusted_under_ones_own_governors(kept: Path, tmp_path: Path) -> None:
    other, _ = new_league(tmp_path)
    done = hansa("audit", "replay", kept, "--profile", other / "profile.toml")
    assert (done.exit_code, done.stdout) == (5, "")
    assert "roster.json" in done.stderr


def test_no_clock_is_read_so_the_time_of_asking_is_what_counts(kept: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_clock() -> None:
        raise AssertionError

    for module in ("hansa_local.clock", "hansa.asking.connect"):
        monkeypatch.setattr(f"{module}.utc_now", no_clock)
    assert replay_folder(kept).answer.exit_code is ExitCode.ENOUGH


@pytest.mark.parametrize("name", FILES)
def test_a_changed_bit_in_any_file_is_found_and_the_file_named(copy: Path, name: str) -> None:
    path = copy / name
    content = path.read_bytes()
    bits = random.Random(name).sample(range(8 * len(content)), 25)
    for bit in bits:
        changed = bytearray(content)
        changed[bit // 8] ^= 1 << bit % 8
        path.write_bytes(changed)
        with pytest.raises(TrustError) as broken:
            replay_folder(copy)
        assert name in broken.value.text, (bit, str(broken.value))
    done = hansa("audit", "replay", copy)
    assert (done.exit_code, done.stdout) == (5, "")
    assert name in done.stderr


@pytest.mark.parametrize("name", FILES)
def test_a_file_that_is_gone_or_empty_is_named(copy: Path, name: str) -> None:
    (copy / name).write_bytes(b"")
    with pytest.raises(TrustError, match=name):
        replay_folder(copy)
    (copy / name).unlink()
    with pytest.raises(TrustError, match=name):
        replay_folder(copy)


@pytest.mark.parametrize("ending", [".dsse.json", ".tlog-proof"])
def test_documents_that_two_cities_swapped_are_named(copy: Path, ending: str) -> None:
    ours, theirs = (copy / "answers" / f"{city}{ending}" for city in ("bremen", "hamburg"))
    first, second = ours.read_bytes(), theirs.read_bytes()
    ours.write_bytes(second)
    theirs.write_bytes(first)
    with pytest.raises(TrustError, match=f"answers/bremen{ending}"):
        replay_folder(copy)


def test_an_answer_to_another_question_is_named(league: sdk.League, copy: Path, tmp_path: Path) -> None:
    league.sql(SQL).save_evidence(tmp_path / "other")
    for ending in (".dsse.json", ".tlog-proof"):
        shutil.copy(tmp_path / "other" / "answers" / f"luebeck{ending}", copy / "answers" / f"luebeck{ending}")
    with pytest.raises(TrustError, match=r"wrong_query: answers/luebeck\.dsse\.json"):
        replay_folder(copy)


def resigned(copy: Path, signer: Ed25519Signer, **to: object) -> None:
    """The question told otherwise, and signed by `signer`."""
    path = copy / "question.dsse.json"
    account = replace(read_account(envelope_from_json(path.read_bytes()).payload), **to)  # type: ignore[arg-type]
    signed = sign_account(account, signer)
    path.write_bytes(envelope_to_json(signed))
    (copy / "question.json").write_bytes(signed.payload)


def test_a_question_that_somebody_else_signs_is_not_the_analysts(copy: Path) -> None:
    resigned(copy, Ed25519Signer(bytes(32)))
    with pytest.raises(TrustError, match=r"question\.dsse\.json"):
        replay_folder(copy)


@pytest.mark.parametrize(
    ("to", "code"),
    [
        ({"statement": COUNT}, "wrong_query"),
        ({"statement": "SELECT COUNT(*) FROM nowhere.at_all"}, "evidence_invalid"),
        ({"asked": (AskedAccount(min_cities=1, cities=()),)}, "evidence_invalid"),
    ],
)
def test_the_analyst_cannot_pass_the_answers_off_as_those_to_another_question(
    served: SimulatedLeague, copy: Path, to: dict[str, object], code: str
) -> None:
    resigned(copy, read_signer(served.directory / "analysts" / "bremen" / "query.key"), **to)
    with pytest.raises(TrustError) as broken:
        replay_folder(copy)
    assert broken.value.code == code
    assert "question.dsse.json" in broken.value.text


@pytest.mark.parametrize(
    ("years", "code"),
    [
        pytest.param(0.001, "query_expired", marks=pytest.mark.produces("query_expired")),
        (20, "evidence_invalid"),
        (-20, "evidence_invalid"),
    ],
)
def test_roster_credential_and_query_must_have_held_when_it_was_asked(
    served: SimulatedLeague, league: sdk.League, years: float, code: str
) -> None:
    evidence = league.sql(COUNT).evidence
    account = read_account(evidence.account.payload)
    moved = replace(account, asked_at=account.asked_at + timedelta(days=round(365 * years, 1) or 1))
    signer = read_signer(served.directory / "analysts" / "bremen" / "query.key")
    with pytest.raises(TrustError) as broken:
        replay(replace(evidence, account=sign_account(moved, signer)))
    assert broken.value.code == code


def with_roster_until(served: SimulatedLeague, evidence: Evidence, expires: datetime) -> Evidence:
    """The evidence under a roster that its governors signed, and that ends at `expires`."""
    governors = [read_signer(path) for path in sorted((served.directory / "governance").glob("*.key"))]
    payload = roster_payload(replace(served.roster, expires=expires))
    signed = envelope_to_json(sign(payload_types.ROSTER, payload, *governors))
    return replace(evidence, league_documents=replace(evidence.league_documents, roster=signed))


@pytest.mark.produces("roster_expired")
def test_a_roster_that_had_expired_when_it_was_asked_proves_nothing(
    served: SimulatedLeague, league: sdk.League
) -> None:
    evidence = league.sql(COUNT).evidence
    asked_at = read_account(evidence.account.payload).asked_at
    in_force = with_roster_until(served, evidence, asked_at + timedelta(seconds=1))
    assert replay(in_force).answer.exit_code is ExitCode.ENOUGH
    with pytest.raises(TrustError) as broken:
        replay(with_roster_until(served, evidence, asked_at))
    assert broken.value.code == "roster_expired"


def test_a_folder_that_holds_anything_is_refused_before_a_question_is_sent(
    cities: SimulatedLeague, tmp_path: Path
) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    before = [city.asked for city in cities.cities.values()]
    done = hansa("query", COUNT, "--receipt", tmp_path, "--profile", cities.profile)
    assert done.exit_code == 2
    assert "is not empty" in done.stderr
    assert [city.asked for city in cities.cities.values()] == before
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


def test_an_empty_folder_will_do_and_a_file_will_not(league: sdk.League, tmp_path: Path) -> None:
    answer = league.sql(COUNT)
    (tmp_path / "empty").mkdir()
    answer.save_evidence(tmp_path / "empty")
    assert replay_folder(tmp_path / "empty").answer.table.equals(answer.table)
    with pytest.raises(ConfigError, match="is not empty"):
        answer.save_evidence(tmp_path / "empty")
    (tmp_path / "file").write_text("")
    with pytest.raises(ConfigError, match="cannot hold evidence"):
        answer.save_evidence(tmp_path / "file")


def test_evidence_that_cannot_be_written_whole_leaves_nothing(
    league: sdk.League, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, content: bytes) -> None:
        if path.name == "roster.json":
            raise OSError(28, "No space left on device")
        path.write_bytes(content)

    monkeypatch.setattr("hansa.evidence.evidence_folder.write_private", full)
    with pytest.raises(ConfigError, match="No space left"):
        league.sql(COUNT).save_evidence(tmp_path / "kept")
    assert not list(tmp_path.iterdir())


def test_a_dry_run_has_nothing_to_keep(cities: SimulatedLeague, tmp_path: Path) -> None:
    done = hansa("query", COUNT, "--dry-run", "--receipt", tmp_path / "kept", "--profile", cities.profile)
    assert done.exit_code == 2
    assert "a dry run has no receipts" in done.stderr


def test_what_is_no_folder_of_evidence_is_a_mistake_of_usage(tmp_path: Path) -> None:
    assert hansa("audit", "replay", tmp_path / "nowhere").exit_code == 2


def test_an_answer_at_another_level_than_was_asked_for_is_found_where_the_client_overlooked_it(
    cities: SimulatedLeague, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def overlooking(given: Answered, member: Member, expected: Expected) -> VerifiedRelease | Refusal:
        return verify_answer(given, member, replace(expected, level=None))

    cities.cities["bremen"].level = Level.CONTROLLED
    monkeypatch.setattr("hansa.asking.session.verify_answer", overlooking)
    with sdk.connect(cities.profile) as league:
        league.sql("SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city", level="open").save_evidence(
            tmp_path / "kept"
        )
    with pytest.raises(TrustError, match=r"wrong_level: answers/bremen\.dsse\.json"):
        replay_folder(tmp_path / "kept")


def test_an_answer_about_today_is_replayed_as_of_its_own_day(league: sdk.League, tmp_path: Path) -> None:
    answer = league.sql(f"{COUNT} WHERE year < extract(year FROM CURRENT_DATE)")
    day = note_on_time(answer.notes)
    assert day.startswith("CURRENT_DATE is 20")
    folder = tmp_path / "evidence"
    answer.save_evidence(folder)
    again = replay_folder(folder).answer
    assert note_on_time(again.notes) == day
    assert again.plan == answer.plan
    assert "today() is 20" in str(league.explain(f"{COUNT} WHERE year < extract(year FROM today())"))


def note_on_time(notes: tuple[str, ...]) -> str:
    (found,) = [note for note in notes if note.endswith("fixed when the question was asked.")]
    return found
