"""JSON Schemas of contracts and manifests under `docs/schema/`, written from their models: `make docs`."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from pydantic import Field
from pydantic.json_schema import GenerateJsonSchema

from hansa_core.contract.contract_document import ContractDocument
from hansa_core.documents.model import Section
from hansa_core.manifest.manifest_document import ManifestDocument
from hansa_node.ingest.growth import GrowthMode
from hansa_node.ingest.mapping import ColumnMappingDocument
from hansa_node.ingest.source_document import SourceDocument


class Manifest(ManifestDocument):
    """A city's declaration for one dataset, with where its data lies."""

    source: SourceDocument = Field(description="the city's own file")
    mapping: Mapping[str, ColumnMappingDocument] = Field(description="how each contract column follows from it")
    mode: GrowthMode = Field(GrowthMode.REPLACE, description="what becomes of the rows that are served")
    key: str | list[str] = Field([], description="the columns that tell a row from all others, for upsert")
    watermark: str | None = Field(None, description="the date, time or number that rises from file to file")


def schemas() -> Mapping[str, str]:
    """Each schema as text, by its file name."""
    return {"contract.json": _schema(ContractDocument), "manifest.json": _schema(Manifest)}


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


def _schema(model: type[Section]) -> str:
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **model.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
