"""JSON Schemas of contracts and manifests under `docs/schema/`, written from their models: `make docs`."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from hansa_core.contract.contract_schema import contract_schema
from hansa_node.ingest.manifest_schema import manifest_schema


def schemas() -> Mapping[str, str]:
    """Each schema as text, by its file name."""
    return {"contract.json": contract_schema(), "manifest.json": manifest_schema()}


def main(arguments: Sequence[str]) -> int:
    """`--write FOLDER` the schemas, or `--check FOLDER`: 1 if a file is not what would be written."""
    match arguments:
        case ["--write", folder]:
            Path(folder).mkdir(exist_ok=True)
            for name, text in schemas().items():
                (Path(folder) / name).write_text(text, encoding="utf-8")
        case ["--check", folder]:
            paths = {Path(folder) / name: text for name, text in schemas().items()}
            stale = [path for path, text in paths.items() if not path.exists() or path.read_text("utf-8") != text]
            for path in stale:
                sys.stderr.write(f"{path} is not what the models say; run: make docs\n")
            return 1 if stale else 0
        case _:
            sys.stderr.write("give --write FOLDER or --check FOLDER\n")
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
