"""Reading a manifest file: the manifest in it, the mapping, and the limits of an ingest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.declaration import declaration_from_document
from hansa_local.yaml_file import read_yaml
from hansa_node.ingest.growth import Growth, growth_from_document
from hansa_node.ingest.limits import IngestLimits, limits_from_document
from hansa_node.ingest.mapping import DatasetMapping, mapping_from_document


@dataclass(frozen=True, slots=True, kw_only=True)
class ManifestFile:
    """A manifest file, read once: what it declares about protection, about the city's data,
    what stops it before it publishes, and how it grows."""

    manifest: Manifest
    mapping: DatasetMapping
    limits: IngestLimits
    growth: Growth


def read_manifest_file(path: Path, contract: Contract) -> ManifestFile:
    """All that the file says; relative source paths start at its folder.

    Raises ConfigError that names file, field, rule and remedy.
    """
    document = _document(path)
    with _told_about(path):
        manifest = declaration_from_document(document, contract)
        return ManifestFile(
            manifest=manifest,
            mapping=mapping_from_document(document, contract, path.absolute().parent),
            limits=limits_from_document(document),
            growth=growth_from_document(document, contract, manifest),
        )


def read_manifest(path: Path, contract: Contract) -> Manifest:
    """What the file declares about protection alone, as a node serves by it. Raises as `read_manifest_file` does."""
    document = _document(path)
    with _told_about(path):
        return declaration_from_document(document, contract)


def _document(path: Path) -> object:
    return read_yaml(path, hint="write the manifest there, or correct its path under [datasets]")


@contextmanager
def _told_about(path: Path) -> Iterator[None]:
    try:
        yield
    except ValueError as broken:
        raise ConfigError(f"{path}: {broken}") from None
