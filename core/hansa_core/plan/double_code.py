"""Order codes: doubles as integers of 64 bits that compare as the doubles do."""

from __future__ import annotations

import struct

import numpy as np
import numpy.typing as npt


def code_of_double(value: float) -> int:
    """The bits of the magnitude, with the double's sign: 0 for both zeros."""
    (bits,) = struct.unpack("<q", struct.pack("<d", abs(value)))
    return -bits if value < 0 else bits  # type: ignore[no-any-return]


def codes_of_doubles(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    """The codes of an array of doubles."""
    bits = np.abs(values).view(np.int64)
    return np.where(values < 0, -bits, bits)


def doubles_of_codes(codes: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
    """The doubles of an array of codes. Source: IEEE 754-2019, 3.4: magnitudes are ordered as their bits."""
    magnitudes = np.abs(codes).view(np.float64)
    return np.where(codes < 0, -magnitudes, magnitudes)
