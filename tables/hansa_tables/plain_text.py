"""Plain text: a file as DuckDB reads it right, which is UTF-8 with one kind of line end and without comments."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hansa_tables.encodings import first_undecodable, is_one_byte_a_letter
from hansa_tables.errors import UnreadableTableError, quoted
from hansa_tables.private_files import PrivateFiles
from hansa_tables.record_lines import records
from hansa_tables.source import TableSource
from hansa_tables.text_files import compression_of, opened, opened_text

_CHUNK = 1 << 20


def plain_file(path: Path, source: TableSource, private: PrivateFiles) -> tuple[Path, str]:
    """The file as plain text, and how it is compressed: itself, or a private copy with the same lines.

    Raises UnreadableTableError.
    """
    compression = compression_of(path)
    if source.text.is_utf8:
        if not _needs_copy(path, source) and compression != "zip":
            return path, compression
    else:
        _check_no_utf8(path, source)
    copy = private.new()
    lost = "surrogateescape" if source.text.is_utf8 else "strict"  # a foreign line is left out by the reader of rows
    with (
        opened_text(path, source, errors=lost) as text,
        copy.open("w", encoding="utf-8", errors=lost, newline="") as plain,
    ):
        whole = _without_zero_bytes(path, text)
        lines = _without_comments(whole, source) if source.text.comment else whole
        plain.writelines(_with_one_end(line) for line in lines)
    return copy, "none"


def _needs_copy(path: Path, source: TableSource) -> bool:
    """Whether lines end in several ways, or as on old Macintoshes, or some are comments. Looks for zero bytes, too."""
    returns, feeds, both = 0, 0, 0
    ended_in_return = False
    with opened(path, source) as stream:
        while chunk := stream.read(_CHUNK):
            if b"\0" in chunk:
                raise _zero_byte_in(path, feeds, chunk)
            if b"\r" in chunk or ended_in_return:
                returns += chunk.count(b"\r")
                both += chunk.count(b"\r\n") + (ended_in_return and chunk.startswith(b"\n"))
            feeds += chunk.count(b"\n")
            ended_in_return = chunk.endswith(b"\r")
    is_of_one_kind = returns == 0 or returns == feeds == both
    return bool(source.text.comment) or not is_of_one_kind


def _zero_byte_in(path: Path, lines_before: int, chunk: bytes) -> UnreadableTableError:
    before, after = chunk.split(b"\0", 1)
    content = before.rpartition(b"\n")[2] + b"\0" + after.partition(b"\n")[0]
    return _zero_byte(path, lines_before + before.count(b"\n") + 1, content.decode(errors="replace"))


def _without_zero_bytes(path: Path, text: Iterator[str]) -> Iterator[str]:
    for number, line in enumerate(text, start=1):
        if "\0" in line:
            raise _zero_byte(path, number, line)
        yield line


def _zero_byte(path: Path, line: int, content: str) -> UnreadableTableError:
    rule = f"holds a zero byte, which is no character of a table: {quoted(content.strip())}"
    return UnreadableTableError(f"{path}, line {line}", rule, "take it out, or export the table again")


def _check_no_utf8(path: Path, source: TableSource) -> None:
    """Raise UnreadableTableError where each letter beyond ASCII would be read as several of the declared encoding."""
    if not is_one_byte_a_letter(source.text.encoding):
        return
    with opened(path, source) as stream:
        if first_undecodable(stream, "utf-8") is not None:
            return
    with opened(path, source) as stream:
        for number, line in enumerate(stream, start=1):
            if not line.isascii():
                text = line.decode().strip("\ufeff\r\n")
                rule = f"is UTF-8, not {source.text.encoding}, and says {quoted(text)}"
                raise UnreadableTableError(
                    f"{path}, line {number}", rule, "declare encoding: utf-8", "encoding", "utf-8"
                )


def _without_comments(text: Iterator[str], source: TableSource) -> Iterator[str]:
    """The lines, with blank ones in the place of comments, which DuckDB would also see in the middle of a cell."""
    for lines in records(text, source.text):
        yield from ("\n" for _ in lines) if lines[0].startswith(source.text.comment) else lines


def _with_one_end(line: str) -> str:
    return line.rstrip("\r\n") + "\n" if line.endswith(("\r", "\n")) else line
