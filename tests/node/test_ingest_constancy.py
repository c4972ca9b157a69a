"""What a contract promises of a unit is checked before anything is published that adds units up."""

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


def ingest(folder: Path, constant: str, rows: Sequence[Mapping[str, Any]]) -> int:
    document = copy.deepcopy(CONTRACT_DOCUMENT)
    document["columns"][constant]["constant_per_unit"] = True
    write_csv(folder / "repairs.csv", rows)
    contract = contract_from_document(document)
    return ingest_dataset(write_manifest(folder, manifest_of()), contract, folder / "served").rows_kept


def test_a_unit_may_have_many_rows_of_one_value(tmp_path: Path) -> None:
    assert ingest(tmp_path, "kind", [{"No": "1", "Length": "1"}, {"No": "1", "Length": "2"}, {"No": "2"}]) == 3


@pytest.mark.parametrize(
    ("column", "source", "values"), [("days", "Length", ("1", "2")), ("days", "Length", ("1", None))]
)
def test_a_unit_with_two_values_stops_the_ingest(
    tmp_path: Path, column: str, source: str, values: tuple[str, str | None]
) -> None:
    with pytest.raises(ConfigError, match=f"{column}: 1 of the repairs have more than one value"):
        ingest(tmp_path, column, [{"No": "1", source: value} for value in values])
    assert not list((tmp_path / "served").rglob("*.duckdb"))
