"""`hansa query` and `hansa catalogue`: what goes where, and how the command ends."""

from __future__ import annotations

import io
import json
import os
import pty
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pytest
from pyarrow import csv, parquet
from typer.testing import CliRunner, Result

from hansa.cli import app
from hansa_process import CLEAN, ENVIRONMENTS, assert_full_disk_is_told, run_hansa
from hansa_simulated_city import Fault, SimulatedLeague

BY_CITY = "SELECT city, COUNT(*) AS n FROM harbour.ships GROUP BY city ORDER BY city"
COUNT = "SELECT COUNT(*) AS n FROM harbour.ships"


def hansa(cities: SimulatedLeague, *arguments: str) -> Result:
    return CliRunner().invoke(app, [*arguments, "--profile", str(cities.profile)])


def test_the_table_is_on_standard_output_and_everything_else_is_not(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    done = hansa(cities, "query", BY_CITY)
    assert [line.split() for line in done.stdout.splitlines() if "─" not in line] == [
        ["city", "n"],
        ["bremen", "3"],
        ["hamburg", "·"],
        ["luebeck", "900"],
    ]
    assert "2 of 3 cities answered at level open" in done.stderr
    assert "hamburg: refused (not_published): no declared table fits; group by kind" in done.stderr
    assert "·  no value: hamburg (refused: not_published)" in done.stderr
    assert "\x1b" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("faults", "options", "code"),
    [
        ({}, (), 0),
        ({"hamburg": Fault.REFUSE}, (), 3),
        ({"hamburg": Fault.REFUSE}, ("--min-cities", "2"), 0),
        ({"hamburg": Fault.REFUSE}, ("--partial",), 0),
        ({"hamburg": Fault.REFUSE, "bremen": Fault.CRASH}, (), 4),
        ({"hamburg": Fault.SLOW}, ("--deadline", "0.4"), 4),
        ({"hamburg": Fault.TAMPERED}, (), 5),
        ({"hamburg": Fault.TAMPERED}, ("--partial",), 5),
        ({"hamburg": Fault.REFUSE}, ("--dry-run",), 3),
        ({"hamburg": Fault.REFUSE}, ("--dry-run", "--min-cities", "2"), 0),
        ({"hamburg": Fault.WRONG_KEY}, ("--dry-run",), 5),
        ({}, ("--min-cities", "4"), 2),
        ({}, ("--min-cities", "0"), 2),
        ({}, ("--purpose", "curiosity"), 2),
        ({}, ("--deadline", "soon"), 2),
        ({}, ("--format", "xml"), 2),
    ],
)
def test_the_exit_code_says_what_happened(
    cities: SimulatedLeague, faults: dict[str, Fault], options: tuple[str, ...], code: int
) -> None:
    for city, fault in faults.items():
        cities.cities[city].fault = fault
    assert hansa(cities, "query", COUNT, *options).exit_code == code


