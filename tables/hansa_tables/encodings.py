"""Encodings: where text is not what its encoding says, and which one it most likely is."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from typing import BinaryIO

_CHUNK = 1 << 20
_CANDIDATES = ("windows-1252", "cp850", "mac_roman")
_USUAL = frozenset("äöüÄÖÜßéèêëáàâãåóòôõíìîïúùûñçæøœÉÈÁÀÅÆØÑÇ€°§²³–’„“”«»½µ·´")
"""What the languages that these encodings serve write most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Undecodable:
    """The first place that is not in the encoding. `line`: from 1. `content`: the bytes of that line, or near it."""

    line: int
    content: bytes


def first_undecodable(stream: BinaryIO, encoding: str) -> Undecodable | None:
    """Where a stream stops being in its encoding; None where all of it is."""
    decoder = codecs.getincrementaldecoder(encoding)()
    lines = 0
    while True:
        chunk = stream.read(_CHUNK)
        try:
            lines += decoder.decode(chunk, final=not chunk).count("\n")
        except UnicodeDecodeError as error:
            before, after = error.object[: error.start], error.object[error.start :]
            start, end = before.rfind(b"\n") + 1, after.find(b"\n")
            content = before[start:] + (after if end < 0 else after[:end])
            return Undecodable(line=lines + before.count(b"\n") + 1, content=content.rstrip(b"\r"))
        if not chunk:
            return None


def is_one_byte_a_letter(encoding: str) -> bool:
    """Whether each byte is a letter or sign by itself, as in windows-1252."""
    every = bytes(range(256))
    return len(every.decode(encoding, errors="replace")) == len(every)


def proposal(content: bytes) -> tuple[str, str] | None:
    """The encoding that bytes most likely are in, with what they then say; None where none fits.

    It is proposed to a person who sees the words, and never taken: no bytes say for certain which encoding they are in.
    """
    wide = _wide(content)
    if wide is not None:
        return wide, content.decode(wide, errors="replace").strip("\ufeff\r\n\0 ")
    found = [(encoding, text) for encoding in _CANDIDATES if (text := _decoded(content, encoding)) is not None]
    return max(found, key=lambda each: _likelihood(each[1]), default=None)


def _wide(content: bytes) -> str | None:
    """UTF-16 shows itself by its mark, or by the zero in every other byte of plain letters."""
    if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    for encoding, zeros in (("utf-16-le", content[1::2]), ("utf-16-be", content[::2])):
        if zeros and zeros.count(0) * 2 > len(zeros):
            return encoding
    return None


def _decoded(content: bytes, encoding: str) -> str | None:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        return None


def _likelihood(text: str) -> int:
    return sum(2 if each in _USUAL else each.isalpha() for each in text if not each.isascii())
