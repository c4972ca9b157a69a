"""Traces of marked values: in which bytes a number or a text stands, however it is written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import pyarrow as pa


def traces(content: bytes, numbers: Iterable[int] = (), texts: Iterable[str] = ()) -> Iterator[int | str]:
    """The marked values that stand in `content`: numbers in digits, and as 64 or 128 bits in either order of bytes."""
    for number in numbers:
        if any(written in content for written in _packed(number)) or _written(number).search(content):
            yield number
    for text in texts:
        if text.encode() in content:
            yield text


def unpacked(ipc: bytes) -> bytes:
    """All buffers of an Arrow stream, its dictionaries among them, as they lie in memory: null slots included."""
    found = [ipc]
    with pa.ipc.open_stream(ipc) as reader:
        for batch in reader:
            for column in batch.columns:
                found += [buffer.to_pybytes() for buffer in _buffers(column)]
    return b"\x00".join(found)


def _buffers(column: pa.Array) -> Iterator[pa.Buffer]:
    yield from (buffer for buffer in column.buffers() if buffer is not None)
    if isinstance(column, pa.DictionaryArray):
        yield from _buffers(column.dictionary)


def _packed(number: int) -> tuple[bytes, bytes]:
    return number.to_bytes(8, "little", signed=True), number.to_bytes(8, "big", signed=True)


def _written(number: int) -> re.Pattern[bytes]:
    """Its digits, with commas or without, but not those inside a hash."""
    return re.compile(rb"(?<![0-9a-f])(?:%s|%s)(?![0-9a-f])" % (str(number).encode(), f"{number:,}".encode()))
