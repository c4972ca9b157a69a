"""The JSON Schema of contract files, by which an editor completes and checks them while they are typed."""

from __future__ import annotations

from hansa_core.contract.contract_document import ContractDocument
from hansa_core.documents.json_schema import schema_text

CONTRACT_SCHEMA_NAME = "contract.schema.json"
"""The name under which it lies beside a draft."""


def contract_schema() -> str:
    """As text."""
    return schema_text(ContractDocument)
