"""Versions that are kept of a dataset: listed, served again, and deleted."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import duckdb
from rich import box
from rich.table import Table

from hansa_core.contract.contract import Contract
from hansa_core.contract.ids import ContractId
from hansa_core.contract.level import Level
from hansa_core.errors import ConfigError
from hansa_core.manifest.manifest import Manifest
from hansa_node.datasets.stamp import Stamp, check_stamp, read_stamp, renumber_stamp
from hansa_node.datasets.version_file import VersionFile
from hansa_node.datasets.versions import (
    current_version,
    dataset_folder,
    delete_version,
    new_version,
    profile_path,
    reports_path,
    versions_before,
)
from hansa_node.engines.duckdb.lockdown import open_locked
from hansa_node.engines.duckdb.readable import readable
from hansa_node.ingest.earlier import EarlierPublications, check_unchanged
from hansa_node.ingest.profile import read_profile

_ANY = 10**9


def versions_table(data_dir: Path, contract: ContractId) -> Table:
    """Number, time, size and rows of each version, the newest first. Raises ConfigError where there is none."""
    folder, current = _served(data_dir, contract)
    told = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for heading in ("version", "made (UTC)", "bytes", "rows", ""):
        told.add_column(heading, justify="right" if heading in ("version", "bytes", "rows") else "left")
    for version in versions_before(folder, _ANY):
        status, profile = version.path.stat(), read_profile(profile_path(folder, version.number))
        made = datetime.fromtimestamp(status.st_mtime, UTC).strftime("%Y-%m-%d %H:%M:%S")
        rows = "not known" if profile is None else f"{profile.rows:,}"
        served = "served" if version.number == current.number else ""
        told.add_row(str(version.number), made, f"{status.st_size:,}", rows, served)
    return told


def roll_back(data_dir: Path, contract: Contract, manifest: Manifest, number: int) -> int:
    """Publish a copy of an earlier version under the next number, and return that number.

    Raises ConfigError where there is no such version, where it was prepared under another contract or manifest, and
    at level `controlled`, where a version published something else or more.
    """
    folder, _ = _served(data_dir, contract.id)
    kept = list(versions_before(folder, _ANY))
    wanted = next((each for each in kept if each.number == number), None)
    if wanted is None:
        there = ", ".join(str(each.number) for each in kept)
        raise ConfigError(f"{contract.id}: version {number} is not kept; there are {there}")
    with readable(wanted.path), open_locked(wanted.path) as connection:
        check_stamp(connection, contract, manifest)
    if manifest.level is Level.CONTROLLED and (wanted_cells := wanted.publication(contract, manifest)) is not None:
        every = EarlierPublications(folder=folder, number=_ANY, contract=contract, manifest=manifest)
        check_unchanged(contract.id, every, wanted_cells, manifest.period)
    with new_version(folder) as version:
        shutil.copyfile(wanted.path, version.path)
        version.path.chmod(0o600)
        with duckdb.connect(version.path) as connection:
            renumber_stamp(connection, version.number)
        for beside in (profile_path, reports_path):
            if (kept_file := beside(folder, number)).exists():
                shutil.copy(kept_file, beside(folder, version.number))
    return version.number


def prune(data_dir: Path, contract: ContractId, keep: int) -> list[int]:
    """Delete all but the `keep` newest versions, but for the served one and those with published cells."""
    folder, current = _served(data_dir, contract)
    gone = []
    for version in list(versions_before(folder, _ANY))[keep:]:
        stamp = _stamp(version)
        if version.number != current.number and stamp is not None and stamp.level != Level.CONTROLLED:
            delete_version(folder, version)
            gone.append(version.number)
    return gone


def _stamp(version: VersionFile) -> Stamp | None:
    with readable(version.path), open_locked(version.path) as connection:
        return read_stamp(connection)


def _served(data_dir: Path, contract: ContractId) -> tuple[Path, VersionFile]:
    folder = dataset_folder(data_dir, contract)
    current = current_version(folder)
    if current is None:
        raise ConfigError(f"{contract}: has no version yet; run `hansa node ingest {contract}`")
    return folder, current
