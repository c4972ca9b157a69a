"""Stamps: the contract and manifest under which a dataset file was prepared."""

from __future__ import annotations

from dataclasses import dataclass

import duckdb

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.fingerprint import fingerprint


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What ingest writes into each file, in the table `prepared`."""

    contract: str
    level: str
    data_version: int
    protection_version: int
    fingerprint: str


def stamp_of(contract: Contract, manifest: Manifest, data_version: int) -> Stamp:
    """The stamp of a file that is prepared now."""
    return Stamp(
        contract=str(contract.id),
        level=manifest.level.value,
        data_version=data_version,
        protection_version=manifest.protection_version,
        fingerprint=fingerprint(contract, manifest),
    )


def write_stamp(connection: duckdb.DuckDBPyConnection, catalogue: str, stamp: Stamp) -> None:
    """Add the table `prepared` to an attached file; `catalogue` is a name of our own."""
    connection.execute(
        f"CREATE TABLE {catalogue}.main.prepared "
        "(contract VARCHAR, level VARCHAR, data_version BIGINT, protection_version BIGINT, fingerprint VARCHAR)"
    )
    values = [stamp.contract, stamp.level, stamp.data_version, stamp.protection_version, stamp.fingerprint]
    connection.execute(f"INSERT INTO {catalogue}.main.prepared VALUES ($1, $2, $3, $4, $5)", values)  # noqa: S608


def mark_audited(connection: duckdb.DuckDBPyConnection, catalogue: str) -> None:
    """Note in an attached file that it was looked at what follows from its shown cells."""
    connection.execute(f"ALTER TABLE {catalogue}.main.prepared ADD COLUMN audited BOOLEAN")
    connection.execute(f"UPDATE {catalogue}.main.prepared SET audited = true")  # noqa: S608


def is_audited(connection: duckdb.DuckDBPyConnection) -> bool:
    """Whether that was noted in an open file; releases before that did not look."""
    return "audited" in connection.table("prepared").columns


def renumber_stamp(connection: duckdb.DuckDBPyConnection, data_version: int) -> None:
    """Give a copy of a file the number that it is served under."""
    connection.execute("UPDATE prepared SET data_version = $1", [data_version])
    connection.execute("CHECKPOINT")


def read_stamp(connection: duckdb.DuckDBPyConnection) -> Stamp | None:
    """The stamp of an open file; None where ingest did not make it."""
    with connection.cursor() as cursor:
        try:
            rows = cursor.execute(
                "SELECT contract, level, data_version, protection_version, fingerprint FROM prepared"
            ).fetchall()
        except duckdb.CatalogException:
            rows = []
    return Stamp(**dict(zip(Stamp.__slots__, rows[0], strict=True))) if len(rows) == 1 else None


def check_stamp(connection: duckdb.DuckDBPyConnection, contract: Contract, manifest: Manifest) -> None:
    """Raise ConfigError if the file was prepared under another contract, level or manifest."""
    found = read_stamp(connection)
    if found is None:
        raise ConfigError(f"{contract.id}: the dataset file was not made by ingest; run `hansa node ingest`")
    if found != stamp_of(contract, manifest, found.data_version):
        raise ConfigError(
            f"{contract.id}: contract or manifest changed since version {found.data_version} was prepared; "
            "run `hansa node ingest` (raise protection_version if a parameter of the protection changed)"
        )
