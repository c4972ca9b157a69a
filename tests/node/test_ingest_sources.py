"""What a city's own table may be, how it may be written, and what its operator is told where it cannot be read."""

from __future__ import annotations

import gzip
import io
import json
import sqlite3
import struct
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from hansa_city_files import REPAIRS, manifest_of, write_manifest
from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.report import IngestReport
from hansa_tables.private_rows import as_text

HEADER = "No,Kind,Day,Moment,Length,Warmth,Urgent"
LINES = [HEADER, "1,road,2024-05-31,2024-05-31 13:45:00,12,20.5,true", "2,pipe,2024-06-01,,,,"]
KEPT = [("1", "road", 12, 205), ("2", "pipe", None, None)]


def ingest(folder: Path, source: Mapping[str, Any], **mapping: Any) -> list[tuple[Any, ...]]:
    """What is served of a source: number, kind, days and degrees of each repair."""
    manifest = manifest_of(source=dict(source), mapping=mapping)
    ingest_dataset(write_manifest(folder, manifest), REPAIRS, folder / "served")
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    left = {path.name for path in version.path.parent.iterdir()}
    assert not any("partial" in name for name in left), "a private copy was left"
    with open_locked(version.path) as connection:
        return connection.sql('SELECT repair, kind, days, degrees FROM "rows" ORDER BY repair').fetchall()


def told(folder: Path, source: Mapping[str, Any], **mapping: Any) -> str:
    """What the operator is told."""
    with pytest.raises(ConfigError) as refused:
        ingest(folder, source, **mapping)
    return str(refused.value)


def text(lines: list[str]) -> str:
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("encoding", ["windows-1252", "latin-1", "utf-16", "utf-16-le", "cp850", "utf-8"])
def test_text_is_read_in_the_encoding_that_is_named(tmp_path: Path, encoding: str) -> None:
    lines = [line.replace("Kind", "Größe") for line in LINES]
    (tmp_path / "a.csv").write_bytes(text(lines).encode(encoding))
    assert ingest(tmp_path, {"format": "csv", "path": "a.csv", "encoding": encoding}, kind={"from": "Größe"}) == KEPT


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text(LINES).encode("utf-8-sig"))
    assert ingest(tmp_path, {"format": "csv", "path": "a.csv"}) == KEPT


@pytest.mark.parametrize(
    ("encoding", "proposed"),
    [("windows-1252", "windows-1252"), ("cp850", "cp850"), ("mac_roman", "mac_roman"), ("utf-16", "utf-16")],
)
def test_another_encoding_is_proposed_and_never_taken(tmp_path: Path, encoding: str, proposed: str) -> None:
    lines = [*LINES[:2], "2,Süd,2024-06-01,,,,"]
    (tmp_path / "a.csv").write_bytes(text(lines).encode(encoding))
    said = told(tmp_path, {"format": "csv", "path": "a.csv"})
    line, seen = (1, HEADER) if encoding == "utf-16" else (3, "2,Süd,2024-06-01,,,,")
    assert f"source.encoding: {tmp_path}/a.csv, line {line} is not UTF-8, and reads as {proposed}: {seen!r}" in said
    assert f"declare encoding: {proposed}" in said
    assert "still served" not in said


def test_utf_16_without_a_mark_is_seen_by_its_zeros(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text(LINES).encode("utf-16-le"))
    assert "declare encoding: utf-16-le" in told(tmp_path, {"format": "csv", "path": "a.csv"})


def test_what_is_not_in_the_declared_encoding_is_told_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_bytes(text(LINES).encode() + b"3,\x81,2024-06-01,,,,\n")
    said = told(tmp_path, {"format": "csv", "path": "a.csv", "encoding": "windows-1252"})
    assert "a.csv, line 4 is not windows-1252, and reads as cp850: '3,ü,2024-06-01,,,,'" in said


