"""Arrow arrays as numpy arrays and back, buffer by buffer: exact, zero behind every null, and no pandas."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from hansa_core.partial.wholes import Mask, Wholes, narrowed

_TYPES: dict[pa.DataType, np.dtype[Any]] = {
    pa.int64(): np.dtype("<i8"),
    pa.int32(): np.dtype("<i4"),
    pa.float64(): np.dtype("<f8"),
    pa.date32(): np.dtype("<i4"),
    pa.timestamp("us"): np.dtype("<i8"),
}
_LIMB = 64


def one_array(column: pa.ChunkedArray) -> pa.Array:
    """A column of a table as one array."""
    return column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()


def validity_of(array: pa.Array) -> Mask:
    """Which elements are not null."""
    bitmap = array.buffers()[0]
    if bitmap is None or not array.null_count:
        return np.ones(len(array), dtype=bool)
    return _bits(bitmap, array.offset, len(array))


def numbers_of(array: pa.Array) -> npt.NDArray[Any]:
    """Integers, doubles, booleans, days or microseconds of a fixed-width array; anything behind a null."""
    kind = np.dtype(bool) if pa.types.is_boolean(array.type) else _TYPES[array.type]
    if not len(array):
        return np.empty(0, dtype=kind)
    buffer = array.buffers()[1]
    if kind == np.dtype(bool):
        return _bits(buffer, array.offset, len(array))
    numbers: npt.NDArray[Any] = np.frombuffer(buffer, dtype=kind, count=array.offset + len(array))
    return numbers[array.offset :]


def wholes_of(array: pa.Array) -> Wholes:
    """The integers of a decimal128(38, 0) array; 0 behind a null."""
    if not len(array):
        return np.empty(0, dtype=np.int64)
    limbs = np.frombuffer(array.buffers()[1], dtype="<i8", count=2 * (array.offset + len(array)))[2 * array.offset :]
    low, high = limbs[0::2], limbs[1::2]
    known = validity_of(array)
    if np.array_equal(high[known], low[known] >> (_LIMB - 1)):  # the high limb only repeats the sign
        return np.where(known, low, 0)
    exact = high.astype(object) * 2**_LIMB + low.view("<u8").astype(object)
    return narrowed(np.where(known, exact, 0))


def array_from_numbers(numbers: npt.NDArray[Any], known: Mask, kind: pa.DataType) -> pa.Array:
    """An array of a fixed width; null, with zero behind it, where not `known`."""
    held = np.ascontiguousarray(np.where(known, numbers, 0).astype(_TYPES[kind]))
    return pa.Array.from_buffers(kind, len(held), [bitmap_of(known), pa.py_buffer(held)])


def array_from_wholes(wholes: Wholes, known: Mask, kind: pa.DataType) -> pa.Array:
    """An array of decimal128(p, 0); null, with zero behind it, where not `known`.

    Raises ValueError if a whole number has more digits.
    """
    held = np.where(known, wholes, 0)
    limbs = np.zeros((len(held), 2), dtype="<i8")
    if held.dtype == object:
        if any(abs(whole) >= 10**kind.precision for whole in held):
            raise ValueError(f"a whole number does not fit in {kind.precision} digits")
        limbs[:, 0] = (held & (2**_LIMB - 1)).astype("<u8").view("<i8")
        limbs[:, 1] = (held >> _LIMB).astype("<i8")
    else:
        limbs[:, 0] = held
        limbs[:, 1] = held >> (_LIMB - 1)
    return pa.Array.from_buffers(kind, len(held), [bitmap_of(known), pa.py_buffer(limbs)])


def _bits(buffer: pa.Buffer, offset: int, count: int) -> Mask:
    return np.unpackbits(np.frombuffer(buffer, dtype=np.uint8), count=offset + count, bitorder="little")[
        offset:
    ].astype(bool)


def bitmap_of(known: Mask) -> pa.Buffer | None:
    """The validity bitmap of an Arrow array; none where nothing is null."""
    return None if known.all() else pa.py_buffer(np.packbits(known, bitorder="little"))
