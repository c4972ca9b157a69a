"""Hatching as an SVG path, since Vega has no fill patterns."""

from __future__ import annotations

_SPACING = 7.0

PIXEL_SIZE = 4.0
"""The size of a point that draws its path at one unit to the pixel: Vega scales by half the root of the size."""


def hatched(width: float, height: float, *, left: float = 0.0, spacing: float = _SPACING) -> str:
    """A framed rectangle from `left` to `left + width`, centred on the point's height, with rising diagonals.

    All in pixels.
    """
    right, top, bottom = left + width, -height / 2, height / 2
    path = [f"M{left:g},{top:g}H{right:g}V{bottom:g}H{left:g}Z"]
    start = left - height + spacing
    while start < right:
        # A diagonal from (start, bottom) to (start + height, top), cut off at both sides.
        x1, x2 = max(start, left), min(start + height, right)
        path.append(f"M{x1:g},{bottom - (x1 - start):g}L{x2:g},{bottom - (x2 - start):g}")
        start += spacing
    return "".join(path)