def zipped(members: Mapping[str, bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


@pytest.mark.parametrize("encoding", ["utf-8", "windows-1252"])
@pytest.mark.parametrize(
    "pack",
    [gzip.compress, lambda raw: pa.compress(raw, "zstd", asbytes=True), lambda raw: zipped({"a.csv": raw})],
    ids=["gzip", "zstd", "zip"],
)
def test_compressed_text_is_read(tmp_path: Path, pack: Any, encoding: str) -> None:
    (tmp_path / "a.csv.packed").write_bytes(pack(text([*LINES, "3,Süd,2024-06-01,,,,"]).encode(encoding)))
    kind = {"from": "Kind", "recode": {"Süd": "other", "road": "road", "pipe": "pipe"}}
    source = {"format": "csv", "path": "a.csv.packed", "encoding": encoding}
    assert ingest(tmp_path, source, kind=kind) == [*KEPT, ("3", "other", None, None)]


def test_a_file_of_an_archive_is_named_where_there_are_several(tmp_path: Path) -> None:
    raw = text(LINES).encode()
    (tmp_path / "a.zip").write_bytes(zipped({"a.csv": raw, "b.csv": b"x\n"}))
    source = {"format": "csv", "path": "a.zip"}
    assert "source.member: " in (said := told(tmp_path, source))
    assert "holds 2 files; declare as member one of: a.csv, b.csv" in said
    assert ingest(tmp_path, source | {"member": "a.csv"}) == KEPT


def test_a_dry_run_leaves_no_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.csv").write_bytes(text(LINES).encode("utf-16"))
    manifest = manifest_of(source={"format": "csv", "path": "a.csv", "encoding": "utf-16"})
    path, elsewhere = write_manifest(tmp_path, manifest), tmp_path / "elsewhere"
    elsewhere.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(elsewhere))
    monkeypatch.chdir(elsewhere)
    assert ingest_dataset(path, REPAIRS, tmp_path / "served", dry_run=True).rows_kept == 2
    assert list(elsewhere.iterdir()) == []
    assert not (tmp_path / "served").exists()


def test_a_cut_archive_is_told_as_such(tmp_path: Path) -> None:
    (tmp_path / "a.csv.gz").write_bytes(gzip.compress(text(LINES * 1000).encode())[:-20])
    assert "a.csv.gz is damaged or cut" in told(tmp_path, {"format": "csv", "path": "a.csv.gz", "encoding": "latin-1"})


def test_delimited_text_is_read_as_declared(tmp_path: Path) -> None:
    lines = ["Repairs of the town", "", "", *(line.replace(",", "|") for line in LINES), "# the end"]
    lines[4] = lines[4].replace("20.5", "'2|0,5'").replace("2|0", "20").replace("12", "'1.2'".replace(".", ""))
    (tmp_path / "a.csv").write_text(text(lines))
    source = {"format": "csv", "path": "a.csv", "delimiter": "|", "quote": "'", "skip_lines": 1, "comment": "#"}
    assert ingest(tmp_path, source | {"decimal": ","}) == KEPT


def test_tabs_stand_between_the_cells_of_tsv(tmp_path: Path) -> None:
    (tmp_path / "a.tsv").write_text(text(LINES).replace(",", "\t"))
    assert ingest(tmp_path, {"format": "tsv", "path": "a.tsv"}) == KEPT


def test_columns_without_a_header_are_numbered_or_named(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text(LINES[1:]))
    source = {"format": "csv", "path": "a.csv"}
    assert ingest(tmp_path, source | {"header": HEADER.split(",")}) == KEPT
    numbered = {
        name: {"from": f"column{number}"}
        for number, name in enumerate(["repair", "kind", "day", "moment", "days", "degrees", "urgent"], start=1)
    }
    assert ingest(tmp_path, source | {"header": False}, **numbered) == KEPT
    assert "has 7 cells where header names 1 columns" in told(tmp_path, source | {"header": ["No"]})


def test_a_sources_signs_and_null_words_are_those_of_its_columns(tmp_path: Path) -> None:
    lines = [HEADER, '1,road,2024-05-31,-,12,"20,5",-', "2,pipe,2024-06-01,-,-,-,-"]
    (tmp_path / "a.csv").write_text(text(lines))
    source = {"format": "csv", "path": "a.csv", "decimal": ",", "null_values": ["-"]}
    assert ingest(tmp_path, source) == KEPT
    assert ingest(tmp_path, source, degrees={"from": "Warmth", "null_values": ["20,5", "-"]})[0][3] is None


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("3,road,2024-05-31", "line 4, column Moment has 3 cells where there are 7 columns: '3,road,2024-05-31'"),
        (
            "3,road,a,b,c,d,e,f",
            "line 4, after column Urgent has 8 cells where there are 7 columns; 'f' is one too many",
        ),
        ('3,"road,2024-05-31,,,,', "line 4, column Kind has a quoted cell that does not end as one"),
    ],
)
def test_a_broken_line_is_told_with_what_stands_there(tmp_path: Path, line: str, said: str) -> None:
    (tmp_path / "a.csv").write_text(text([*LINES, line, "4,road,2024-05-31,,,,"]))
    manifest = write_manifest(
        tmp_path, manifest_of(source={"format": "csv", "path": "a.csv"}, max_rejected_share="0.01")
    )
    with pytest.raises(ConfigError) as refused:
        ingest_dataset(manifest, REPAIRS, tmp_path / "served")
    assert f"{tmp_path}/a.csv, {said}" in str(refused.value)