def test_with_too_few_cities_what_there_is_is_printed_all_the_same(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    done = hansa(cities, "query", BY_CITY, "--format", "csv")
    assert done.exit_code == 3
    assert csv.read_csv(io.BytesIO(done.stdout_bytes)).to_pydict() == {
        "city": ["bremen", "hamburg", "luebeck"],
        "n": [3, None, 900],
    }


def test_json_carries_rows_marks_and_reasons(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    document = json.loads(hansa(cities, "query", COUNT, "--format", "json", "--partial").stdout)
    assert document["plan_sql"] == 'SELECT COUNT(*) FROM "harbour.ships/1"'
    assert document["rows"] == [{"n": 903}]
    assert document["partial"] == [{"row": 0, "column": "n", "gaps": {"hamburg": "not_published"}}]
    assert [city["state"] for city in document["cities"]] == ["answered", "refused", "answered"]
    assert document["contract"] == "harbour.ships/1"


@pytest.mark.parametrize("suffix", ["parquet", "arrow"])
def test_a_file_is_written_in_the_format_that_its_name_says(
    cities: SimulatedLeague, tmp_path: Path, suffix: str
) -> None:
    path = tmp_path / f"answer.{suffix}"
    done = hansa(cities, "query", BY_CITY, "--out", str(path))
    assert done.stdout == ""
    table = parquet.read_table(path) if suffix == "parquet" else pa.ipc.open_stream(path.read_bytes()).read_all()
    assert table.to_pydict() == {"city": ["bremen", "hamburg", "luebeck"], "n": [3, 2, 900]}
    assert json.loads(table.schema.metadata[b"hansa"])["suppressed"] == []


def test_a_file_is_never_filled_with_another_format_than_its_name_says(cities: SimulatedLeague, tmp_path: Path) -> None:
    done = hansa(cities, "query", COUNT, "--out", str(tmp_path / "answer.xlsx"))
    assert done.exit_code == 2
    assert ".xlsx is no format" in done.stderr
    assert not (tmp_path / "answer.xlsx").exists()


@pytest.mark.parametrize("buffering", ENVIRONMENTS)
@pytest.mark.parametrize("format_", ["table", "csv"])
def test_a_full_disk_behind_standard_output_ends_without_a_traceback(
    cities: SimulatedLeague, format_: str, buffering: str
) -> None:
    arguments = ("query", COUNT, "--format", format_, "--profile", cities.profile)
    assert_full_disk_is_told(*arguments, env=ENVIRONMENTS[buffering])


@pytest.mark.parametrize("buffering", ENVIRONMENTS)
@pytest.mark.parametrize("command", ["--help", "query --help", "node --help", "catalogue", "catalogue harbour.ships"])
def test_every_command_ends_alike_on_a_full_disk(cities: SimulatedLeague, command: str, buffering: str) -> None:
    env = ENVIRONMENTS[buffering] | {"HANSA_PROFILE": str(cities.profile)}
    assert_full_disk_is_told(*command.split(), env=env)


@pytest.mark.parametrize("buffering", ENVIRONMENTS)
@pytest.mark.parametrize("command", ["--help", "catalogue --format csv", "catalogue"])
def test_a_reader_that_has_seen_enough_is_told_nothing(cities: SimulatedLeague, command: str, buffering: str) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    env = ENVIRONMENTS[buffering] | {"HANSA_PROFILE": str(cities.profile)}
    try:
        done = run_hansa(*command.split(), stdout=theirs, env=env)
    finally:
        os.close(theirs)
    assert done.returncode == 1
    assert not [line for line in done.stderr.splitlines() if "cities answered" not in line]


def test_without_a_standard_output_a_command_ends_as_it_would_with_one(cities: SimulatedLeague) -> None:
    command = f"{sys.executable} -m hansa catalogue harbour.ships --profile {cities.profile} >&-"
    done = subprocess.run(["sh", "-c", command], stderr=subprocess.PIPE, text=True, check=False, env=CLEAN)
    assert (done.returncode, "Traceback" in done.stderr) == (0, False)


def test_a_file_that_cannot_be_written_is_named_without_a_traceback(cities: SimulatedLeague, tmp_path: Path) -> None:
    done = hansa(cities, "query", COUNT, "--out", str(tmp_path / "absent" / "answer.csv"))
    assert done.exit_code == 2
    assert "answer.csv" in done.stderr


def test_a_refused_question_says_the_rule_and_the_remedy(cities: SimulatedLeague) -> None:
    done = hansa(cities, "query", "SELECT knd, COUNT(*) FROM harbour.ships GROUP BY knd")
    assert (done.exit_code, done.stdout) == (2, "")
    assert "unknown_column" in done.stderr
    assert "did you mean kind?" in done.stderr


JOINED = (
    "WITH q AS (SELECT kind, COUNT(*) AS n FROM harbour.ships GROUP BY kind) "
    "SELECT kind, n * crew AS sailors FROM q JOIN ports USING (kind) ORDER BY kind"
)


def test_a_file_of_the_analyst_is_joined_by_its_name(cities: SimulatedLeague, tmp_path: Path) -> None:
    ports = tmp_path / "crews.parquet"
    parquet.write_table(pa.table({"kind": ["cog", "hulk"], "crew": [12, 30]}), ports)
    done = hansa(cities, "query", JOINED, "--table", f"ports={ports}", "--format", "csv")
    assert done.stdout.splitlines() == ['"kind","sailors"', '"cog",36', '"hulk",27060']
    assert hansa(cities, "query", JOINED, "--table", f"ports={ports}", "--dry-run").exit_code == 0


@pytest.mark.parametrize("given", ["ports", "=x.csv", "ports=", "ports=absent.parquet", "ports=pyproject.toml"])
def test_a_table_that_is_none_ends_the_command_before_anything_is_sent(cities: SimulatedLeague, given: str) -> None:
    done = hansa(cities, "query", JOINED, "--table", given)
    assert done.exit_code == 2
    assert "Traceback" not in done.stderr
    assert not any(city.asked for city in cities.cities.values())


def test_a_citys_text_cannot_steer_the_terminal(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.STEERING
    done = hansa(cities, "query", COUNT)
    assert "\\x1b[2Jall is well" in done.stderr
    assert "\x1b" not in done.stderr


def test_a_dry_run_lists_what_each_city_would_do(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.REFUSE
    done = hansa(cities, "query", COUNT, "--dry-run", "--format", "json")
    assert [(row["city"], row["verdict"], row["code"]) for row in json.loads(done.stdout)] == [
        ("bremen", "answer", None),
        ("hamburg", "refuse", "not_published"),
        ("luebeck", "answer", None),
    ]
    assert "2 of 3 cities would answer" in done.stderr


def test_the_catalogue_lists_each_citys_datasets(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.CRASH
    done = hansa(cities, "catalogue", "--format", "csv")
    assert done.exit_code == 4
    assert csv.read_csv(io.BytesIO(done.stdout_bytes)).column("city").to_pylist() == ["bremen", "luebeck"]


def test_without_a_profile_the_command_says_how_to_name_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HANSA_PROFILE", raising=False)
    done = CliRunner().invoke(app, ["query", COUNT])
    assert done.exit_code == 2
    assert "HANSA_PROFILE" in done.stderr


def test_a_roster_that_was_altered_is_a_matter_of_trust(cities: SimulatedLeague, tmp_path: Path) -> None:
    text = cities.profile.read_text(encoding="utf-8").replace("./", f"{cities.directory}/")
    text = text.replace("analysts/", f"{cities.directory}/analysts/").replace("//", "/")
    roster = (cities.directory / "roster.json").read_bytes()
    (tmp_path / "roster.json").write_bytes(roster.replace(b'"payload": "ey', b'"payload": "ez', 1))
    profile = tmp_path / "profile.toml"
    profile.write_text(text.replace(f"{cities.directory}/roster.json", "roster.json"), encoding="utf-8")
    done = CliRunner().invoke(app, ["query", COUNT, "--profile", str(profile)])
    assert done.exit_code == 5, done.stderr


def test_without_a_coordinator_the_command_ends_as_incomplete(cities: SimulatedLeague) -> None:
    cities.run(cities.stop_coordinator())
    try:
        done = hansa(cities, "query", COUNT, "--deadline", "2")
    finally:
        cities.run(cities.start_coordinator())
    assert done.exit_code == 4
    assert "coordinator" in done.stderr


def on_terminal(cities: SimulatedLeague, *arguments: str) -> tuple[str, bytes]:
    """What the command writes to a pipe as data, and to a terminal as everything else."""
    try:
        ours, theirs = pty.openpty()
    except OSError:  # a chroot without /dev/pts has none
        pytest.skip("this machine gives no pseudo-terminal: mount devpts on /dev/pts")
    done = subprocess.run(
        [sys.executable, "-m", "hansa", *arguments],
        stdout=subprocess.PIPE,
        stderr=theirs,
        check=False,
        env={**os.environ, "HANSA_PROFILE": str(cities.profile), "TERM": "xterm", "COLUMNS": "80"},
    )
    os.close(theirs)
    shown = b""
    try:
        while chunk := os.read(ours, 65536):
            shown += chunk
    except OSError:  # Linux says so when the other side of a terminal is closed
        pass
    os.close(ours)
    return done.stdout.decode(), shown


def test_progress_lives_on_a_terminal_and_never_in_the_data(cities: SimulatedLeague) -> None:
    cities.cities["hamburg"].fault = Fault.SLOW
    data, shown = on_terminal(cities, "query", BY_CITY, "--format", "csv", "--deadline", "1")
    assert data.splitlines()[0] == '"city","n"'
    assert b"asked" in shown
    assert "✓".encode() in shown
    assert b"timed out" in shown
