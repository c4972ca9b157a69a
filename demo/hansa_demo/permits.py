"""Files of four cities from the permit records of PyPI's `permittimelines`, each kept in its own way on purpose.

The package gives one tidy table; real cities do not. So each gets a file of its own format, names, dates and units,
and its manifest (`manifests/housing.permits/<city>.yaml`) maps that onto the contract `housing.permits/1`.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import permittimelines
import pyarrow as pa
import pyarrow.parquet as pq

Record = Mapping[str, Any]


def write_city_source(city: str, folder: Path) -> Path:
    """Write the city's file, in its own layout, into `folder`; the path of the file.

    Raises KeyError for a city that the package does not have.
    """
    write = _WRITERS[city]
    folder.mkdir(parents=True, exist_ok=True)
    records = permittimelines.records(city)
    mature = {record["applied_year"] for record in records if record["in_mature_cohort"]}
    return write(folder, [{**record, "mature": record["applied_year"] in mature} for record in records])


def _los_angeles(folder: Path, records: Sequence[Record]) -> Path:
    """Parquet with typed dates, days as whole numbers, and the building department's words."""
    kinds = {"addition": "Bldg-Addition", "alteration": "Bldg-Alter/Repair", "new-construction": "Bldg-New"}
    table = pa.table(
        {
            "PCIS Permit #": [record["permit_id"] for record in records],
            "Submitted": pa.array([_day(record["applied_date"]) for record in records], pa.date32()),
            "Issued": pa.array([_day(record["issued_date"]) for record in records], pa.date32()),
            "Days Submitted To Issued": pa.array([record["days_to_issue"] for record in records], pa.int32()),
            "Use": [{"adu": "ADU"}.get(record["project"], "HABITABLE ROOM") for record in records],
            "Permit Type": [kinds.get(record["permit_type_group"]) for record in records],
            "Plan Check": [record["review_track"] for record in records],
            "Mature Year": [record["mature"] for record in records],
        }
    )
    path = folder / "ladbs_permits.parquet"
    pq.write_table(table, path)
    return path


def _san_diego(folder: Path, records: Sequence[Record]) -> Path:
    """CSV with semicolons, month/day/year, and weeks with one decimal instead of days."""
    path = folder / "development_permits_set1.csv"
    header = ("APPROVAL_ID", "APPROVAL_TYPE", "CREATED", "ISSUED", "WEEKS_TO_ISSUE", "SCOPE", "WORK", "COHORT_MATURE")
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, delimiter=";")
        writer.writerow(header)
        writer.writerows(
            (
                record["permit_id"],
                record["review_track"],
                _american(record["applied_date"]),
                _american(record["issued_date"]),
                "n/a" if record["days_to_issue"] is None else f"{record['days_to_issue'] / 7:.1f}",
                {"adu": "Companion Unit"}.get(record["project"], "Habitable Room"),
                record["permit_type_group"],
                "Y" if record["mature"] else "N",
            )
            for record in records
        )
    return path


def _san_francisco(folder: Path, records: Sequence[Record]) -> Path:
    """A DuckDB file with ISO dates as text, days as fractional numbers, and no permit type at all."""
    table = pa.table(
        {
            "permit_number": [record["permit_id"] for record in records],
            "filed_date": [record["applied_date"] for record in records],
            "issued_date": [record["issued_date"] for record in records],
            "calendar_days": pa.array([record["days_to_issue"] for record in records], pa.float64()),
            "proposed_use": [{"adu": "accessory unit"}.get(record["project"], "room") for record in records],
            "permit_type_definition": [record["review_track"] for record in records],
            "mature": pa.array([int(record["mature"]) for record in records], pa.int8()),
        }
    )
    path = folder / "dbi.duckdb"
    path.unlink(missing_ok=True)
    with duckdb.connect(str(path)) as connection:
        connection.register("records", table)
        connection.execute("CREATE TABLE building_permits AS SELECT * FROM records")
    return path


def _seattle(folder: Path, records: Sequence[Record]) -> Path:
    """CSV as a web API gives it: ISO timestamps, and days that may be missing."""
    path = folder / "sdci_permits.csv"
    header = (
        "PermitNum",
        "AppliedDate",
        "IssuedDate",
        "DaysToIssue",
        "DwellingWork",
        "PermitClass",
        "ActionType",
        "Cohort",
    )
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(
            (
                record["permit_id"],
                f"{record['applied_date']}T00:00:00.000",
                record["issued_date"] and f"{record['issued_date']}T00:00:00.000",
                record["days_to_issue"],
                {"adu": "AADU/DADU"}.get(record["project"], "Habitable space"),
                record["permit_type_group"],
                record["review_track"],
                "mature" if record["mature"] else "recent or early",
            )
            for record in records
        )
    return path


def _day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _american(text: str | None) -> str | None:
    return None if text is None else date.fromisoformat(text).strftime("%m/%d/%Y")


_WRITERS: Mapping[str, Callable[[Path, Sequence[Record]], Path]] = {
    "los-angeles": _los_angeles,
    "san-diego": _san_diego,
    "san-francisco": _san_francisco,
    "seattle": _seattle,
}
