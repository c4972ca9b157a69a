"""A PostgreSQL as a source: one snapshot, nothing written, and no password in what the operator is told."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from hansa_city_files import REPAIRS, manifest_of, write_manifest
from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import ingest_dataset
from hansa_tables.errors import UnreadableTableError
from hansa_tables.postgres import checked_query

psycopg = pytest.importorskip("psycopg")


def _programs() -> Path | None:
    found = shutil.which("initdb")
    installed = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return Path(found) if found else installed[-1] if installed else None


@pytest.fixture(scope="module")
def folder() -> Iterator[Path]:
    """A folder that another user may enter: those of pytest are closed again whenever another pytest starts."""
    with TemporaryDirectory(prefix="hansa-postgres-") as path:
        yield Path(path)


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[str]:
    """A server of its own on a socket, with one table of repairs."""
    initdb = _programs()
    if initdb is None:
        pytest.skip("tables are read from a PostgreSQL: `make system-packages`, as root, installs one")
    folder.chmod(0o755)
    data, as_user = str(folder / "data"), list[str]()
    if os.getuid() == 0:  # a PostgreSQL does not run as root
        try:
            shutil.chown(folder, "postgres")
        except LookupError:
            pytest.skip("there is no user for a PostgreSQL")
        as_user = ["runuser", "-u", "postgres", "--"]
    subprocess.run(
        [*as_user, str(initdb), "-D", data, "-U", "city", "-A", "trust", "--no-sync"],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=folder,
    )
    settings = f"-c listen_addresses= -c unix_socket_directories={folder} -c fsync=off"
    start = [
        *as_user,
        str(initdb.with_name("pg_ctl")),
        "-D",
        data,
        "-w",
        "-l",
        str(folder / "log"),
        "-o",
        settings,
        "start",
    ]
    subprocess.run(start, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=folder)
    dsn = f"host={folder} user=city dbname=postgres"
    with psycopg.connect(dsn) as connection:
        connection.execute(
            'CREATE TABLE repairs ("No" text, "Kind" text, "Day" date, "Moment" timestamptz, "Length" int,'
            ' "Warmth" numeric, "Urgent" boolean)'
        )
        connection.execute(
            "INSERT INTO repairs VALUES ('1', 'road', '2024-05-31', '2024-05-31 15:45+02', 12, 20.50, true),"
            " ('2', 'pipe', '2024-06-01', NULL, NULL, NULL, NULL)"
        )
        connection.execute("CREATE SCHEMA works")
        connection.execute("CREATE VIEW works.recent AS SELECT * FROM repairs")
        connection.execute("CREATE ROLE stranger LOGIN")
    yield dsn
    stop = [*as_user, str(initdb.with_name("pg_ctl")), "-D", data, "-m", "immediate", "stop"]
    subprocess.run(stop, check=True, stdout=subprocess.DEVNULL, cwd=folder)


def ingest(folder: Path, **source: Any) -> list[tuple[Any, ...]]:
    manifest = manifest_of(source={"format": "postgres", **source})
    ingest_dataset(write_manifest(folder, manifest), REPAIRS, folder / "served")
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    with open_locked(version.path) as connection:
        return connection.sql('SELECT repair, kind, days, degrees, urgent FROM "rows" ORDER BY repair').fetchall()


KEPT = [("1", "road", 12, 205, True), ("2", "pipe", None, None, None)]


def test_a_table_a_view_and_a_query_are_read(tmp_path: Path, server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "dsn").write_text(server + "\n")
    monkeypatch.setenv("CITY_DSN", server)
    assert ingest(tmp_path, dsn_file="dsn", table="repairs") == KEPT
    assert ingest(tmp_path, dsn_env="CITY_DSN", schema="works", table="recent") == KEPT
    query = "SELECT * FROM repairs WHERE \"No\" = '1';"
    assert ingest(tmp_path, dsn_file="dsn", query=query) == KEPT[:1]


def test_values_that_no_other_source_has_are_read_or_rejected_as_their_texts(tmp_path: Path, server: str) -> None:
    (tmp_path / "dsn").write_text(server)
    with psycopg.connect(server) as connection:
        connection.execute(
            'CREATE TABLE odd ("No" uuid, "Kind" text, "Day" date, "Moment" timestamptz, "Length" interval,'
            ' "Warmth" numeric, "Urgent" boolean) PARTITION BY LIST ("Kind")'
        )
        connection.execute("CREATE TABLE odd_road PARTITION OF odd FOR VALUES IN ('road')")
        connection.execute("CREATE TABLE odd_pipe PARTITION OF odd DEFAULT")
        rows = (
            "(lpad('1', 32, '0')::uuid, 'road', '2024-05-31', '2024-03-31 02:30+02', '1 day 1 hour', 'NaN', true)",
            "(lpad('2', 32, '0')::uuid, 'pipe', 'infinity', NULL, NULL, '1', false)",
            "(lpad('3', 32, '0')::uuid, E'ro\\nad', '2024-05-31', NULL, NULL, 2, false)",
            "(lpad('4', 32, '0')::uuid, 'pipe', '2024-05-31 BC', NULL, NULL, 2, false)",
            "(lpad('5', 32, '0')::uuid, 'pipe', '2024-05-31', '2024-05-31 10:00:00.5-05:30', NULL, 1.25, NULL)",
        )
        connection.execute(f"INSERT INTO odd VALUES {', '.join(rows)}".encode())
    mapping = {"days": {"from": "Length", "format": "duration", "unit": "seconds"}}
    manifest = manifest_of(mapping=mapping, source={"format": "postgres", "dsn_file": "dsn", "table": "odd"})
    report = ingest_dataset(write_manifest(tmp_path, manifest), REPAIRS, tmp_path / "served")
    counts = {rule: rows for column in report.columns for rule, rows in column.rejected.items()}
    assert counts == {"unparseable:day": 2, "missing:year": 2, "not_in_domain:kind": 1}
    version = current_version(dataset_folder(tmp_path / "served", REPAIRS.id))
    assert version is not None
    with open_locked(version.path) as connection:
        kept = connection.sql('SELECT right(repair, 1), days, degrees, moment FROM "rows" ORDER BY 1').fetchall()
    assert kept == [
        ("1", 1, None, datetime(2024, 3, 31, 0, 30)),
        ("5", None, 13, datetime(2024, 5, 31, 15, 30, 0, 500_000)),
    ]


def test_columns_of_one_name_are_told(tmp_path: Path, server: str) -> None:
    (tmp_path / "dsn").write_text(server)
    query = 'SELECT one.*, other."Kind" FROM repairs AS one JOIN repairs AS other USING ("No")'
    with pytest.raises(ConfigError, match=r"has columns \d and \d that are both called 'Kind'"):
        ingest(tmp_path, dsn_file="dsn", query=query)


def test_a_table_that_is_not_there_is_told_with_the_nearest(tmp_path: Path, server: str) -> None:
    (tmp_path / "dsn").write_text(server)
    with pytest.raises(ConfigError, match=r"source\.table: .*has no table 'repair'; did you mean repairs\?"):
        ingest(tmp_path, dsn_file="dsn", table="repair")


def test_nothing_is_written_to_the_database(tmp_path: Path, server: str) -> None:
    (tmp_path / "dsn").write_text(server)
    with psycopg.connect(server) as connection:
        connection.execute("CREATE TABLE seen (n int)")
        connection.execute(
            "CREATE FUNCTION see() RETURNS int LANGUAGE sql AS 'INSERT INTO seen VALUES (1) RETURNING n'"
        )
    with pytest.raises(ConfigError, match="would be written"):
        ingest(tmp_path, dsn_file="dsn", query="SELECT *, see() FROM repairs")
    with psycopg.connect(server) as connection:
        assert connection.execute("SELECT count(*) FROM seen").fetchone() == (0,)


def test_what_a_user_may_not_read_is_told_as_such(tmp_path: Path, server: str) -> None:
    (tmp_path / "dsn").write_text(server.replace("user=city", "user=stranger"))
    with pytest.raises(ConfigError, match=r"permission denied for table repairs\); GRANT SELECT on it to this user"):
        ingest(tmp_path, dsn_file="dsn", table="repairs")


def test_a_server_that_does_not_answer_is_told_without_its_password(tmp_path: Path) -> None:
    (tmp_path / "dsn").write_text(f"host={tmp_path} user=city password=s3cret")
    with pytest.raises(ConfigError, match=r"source\.dsn: the PostgreSQL cannot be reached") as refused:
        ingest(tmp_path, dsn_file="dsn", table="repairs")
    assert "s3cret" not in str(refused.value)


@pytest.mark.parametrize(
    "query", ["DELETE FROM repairs", "SELECT 1; SELECT 2", "SELECT 1) TO PROGRAM 'id' --", "COPY a TO STDOUT", "((", ""]
)
def test_a_query_is_one_select(query: str) -> None:
    with pytest.raises(UnreadableTableError, match="is not one SELECT"):
        checked_query(query)
