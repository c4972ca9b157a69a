"""Profiles: what an analyst's file may say, and what it is told when it says something else."""

from __future__ import annotations

import tomllib
from datetime import UTC, datetime
from pathlib import Path

import pytest

from hansa_core.errors import ConfigError
from hansa_core.league.roster import Roster
from hansa_local.coordinator_config import load_config
from hansa_local.key_file import read_signer
from hansa_local.profile import AuditorProfile, load_profile
from hansa_local.roster_file import FileRoster
from hansa_local.toml_writer import annotated_toml
from hansa_new_league import CITIES, new_league


@pytest.fixture(scope="module")
def league(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Roster]:
    return new_league(tmp_path_factory.mktemp("founding"))


@pytest.fixture
def text(league: tuple[Path, Roster]) -> str:
    return (league[0] / "profile.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", ["profile.toml", *(f"analysts/{city}/profile.toml" for city in CITIES)])
def test_each_profile_of_a_new_league_leads_to_its_analysts_files(league: tuple[Path, Roster], name: str) -> None:
    directory, roster = league
    profile = load_profile(directory / name)
    city = CITIES[0] if name == "profile.toml" else Path(name).parts[1]
    assert (profile.league, profile.city, profile.purpose, profile.coordinator) == ("hanse", city, "statistics", None)
    own = directory / "analysts" / city
    assert profile.query_key.samefile(own / "query.key")
    assert profile.credential.samefile(own / "credential.json")
    assert profile.tls_cert.samefile(own / "tls.pem")
    assert profile.tls_key.samefile(own / "tls.key")
    assert profile.contracts.samefile(directory / "contracts")
    assert read_signer(profile.query_key)
    source = FileRoster(
        path=profile.roster,
        governance_keys=profile.governance_keys,
        governance_threshold=profile.governance_threshold,
    )
    assert source.load(datetime.now(UTC).replace(tzinfo=None)) == roster


def test_the_coordinators_file_of_a_new_league_is_one_that_it_reads(league: tuple[Path, Roster]) -> None:
    directory, roster = league
    config = load_config(directory / "coordinator" / "coordinator.toml")
    assert (config.name, config.listen.port) == ("coordinator", roster.coordinator().port)
    assert config.roster.samefile(directory / "roster.json")
    assert config.tls.key.samefile(directory / "coordinator" / "tls.key")
    assert config.governance_threshold == roster.governance_threshold


def test_an_auditor_who_asks_is_told_that_auditors_cannot(league: tuple[Path, Roster]) -> None:
    with pytest.raises(ConfigError, match="is an auditor's profile, and auditors cannot ask"):
        load_profile(league[0] / "auditors" / CITIES[0] / "profile.toml")


def test_relative_paths_are_relative_to_the_file_not_to_the_caller(
    league: tuple[Path, Roster], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(league[0])
    profile = load_profile(Path("profile.toml"))
    monkeypatch.chdir(tmp_path)
    assert profile.roster.is_file()


def test_a_whole_league_can_be_moved(tmp_path: Path) -> None:
    directory, _ = new_league(tmp_path)
    moved = directory.rename(tmp_path / "elsewhere")
    assert load_profile(moved / "analysts" / "bremen" / "profile.toml").tls_key.is_file()


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("purpose =", "purpos =", "purpos is no known key; did you mean purpose"),
        ("query_key =", "querykey =", "did you mean query_key?"),
        ("city =", "# city =", "city is missing"),
        ('city = "luebeck"', "city = 7", "city must be a text"),
        ('city = "luebeck"', 'city = ""', "city is empty; write a text"),
        ('city = "luebeck"', 'city = "../luebeck"', "city"),
        ('purpose = "statistics"', 'purpose = "any thing"', "purpose"),
        ("governance_threshold = 2", "governance_threshold = 0", "governance_threshold is 0; write 1 or more"),
        ("governance_threshold = 2", "governance_threshold = 4", "governance_threshold is 4, .* from 1 to 3"),
        ("governance_threshold = 2", "governance_threshold = true", "governance_threshold must be a whole number"),
        ("governance_threshold = 2", 'governance_threshold = "2"', "governance_threshold must be a whole number"),
        (
            'governance_keys = ["',
            'governance_keys = ["zz',
            r"governance_keys\[0\]: the key must be an Ed25519 public key",
        ),
        ("governance_keys = [", 'governance_keys = "" #', "governance_keys must be a list"),
        ("league =", "league", "is no TOML"),
    ],
)
def test_a_profile_that_is_wrong_says_where_and_what_to_do(
    tmp_path: Path, text: str, old: str, new: str, reason: str
) -> None:
    assert old in text
    path = tmp_path / "profile.toml"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigError, match=reason) as wrong:
        load_profile(path)
    assert str(wrong.value).startswith(f"{path}: ")


def test_a_governor_listed_twice_does_not_count_twice(tmp_path: Path, text: str) -> None:
    keys = tomllib.loads(text)["governance_keys"]
    path = tmp_path / "profile.toml"
    path.write_text(text.replace(keys[1], keys[0]), encoding="utf-8")
    with pytest.raises(ConfigError, match="governance_keys must not repeat"):
        load_profile(path)


def test_a_profile_may_name_its_coordinator_and_leave_the_purpose_to_each_question(tmp_path: Path, text: str) -> None:
    path = tmp_path / "profile.toml"
    path.write_text(text.replace('purpose = "statistics"', 'coordinator = "north"'), encoding="utf-8")
    profile = load_profile(path)
    assert (profile.coordinator, profile.purpose) == ("north", None)


def test_an_absent_profile_says_how_to_name_one(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="set HANSA_PROFILE"):
        load_profile(tmp_path / "absent.toml")


def test_whatever_a_league_is_called_its_profile_says_so() -> None:
    name = 'Hanse "Lübeck" \\ 🏛 [x] #1'
    values = {
        "league": name,
        "roster": "r",
        "governance_keys": ["a", name],
        "governance_threshold": 1,
        "city": "bremen",
        "tls_cert": "c",
        "tls_key": "k",
    }
    assert tomllib.loads(annotated_toml(AuditorProfile, values, ["A league."]).decode()) == values
