"""What `docs/operating.md` tells an operator to write is what the node reads, and no key is left out of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from hansa_core.contract.column_document import ColumnDocument
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.documents.model import known_keys
from hansa_core.manifest.manifest_document import ManifestDocument
from hansa_node.ingest.column_staging import REJECTIONS
from hansa_node.ingest.ingest import ingest_dataset
from hansa_node.ingest.mapping import ColumnMappingDocument

PAGE = (Path(__file__).parents[2] / "docs" / "operating.md").read_text(encoding="utf-8")


KEYS = {key for kind in (ManifestDocument, ColumnMappingDocument, ColumnDocument) for key in known_keys(kind)}


def block(name: str) -> str:
    (found,) = re.findall(rf"```yaml\n# {name}\n(.*?)```", PAGE, re.DOTALL)
    return str(found)


def test_the_contract_and_the_manifest_of_the_page_publish_a_citys_file(tmp_path: Path) -> None:
    contract = contract_from_document(yaml.safe_load(block("contract")))
    for folder in ("manifests", "source"):
        (tmp_path / folder).mkdir()
    manifest = tmp_path / "manifests" / "green.trees.yaml"
    manifest.write_text(block("manifest"), encoding="utf-8")
    rows = [
        f"{number};2010;{'n/a' if number % 2 else 740};{'Eiche' if number < 12 else ''};Nord" for number in range(40)
    ]
    rows += ["90;2003;100;Linde;Nord", "91;2011;100;Linde;Sued", "92;2012;9000;Linde;Ost", "93;2012;tall;Linde;Ost"]
    source = "\n".join(["Nr;Jahr;Hoehe;Art;Bezirk", *rows])
    (tmp_path / "source" / "trees.csv").write_text(source, encoding="utf-8")
    report = ingest_dataset(manifest, contract, tmp_path / "data")
    columns = {column.name: column for column in report.columns}
    assert (report.rows_read, report.rows_kept) == (44, 41)
    assert (columns["height"].nulls, columns["height"].clipped) == (20, 1)
    assert {rule for column in report.columns for rule in column.rejected} == {
        "structural_zero:planted_year",
        "not_in_domain:district",
        "unparseable:height",
    }
    assert [table.name for table in report.tables] == ["by_kind", "by_year_and_district"]


@pytest.mark.parametrize("key", sorted({*KEYS, *REJECTIONS}))
def test_the_page_explains_every_key_and_every_rule(key: str) -> None:
    assert f"`{key}`" in PAGE
