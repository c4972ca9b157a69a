"""A reading: a column's texts as a type, with the keys of a manifest that declare how they are written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from hansa_core.contract.types import DataType


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnReading:
    """`keys`: of a mapping entry. `examples`: three texts. `doubts`: what a person has to decide, in words.

    `share`: of the rows with a text, how many are read so, 0 to 1. `is_a_number`: a date or time that is written as a
    plain number.
    """

    type: DataType
    keys: Mapping[str, object] = field(default_factory=dict)
    examples: tuple[str, ...] = ()
    doubts: tuple[str, ...] = ()
    share: float = 1.0
    is_a_number: bool = False