def reported(folder: Path, **source: Any) -> IngestReport:
    manifest = write_manifest(folder, manifest_of(source={"format": "csv", **source}))
    return ingest_dataset(manifest, REPAIRS, folder / "served")


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("ends", ["\n", "\r\n"])
def test_ragged_lines_are_rejected_rows_each_with_its_line(tmp_path: Path, ends: str, packed: bool) -> None:
    lines = [
        "",
        *LINES,
        "",
        "3,road",
        '"4\n4",road,2024-05-31,,,,',
        "5,road,2024-05-31,,,,,x,y",
        "6,road,2024-05-31,,,,",
    ]
    content = ("\ufeff" + "".join(f"{line}{ends}" for line in lines)).encode()
    (tmp_path / "a.csv").write_bytes(gzip.compress(content) if packed else content)
    report = reported(tmp_path, path="a.csv")
    assert (report.rows_read, report.rows_kept) == (6, 4)
    assert (report.left_out.ragged, report.left_out.encoding) == (2, 0)
    first, second = report.left_out.told
    assert "a.csv, line 6, column Day has 2 cells where there are 7 columns: '3,road'" in first
    assert "a.csv, line 9, after column Urgent has 9 cells where there are 7 columns" in second
    with Console(record=True, width=200) as console:
        console.print(report)
    assert "Lines that are no rows: 2 ragged, 0 in another encoding" in console.export_text()
    assert report.to_json()["left_out"]["ragged"] == 2


