"""A locked DuckDB reads its dataset and can do nothing else.

Each attack first succeeds on an unlocked DuckDB, then fails on a locked one: what fails everywhere would show nothing.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from pathlib import Path
from queue import SimpleQueue

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
def unlocked(tmp_path: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """The same dataset in a folder of its own, opened as DuckDB opens it for anybody."""
    home = tmp_path / "unlocked"
    home.mkdir()
    write_dataset(home / "v000001.duckdb", TRIPS, [])
    with duckdb.connect(str(home / "v000001.duckdb")) as connection:
        yield connection


@pytest.fixture
def locked(dataset: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with open_locked(dataset) as connection:
        yield connection


def refused(locked: duckdb.DuckDBPyConnection, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        locked.execute(sql).fetchall()


def works_only_unlocked(unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, sql: str) -> None:
    unlocked.execute(sql).fetchall()
    refused(locked, sql)


def test_it_reads_its_own_dataset(locked: duckdb.DuckDBPyConnection) -> None:
    assert locked.execute("SELECT count(*) FROM rows").fetchall() == [(0,)]


@pytest.fixture
def others(tmp_path: Path) -> Path:
    """A folder with files of every kind that a DuckDB reads."""
    folder = tmp_path / "others"
    folder.mkdir()
    (folder / "secret.csv").write_text("a,b\n1,2\n")
    (folder / "secret.json").write_text('[{"a": 1}]')
    with duckdb.connect(str(folder / "other.duckdb")) as other:
        other.execute("CREATE TABLE elsewhere AS SELECT 1 AS a")
        other.execute(f"COPY elsewhere TO '{folder}/secret.parquet'")
        other.execute(f"EXPORT DATABASE '{folder}/exported'")
    return folder


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('{folder}/secret.csv')",
        "SELECT * FROM read_text('{folder}/secret.csv')",
        "SELECT * FROM read_blob('{folder}/secret.csv')",
        "SELECT * FROM read_json('{folder}/secret.json')",
        "SELECT * FROM read_parquet('{folder}/secret.parquet')",
        "SELECT * FROM glob('{folder}/*')",
        "SELECT * FROM '{folder}/secret.csv'",
        "ATTACH '{folder}/other.duckdb' AS other (READ_ONLY)",
        "IMPORT DATABASE '{folder}/exported'",
    ],
)
def test_it_reads_no_other_file(
    unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, others: Path, sql: str
) -> None:
    works_only_unlocked(unlocked, locked, sql.format(folder=others))


@pytest.mark.parametrize(
    "sql",
    [
        "COPY rows TO '{file}'",
        "COPY rows TO '{file}' (FORMAT parquet)",
        "EXPORT DATABASE '{file}'",
        "ATTACH '{file}' AS other",
    ],
)
def test_it_writes_no_file(
    unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, tmp_path: Path, sql: str
) -> None:
    open_leak, leak = tmp_path / "written", tmp_path / "leak"
    unlocked.execute(sql.format(file=open_leak))
    refused(locked, sql.format(file=leak))
    assert (open_leak.exists(), leak.exists()) == (True, False)


@pytest.mark.parametrize("sql", ["CREATE TABLE t (a INTEGER)", "DELETE FROM rows", "DROP TABLE rows"])
def test_it_does_not_change_its_dataset(
    unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, sql: str
) -> None:
    works_only_unlocked(unlocked, locked, sql)


class Listener:
    """Listens at a port of this machine, and hangs up on whoever dials it."""

    def __init__(self) -> None:
        self._server = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._server.getsockname()[1])
        self._callers: SimpleQueue[int] = SimpleQueue()
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        while True:
            try:
                connection, (_, port) = self._server.accept()
            except OSError:
                return
            connection.close()
            self._callers.put(port)

    def was_dialled(self) -> bool:
        """Whether anybody came since it was last asked. A call of its own comes after all others."""
        with socket.create_connection(("127.0.0.1", self.port)) as own:
            callers = list(iter(self._callers.get, own.getsockname()[1]))
        return bool(callers)

    def close(self) -> None:
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()


@pytest.fixture
def listener() -> Iterator[Listener]:
    listener = Listener()
    yield listener
    listener.close()


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('http://127.0.0.1:{port}/x.csv')",
        "SELECT * FROM read_parquet('https://127.0.0.1:{port}/x.parquet')",
        "ATTACH 'http://127.0.0.1:{port}/x.duckdb' AS other",
        "INSTALL httpfs FROM 'http://127.0.0.1:{port}'",
    ],
)
def test_it_opens_no_socket(
    unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, listener: Listener, sql: str
) -> None:
    """An unlocked one dials, be it for the extension that it lacks."""
    unlocked.execute(f"SET custom_extension_repository = 'http://127.0.0.1:{listener.port}'")
    refused(unlocked, sql.format(port=listener.port))
    assert listener.was_dialled()
    refused(locked, sql.format(port=listener.port))
    assert not listener.was_dialled()


@pytest.mark.parametrize(
    "sql",
    [
        "SET lock_configuration = false",
        "SET autoload_known_extensions = true",
        "SET custom_extension_repository = 'http://127.0.0.1:1'",
        "SET extension_directory = '/tmp'",
        "SET allowed_paths = ['/']",
        "SET temp_directory = '/tmp'",
        "SET memory_limit = '64GB'",
        "SET threads = 64",
        "SET ieee_floating_point_ops = false",
        "RESET ieee_floating_point_ops",
        "PRAGMA enable_profiling",
    ],
)
def test_it_changes_no_setting(
    unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, sql: str
) -> None:
    works_only_unlocked(unlocked, locked, sql)


@pytest.mark.parametrize("sql", ["SELECT * FROM read_csv('{folder}/secret.csv')", "SET threads = 8"])
def test_a_cursor_is_locked_too(
    unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection, others: Path, sql: str
) -> None:
    with unlocked.cursor() as free, locked.cursor() as cursor:
        works_only_unlocked(free, cursor, sql.format(folder=others))


def test_a_python_variable_is_no_table(unlocked: duckdb.DuckDBPyConnection, locked: duckdb.DuckDBPyConnection) -> None:
    secret = pa.table({"a": [1]})
    assert unlocked.execute("SELECT * FROM secret").fetchall() == [(1,)]
    with pytest.raises(duckdb.Error):
        locked.execute("SELECT * FROM secret")
    assert secret.num_rows == 1


def test_the_limits_are_those_given(dataset: Path) -> None:
    with open_locked(dataset, threads=1, memory_limit_mib=64) as connection:
        settings = connection.execute("SELECT current_setting('threads'), current_setting('memory_limit')").fetchall()
    assert settings == [(1, "64.0 MiB")]
