"""Units in names: the unit of measure that a column's name ends in, as `height_cm` and `Höhe (cm)` do."""

from __future__ import annotations

import re
from dataclasses import dataclass

from hansa_core.contract.contract import ContractColumn
from hansa_node.ingest.units import UNCHANGED, Conversion, conversion

_BETWEEN = re.compile(r"[\s_()\[\]-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class NamedUnit:
    """`word`: the unit as the name writes it; None where it writes none, or the contract's own. `rest`: of the name."""

    rest: str
    word: str | None = None
    conversion: Conversion = UNCHANGED


def named_unit(column: ContractColumn, name: str) -> NamedUnit:
    """The last word of a name that measures what the contract's column does."""
    if column.unit is None or not column.type.is_numeric:
        return NamedUnit(rest=name)
    parts = [part for part in _BETWEEN.split(name) if part]
    for place in range(len(parts) - 1, 0, -1):
        try:
            converted = conversion(parts[place], column.unit)
        except ValueError:
            continue
        rest = " ".join(parts[:place] + parts[place + 1 :])
        if converted.is_identity:
            return NamedUnit(rest=rest)
        return NamedUnit(rest=rest, word=parts[place], conversion=converted)
    return NamedUnit(rest=name)
