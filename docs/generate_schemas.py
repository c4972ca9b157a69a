"""JSON Schemas of contracts and manifests under `docs/schema/`, written from their models: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from generated import write_or_check

from hansa_core.contract.contract_schema import contract_schema
from hansa_node.ingest.manifest_schema import manifest_schema


def schemas() -> Mapping[str, str]:
    """Each schema as text, by its file name."""
    return {"contract.json": contract_schema(), "manifest.json": manifest_schema()}


def files(folder: Path) -> dict[Path, bytes]:
    """Each of the schemas, as the file that it is written to."""
    return {folder / name: content.encode() for name, content in schemas().items()}


def main(arguments: Sequence[str]) -> int:
    """`--write FOLDER` the schemas, or `--check FOLDER`: 1 if a file is not what would be written."""
    return write_or_check(arguments, files, told="the models")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
