"""Positions: the two columns of a point, and what stands in them where a shape is none."""

from __future__ import annotations

POSITION = ("longitude", "latitude")


def no_point(shape: str) -> str:
    """The text in place of a number: a row that is asked for its position is rejected with it."""
    return f"{shape} is no Point; export its centre, or leave the geometry out"
