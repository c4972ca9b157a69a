"""Exact conversion of a figure in a city's unit into the contract's."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hansa_core.units.currencies import CURRENCIES
from hansa_core.units.vocabulary import loose_unit_of, quantity_of


@dataclass(frozen=True, slots=True)
class Conversion:
    """`value · scale + offset`, both exact."""

    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)

    @property
    def is_identity(self) -> bool:
        """Whether every figure stays as it is."""
        return self.scale == 1 and self.offset == 0


UNCHANGED = Conversion()


def conversion(source: str, target: str) -> Conversion:
    """From `source` units into `target` units. Raises ValueError if they do not measure one and the same quantity."""
    if source == target:
        return UNCHANGED
    for name in (source, target):
        if name in CURRENCIES:
            raise ValueError(f"{name} is no unit that converts into another: exchange rates change; convert beforehand")
    of_source, of_target = loose_unit_of(source), loose_unit_of(target)
    if of_source.dimensions != of_target.dimensions:
        raise ValueError(
            f"{source} is a unit of {quantity_of(of_source)} and {target} of {quantity_of(of_target)};"
            " name the source's unit"
        )
    return Conversion(of_source.scale / of_target.scale, (of_source.offset - of_target.offset) / of_target.scale)
