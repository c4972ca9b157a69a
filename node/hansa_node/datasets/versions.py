"""Versions of a dataset in its folder: a new one takes the old one's place, whole, wherever a crash comes."""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from hansa_core.contract.ids import ContractId
from hansa_core.errors import ConfigError
from hansa_node.datasets.file_digest import sha256_of
from hansa_node.datasets.version_file import VersionFile

IN_MEMORY = Path(":memory:")
"""The path of a version that is not written."""

_POINTER = "current"
_VERSION = re.compile(r"v([0-9]{6,9})\.duckdb")
_POINTED = re.compile(rf"({_VERSION.pattern})(?: ([0-9a-f]{{64}}))?")
"""A version, and the SHA-256 of its file; without one, as an earlier Hansa pointed at it."""


def dataset_folder(data_dir: Path, contract: ContractId) -> Path:
    """Where the versions of a dataset lie: `<data_dir>/<contract name>.<contract version>`."""
    return data_dir / f"{contract.name}.{contract.version}"


def current_version(folder: Path) -> VersionFile | None:
    """The version that is served; None before the first ingest. Raises ConfigError if the pointer is broken."""
    pointer = folder / _POINTER
    try:
        line = pointer.read_text(encoding="ascii").strip()
    except FileNotFoundError:
        return None
    except OSError as failure:
        raise ConfigError(
            f"{pointer}: cannot be read ({failure.strerror}); free file descriptors or raise their limit, or let the"
            " node's user read it"
        ) from None
    except UnicodeDecodeError:
        raise ConfigError(f"{pointer}: cannot be read; run `hansa node ingest` again") from None
    found = _POINTED.fullmatch(line)
    if found is None:
        raise ConfigError(f"{pointer}: names no version of the dataset; run `hansa node ingest` again")
    path = folder / found[1]
    if not path.is_file():
        raise ConfigError(f"{path}: is gone; put it back, or run `hansa node ingest` again")
    return VersionFile(number=int(found[2]), path=path, sha256=found[3])


def still_served(folder: Path) -> str:
    """The end of an error's text, where a version is served whatever failed; nothing before the first ingest."""
    return ": the earlier version is still served" if (folder / _POINTER).is_file() else ""


def versions_before(folder: Path, number: int) -> Iterator[VersionFile]:
    """The versions with a smaller number whose files are still there, the newest first."""
    if not folder.is_dir():  # a dry run before the first ingest
        return
    found = (_VERSION.fullmatch(path.name) for path in folder.iterdir())
    for name, before in sorted(((each[0], int(each[1])) for each in found if each), reverse=True):
        if before < number:
            yield VersionFile(number=before, path=folder / name)


@contextmanager
def new_version(folder: Path) -> Iterator[VersionFile]:
    """A fresh path to write the next version to; it becomes the current one when the block ends without an error.

    The file is written beside its name, synced, made read-only and renamed; only then the pointer moves. A crash before
    leaves the old version current and a stray file, which the next ingest removes. Raises ConfigError when a disk is
    full, a folder cannot be written, or another ingest of the dataset is under way.
    """
    with _told_to_the_operator(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        folder.chmod(0o700)
    with _alone_in(folder), _next_version(folder) as version:
        yield version


def delete_version(folder: Path, version: VersionFile) -> None:
    """Take a version away, and what stands beside it. Raises ConfigError."""
    with _told_to_the_operator(folder), _alone_in(folder):
        profile_path(folder, version.number).unlink(missing_ok=True)
        reports_path(folder, version.number).unlink(missing_ok=True)
        version.path.unlink()


@contextmanager
def unwritten_version(folder: Path) -> Iterator[VersionFile]:
    """What the next version would be, in memory: nothing is written."""
    yield VersionFile(number=_next_number(folder) if folder.is_dir() else 1, path=IN_MEMORY)


def profile_path(folder: Path, number: int) -> Path:
    """Where the profile of a version's data lies, for the operator alone."""
    return folder / f"v{number:06d}.profile.json"


def reports_path(folder: Path, number: int) -> Path:
    """Where the reports of a version's published tables lie, for the steward alone."""
    return folder / f"v{number:06d}.tables.json"


def _next_number(folder: Path) -> int:
    found = (_VERSION.fullmatch(path.name) for path in folder.iterdir())
    return 1 + max((int(each[1]) for each in found if each), default=0)


@contextmanager
def _next_version(folder: Path) -> Iterator[VersionFile]:
    with _told_to_the_operator(folder):
        _remove_strays(folder)
        number = _next_number(folder)
    final = folder / f"v{number:06d}.duckdb"
    partial = folder / f"{final.name}.partial"
    try:
        with _told_to_the_operator(folder):
            yield VersionFile(number=number, path=partial)
            partial.chmod(0o400)
            _sync(partial)
            digest = sha256_of(partial)
            partial.rename(final)
            _point(folder, f"{final.name} {digest}")
    finally:
        _remove_strays(folder)


def _remove_strays(folder: Path) -> None:
    """What an ingest leaves that was cut off: files, and the folder of what its memory did not hold."""
    for stray in folder.glob("*.partial*"):
        if stray.is_dir():
            shutil.rmtree(stray)
        else:
            stray.unlink()


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold a lock on the folder itself: it leaves no file behind, and the kernel lets go of it even after kill -9."""
    with _told_to_the_operator(folder):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise ConfigError(
                f"{folder}: another ingest of this dataset is under way; wait until it ends, then ingest again"
            ) from None
        yield
    finally:
        os.close(descriptor)


def _point(folder: Path, line: str) -> None:
    fresh = folder / f"{_POINTER}.partial"
    fresh.write_text(f"{line}\n", encoding="ascii")
    _sync(fresh)
    _sync(folder)  # the version's name is durable before anything points at it
    fresh.rename(folder / _POINTER)
    _sync(folder)


def _sync(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


@contextmanager
def _told_to_the_operator(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise ConfigError(
                f"{folder}: the disk is full; free some space and ingest again{still_served(folder)}"
            ) from None
        raise ConfigError(
            f"{folder}: cannot be written ({error.strerror}); let the node's user own it{still_served(folder)}"
        ) from None
