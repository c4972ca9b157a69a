"""A manifest file is taken only if its tables can be published."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from hansa_core.errors import ConfigError
from hansa_node.ingest.manifest_file import read_manifest
from hansa_published import MANIFEST_DOCUMENT, SHOPS


def test_a_table_over_a_column_without_a_domain_stops_the_reading(tmp_path: Path) -> None:
    path = tmp_path / "shops.yaml"
    path.write_text(yaml.safe_dump({**MANIFEST_DOCUMENT, "domains": {}}))
    with pytest.raises(ConfigError, match=r"shops\.yaml: domains\.street: the contract leaves this domain to the city"):
        read_manifest(path, SHOPS)


def test_a_manifest_whose_tables_can_be_published_is_read(tmp_path: Path) -> None:
    path = tmp_path / "shops.yaml"
    path.write_text(yaml.safe_dump(MANIFEST_DOCUMENT))
    assert [table.name for table in read_manifest(path, SHOPS).tables][:2] == ["whole", "by_kind"]
