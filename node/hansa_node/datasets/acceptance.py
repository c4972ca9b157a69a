"""Acceptance: why an operator published a version although limits of the manifest were exceeded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

import duckdb

from hansa_core.documents.canonical_json import JsonValue, canonical_json


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """The operator's reason, and the limits that stood in the manifest."""

    reason: str
    limits: Mapping[str, JsonValue]


def write_acceptance(connection: duckdb.DuckDBPyConnection, catalogue: str, acceptance: Acceptance) -> None:
    """Add the table `accepted` to an attached file; `catalogue` is a name of our own."""
    connection.execute(f"CREATE TABLE {catalogue}.main.accepted (reason VARCHAR, limits VARCHAR)")
    values = [acceptance.reason, canonical_json(acceptance.limits).decode()]
    connection.execute(f"INSERT INTO {catalogue}.main.accepted VALUES ($1, $2)", values)  # noqa: S608


def read_acceptance(connection: duckdb.DuckDBPyConnection) -> Acceptance | None:
    """Of an open file; None where its limits were met."""
    with connection.cursor() as cursor:
        try:
            rows = cursor.execute("SELECT reason, limits FROM accepted").fetchall()
        except duckdb.CatalogException:
            return None
    return Acceptance(reason=rows[0][0], limits=json.loads(rows[0][1])) if len(rows) == 1 else None
