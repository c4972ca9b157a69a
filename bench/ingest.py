"""Ingest of a city's CSV against DuckDB's own CREATE TABLE AS from the same file, with casts to the same columns.

HANSA_BENCH_INGEST_ROWS: rows of the file, ten million if not set.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import duckdb
import yaml

from hansa_core.contract.contract_document import contract_from_document
from hansa_node.ingest.ingest import ingest_dataset
from report import figure, heading, ratio

ROWS = int(os.environ.get("HANSA_BENCH_INGEST_ROWS", "10000000"))
PAIRS = 3
_REPORTED_ROWS = 64_000
_KINDS = ("road", "pipe", "light", "tree", "other")
_CONTRACT = {
    "contract": "town.works/1",
    "title": "Works",
    "unit": "work",
    "entity": "work",
    "unit_scope": "city",
    "least_level": "open",
    "columns": {
        "work": {"type": "text", "meaning": "its number", "identifier": True, "required": True},
        "kind": {"type": "text", "meaning": "what", "required": True, "domain": list(_KINDS)},
        "day": {"type": "date", "meaning": "when"},
        "moment": {"type": "timestamp", "meaning": "when exactly, UTC"},
        "days": {"type": "integer", "meaning": "how long", "unit": "days", "quantum": 1, "lower": 0, "upper": 1000},
        "cost": {"type": "number", "meaning": "cost", "unit": "EUR", "quantum": 0.01, "lower": 0, "upper": 1_000_000},
        "urgent": {"type": "boolean", "meaning": "whether it was urgent"},
    },
}
_CASTS = {
    "work": "VARCHAR",
    "kind": "VARCHAR",
    "day": "DATE",
    "moment": "TIMESTAMP",
    "days": "BIGINT",
    "cost": "DECIMAL(18, 2)",
    "urgent": "BOOLEAN",
}
_ROWS_SQL = f"""
    SELECT 'W' || lpad(i::VARCHAR, 9, '0') AS work,
        {list(_KINDS)}[CAST(1 + hash(i) % {len(_KINDS)} AS INTEGER)] AS kind,
        DATE '2015-01-01' + CAST(hash(i, 1) % 3650 AS INTEGER) AS day,
        TIMESTAMP '2015-01-01' + to_seconds(CAST(hash(i, 2) % 315360000 AS BIGINT)) AS moment,
        CASE WHEN hash(i, 3) % 20 > 0 THEN hash(i, 4) % 900 END AS days,
        CAST(hash(i, 5) % 100000000 AS DECIMAL(18, 2)) / 100 AS cost, hash(i, 6) % 2 = 0 AS urgent
    FROM range({{rows}}) AS r(i)
"""


def measure() -> None:
    """Print the section."""
    with TemporaryDirectory(prefix="hansa-bench-") as name:
        folder = Path(name)
        _write(folder / "works.csv", ROWS)
        size = (folder / "works.csv").stat().st_size / 2**20
        heading(f"ingest of {ROWS:,} rows of CSV ({size:,.0f} MiB) against DuckDB's CREATE TABLE AS with casts")
        pairs = []
        for run in range(PAIRS):
            reference = _reference(folder, run)
            pairs.append((_ingest(folder, run), reference))
            figure("  reference", reference, "s")
        ratio("ingest", pairs)
        figure("ingest, seconds at the median", sorted(ours for ours, _ in pairs)[PAIRS // 2], "s")
        figure("ingest, greatest resident memory", _peak_mib(), "MiB")
        _write(folder / "works.csv", _REPORTED_ROWS)
        heading(f"report of {_REPORTED_ROWS:,} rows, from the start of the process")
        figure("dry run with its report", _ingest(folder, PAIRS, "--dry-run"), "s")


def _write(path: Path, rows: int) -> None:
    columns = ", ".join(_CASTS)
    with duckdb.connect() as connection:
        connection.execute(f"COPY (SELECT {columns} FROM ({_ROWS_SQL.format(rows=rows)})) TO '{path}' (HEADER)")


def _reference(folder: Path, run: int) -> float:
    """Seconds that DuckDB needs for a file of its own."""
    path = folder / f"reference{run}.duckdb"
    casts = ", ".join(f"CAST({name} AS {kind}) AS {name}" for name, kind in _CASTS.items())
    texts = ", ".join(f"'{name}': 'VARCHAR'" for name in _CASTS)
    start = perf_counter()
    with duckdb.connect(str(path)) as connection:
        source = f"read_csv('{folder / 'works.csv'}', header = true, auto_detect = false, columns = {{{texts}}})"
        connection.execute(f"CREATE TABLE works AS SELECT {casts} FROM {source}")
    seconds = perf_counter() - start
    path.unlink()
    return seconds


def _ingest(folder: Path, run: int, *options: str) -> float:
    """Seconds of a process of its own."""
    start = perf_counter()
    subprocess.run([sys.executable, __file__, str(folder), str(run), *options], check=True)
    return perf_counter() - start


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024


def _ingest_once(folder: Path, run: str, *, dry_run: bool) -> None:
    manifest = {
        "contract": "town.works/1",
        "population": "works of the town",
        "level": "open",
        "source": {"format": "csv", "path": str(folder / "works.csv")},
        "mapping": {name: {"from": name} for name in _CASTS},
    }
    path = folder / f"manifest{run}.yaml"
    path.write_text(yaml.safe_dump(manifest), encoding="utf-8")
    report = ingest_dataset(path, contract_from_document(_CONTRACT), folder / f"data{run}", dry_run=dry_run)
    assert report.rows_kept == report.rows_read, report


if __name__ == "__main__":
    if len(sys.argv) > 1:
        _ingest_once(Path(sys.argv[1]), sys.argv[2], dry_run="--dry-run" in sys.argv)
    else:
        measure()
