"""Text files as they come: comments, line ends, zero bytes and a wrong encoding lose no row and change none."""

from __future__ import annotations

from pathlib import Path

import pytest

from hansa_city_files import REPAIRS, manifest_of, write_manifest
from hansa_core.errors import ConfigError
from hansa_node.datasets.versions import current_version, dataset_folder
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.report import IngestReport

HEADER = "No,Kind,Day,Moment,Length,Warmth,Urgent"


def row(number: object) -> str:
    return f"{number},road,2024-05-31,,,,"


def ingest(folder: Path, raw: bytes, **source: object) -> tuple[list[str], IngestReport]:
    """The numbers of the rows that are served, in order, and the report."""
    (folder / "a.csv").write_bytes(raw)
    document = manifest_of(source={"format": "csv", "path": "a.csv", **source})
    report = ingest_dataset(write_manifest(folder, document), REPAIRS, folder / "served")
    version = current_version(dataset_folder(folder / "served", REPAIRS.id))
    assert version is not None
    with open_locked(version.path) as connection:
        return [number for (number,) in connection.sql('SELECT repair FROM "rows" ORDER BY repair').fetchall()], report


def told(folder: Path, raw: bytes, **source: object) -> str:
    with pytest.raises(ConfigError) as error:
        ingest(folder, raw, **source)
    return str(error.value)


@pytest.mark.parametrize(
    "before", [[], ["# a"], ["# a", "", "# b"], ["Report of May", "# a"]], ids=["none", "one", "blank", "skipped"]
)
def test_a_comment_before_the_header_or_between_rows_takes_no_row_away(tmp_path: Path, before: list[str]) -> None:
    lines = [*before, HEADER, '# c, "d', row(1), row(2), "#", row(3)]
    raw = "\n".join(lines).encode()
    assert ingest(tmp_path, raw, comment="#", skip_lines=len(before))[0] == ["1", "2", "3"]
    if "Report of May" not in before:
        assert ingest(tmp_path, raw, comment="#")[0] == ["1", "2", "3"]


def test_the_comment_sign_in_the_middle_of_a_cell_is_part_of_it(tmp_path: Path) -> None:
    raw = "\n".join([HEADER, row("C#"), row("4#5"), row('"x\n# y"'), "# no row"]).encode()
    numbers, report = ingest(tmp_path, raw, comment="#")
    assert numbers == ["4#5", "C#", "x\n# y"]
    assert report.rows_read == 3


def test_a_broken_line_after_comments_is_told_with_its_own_number(tmp_path: Path) -> None:
    raw = "\n".join(["# a", HEADER, "# b", row(1), "2,road", row(3)]).encode()
    numbers, report = ingest(tmp_path, raw, comment="#")
    assert numbers == ["1", "3"]
    assert "a.csv, line 5, column Day has 2 cells where there are 7 columns" in report.left_out.told[0]


@pytest.mark.parametrize("ends", [("\r\n", "\n"), ("\n", "\r\n"), ("\n", "\r"), ("\r", "\r"), ("\r\n", "\r")])
def test_line_ends_of_several_kinds_end_lines(tmp_path: Path, ends: tuple[str, str]) -> None:
    first, second = ends
    raw = f"{HEADER}{first}{row(1)}{second}{row(2)}{first}{row(3)}{second}4,road{second}".encode()
    numbers, report = ingest(tmp_path, raw)
    assert numbers == ["1", "2", "3"]
    assert "a.csv, line 5, column Day" in report.left_out.told[0]


def test_line_ends_are_seen_across_the_pieces_in_which_a_file_is_read(tmp_path: Path) -> None:
    start = f"{HEADER}\r\n{row(0)}\r\n"
    padding = (1 << 20) - len(start) - len(row("")) - 1  # the return is the last byte of the first piece
    raw = f"{start}{row('x' * padding)}\r\n{row(2)}\r\n".encode()
    assert raw[(1 << 20) - 1 : (1 << 20) + 1] == b"\r\n"
    assert len(ingest(tmp_path, raw)[0]) == 3


@pytest.mark.parametrize("lines", [1, 20_000])
def test_a_zero_byte_is_told_wherever_it_stands(tmp_path: Path, lines: int) -> None:
    raw = "\n".join([HEADER, *map(row, range(lines)), row("a\0b")]).encode()
    said = told(tmp_path, raw)
    assert f"a.csv, line {lines + 2} holds a zero byte, which is no character of a table: 'a\\x00b,road" in said
    assert f"a.csv, line {lines + 2} holds a zero byte" in told(tmp_path, raw, encoding="windows-1252")


def test_utf_8_that_is_declared_as_another_encoding_is_told(tmp_path: Path) -> None:
    raw = "\n".join([HEADER, row(1), row("Süd")]).encode()
    said = told(tmp_path, raw, encoding="windows-1252")
    assert "a.csv, line 3 is UTF-8, not windows-1252, and says 'Süd,road,2024-05-31,,,,'" in said
    assert "declare encoding: utf-8" in said


def test_a_line_for_spreadsheets_is_no_header(tmp_path: Path) -> None:
    raw = "\n".join(["sep=,", HEADER, row(1)]).encode()
    assert "source.skip_lines: " in (said := told(tmp_path, raw))
    assert "line 1 says to a spreadsheet which sign stands between cells" in said
    assert ingest(tmp_path, raw, skip_lines=1)[0] == ["1"]


def test_a_name_of_a_column_has_no_blanks_around_it_that_nobody_sees(tmp_path: Path) -> None:
    raw = "\n".join([HEADER.replace("Kind", "\u00a0Kind\u200b"), row(1)]).encode()
    assert ingest(tmp_path, raw)[0] == ["1"]


@pytest.mark.parametrize(
    ("line", "column", "why"),
    [
        ('2,road,"2024-05-31,,,,', "Day", "unexpected end of data"),
        ('2,"a""b","2024-05-31"x,,,,', "Day", "',' expected after '\"'"),
    ],
)
def test_a_quoted_cell_that_does_not_end_is_told_with_its_line_and_column(
    tmp_path: Path, line: str, column: str, why: str
) -> None:
    said = told(tmp_path, "\n".join([HEADER, row(1), line, row(3)]).encode())
    assert f"source.quote: {tmp_path}/a.csv, line 3, column {column} has a quoted cell that does not end" in said
    assert f"({why}): {line!r}" in said
