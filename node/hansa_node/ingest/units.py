"""Exact conversion of a figure in a city's unit into the contract's."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from hansa_core.nearest import nearest


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


def _scales(**scales: str | int | Fraction) -> dict[str, Conversion]:
    return {name: Conversion(Fraction(scale)) for name, scale in scales.items()}


# Each unit in its quantity's base unit: seconds, metres, kilograms, litres, square metres, kelvin, joules, one.
_QUANTITIES: dict[str, dict[str, Conversion]] = {
    "time": _scales(milliseconds="0.001", seconds=1, minutes=60, hours=3600, days=86_400, weeks=604_800),
    "length": _scales(millimetres="0.001", centimetres="0.01", metres=1, kilometres=1000)
    | _scales(inches="0.0254", feet="0.3048", yards="0.9144", miles="1609.344"),
    "mass": _scales(milligrams="0.000001", grams="0.001", kilograms=1, tonnes=1000)
    | _scales(ounces="0.028349523125", pounds="0.45359237"),
    "volume": _scales(millilitres="0.001", litres=1, cubic_metres=1000, us_gallons="3.785411784"),
    "area": _scales(square_metres=1, square_kilometres=1_000_000, hectares=10_000, square_feet="0.09290304"),
    "temperature": {
        "kelvin": Conversion(),
        "celsius": Conversion(Fraction(1), Fraction("273.15")),
        "fahrenheit": Conversion(Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
    },
    "speed": _scales(metres_per_second=1, miles_per_hour="0.44704")
    | _scales(kilometres_per_hour=Fraction(5, 18), knots=Fraction(463, 900)),
    "energy": _scales(joules=1, kilojoules=1000, megajoules=1_000_000, watt_hours=3600, kilowatt_hours=3_600_000),
    "share": {
        "share": Conversion(),
        "per_cent": Conversion(Fraction(1, 100)),
        "per_mille": Conversion(Fraction(1, 1000)),
    },
}

_SYNONYMS = {
    "s": "seconds",
    "ms": "milliseconds",
    "min": "minutes",
    "h": "hours",
    "d": "days",
    "mm": "millimetres",
    "cm": "centimetres",
    "m": "metres",
    "km": "kilometres",
    "mi": "miles",
    "ft": "feet",
    "in": "inches",
    "g": "grams",
    "kg": "kilograms",
    "t": "tonnes",
    "lb": "pounds",
    "l": "litres",
    "k": "kelvin",
    "c": "celsius",
    "f": "fahrenheit",
    "kwh": "kilowatt_hours",
    "m/s": "metres_per_second",
    "km/h": "kilometres_per_hour",
    "mph": "miles_per_hour",
    "kn": "knots",
    "meters": "metres",
    "kilometers": "kilometres",
    "%": "per_cent",
}


def conversion(source: str, target: str) -> Conversion:
    """From `source` units into `target` units. Raises ValueError if they do not measure one and the same quantity."""
    if source == target:
        return UNCHANGED
    (from_quantity, of_source), (to_quantity, of_target) = _known(source), _known(target)
    if from_quantity != to_quantity:
        raise ValueError(f"{source} is a unit of {from_quantity} and {target} of {to_quantity}; name the source's unit")
    return Conversion(of_source.scale / of_target.scale, (of_source.offset - of_target.offset) / of_target.scale)


def _known(name: str) -> tuple[str, Conversion]:
    plain = name.strip().lower().replace(" ", "_")
    plain = _SYNONYMS.get(plain, plain)
    for quantity, units in _QUANTITIES.items():
        for candidate in (plain, f"{plain}s"):
            if candidate in units:
                return quantity, units[candidate]
    known = [unit for units in _QUANTITIES.values() for unit in units]
    raise ValueError(f"{name!r} is no unit that converts; {nearest(plain, known)}")
