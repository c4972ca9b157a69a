"""What a contract calls unique stands in one row, or nothing is published."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from hansa_city_files import CONTRACT_DOCUMENT, manifest_of, write_csv, write_manifest
from hansa_core.contract.contract_document import contract_from_document
from hansa_core.errors import ConfigError
from hansa_node.ingest.ingest import ingest_dataset


def ingest(folder: Path, rows: Sequence[Mapping[str, Any]], *, unique: bool = True, **keys: Any) -> int:
    document = copy.deepcopy(CONTRACT_DOCUMENT)
    document["columns"][document["unit"]]["unique"] = unique
    write_csv(folder / "repairs.csv", rows)
    contract = contract_from_document(document)
    return ingest_dataset(write_manifest(folder, manifest_of(**keys)), contract, folder / "served").rows_kept


def test_each_number_in_one_row_is_unique(tmp_path: Path) -> None:
    assert ingest(tmp_path, [{"No": "1"}, {"No": "2"}, {"No": "3"}]) == 3


def test_a_number_of_two_rows_stops_the_ingest_and_is_told_with_its_rows(tmp_path: Path) -> None:
    rows = [{"No": "7"}, {"No": "1"}, {"No": "7"}, {"No": "2"}, {"No": "7"}, {"No": "1"}]
    with pytest.raises(
        ConfigError, match=r"2 values stand in more than one row, .*: '7' in rows 1, 3, 5, '1' in rows 2, 6;"
    ):
        ingest(tmp_path, rows)
    assert not list((tmp_path / "served").rglob("*.duckdb"))


def test_where_the_contract_promises_nothing_a_number_may_stand_twice(tmp_path: Path) -> None:
    assert ingest(tmp_path, [{"No": "7"}, {"No": "7"}], unique=False) == 2


def test_rows_are_those_of_the_source_where_others_before_them_are_rejected(tmp_path: Path) -> None:
    rows = [{"No": "1", "Kind": "none such"}, {"No": "7", "Kind": "none such"}, {"No": "7"}, {"No": "2"}, {"No": "7"}]
    with pytest.raises(ConfigError, match=r"1 values stand in more than one row, .*: '7' in rows 3, 5;"):
        ingest(tmp_path, rows, max_rejected_share=1)


def test_a_number_that_is_served_already_is_told_as_one_of_the_version(tmp_path: Path) -> None:
    grows: dict[str, Any] = {"mode": "append", "watermark": "day"}
    ingest(tmp_path, [{"No": "7", "Day": "2024-03-01"}], **grows)
    with pytest.raises(ConfigError, match=r"'7' in row 2, and in the version that is served;"):
        ingest(tmp_path, [{"No": "8"}, {"No": "7"}], **grows)
