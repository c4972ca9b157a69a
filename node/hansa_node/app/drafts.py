"""Drafts for an operator: a manifest written where the node looks for it, with its rules for editors beside it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_local.clock import utc_now
from hansa_local.contract_files import contract_in
from hansa_local.document_file import read_bytes
from hansa_local.new_file import check_new, write_with_schema
from hansa_local.trust_anchor import load_roster
from hansa_node.app.config import read_config
from hansa_node.app.declared import read_contracts
from hansa_node.drafting.draft import draft_manifest
from hansa_node.drafting.manifest_text import UNSURE, shown_paths
from hansa_node.ingest.manifest_schema import MANIFEST_SCHEMA_NAME, manifest_schema

_CONTRACT_ENDINGS = (".yaml", ".yml")


def write_draft(name: str, files: Sequence[Path], *, config: Path, out: Path | None) -> Iterator[str]:
    """Lines for the operator. Raises ConfigError."""
    contract, usual = _contract(name, config)
    path = out or usual
    check_new(path)
    draft = draft_manifest(contract, files)
    text = draft.text(shown_paths(files, path.parent), MANIFEST_SCHEMA_NAME)
    write_with_schema(path, text, MANIFEST_SCHEMA_NAME, manifest_schema())
    mapped = sum(entry.is_mapped for entry in draft.entries)
    yield f"{path}: {mapped} of {len(draft.entries)} columns of {contract.id} are mapped"
    if draft.doubts:
        yield f"  {draft.doubts} places are marked {UNSURE}: read them, decide, and take the marks out"
    yield f"  then: hansa node ingest {contract.id.name} --dry-run"


def _contract(name: str, config: Path) -> tuple[Contract, Path]:
    """The contract, and where its manifest is written where nobody says."""
    if name.endswith(_CONTRACT_ENDINGS):
        path = Path(name)
        contract = contract_in(read_bytes(path, hint="give a contract's file, or its name"), path)
        return contract, Path(f"{contract.id.name}.manifest.yaml")
    settings = read_config(config)
    wanted = settings.dataset_named(name)
    contracts = read_contracts(settings, load_roster(settings, utc_now()))
    if wanted not in contracts:
        raise ConfigError(f"{config}: datasets: {wanted} is no contract of the league's roster; correct the name")
    return contracts[wanted], settings.datasets[wanted]
