"""`hansa node draft`: a manifest for a city's file, which ingests as it stands wherever nothing is marked UNSURE."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import duckdb
import jsonschema_rs
import pytest
from typer.testing import CliRunner

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_demo.permits import write_city_source
from hansa_local.contract_files import contract_in
from hansa_local.yaml_file import yaml_value
from hansa_node.app.cli import app
from hansa_node.drafting.draft import draft_manifest
from hansa_node.drafting.manifest_text import ManifestDraft
from hansa_node.ingest.ingest import IngestStoppedError, ingest_dataset
from hansa_node.ingest.report import IngestReport

CASES = Path(__file__).parents[1] / "fixtures" / "ingest_cases"
UNREADABLE: dict[str, str] = {}
PERMITS = Path(__file__).parents[2] / "contracts" / "housing.permits.1.yaml"
CONTRACT_TEXT = """
contract: green.trees/1
title: Street trees
unit: tree_id
unit_scope: city
least_level: open
columns:
  tree_id: {type: text, meaning: its number, identifier: true, required: true}
  kind: {type: text, meaning: kind, required: true, domain: [oak, lime, other]}
  height: {type: number, meaning: height, unit: metres, quantum: 0.01, lower: 0, upper: 60}
  planted_on: {type: date, meaning: when it was planted, key_part: month}
  planted_year: {type: integer, meaning: year of planting, unit: year, quantum: 1, lower: 1900, upper: 2030}
  protected: {type: boolean, meaning: whether it may not be felled}
  seen_at: {type: timestamp, meaning: when it was seen, key_part: hour}
  district: {type: text, meaning: the city's district, per_city: true}
"""
TREES = contract_in(CONTRACT_TEXT.encode(), Path("trees.yaml"))
GERMAN = """\
Nr;Kind;Height;Planted_On;Protected;Seen At;District
1;Oak;12,5;24.12.1990;ja;2024-05-01T10:00:00+02:00;Nord
2;lime;7,25;03.02.2001;nein;2024-05-02T10:00:00Z;Süd
3; OTHER;k.A.;31.01.1999;ja;2024-05-03T10:00:00Z;nord
4;lime;1.003,75;05.11.2011;nein;2024-05-04T10:00:00Z;Nord
"""


def drafted(folder: Path, text: str | bytes, contract: Contract = TREES, name: str = "trees.csv") -> ManifestDraft:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return draft_manifest(contract, [path])


def written(folder: Path, draft: ManifestDraft, names: Sequence[str] = ("trees.csv",)) -> Path:
    path = folder / "manifest.yaml"
    path.write_text(draft.text(list(names), "manifest.schema.json"), encoding="utf-8")
    return path


def ingested(folder: Path, draft: ManifestDraft, names: Sequence[str] = ("trees.csv",)) -> IngestReport:
    return ingest_dataset(written(folder, draft, names), draft.contract, folder / "data")


def keys_of(draft: ManifestDraft, column: str) -> dict[str, object]:
    return dict(next(entry.keys for entry in draft.entries if entry.column == column))


def doubts_of(draft: ManifestDraft, column: str) -> str:
    return "\n".join(next(entry.doubts for entry in draft.entries if entry.column == column))


def stored(folder: Path) -> list[tuple[object, ...]]:
    (path,) = (folder / "data").rglob("*.duckdb")
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.execute("SELECT * FROM rows ORDER BY tree_id").fetchall()


def test_a_file_in_which_nothing_is_unsure_ingests_as_it_stands(tmp_path: Path) -> None:
    draft = drafted(tmp_path, GERMAN.replace("1.003,75", "9,1"))
    assert draft.doubts == 0, draft.text(["trees.csv"], "x")
    assert ingested(tmp_path, draft).rows_kept == 4
    kinds = [(row[0], row[1], row[2], str(row[3]), row[4], row[5], row[7]) for row in stored(tmp_path)]
    assert kinds == [
        ("1", "oak", 1250, "1990-12-24", 1990, True, "Nord"),
        ("2", "lime", 725, "2001-02-03", 2001, False, "Süd"),
        ("3", "other", None, "1999-01-31", 1999, True, "Nord"),
        ("4", "lime", 910, "2011-11-05", 2011, False, "Nord"),
    ]


def test_each_format_stands_beside_three_examples(tmp_path: Path) -> None:
    text = drafted(tmp_path, GERMAN).text(["trees.csv"], "x")
    for line in (
        "planted_on: {from: Planted_On, format: '%d.%m.%Y'}",
        "protected: {from: Protected, recode: {",
        "planted_year: {year_of: planted_on}",
    ):
        assert line in text
    (examples,) = [line for line in text.splitlines() if line.startswith("  # Planted_On: ")]
    assert len(examples.split(" · ")) == 3


def test_figures_out_of_bounds_are_a_doubt_about_their_column(tmp_path: Path) -> None:
    draft = drafted(tmp_path, GERMAN)
    assert keys_of(draft, "height") == {
        "from": "Height",
        "decimal": ",",
        "thousands": ".",
        "null_values": ["k.A."],
    }
    assert "1 of 4 values are out of the contract's bounds" in doubts_of(draft, "height")


@pytest.mark.parametrize(
    ("head", "row", "column", "doubt"),
    [
        ("planted_on", "01.02.2003", "planted_on", ""),
        ("planted_on", "01/02/2003", "planted_on", "which comes first, the day or the month"),
        ("planted_on", "24.12.90", "planted_on", "two digits"),
        ("height", "1.234", "height", 'is thousands: "." meant'),
        ("seen_at", "2024-01-05 10:00", "seen_at", "declare from_zone"),
        ("seen_at", "1704448800", "seen_at", "epoch_s"),
        ("Baumhoehe", "12.5", "height", "is Baumhoehe meant"),
        ("height_cm", "1250", "height", "the name says cm"),
    ],
)
def test_what_can_be_read_two_ways_is_marked(tmp_path: Path, head: str, row: str, column: str, doubt: str) -> None:
    rows = "".join(f"{number};lime;{row}\n" for number in range(5))
    draft = drafted(tmp_path, f"tree_id;kind;{head}\n{rows}")
    assert doubt in doubts_of(draft, column)
    assert bool(doubts_of(draft, column)) == bool(doubt)
    assert ("UNSURE" in draft.text(["trees.csv"], "x").split("domains:")[0].split("seen_at: {con")[0]) or not doubt


def test_a_unit_in_a_columns_name_is_proposed_and_converts(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "tree_id,kind,height_cm\n1,lime,1250\n2,oak,725\n3,oak,12\n")
    assert keys_of(draft, "height") == {"from": "height_cm", "unit": "cm"}
    assert ingested(tmp_path, draft).rows_kept == 3
    assert [row[2] for row in stored(tmp_path)] == [1250, 725, 12]


def test_lines_before_the_header_an_encoding_and_no_header_are_told(tmp_path: Path) -> None:
    text = "Baumkataster der Stadt\nStand: 1.1.2024\ntree_id;kind;district\n1;oak;Süd\n2;oak;Süd\n3;oak;Süd\n"
    draft = drafted(tmp_path, text.encode("cp1252"))
    assert dict(draft.source.keys) == {
        "format": "csv",
        "encoding": "windows-1252",
        "delimiter": ";",
        "skip_lines": 2,
    }
    assert draft.source.doubts["encoding"] == "line 4 reads '1;oak;Süd'"
    assert set(draft.source.doubts) == {"encoding", "skip_lines"}
    assert ingested(tmp_path, draft).rows_kept == 3
    bare = drafted(tmp_path, "1;12,5\n2;13,5\n3;1,5\n", name="bare.csv")
    assert bare.source.keys["header"] == ["column1", "column2"]
    assert "header" in bare.source.doubts


def test_a_required_column_that_the_file_lacks_stops_the_ingest(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "tree_id,height\n1,2.5\n2,3.5\n")
    assert "it is required" in doubts_of(draft, "kind")
    with pytest.raises(IngestStoppedError):
        ingested(tmp_path, draft)


def test_a_line_that_is_no_row_is_a_doubt_about_the_whole(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "tree_id;kind;height\n1;oak;2\n2;oak;3\nTotal 5\n")
    assert any("1 of 3 rows are rejected" in note for note in draft.notes), draft.text(["trees.csv"], "x")


def test_several_files_are_one_table(tmp_path: Path) -> None:
    names = ("2024-01.csv", "2024-02.csv")
    for number, name in enumerate(names):
        (tmp_path / name).write_text(f"tree_id,kind\n{number},oak\n")
    draft = draft_manifest(TREES, [tmp_path / name for name in names])
    assert ingested(tmp_path, draft, names).rows_kept == 2


def _cases() -> Iterator[tuple[str, Path, Path]]:
    for folder in sorted(path for path in CASES.iterdir() if path.is_dir()):
        own = folder / "contract.yaml"
        contract = own if own.exists() else CASES / ("lab2.yaml" if folder.name == "31dup" else "lab.yaml")
        for source in sorted(folder.glob("source.*")):
            yield folder.name, source, contract


@pytest.mark.parametrize(("case", "source", "contract"), list(_cases()), ids=lambda value: str(value)[-12:])
def test_what_is_not_marked_rejects_no_row(case: str, source: Path, contract: Path, tmp_path: Path) -> None:
    read = contract_in(contract.read_bytes(), contract)
    if case in UNREADABLE:
        with pytest.raises(ConfigError, match=UNREADABLE[case]):
            draft_manifest(read, [source])
        return
    _check_marks(tmp_path, draft_manifest(read, [source]), source)


@pytest.mark.parametrize("city", ["los-angeles", "san-diego", "san-francisco", "seattle"])
def test_the_files_of_the_demos_cities_are_drafted(city: str, tmp_path: Path) -> None:
    source = write_city_source(city, tmp_path / "source")
    draft = draft_manifest(contract_in(PERMITS.read_bytes(), PERMITS), [source])
    for column in ("permit_id", "applied_on", "issued_on"):
        assert "from" in keys_of(draft, column), draft.text([str(source)], "x")
    assert keys_of(draft, "applied_year") == {"year_of": "applied_on"}
    _check_marks(tmp_path, draft, source)


def _check_marks(folder: Path, draft: ManifestDraft, source: Path) -> None:
    """A real ingest of the draft, without its limits, against the marks in it."""
    path = written(folder, draft, [str(source)])
    path.write_text(
        path.read_text(encoding="utf-8") + "max_rejected_share: 1\nmax_clipped_share: 1\n", encoding="utf-8"
    )
    marked = {entry.column for entry in draft.entries if entry.doubts}
    try:
        report = ingest_dataset(path, draft.contract, folder / "data")
    except ConfigError:
        assert draft.doubts, draft.text([str(source)], "x")
        return
    for column in report.columns:
        assert column.name in marked or not column.rejected, draft.text([str(source)], "x")
    if not draft.doubts:
        assert report.rows_kept == report.rows_read


def test_the_command_writes_the_manifest_and_its_rules_and_overwrites_nothing(tmp_path: Path) -> None:
    (tmp_path / "trees.yaml").write_text(CONTRACT_TEXT)
    (tmp_path / "trees.csv").write_text(GERMAN)
    out = tmp_path / "manifests" / "green.trees.yaml"
    arguments = ["draft", str(tmp_path / "trees.yaml"), str(tmp_path / "trees.csv"), "--out", str(out)]
    first = CliRunner().invoke(app, arguments)
    assert first.exit_code == 0, first.output
    assert "8 of 8 columns of green.trees/1 are mapped" in first.output
    head = out.read_text(encoding="utf-8").splitlines()[0]
    rules = out.parent / head.removeprefix("# yaml-language-server: $schema=")
    document = yaml_value(out.read_bytes())
    jsonschema_rs.validate(json.loads(rules.read_text(encoding="utf-8")), document)
    assert ingest_dataset(out, TREES, tmp_path / "data", accept="a test").rows_kept == 4
    again = CliRunner().invoke(app, arguments)
    assert again.exit_code == 2
    assert "is there already" in again.output


def test_rules_for_editors_that_cannot_be_written_are_told(tmp_path: Path) -> None:
    (tmp_path / "trees.yaml").write_text(CONTRACT_TEXT)
    (tmp_path / "trees.csv").write_text(GERMAN)
    (tmp_path / "manifest.schema.json").symlink_to("/dev/full")
    out = tmp_path / "green.trees.yaml"
    told = CliRunner().invoke(
        app, ["draft", str(tmp_path / "trees.yaml"), str(tmp_path / "trees.csv"), "--out", str(out)]
    )
    assert told.exit_code == 2
    assert "manifest.schema.json: cannot be written (No space left on device)" in told.output
    assert not out.exists()


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("list.json", '[{"tree_id": 1}, {"tree_id": 2}]', "JSON lines"),
        ("empty.csv", "", "is empty"),
        ("cut.xlsx", b"PK\x03\x04broken", "damaged or cut"),
        ("report.xls", "<html><table><tr><td>1</td></tr></table></html>", "is a web page"),
        ("twice.csv", "tree_id,kind,kind\n1,oak,oak\n", "both called 'kind'"),
        ("zero.csv", "tree_id,kind\n1,o\0ak\n", "line 2 holds a zero byte"),
    ],
)
def test_a_file_that_cannot_be_drafted_is_told_with_what_would_be(
    tmp_path: Path, name: str, content: str | bytes, said: str
) -> None:
    with pytest.raises(ConfigError, match=said):
        drafted(tmp_path, content, name=name)


def test_no_value_of_a_column_that_identifies_or_looks_personal_is_in_a_draft(tmp_path: Path) -> None:
    people = ("Anna Geheim", "Berta Muster", "Carl Beispiel", "Dora Probe", "Emil Versuch")
    rows = "".join(f"T-{4711 + number};lime;{name}\n" for number, name in enumerate(people))
    text = drafted(tmp_path, f"tree_id;kind;district\n{rows}").text(["trees.csv"], "x")
    assert "# tree_id" not in text
    assert not [one for one in ("T-4711", "Geheim", "Versuch") if one in text]


def test_a_drafted_domain_below_open_has_no_value_of_few_rows(tmp_path: Path) -> None:
    contract = contract_in(
        CONTRACT_TEXT.replace("least_level: open", "least_level: controlled").encode(), Path("t.yaml")
    )
    rows = "".join(f"{number};lime;{'Nord' if number % 2 else 'nord'}\n" for number in range(10))
    draft = drafted(tmp_path, f"tree_id;kind;district\n{rows}11;oak;bei Anna Geheim\n12;oak;süd\n", contract)
    text = draft.text(["trees.csv"], "x")
    assert "bei Anna Geheim" not in text
    assert "district: [nord]" in text or "district: [Nord]" in text
    assert "2 values are left out of the domain, which is public" in doubts_of(draft, "district")


def test_numbers_that_are_not_unique_are_counted_in_a_draft_and_not_shown(tmp_path: Path) -> None:
    document = CONTRACT_TEXT.replace(
        "identifier: true, required: true", "identifier: true, required: true, unique: true"
    )
    rows = "Tree ID,Kind\n90210,oak\n90210,lime\n7,oak\n"
    draft = drafted(tmp_path, rows, contract_in(document.encode(), Path("trees.yaml")))
    text = draft.text(["trees.csv"], "manifest.schema.json")
    assert "tree_id: 1 values stand in more than one row" in text
    assert "90210" not in text


def test_a_draft_counts_broken_lines_and_shows_none(tmp_path: Path) -> None:
    draft = drafted(tmp_path, "Tree ID,Kind\n1,oak\n2,lime,Erika Mustermann\n3,oak\n")
    text = draft.text(["trees.csv"], "manifest.schema.json")
    assert "1 of 3 rows are rejected (ragged 1)" in text
    assert "Mustermann" not in text


def test_of_several_files_in_an_archive_the_largest_table_is_proposed_and_the_others_are_told(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "trees.zip", "w") as archive:
        archive.writestr("README.md", "x" * 5000)
        archive.writestr("data/trees.csv", GERMAN.replace("1.003,75", "9,1"))
        archive.writestr("data/kinds.csv", "kind\noak\n")
        archive.writestr("__MACOSX/._trees.csv", "x" * 9000)
        archive.writestr("data/.DS_Store", "x")
    draft = draft_manifest(TREES, [tmp_path / "trees.zip"])
    assert draft.source.keys["member"] == "data/trees.csv"
    assert draft.source.doubts == {"member": "there are others, too: README.md, data/kinds.csv"}
    assert "  # UNSURE: there are others, too: README.md, data/kinds.csv\n  member: data/trees.csv" in draft.text(
        ["a"], "x"
    )
    assert ingested(tmp_path, draft, ["trees.zip"]).rows_kept == 4


def test_one_file_in_an_archive_with_what_a_system_added_is_the_one(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "trees.zip", "w") as archive:
        archive.writestr("trees.csv", GERMAN.replace("1.003,75", "9,1"))
        archive.writestr("__MACOSX/._trees.csv", "x" * 9000)
    draft = draft_manifest(TREES, [tmp_path / "trees.zip"])
    assert "member" not in draft.source.keys
    assert ingested(tmp_path, draft, ["trees.zip"]).rows_kept == 4
