"""Reading a manifest file: the manifest in it, and the mapping."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.declaration import declaration_from_document
from hansa_local.yaml_file import read_yaml
from hansa_node.ingest.limits import IngestLimits, limits_from_document
from hansa_node.ingest.mapping import DatasetMapping, mapping_from_document


def read_manifest(path: Path, contract: Contract) -> Manifest:
    """What the file declares about protection. Raises ConfigError that names file, field, rule and remedy."""
    document = _document(path)
    with _told_about(path):
        return declaration_from_document(document, contract)


def read_mapping(path: Path, contract: Contract) -> DatasetMapping:
    """What the file says about the city's own data; relative source paths start at its folder. Raises ConfigError."""
    document = _document(path)
    with _told_about(path):
        return mapping_from_document(document, contract, path.absolute().parent)


def read_limits(path: Path) -> IngestLimits:
    """What the file demands of a version before it is published. Raises ConfigError."""
    document = _document(path)
    with _told_about(path):
        return limits_from_document(document)


def _document(path: Path) -> object:
    return read_yaml(path, hint="write the manifest there, or correct its path under [datasets]")


@contextmanager
def _told_about(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as broken:
        raise ConfigError(f"{path}: {broken}") from None
