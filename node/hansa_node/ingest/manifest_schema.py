"""The JSON Schema of manifest files, by which an editor completes and checks them while they are typed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import Field, create_model

from hansa_core.documents.json_schema import schema_text
from hansa_core.manifest.manifest_document import ManifestDocument
from hansa_node.ingest.growth import GrowthDocument
from hansa_node.ingest.limits import LimitsDocument
from hansa_node.ingest.mapping import ColumnMappingDocument
from hansa_node.ingest.source_document import SourceDocument

MANIFEST_SCHEMA_NAME = "manifest.schema.json"
"""The name under which it lies beside a draft."""


def manifest_schema() -> str:
    """As text."""
    fields = {**GrowthDocument.model_fields, **LimitsDocument.model_fields}
    derived: Mapping[str, Any] = {name: (field.annotation, field) for name, field in fields.items()}
    parts: Mapping[str, Any] = {
        "source": (SourceDocument, Field(description="the city's own file")),
        "mapping": (
            Mapping[str, ColumnMappingDocument],
            Field(description="how each contract column follows from it"),
        ),
    }
    doc = "A city's declaration for one dataset, with where its data lies."
    return schema_text(create_model("Manifest", __base__=ManifestDocument, __doc__=doc, **parts, **derived))