def test_ragged_lines_of_several_files_are_told_with_their_files(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.csv").write_text(text([HEADER, f"{name},road,2024-05-31,,,,", f"{name}2"]))
    report = reported(tmp_path, path="*.csv")
    assert report.rows_kept == 2
    assert [line.partition(" has ")[0] for line in report.left_out.told] == [
        f"{tmp_path}/a.csv, line 3, column Kind",
        f"{tmp_path}/b.csv, line 3, column Kind",
    ]


def test_single_lines_in_another_encoding_are_rejected_rows_where_the_others_are_not(tmp_path: Path) -> None:
    own = "".join(f"{number},Süd,2024-05-31,,,,\n" for number in range(4)).encode()
    (tmp_path / "a.csv").write_bytes(text(LINES).encode() + own + "9,Süd,2024-05-31,,,,,\n".encode("cp1252"))
    report = reported(tmp_path, path="a.csv")
    assert (report.rows_read, report.left_out.encoding, report.left_out.ragged) == (7, 1, 0)
    assert report.left_out.told[0].startswith(
        f"{tmp_path}/a.csv, line 8 is not UTF-8, and reads as windows-1252: '9,Süd"
    )


def test_a_quote_that_does_not_end_stops_however_many_rows_may_be_rejected(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(
        text([*LINES, '3,"road,2024-05-31,,,,', *(f"{n},road,2024-05-31,,,," for n in "45")])
    )
    with pytest.raises(ConfigError, match="line 4, column Kind has a quoted cell that does not end as one"):
        reported(tmp_path, path="a.csv")


def test_a_file_of_broken_lines_is_another_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hansa_tables.left_out.MOST_MISTAKES", 3)
    monkeypatch.setattr("hansa_node.ingest.sources.MOST_MISTAKES", 3)
    (tmp_path / "a.csv").write_text(text([*LINES, *"3456789"]))
    with pytest.raises(ConfigError, match="line 4, column Kind has 1 cells where there are 7 columns"):
        reported(tmp_path, path="a.csv")


def test_another_delimiter_is_proposed(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text(LINES).replace(",", ";"))
    said = told(tmp_path, {"format": "csv", "path": "a.csv"})
    assert "source.delimiter" in said
    assert 'declare delimiter: ";"' in said


def test_two_columns_of_one_name_are_told_with_their_places(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text("No,Kind,no\n1,road,2\n")
    assert "line 1 has columns 1 and 3 that are both called 'No'" in told(tmp_path, {"format": "csv", "path": "a.csv"})


@pytest.mark.parametrize(("content", "said"), [("", "is empty"), ("\n\n", "is empty"), (f"{HEADER}\n", "has no row")])
def test_an_empty_export_is_no_version_and_the_earlier_one_is_served(tmp_path: Path, content: str, said: str) -> None:
    source = {"format": "csv", "path": "a.csv"}
    (tmp_path / "a.csv").write_text(content)
    first = told(tmp_path, source)
    assert said in first
    assert "still served" not in first
    (tmp_path / "a.csv").write_text(text(LINES))
    ingest(tmp_path, source)
    (tmp_path / "a.csv").write_text(content)
    assert told(tmp_path, source).endswith(": the earlier version is still served")


def test_several_files_are_one_table(tmp_path: Path) -> None:
    (tmp_path / "2024-01.csv").write_text(text(LINES[:2]))
    (tmp_path / "2024-02.csv").write_text("Kind,No,Day,Moment,Length,Warmth,Urgent\npipe,2,2024-06-01,,,,\n")
    for path in ("2024-*.csv", ["2024-01.csv", "2024-02.csv"], ["2024-01.csv", "2024-*.csv"]):
        assert ingest(tmp_path, {"format": "csv", "path": path}) == KEPT
    (tmp_path / "2024-03.csv").write_text("No,Kind,Day,Moment,Length,Warmth\n3,pipe,2024-06-01,,,\n")
    assert "2024-03.csv has no column 'Urgent', which " in told(tmp_path, {"format": "csv", "path": "2024-*.csv"})
    assert "2025-*.csv matches no file" in told(tmp_path, {"format": "csv", "path": "2025-*.csv"})


def test_values_of_json_lines_are_read_as_they_are_written(tmp_path: Path) -> None:
    rows = [
        {"No": "01", "Kind": "road", "Day": "2024-05-31", "Moment": "2024-05-31T13:45:00Z", "at": {"Length": 12}},
        {"No": "2", "Kind": "pipe", "Day": "2024-06-01", "Warmth": 20.5, "Urgent": True, "at": None},
    ]
    (tmp_path / "a.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    source = {"format": "jsonl", "path": "a.jsonl"}
    assert ingest(tmp_path, source, days={"from": "at.Length"}) == [("01", "road", 12, None), ("2", "pipe", None, 205)]
    with (tmp_path / "a.jsonl").open("a") as file:
        file.write("\n{'No': 3}\n")
    assert f"{tmp_path}/a.jsonl, line 4 is no JSON" in (said := told(tmp_path, source))
    assert "\"{'No': 3}\"" in said


def test_a_field_of_a_record_is_named_by_its_path(tmp_path: Path) -> None:
    row = {"No": "1", "Day": "2024-05-31", "what": {"Kind": "road", "how": {"Length": 12, "Warmth": 20.5}}}
    pq.write_table(pa.Table.from_pylist([row]), tmp_path / "a.parquet")
    empty = {"moment": {"constant": None}, "urgent": {"constant": None}}
    paths = {"kind": {"from": "what.Kind"}, "days": {"from": "what.how.Length"}, "degrees": {"from": "what.how.Warmth"}}
    source = {"format": "parquet", "path": "a.parquet"}
    assert ingest(tmp_path, source, **paths, **empty) == KEPT[:1]
    assert "no column 'what'" in told(tmp_path, source, **paths, **empty | {"urgent": {"from": "what"}})


def typed_rows() -> list[tuple[Any, ...]]:
    return [("1", "road", "2024-05-31", None, 12.0, 20.5, "true"), ("2", "pipe", "2024-06-01", None, None, None, None)]


def test_a_table_of_a_sqlite_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "a?b%.sqlite"
    with closing(sqlite3.connect(path)) as connection, connection:
        connection.execute(f'CREATE TABLE "the repairs" ({HEADER})')
        connection.executemany('INSERT INTO "the repairs" VALUES (?, ?, ?, ?, ?, ?, ?)', typed_rows())
    before = path.read_bytes()
    source = {"format": "sqlite", "path": path.name, "table": "the repairs"}
    assert ingest(tmp_path, source) == KEPT
    assert path.read_bytes() == before
    assert "has no table 'repair'; did you mean the repairs?" in told(tmp_path, source | {"table": "repair"})
    path.write_text("no database at all, " * 100)
    assert "source.format: " in (said := told(tmp_path, source))
    assert "is no SQLite file" in said


def test_a_sqlite_file_that_is_being_written_is_told_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "a.sqlite"
    with closing(sqlite3.connect(path, isolation_level=None)) as writer:
        writer.execute(f"CREATE TABLE repairs ({HEADER})")
        writer.execute("BEGIN EXCLUSIVE")
        monkeypatch.setattr("hansa_tables.sqlite_files.LOCK_TIMEOUT_S", 0.01)
        said = told(tmp_path, {"format": "sqlite", "path": "a.sqlite", "table": "repairs"})
    assert "is being written by another program; wait until that ends" in said


def test_a_duckdb_file_that_another_program_writes_is_told_as_such_and_no_other_is(tmp_path: Path) -> None:
    path = tmp_path / "a.duckdb"
    held = f"import duckdb; held = duckdb.connect({str(path)!r}); print(flush=True); input()"
    with subprocess.Popen([sys.executable, "-c", held], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as writer:
        assert writer.stdout is not None
        writer.stdout.readline()
        said = told(tmp_path, {"format": "duckdb", "path": path.name, "table": "repairs"})
        writer.communicate(b"\n")
    assert "is open in another program" in said
    broken = tmp_path / "blocks.duckdb"  # whose name stands in what DuckDB says of it
    broken.write_text("no database at all, " * 1000)
    said = told(tmp_path, {"format": "duckdb", "path": broken.name, "table": "repairs"})
    assert "cannot be read as duckdb" in said
    assert "another program" not in said


def test_a_table_of_a_duckdb_schema_is_read(tmp_path: Path) -> None:
    with duckdb.connect(str(tmp_path / "a.duckdb")) as connection:
        connection.execute("CREATE SCHEMA works")
        columns = ", ".join(f"{name} VARCHAR" for name in HEADER.split(","))
        connection.execute(f"CREATE TABLE works.repairs ({columns})")
        connection.executemany("INSERT INTO works.repairs VALUES (?, ?, ?, ?, ?, ?, ?)", typed_rows())
    source = {"format": "duckdb", "path": "a.duckdb", "table": "repairs"}
    assert ingest(tmp_path, source | {"schema": "works"}) == KEPT
    assert "source.table: " in (said := told(tmp_path, source))
    assert "has no table 'repairs'; did you mean works.repairs?" in said


def test_points_of_geojson_have_a_longitude_and_a_latitude(tmp_path: Path) -> None:
    features: list[dict[str, Any]] = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [12.0, 20.5]},
            "properties": {"No": "1", "Kind": "road", "Day": "2024-05-31"},
        },
        {"type": "Feature", "geometry": None, "properties": {"No": "2", "Kind": "pipe", "Day": "2024-06-01"}},
    ]
    places = {"days": {"from": "longitude"}, "degrees": {"from": "latitude"}}
    empty = {"moment": {"constant": None}, "urgent": {"constant": None}}
    path, source = tmp_path / "a.geojson", {"format": "geojson", "path": "a.geojson"}
    collection: dict[str, Any] = {"type": "FeatureCollection", "features": features}
    path.write_text(json.dumps(collection))
    assert ingest(tmp_path, source, **places, **empty) == KEPT
    path.write_text(json.dumps(collection | {"crs": {"properties": {"name": "urn:ogc:def:crs:EPSG::25832"}}}))
    assert "has its positions in 'urn:ogc:def:crs:EPSG::25832', and not in degrees" in told(tmp_path, source)


LINE = struct.pack("<BII4d", 1, 2, 2, 1, 2, 3, 4)


def wkb(*numbers: float) -> bytes:
    """A point as GeoParquet has it, with a height where there are three numbers."""
    return struct.pack(f"<BI{len(numbers)}d", 1, 1 if len(numbers) == 2 else 1001, *numbers)


def geoparquet(path: Path, shapes: list[Any], **described: Any) -> None:
    kind = pa.binary() if not isinstance(shapes[0], dict) else pa.struct({"x": pa.float64(), "y": pa.float64()})
    table = pa.table(
        {
            "No": [str(number) for number in range(1, len(shapes) + 1)],
            "Kind": ["road"] * len(shapes),
            "Day": ["2024-05-31"] * len(shapes),
            "shape": pa.array(shapes, kind),
        }
    )
    column = {"encoding": "WKB", "geometry_types": [], **described}
    geo = {"version": "1.1.0", "primary_column": "shape", "columns": {"shape": column}}
    pq.write_table(table.replace_schema_metadata({"geo": json.dumps(geo)}), path)


PLACES = {
    "days": {"from": "longitude", "lower": 0, "upper": 100},
    "degrees": {"from": "latitude"},
    "moment": {"constant": None},
    "urgent": {"constant": None},
}


def test_points_of_geoparquet_have_a_longitude_and_a_latitude(tmp_path: Path) -> None:
    source = {"format": "parquet", "path": "a.parquet"}
    empty = wkb(float("nan"), float("nan"))
    geoparquet(tmp_path / "a.parquet", [wkb(12, 20.5), wkb(13, 21.5, 99.0), None, empty])
    placed = [("1", "road", 12, 205), ("2", "road", 13, 215)]
    missing = [("3", "road", None, None), ("4", "road", None, None)]
    assert ingest(tmp_path, source, **PLACES) == placed + missing
    geoparquet(tmp_path / "a.parquet", [{"x": 12.0, "y": 20.5}], encoding="point")
    assert ingest(tmp_path, source, **PLACES) == placed[:1]


@pytest.mark.parametrize(
    ("crs", "said"),
    [
        ({"name": "ETRS89 / UTM zone 32N", "id": {"authority": "EPSG", "code": 25832}}, "ETRS89 / UTM zone 32N"),
        (None, "None"),
    ],
)
def test_positions_of_geoparquet_that_are_no_degrees_are_refused(tmp_path: Path, crs: Any, said: str) -> None:
    source = {"format": "parquet", "path": "a.parquet"}
    geoparquet(tmp_path / "a.parquet", [wkb(610123.9, 5969123.4)], crs=crs)
    assert f"has its positions in '{said}', and not in degrees" in told(tmp_path, source, **PLACES)
    geoparquet(tmp_path / "a.parquet", [wkb(12, 20.5)], crs={"id": {"authority": "EPSG", "code": 4326}})
    assert ingest(tmp_path, source, **PLACES) == [("1", "road", 12, 205)]


def test_other_shapes_lose_their_rows_and_not_the_file(tmp_path: Path) -> None:
    geoparquet(tmp_path / "a.parquet", [wkb(12, 20.5), LINE, b"junk"])
    features = [
        {"type": "Feature", "geometry": shape, "properties": {"No": str(number), "Kind": "road", "Day": "2024-05-31"}}
        for number, shape in enumerate(
            (
                {"type": "Point", "coordinates": [12, 20.5]},
                {"type": "LineString", "coordinates": [[1, 2], [3, 4]]},
                {"type": "Point", "coordinates": "here"},
            ),
            start=1,
        )
    ]
    (tmp_path / "a.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    for name, kind, shapes in (
        ("a.parquet", "parquet", {"LINESTRING is no Point", "a shape that is cut short is no Point"}),
        ("a.geojson", "geojson", {"LineString is no Point", "'here' is no position"}),
    ):
        manifest = manifest_of(source={"format": kind, "path": name}, mapping=PLACES)
        report = ingest_dataset(write_manifest(tmp_path, manifest), REPAIRS, tmp_path / kind)
        assert (report.rows_read, report.rows_kept) == (3, 1)
        (days,) = [column for column in report.columns if column.name == "days"]
        found = {str(each.text).partition(";")[0] for each in days.offending}
        assert found == shapes


def test_a_cell_of_several_values_is_no_value(tmp_path: Path) -> None:
    rows = [{"No": {"year": 24, "number": "1"}, "Kind": ["road", "pipe"], "Day": "2024-05-31"}]
    places = {name: {"constant": None} for name in ("moment", "days", "degrees", "urgent")}
    (tmp_path / "a.jsonl").write_text("\n".join(map(json.dumps, rows)))
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "a.parquet")
    for kind in ("jsonl", "parquet"):
        source = {"format": kind, "path": f"a.{kind}"}
        said = told(tmp_path, source, **places)
        assert "mapping.repair.from: the source has no column 'No', which is a record; " in said
        assert "name a field of it: No.year, No.number" in said
        said = told(tmp_path, source, repair={"from": "No.number"}, **places)
        assert "mapping.kind.from: 'Kind' is a list, " in said


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"format": "parquet", "path": "a", "delimiter": ";"}, "source.delimiter: is for csv, tsv, not for parquet"),
        ({"format": "sqlite", "path": "a"}, "source.table: names the table that is read"),
        ({"format": "csv"}, "source.path: is missing"),
        ({"format": "csv", "path": "a", "encoding": "windows-1225"}, "source.encoding: 'windows-1225' is no encoding"),
        ({"format": "csv", "path": "a", "encoding": "rot13"}, "source.encoding: 'rot13' is no encoding"),
        ({"format": "postgres", "table": "a"}, "source.dsn_file: "),
        ({"format": "postgres", "table": "a", "dsn_env": "NO_SUCH_NAME"}, "source.dsn_env: NO_SUCH_NAME is not set"),
    ],
)
def test_keys_of_another_kind_are_refused(tmp_path: Path, source: dict[str, Any], said: str) -> None:
    assert said in told(tmp_path, source)


