"""Base: the served version, to which a file's rows come."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hansa_core.contract.contract import Contract
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_core.protection.publish import Publication
from hansa_node.datasets.stamp import read_stamp, stamp_of
from hansa_node.datasets.versions import current_version
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.duckdb.readable import readable
from hansa_node.engines.unreadable import DataUnavailableError
from hansa_node.ingest.contents import read_contents
from hansa_node.ingest.growth import Growth


@dataclass(frozen=True, slots=True, kw_only=True)
class Base:
    """`rows`: the file whose rows stay; None at level controlled, where none are kept, and where `publication` stays.

    `contents`: what came into it, by SHA-256, with the data versions. All empty where nothing stays.
    """

    rows: Path | None = None
    publication: Publication | None = None
    contents: tuple[tuple[str, int], ...] = ()


def base_of(folder: Path, growth: Growth, contract: Contract, manifest: Manifest) -> Base:
    """An empty one where nothing is served yet, or nothing of it stays.

    Raises ConfigError where it is damaged, or its rows were made under another contract or manifest and so may mean
    something else.
    """
    version = current_version(folder) if growth.keeps_rows else None
    if version is None:
        return Base()
    try:
        version.check()
        with readable(version.path), open_locked(version.path) as connection:
            stamp, contents = read_stamp(connection), read_contents(connection)
    except DataUnavailableError as damage:
        raise ConfigError(str(damage)) from None
    if stamp is None or stamp != stamp_of(contract, manifest, stamp.data_version):
        raise ConfigError(
            f"mode: {growth.mode} keeps what version {version.number} has, and contract or manifest changed since that"
            " was prepared; replace it by a whole file first (mode: replace)"
        )
    is_open = manifest.level is Level.OPEN
    return Base(
        rows=version.path if is_open else None,
        publication=None if is_open else version.publication(contract, manifest),
        contents=contents,
    )
