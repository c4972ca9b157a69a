"""`hansa` as a person and a script call it, against the running demo league."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from hansa_running_league import RunningLeague

pytestmark = pytest.mark.xdist_group("league")

SQL = "SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city ORDER BY city"
ROWS = [("los-angeles", 31150), ("san-diego", 26273), ("san-francisco", 4886), ("seattle", 2118)]


def test_a_table_goes_to_stdout_and_nothing_else_does(demo: RunningLeague) -> None:
    done = demo.run("query", SQL)
    assert done.returncode == 0
    assert "31,150" in done.stdout
    assert done.stderr == "4 of 4 cities answered at level controlled\n"


def test_csv_in_a_pipe_is_csv_alone(demo: RunningLeague) -> None:
    done = demo.run("query", SQL, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(done.stdout)))
    assert [(row["city"], int(row["n"])) for row in rows] == ROWS


def test_json_carries_the_rows(demo: RunningLeague) -> None:
    done = demo.run("query", SQL, "--format", "json")
    assert "los-angeles" in json.dumps(json.loads(done.stdout))


@pytest.mark.parametrize("form", ["parquet", "arrow"])
def test_a_file_holds_the_table(demo: RunningLeague, tmp_path: Path, form: str) -> None:
    out = tmp_path / f"answer.{form}"
    done = demo.run("query", SQL, "--format", form, "--out", str(out))
    assert (done.returncode, done.stdout) == (0, "")
    table = pq.read_table(out) if form == "parquet" else pa.ipc.open_stream(out.read_bytes()).read_all()
    assert list(zip(*(table.column(name).to_pylist() for name in ("city", "n")), strict=True)) == ROWS


@pytest.mark.parametrize("sql", [SQL, "SELECT city_track, applied_year, COUNT(*) FROM housing.permits GROUP BY ALL"])
def test_an_answer_that_was_kept_is_replayed_offline_and_a_touched_one_is_not(
    demo: RunningLeague, tmp_path: Path, sql: str
) -> None:
    kept = tmp_path / "kept"
    asked = demo.run("query", sql, "--format", "json", "--receipt", str(kept))
    replayed = demo.run("audit", "replay", str(kept), "--format", "json", "--profile", str(demo.profile))
    assert (replayed.returncode, replayed.stdout) == (0, asked.stdout), asked.stderr + replayed.stderr
    receipt = kept / "answers" / "seattle.tlog-proof"
    receipt.write_bytes(receipt.read_bytes().replace(b"index ", b"index 1", 1))
    touched = demo.run("audit", "replay", str(kept))
    assert (touched.returncode, touched.stdout) == (5, "")
    assert "answers/seattle.tlog-proof" in touched.stderr


def test_a_question_that_every_city_refuses_exits_3(demo: RunningLeague) -> None:
    done = demo.run("query", "SELECT city_track, applied_year, COUNT(*) FROM housing.permits GROUP BY ALL")
    assert done.returncode == 3
    assert "not_published" in done.stdout + done.stderr


def test_a_question_for_rows_exits_2_and_says_what_would_pass(demo: RunningLeague) -> None:
    done = demo.run("query", "SELECT * FROM housing.permits")
    assert (done.returncode, done.stdout) == (2, "")
    assert "rows_requested" in done.stderr
    assert "COUNT(*)" in done.stderr


def test_a_misspelt_column_gets_the_nearest_name(demo: RunningLeague) -> None:
    done = demo.run("query", "SELECT AVG(days_to_isue) FROM housing.permits")
    assert done.returncode == 2
    assert "days_to_issue" in done.stderr


def test_a_dry_run_names_the_table_that_would_answer(demo: RunningLeague) -> None:
    done = demo.run("query", "SELECT project, COUNT(*) FROM housing.permits GROUP BY project", "--dry-run")
    assert done.returncode == 0
    assert "by_project" in done.stdout


def test_an_unknown_purpose_is_refused(demo: RunningLeague) -> None:
    done = demo.run("query", SQL, "--purpose", "marketing")
    assert done.returncode == 2
    assert "purpose_not_allowed" in done.stderr


def test_the_catalogue_lists_every_city(demo: RunningLeague) -> None:
    done = demo.run("catalogue")
    assert done.returncode == 0
    assert all(city in done.stdout for city, _ in ROWS)


def test_a_roster_that_was_touched_exits_5(demo: RunningLeague, tmp_path: Path) -> None:
    profile = tmp_path / "profile.toml"
    text = demo.profile.read_text()
    for name in ("contracts", "analysts"):
        text = text.replace(f'"./{name}', f'"{demo.directory}/{name}')
    roster = tmp_path / "roster.json"
    document = json.loads((demo.directory / "roster.json").read_text())
    document["payload"] = document["payload"][:-8] + "AAAAAAA="
    roster.write_text(json.dumps(document))
    profile.write_text(text.replace('"./roster.json"', f'"{roster}"'))
    done = demo.run("query", SQL, "--profile", str(profile))
    assert done.returncode == 5, done.stderr