def workbook(path: Path, sheets: Mapping[str, list[list[Any]]]) -> None:
    """The least of a file that spreadsheets read as a workbook."""
    names = list(sheets)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml"
    main, office = (
        "http://schemas.openxmlformats.org/spreadsheetml/2006/main",
        "http://schemas.openxmlformats.org/officeDocument/2006/relationships",
    )
    package = "http://schemas.openxmlformats.org/package/2006"
    members = {
        "[Content_Types].xml": f'<Types xmlns="{package}/content-types"><Default Extension="rels" ContentType='
        '"application/vnd.openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType='
        f'"application/xml"/><Override PartName="/xl/workbook.xml" ContentType="{kind}.sheet.main+xml"/>'
        + "".join(
            f'<Override PartName="/xl/worksheets/sheet{n}.xml" ContentType="{kind}.worksheet+xml"/>'
            for n in range(1, len(names) + 1)
        )
        + "</Types>",
        "_rels/.rels": f'<Relationships xmlns="{package}/relationships"><Relationship Id="rId1" Type='
        f'"{office}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{main}" xmlns:r="{office}"><sheets>'
        + "".join(f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(names, start=1))
        + "</sheets></workbook>",
        "xl/_rels/workbook.xml.rels": f'<Relationships xmlns="{package}/relationships">'
        + "".join(
            f'<Relationship Id="rId{n}" Type="{office}/worksheet" Target="worksheets/sheet{n}.xml"/>'
            for n in range(1, len(names) + 1)
        )
        + "</Relationships>",
    }
    for number, rows in enumerate(sheets.values(), start=1):
        lines = []
        for place, row in enumerate(rows, start=1):
            cells = [
                f'<c r="{chr(65 + n)}{place}"><v>{cell}</v></c>'
                if isinstance(cell, int | float)
                else f'<c r="{chr(65 + n)}{place}" t="inlineStr"><is><t>{cell}</t></is></c>'
                for n, cell in enumerate(row)
                if cell is not None
            ]
            lines.append(f'<row r="{place}">{"".join(cells)}</row>')
        members[f"xl/worksheets/sheet{number}.xml"] = (
            f'<worksheet xmlns="{main}"><sheetData>{"".join(lines)}</sheetData></worksheet>'
        )
    path.write_bytes(zipped({name: content.encode() for name, content in members.items()}))


