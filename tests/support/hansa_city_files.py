"""A town's files for ingest: a contract with one column of each kind, manifests, and sources in each format."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import yaml

from hansa_core.contract.contract_document import contract_from_document

CONTRACT_DOCUMENT: dict[str, Any] = {
    "contract": "town.repairs/1",
    "title": "Repairs",
    "unit": "repair",
    "entity": "repair",
    "unit_scope": "city",
    "least_level": "open",
    "columns": {
        "repair": {"type": "text", "meaning": "its number", "identifier": True, "required": True},
        "kind": {"type": "text", "meaning": "what", "required": True, "domain": ["road", "pipe", "other"]},
        "day": {"type": "date", "meaning": "when", "required": True},
        "moment": {"type": "timestamp", "meaning": "when exactly, UTC"},
        "year": {
            "type": "integer",
            "meaning": "year of day",
            "required": True,
            "quantum": 1,
            "lower": 2000,
            "upper": 2030,
            "domain": {"from": 2000, "to": 2030},
        },
        "days": {
            "type": "integer",
            "meaning": "how long",
            "unit": "days",
            "quantum": 1,
            "lower": 0,
            "upper": 100,
            "null_is_public": True,
            "bins": [[30]],
        },
        "degrees": {
            "type": "number",
            "meaning": "how warm",
            "unit": "celsius",
            "quantum": 0.1,
            "lower": -50,
            "upper": 60,
        },
        "urgent": {"type": "boolean", "meaning": "whether it was urgent"},
    },
}
REPAIRS = contract_from_document(CONTRACT_DOCUMENT)

MANIFEST: dict[str, Any] = {
    "contract": "town.repairs/1",
    "population": "repairs of the town",
    "level": "open",
    "threshold": 3,
    "max_rejected_share": 1,
    "max_clipped_share": 1,
    "source": {"format": "csv", "path": "repairs.csv"},
    "mapping": {
        "repair": {"from": "No"},
        "kind": {"from": "Kind"},
        "day": {"from": "Day"},
        "moment": {"from": "Moment"},
        "year": {"year_of": "day"},
        "days": {"from": "Length"},
        "degrees": {"from": "Warmth"},
        "urgent": {"from": "Urgent"},
    },
}
ROW: dict[str, Any] = {
    "No": "1",
    "Kind": "road",
    "Day": "2024-05-31",
    "Moment": "2024-05-31 13:45:00",
    "Length": "12",
    "Warmth": "20.5",
    "Urgent": "true",
}


def manifest_of(*, mapping: Mapping[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
    """The manifest with some fields, and some of its mapping's columns, replaced."""
    return {**MANIFEST, "mapping": {**MANIFEST["mapping"], **(mapping or {})}, **changes}


def write_manifest(folder: Path, manifest: Mapping[str, Any]) -> Path:
    """The manifest as a file in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "manifest.yaml"
    path.write_text(yaml.safe_dump(dict(manifest), sort_keys=False), encoding="utf-8")
    return path


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]], delimiter: str = ",") -> None:
    """Rows over ROW as CSV; None is an empty field."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, fieldnames=list(ROW), delimiter=delimiter)
        writer.writeheader()
        writer.writerows({**ROW, **row} for row in rows)


def write_parquet(path: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows over ROW as Parquet, with the types of their values."""
    pq.write_table(pa.Table.from_pylist([{**ROW, **row} for row in rows]), path)


def write_duckdb(path: Path, table: str, rows: Sequence[Mapping[str, Any]]) -> None:
    """Rows over ROW as a table of a DuckDB file."""
    given = pa.Table.from_pylist([{**ROW, **row} for row in rows])
    with duckdb.connect(str(path)) as connection:
        connection.register("given", given)
        connection.execute(f'CREATE TABLE "{table}" AS SELECT * FROM given')
