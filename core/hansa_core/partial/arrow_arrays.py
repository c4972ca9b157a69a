"""Arrow arrays from Python values, byte by byte: no dictionary, zero behind every null, and no pandas.

Arrow's own conversion imports pandas where it is installed, to know its scalars: most of a second, and 100 MiB.
"""

from __future__ import annotations

import struct
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import pyarrow as pa

from hansa_core.instants import days_of, microseconds_of

_FORMATS = {pa.int64(): "q", pa.int32(): "i", pa.float64(): "d", pa.date32(): "i", pa.timestamp("us"): "q"}


def array_of(values: Iterable[Any], kind: pa.DataType) -> pa.Array:
    """The values as an array of `kind`; None is null. Raises ValueError for a kind that no answer has, or a decimal
    that does not fit."""
    listed = list(values)
    validity = _bitmap([value is not None for value in listed]) if None in listed else None
    if pa.types.is_list(kind):
        items = [item for value in listed if value is not None for item in value]
        offsets = _offsets([len(value or ()) for value in listed])
        return pa.Array.from_buffers(
            kind, len(listed), [validity, offsets], children=[array_of(items, kind.value_type)]
        )
    if pa.types.is_struct(kind):
        fields = [array_of((_part(value, field.name) for value in listed), field.type) for field in kind]
        return pa.Array.from_buffers(kind, len(listed), [validity], children=fields)
    return pa.Array.from_buffers(kind, len(listed), [validity, *_buffers(listed, kind)])


def _buffers(values: Sequence[Any], kind: pa.DataType) -> list[pa.Buffer]:
    if kind == pa.string():
        texts = [b"" if value is None else value.encode() for value in values]
        return [_offsets([len(text) for text in texts]), pa.py_buffer(b"".join(texts))]
    if kind == pa.bool_():
        return [_bitmap([bool(value) for value in values])]
    if pa.types.is_decimal128(kind) and kind.scale == 0:
        return [pa.py_buffer(b"".join(_decimal(value or 0, kind.precision) for value in values))]
    if kind not in _FORMATS:
        raise ValueError(f"no answer has an array of {kind}")
    numbers = [0 if value is None else _number(value) for value in values]
    return [pa.py_buffer(struct.pack(f"<{len(numbers)}{_FORMATS[kind]}", *numbers))]


def _number(value: Any) -> int | float:
    match value:
        case datetime():
            return microseconds_of(value)
        case date():
            return days_of(value)
        case _:
            return value  # type: ignore[no-any-return]  # an int or float: struct takes nothing else


def _decimal(value: Any, digits: int) -> bytes:
    whole = int(value)
    if abs(whole) >= 10**digits:
        raise ValueError(f"a whole number of {len(str(abs(whole)))} digits does not fit in {digits}")
    return whole.to_bytes(16, "little", signed=True)


def _part(value: Mapping[str, Any] | None, name: str) -> Any:
    return None if value is None else value[name]


def _offsets(lengths: Sequence[int]) -> pa.Buffer:
    ends = [0]
    for length in lengths:
        ends.append(ends[-1] + length)
    return pa.py_buffer(struct.pack(f"<{len(ends)}i", *ends))


def _bitmap(bits: Sequence[bool]) -> pa.Buffer:
    number = int("".join("1" if bit else "0" for bit in reversed(bits)) or "0", 2)  # the first bit is the lowest
    return pa.py_buffer(number.to_bytes((len(bits) + 7) // 8, "little"))
