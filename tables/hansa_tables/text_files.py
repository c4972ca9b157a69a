"""Text files: their bytes, decompressed, and their text in the encoding that is declared."""

from __future__ import annotations

import codecs
import gzip
import io
import zipfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import cast

import pyarrow as pa

from hansa_tables.encodings import Undecodable, first_undecodable, proposal
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.source import TableSource

_MARKS = {b"\x1f\x8b": "gzip", b"\x28\xb5\x2f\xfd": "zstd", b"PK\x03\x04": "zip", b"PK\x05\x06": "zip"}


def compression_of(path: Path) -> str:
    """`gzip`, `zstd`, `zip` or `none`, by the mark at the start of the file."""
    with path.open("rb") as file:
        start = file.read(4)
    return next((name for mark, name in _MARKS.items() if start.startswith(mark)), "none")


@contextmanager
def opened(path: Path, source: TableSource) -> Iterator[io.BufferedReader]:
    """The bytes of a text file, decompressed. Raises UnreadableTableError."""
    try:
        match compression_of(path):
            case "gzip":
                with gzip.open(path) as unpacked:
                    yield io.BufferedReader(unpacked)
            case "zstd":
                with pa.CompressedInputStream(pa.OSFile(str(path)), "zstd") as stream:
                    yield io.BufferedReader(stream)
            case "zip":
                with zipfile.ZipFile(path) as archive, archive.open(_member(path, source)) as inside:
                    yield io.BufferedReader(cast(zipfile.ZipExtFile, inside))
            case _:
                with path.open("rb") as file:
                    yield file
    except (EOFError, zipfile.BadZipFile, gzip.BadGzipFile, pa.ArrowException) as failure:
        rule = f"is damaged or cut ({failure})"
        raise UnreadableTableError(str(path), rule, "fetch or pack it again") from None
    except OSError as failure:
        rule = f"cannot be read ({failure.strerror or failure})"
        raise UnreadableTableError(str(path), rule, "let the node's user read it, and check the file") from None


@contextmanager
def opened_text(path: Path, source: TableSource, *, errors: str = "strict") -> Iterator[io.TextIOWrapper]:
    """The text of a file without its byte order mark. Raises UnreadableTableError where it is in another encoding.

    `errors`: what else becomes of such bytes, as for `bytes.decode`.
    """
    encoding = "utf-8-sig" if source.text.is_utf8 else source.text.encoding
    try:
        with opened(path, source) as stream:
            yield io.TextIOWrapper(stream, encoding=encoding, newline="", errors=errors)
    except UnicodeError:
        found = undecodable(path, source)
        if found is None:  # a codec that fails otherwise at the end, such as UTF-16 with half a character
            rule = f"is cut, or not in {source.text.encoding}"
            raise UnreadableTableError(str(path), rule, "declare its encoding", "encoding") from None
        raise found from None


def undecodable(path: Path, source: TableSource) -> UnreadableTableError | None:
    """The error about the first line that is not in the encoding which is declared; None where all are."""
    encoding = source.text.encoding
    with opened(path, source) as stream:
        try:
            found = first_undecodable(stream, encoding)
        except UnicodeError:  # UTF-16 without a mark, to its codec
            found = Undecodable(line=1, content=b"")
    return None if found is None else wrong_encoding(path, found, encoding)


def wrong_encoding(path: Path, found: Undecodable, encoding: str) -> UnreadableTableError:
    """The error that shows a line as the encoding that it most likely is in."""
    place, name = f"{path}, line {found.line}", "UTF-8" if encoding == "utf-8" else encoding
    likely = proposal(found.content) if found.content else None
    if likely is None:
        rule = f"is not {name}: {quoted(repr(found.content)[2:-1])}"
        return UnreadableTableError(place, rule, "declare the file's encoding", "encoding")
    rule = f"is not {name}, and reads as {likely[0]}: {quoted(likely[1])}"
    remedy = f"if those are the words, declare encoding: {likely[0]}"
    return UnreadableTableError(place, rule, remedy, "encoding", likely[0])


def starts_with_bytes_of_another_kind(path: Path, source: TableSource) -> UnreadableTableError | None:
    """The error about UTF-16 without a mark, of which each byte by itself passes for UTF-8."""
    if not source.text.is_utf8:
        return None
    with opened(path, source) as stream:
        start = stream.read(4096)
    if b"\0" not in start or start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    first = start.partition(b"\n")[0]
    if b"\0" not in first:
        return None
    return wrong_encoding(path, Undecodable(line=1, content=first), source.text.encoding)


def members_of(path: Path) -> Mapping[str, int]:
    """The files of an archive with their bytes, the largest first, without what systems add to it unseen."""
    with zipfile.ZipFile(path) as archive:
        found = {each.filename: each.file_size for each in archive.infolist() if not each.is_dir()}
    seen = {name: size for name, size in found.items() if not _is_unseen(name)}
    return dict(sorted(seen.items(), key=lambda each: (-each[1], each[0])))


def _is_unseen(name: str) -> bool:
    return any(part.startswith((".", "__MACOSX")) for part in name.split("/"))


def _member(path: Path, source: TableSource) -> str:
    """The one file of an archive that is meant."""
    names = sorted(members_of(path))
    if "[Content_Types].xml" in names:
        raise UnreadableTableError(str(path), "is a workbook", "declare format: excel", "format", "excel")
    if source.member is None and len(names) == 1:
        return names[0]
    if source.member is None or source.member not in names:
        rule = f"holds {len(names)} files" if source.member is None else f"holds no file {source.member!r}"
        listed = ", ".join(names[:20])
        raise UnreadableTableError(str(path), rule, f"declare as member one of: {listed}", "member")
    return source.member