def test_a_sheet_of_a_workbook_is_read(tmp_path: Path) -> None:
    rows: list[list[Any]] = [
        ["The town's repairs"],
        [],
        HEADER.split(","),
        ["1", "road", 45443, None, 12, 20.5, "true"],
        ["2", "pipe", "45444"],
        ["a note below"],
    ]
    workbook(tmp_path / "a.xlsx", {"2024": rows, "notes": [["x"]]})
    source = {"format": "excel", "path": "a.xlsx"}
    day = {"day": {"from": "Day", "format": "excel"}}
    assert "has 2 sheets; declare as sheet one of: 2024, notes" in told(tmp_path, source, **day)
    assert "has no sheet '2042'; did you mean 2024?" in told(tmp_path, source | {"sheet": "2042"}, **day)
    assert ingest(tmp_path, source | {"sheet": "2024", "range": "A3:G5"}, **day) == KEPT
    assert "source.range: " in told(tmp_path, source | {"sheet": "2024", "range": "A3-G5"}, **day)
    assert "declare format: excel" in told(tmp_path, {"format": "csv", "path": "a.xlsx"})
    (tmp_path / "a.xlsx").write_bytes(b"no workbook")
    assert "is no workbook that can be read" in told(tmp_path, source)


def test_values_that_do_not_fit_are_told_with_their_line(tmp_path: Path) -> None:
    lines = ["", *LINES, "", "3", '"4\n4",road,2024-05-31,,,,', "5,roads,2024-05-31,,,,", "6,road,today,,,,"]
    (tmp_path / "a.csv").write_text(text(lines))
    (tmp_path / "b.csv").write_text(text([HEADER, "7,bridge,2024-05-31,,,,"]))
    kinds = {each.name: each for each in reported(tmp_path, path="a.csv").columns}
    assert [(each.text, each.first, each.line) for each in kinds["kind"].offending] == [("roads", 4, "line 9")]
    assert [(each.text, each.first, each.line) for each in kinds["day"].offending] == [("today", 5, "line 10")]
    kinds = {each.name: each for each in reported(tmp_path, path=["a.csv", "b.csv"]).columns}
    assert [each.line for each in kinds["kind"].offending] == ["a.csv, line 9", "b.csv, line 2"]


