"""A DuckDB that can read one dataset file and do nothing else to the machine it runs on."""

from __future__ import annotations

from pathlib import Path

import duckdb


def open_locked(path: Path, *, threads: int = 2, memory_limit_mib: int = 1024) -> duckdb.DuckDBPyConnection:
    """Open the dataset file read-only and lock every setting.

    No other file, no socket, no extension, no spilling of rows to disk; the limits hold for the whole process's use
    of this file. Raises `duckdb.Error` if the file is missing or is no DuckDB file.
    """
    connection = duckdb.connect(
        str(path),
        read_only=True,
        config={
            "threads": threads,
            "memory_limit": f"{memory_limit_mib}MiB",
            "temp_directory": "",
            "autoinstall_known_extensions": False,
            "autoload_known_extensions": False,
            "allow_community_extensions": False,
            # 1/0 and overflow give inf or NaN, which the compiled SQL turns into NULL; an error would tell about a row.
            "ieee_floating_point_ops": True,
        },
    )
    try:
        # After this temp_directory cannot be changed, so it cannot stand in `config`, which has no order.
        connection.execute("SET enable_external_access = false")
        connection.execute("SET lock_configuration = true")
    except duckdb.InvalidInputException:
        connection.close()
        raise duckdb.IOException("a question still holds what was given up") from None  # whose settings are locked
    except BaseException:
        connection.close()
        raise
    return connection
