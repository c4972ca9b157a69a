"""Contents of sources by their SHA-256: the same file twice would count every row twice."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from hansa_core.errors import ConfigError
from hansa_node.datasets.file_digest import digest_of, sha256_of
from hansa_tables.source import TableSource
from hansa_tables.text_files import opened


@dataclass(frozen=True, slots=True, kw_only=True)
class Content:
    """What one file holds. `place`: where it lies, for a person. `sha256`: of its bytes, unpacked, in hex."""

    place: str
    sha256: str


def contents_of(source: TableSource) -> tuple[Content, ...]:
    """Of each file, read whole. Raises UnreadableTableError, OSError."""
    return tuple(Content(place=str(path), sha256=_digest(path, source)) for path in source.files())


def copied_content(source: TableSource, copies: Iterable[Path]) -> tuple[Content, ...]:
    """Of what a database gave, as it was copied."""
    return tuple(Content(place=source.told, sha256=sha256_of(path)) for path in copies)


def _digest(path: Path, source: TableSource) -> str:
    """A packed text is the same text, whoever packed it and when."""
    if not source.format.is_text:
        return sha256_of(path)
    with opened(path, source) as stream:
        return digest_of(stream)


def check_once(contents: Sequence[Content]) -> None:
    """Raise ConfigError where two files of one ingest hold the same."""
    seen: dict[str, str] = {}
    for each in contents:
        if each.sha256 in seen:
            raise ConfigError(
                f"source.path: {each.place} holds the same as {seen[each.sha256]}, byte for byte; take one of them away"
            )
        seen[each.sha256] = each.place


def check_new(contents: Iterable[Content], served: Iterable[tuple[str, int]]) -> None:
    """Raise ConfigError where a file came into the served version before. `served`: digests, with data versions."""
    versions = dict(served)
    for each in contents:
        if each.sha256 in versions:
            raise ConfigError(
                f"source.path: {each.place} came in with version {versions[each.sha256]} already, byte for byte; name"
                " the new file alone, or go back to the version before it with `hansa node rollback`"
            )


def write_contents(
    connection: duckdb.DuckDBPyConnection,
    catalogue: str,
    contents: Iterable[Content],
    number: int,
    earlier: Iterable[tuple[str, int]],
) -> None:
    """Add to the stamp of an attached file what came into the version, and with which number."""
    rows = [*map(list, earlier), *([each.sha256, number] for each in contents)]
    connection.execute(f"ALTER TABLE {catalogue}.main.prepared ADD COLUMN contents VARCHAR")
    connection.execute(f"UPDATE {catalogue}.main.prepared SET contents = $1", [json.dumps(rows)])  # noqa: S608


def read_contents(connection: duckdb.DuckDBPyConnection) -> tuple[tuple[str, int], ...]:
    """Of an open version file, by digest; none of a version that an earlier Hansa prepared."""
    with connection.cursor() as cursor:
        try:
            ((text,),) = cursor.execute("SELECT contents FROM prepared").fetchall()
        except (duckdb.CatalogException, duckdb.BinderException):
            return ()
    return tuple((str(sha256), int(number)) for sha256, number in json.loads(text))