def test_values_of_json_lines_are_told_with_their_line(tmp_path: Path) -> None:
    rows = [dict(zip(HEADER.split(","), line.split(","), strict=True)) for line in LINES[1:]]
    rows[1]["Kind"] = "bridge"
    (tmp_path / "a.jsonl").write_text("\n\n".join(map(json.dumps, rows)))
    report = reported(tmp_path, format="jsonl", path="a.jsonl")
    assert [each.line for each in report.columns[1].offending] == ["line 3"]


@pytest.mark.parametrize("figures", [[0.3, float("nan")], [float("nan"), 0.3], [0.3, 0.7, float("nan")]])
def test_a_parquet_figure_that_is_not_a_number_is_null_beside_any_others(tmp_path: Path, figures: list[float]) -> None:
    """Parquet's least and greatest value leave it out, so that [0.3, NaN] looks like 0.3 throughout."""
    rows = [{"No": str(number), "Kind": "road", "Day": "2024-05-31"} for number in range(len(figures))]
    table = pa.Table.from_pylist(rows).append_column("Warmth", pa.array(figures, pa.float64()))
    pq.write_table(table, tmp_path / "a.parquet")
    unmapped = {name: {"constant": None} for name in ("moment", "days", "urgent")}
    found = ingest(tmp_path, {"format": "parquet", "path": "a.parquet"}, **unmapped)
    assert [row[3] for row in found] == [None if figure != figure else round(figure * 10) for figure in figures]


