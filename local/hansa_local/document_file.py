"""Reading a document that people write: its bytes, bounded, as UTF-8 text."""

from __future__ import annotations

from pathlib import Path

from hansa_core.documents.bounds import MAX_DOCUMENT_BYTES, check_bytes
from hansa_core.errors import ConfigError


def read_bytes(path: Path, *, hint: str) -> bytes:
    """The file's content, at most one byte beyond the bound. Raises ConfigError.

    `hint`: the remedy where there is no such file.
    """
    try:
        return bounded_content(path)
    except OSError as failure:
        raise ConfigError(f"{path}: cannot be read ({failure.strerror}); {hint}") from None


def bounded_content(path: Path) -> bytes:
    """The same, whatever it is that the path names: a device has no end. Raises OSError."""
    with path.open("rb") as file:
        return file.read(MAX_DOCUMENT_BYTES + 1)


def text_of(content: bytes) -> str:
    """The text of a document; a byte order mark is left out. Raises ValueError if it is too long or not UTF-8."""
    check_bytes(content)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as failure:
        line = content.count(b"\n", 0, failure.start) + 1
        raise ValueError(f"is not UTF-8 text on line {line}; save it as UTF-8") from None
