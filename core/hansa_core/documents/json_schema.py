"""JSON Schemas of documents that people write, from their models."""

from __future__ import annotations

import json

from pydantic.json_schema import GenerateJsonSchema

from hansa_core.documents.model import Section


def schema_text(model: type[Section]) -> str:
    """The schema of a document, as text."""
    schema = {"$schema": GenerateJsonSchema.schema_dialect, **model.model_json_schema(by_alias=True)}
    return json.dumps(schema, indent=2) + "\n"