def test_parquet_text_that_its_writer_called_bytes_is_text(tmp_path: Path) -> None:
    raw = pa.table({"No": pa.array(["Süd".encode()], pa.binary()), "Kind": ["road"], "Day": ["2024-05-31"]})
    pq.write_table(raw, tmp_path / "a.parquet", store_schema=False)
    unmapped = {name: {"constant": None} for name in ("moment", "days", "degrees", "urgent")}
    source = {"format": "parquet", "path": "a.parquet"}
    assert ingest(tmp_path, source, **unmapped) == [("Süd", "road", None, None)]
    other = raw.set_column(0, "No", pa.array([b"\xff\x00"], pa.binary()))
    pq.write_table(other, tmp_path / "a.parquet", store_schema=False)
    assert "cannot be read as parquet" in told(tmp_path, source, **unmapped)


def test_a_file_of_another_format_than_declared_is_told_with_its_own(tmp_path: Path) -> None:
    (tmp_path / "a.csv").write_text(text(LINES))
    pq.write_table(pa.table({"No": ["1"] * 2000}), tmp_path / "a.parquet")
    with closing(sqlite3.connect(tmp_path / "a.db")) as database:
        database.execute("CREATE TABLE t (No)")
    for name, declared, looks in (
        ("a.csv", "parquet", "csv"),
        ("a.parquet", "csv", "parquet"),
        ("a.db", "csv", "sqlite"),
        ("a.parquet", "jsonl", "parquet"),
    ):
        said = told(tmp_path, {"format": declared, "path": name})
        assert f"source.format: {tmp_path}/{name} cannot be read as {declared}, and looks like {looks}" in said
        assert f"declare format: {looks}" in said


@pytest.mark.parametrize("content", ['[{"No": "1"}]', '\n[\n  {"No": "1"}\n]\n'])
def test_one_json_list_is_told_to_be_none_of_lines(tmp_path: Path, content: str) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    said = told(tmp_path, {"format": "jsonl", "path": "a.jsonl"})
    line = 2 if content.startswith("\n") else 1
    assert f"a.jsonl, line {line} starts one JSON list, and is no object: '[" in said
    assert "write one object a line" in said


@pytest.mark.parametrize(
    ("value", "text_of_it"),
    [
        (timedelta(hours=25, minutes=30), "25:30:00"),
        (timedelta(seconds=-90, milliseconds=-500), "-0:01:30.5"),
        (1234567890123456.0, "1234567890123456"),
        (2.0**53, "9007199254740992"),
        (1e17, "1e+17"),
        (-0.0, "0"),
        (2.5, "2.5"),
        (True, "true"),
        (datetime(2024, 1, 5, 10), "2024-01-05 10:00:00"),
    ],
)
def test_a_typed_cell_is_the_text_that_a_person_would_write(value: object, text_of_it: str) -> None:
    assert as_text(value) == text_of_it
