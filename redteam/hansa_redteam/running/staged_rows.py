"""The rows behind a dataset, as its node would take them in: the harness's own knowledge, never the attacker's."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa

from hansa_core.contract.contract import Contract
from hansa_node.datasets.versions import IN_MEMORY
from hansa_node.ingest.manifest_file import read_manifest_file
from hansa_node.ingest.sources import open_source
from hansa_node.ingest.staging import stage


def staged_rows(manifest_path: Path, contract: Contract) -> pa.Table:
    """One row per row kept, the contract's columns by name; numbers in whole quanta, NULL where there is none."""
    written = read_manifest_file(manifest_path, contract)
    with open_source(written.mapping.source, IN_MEMORY) as opened:
        stage(opened, written.mapping, contract, written.manifest, written.growth)
        return opened.connection.sql("SELECT * FROM staged").to_arrow_table()
