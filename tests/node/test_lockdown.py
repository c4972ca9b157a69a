"""A locked DuckDB reads its dataset and can do nothing else: each of these is an attack that must fail."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path

import duckdb
import pyarrow as pa
import pytest

from hansa_datasets import write_dataset
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_strategies import TRIPS


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    path = tmp_path / "v000001.duckdb"
    write_dataset(path, TRIPS, [])
    return path


@pytest.fixture
def locked(dataset: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_locked(dataset) as connection:
        yield connection


def refused(locked: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        locked.execute(sql).fetchall()


def test_it_reads_its_own_dataset(locked: duckdb.DuckDBPyConnection) -> None:
    assert locked.execute("SELECT count(*) FROM rows").fetchall() == [(0,)]


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{file}')",
        "SELECT * FROM read_text('{file}')",
        "SELECT * FROM read_blob('{file}')",
        "SELECT * FROM read_json('{file}')",
        "SELECT * FROM read_parquet('{file}')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM '{file}'",
        "ATTACH '{other}' AS other (READ_ONLY)",
        "ATTACH '{folder}/new.duckdb' AS other",
        "IMPORT DATABASE '{folder}'",
    ],
)
def test_it_reads_no_other_file(locked: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str) -> None:
    file, other = tmp_path / "secret.csv", tmp_path / "other.duckdb"
    file.write_text("a,b\n1,2\n")
    duckdb.connect(str(other)).close()
    refused(locked, sql.format(file=file, folder=tmp_path, other=other))


@pytest.mark.parametrize(
    "sql", ["COPY rows TO '{file}'", "COPY rows TO '{file}' (FORMAT parquet)", "EXPORT DATABASE '{file}'"]
)
def test_it_writes_no_file(locked: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str) -> None:
    refused(locked, sql.format(file=tmp_path / "leak"))
    assert not (tmp_path / "leak").exists()


@pytest.mark.parametrize("sql", ["CREATE TABLE t (a INTEGER)", "DELETE FROM rows", "DROP TABLE rows"])
def test_it_does_not_change_its_dataset(locked: duckdb.DuckDBPyConnection, sql: str) -> None:
    refused(locked, sql)


def test_it_opens_no_socket(locked: duckdb.DuckDBPyConnection) -> None:
    dialled = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(0.5)
        port = server.getsockname()[1]
        for sql in (
            f"SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",
            f"SELECT * FROM read_parquet('https://127.0.0.1:{port}/x.parquet')",
            f"ATTACH 'http://127.0.0.1:{port}/x.duckdb' AS other",
            f"INSTALL httpfs FROM 'http://127.0.0.1:{port}'",
        ):
            refused(locked, sql)
        try:
            server.accept()[0].close()
            dialled.set()
        except TimeoutError:
            pass
    assert not dialled.is_set()


@pytest.mark.parametrize("sql", ["INSTALL httpfs", "LOAD httpfs", "LOAD '{file}'", "INSTALL spatial FROM community"])
def test_it_loads_no_extension(locked: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str) -> None:
    refused(locked, sql.format(file=tmp_path / "evil.duckdb_extension"))


@pytest.mark.parametrize(
    "sql",
    [
        "SET lock_configuration = false",
        "SET enable_external_access = true",
        "SET autoload_known_extensions = true",
        "SET allowed_paths = ['/']",
        "SET temp_directory = '/tmp'",
        "SET memory_limit = '64GB'",
        "SET threads = 64",
        "SET ieee_floating_point_ops = false",
        "RESET ieee_floating_point_ops",
        "PRAGMA enable_profiling",
    ],
)
def test_it_changes_no_setting(locked: duckdb.DuckDBPyConnection, sql: str) -> None:
    refused(locked, sql)


def test_a_cursor_is_locked_too(locked: duckdb.DuckDBPyConnection, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("a\n1\n")
    with locked.cursor() as cursor:
        refused(cursor, f"SELECT * FROM read_csv('{tmp_path / 'secret.csv'}')")
        refused(cursor, "SET threads = 8")


def test_a_python_variable_is_no_table(locked: duckdb.DuckDBPyConnection) -> None:
    secret = pa.table({"a": [1]})
    refused(locked, "SELECT * FROM secret")
    assert secret.num_rows == 1


def test_the_limits_are_those_given(dataset: Path) -> None:
    with open_locked(dataset, threads=1, memory_limit_mib=64) as connection:
        settings = connection.execute("SELECT current_setting('threads'), current_setting('memory_limit')").fetchall()
    assert settings == [(1, "64.0 MiB")]
