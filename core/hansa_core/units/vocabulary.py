"""The vocabulary of units: UCUM's codes, plain words for the usual ones, and the currencies of ISO 4217."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from hansa_core.nearest import near, shown
from hansa_core.units.currencies import CURRENCIES
from hansa_core.units.ucum import Unit, ucum_codes, ucum_unit

WORDS: Mapping[str, str] = MappingProxyType(
    {
        "milliseconds": "ms",
        "seconds": "s",
        "minutes": "min",
        "hours": "h",
        "days": "d",
        "weeks": "wk",
        "months": "mo",
        "years": "a",
        "year": "a",  # a calendar year is a number of years, too
        "millimetres": "mm",
        "centimetres": "cm",
        "metres": "m",
        "kilometres": "km",
        "inches": "[in_i]",
        "feet": "[ft_i]",
        "yards": "[yd_i]",
        "miles": "[mi_i]",
        "milligrams": "mg",
        "grams": "g",
        "kilograms": "kg",
        "tonnes": "t",
        "ounces": "[oz_av]",
        "pounds": "[lb_av]",
        "millilitres": "mL",
        "litres": "L",
        "cubic_metres": "m3",
        "us_gallons": "[gal_us]",
        "square_metres": "m2",
        "square_kilometres": "km2",
        "hectares": "har",
        "acres": "[acr_us]",
        "square_feet": "[sft_i]",
        "kelvin": "K",
        "celsius": "Cel",
        "fahrenheit": "[degF]",
        "metres_per_second": "m/s",
        "kilometres_per_hour": "km/h",
        "miles_per_hour": "[mi_i]/h",
        "knots": "[kn_i]",
        "joules": "J",
        "kilojoules": "kJ",
        "megajoules": "MJ",
        "watt_hours": "W.h",
        "kilowatt_hours": "kW.h",
        "megawatt_hours": "MW.h",
        "watts": "W",
        "kilowatts": "kW",
        "pascals": "Pa",
        "hectopascals": "hPa",
        "degrees": "deg",
        "degree": "deg",
        "share": "1",
        "per_cent": "%",
        "per_mille": "[ppth]",
        "parts_per_million": "[ppm]",
    }
)
"""What people write for the usual codes."""

_SYNONYMS: Mapping[str, str] = MappingProxyType(
    {
        "in": "inches",
        "ft": "feet",
        "mi": "miles",
        "lb": "pounds",
        "oz": "ounces",
        "c": "celsius",
        "f": "fahrenheit",
        "k": "kelvin",
        "kn": "knots",
        "mph": "miles_per_hour",
        "kwh": "kilowatt_hours",
        "mwh": "megawatt_hours",
        "kw": "kilowatts",
        "kmh": "kilometres_per_hour",
        "kph": "kilometres_per_hour",
        "ha": "hectares",
        "sqm": "square_metres",
        "qm": "square_metres",
        "sec": "seconds",
        "hrs": "hours",
        "°": "degrees",
        "°c": "celsius",
        "°f": "fahrenheit",
        "degc": "celsius",
        "degf": "fahrenheit",
        "m²": "square_metres",
        "km²": "square_kilometres",
        "m³": "cubic_metres",
        "percent": "per_cent",
        "‰": "per_mille",
        "ppm": "parts_per_million",
    }
)
_NOT_UCUM = frozenset({"C", "F", "ft", "ha", "kph", "mph"})
"""UCUM's coulomb, farad, femtotonne, hectoyear, kilophot and milliphot, which nobody means who writes them."""
_SIGNS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3", "€": "EUR", "£": "GBP"})
_OTHER_SPELLINGS = (("meter", "metre"), ("liter", "litre"))
_QUANTITIES = {
    "1": "share",
    "s": "time",
    "m": "length",
    "g": "mass",
    "m3": "volume",
    "m2": "area",
    "K": "temperature",
    "m/s": "speed",
    "J": "energy",
    "W": "power",
    "Pa": "pressure",
    "rad": "angle",
    "bit_s": "information",
}


def unit_of(name: str) -> Unit:
    """The unit that a contract names. Raises ValueError that names the nearest one."""
    found = _found(name)
    if found is not None:
        return found
    raise ValueError(f"{shown(name)} is no unit; {_remedy(name)}")


def loose_unit_of(name: str) -> Unit:
    """The unit that a city's manifest names, other spellings too: mph, °C, Kilometers. Raises ValueError."""
    plain = name.strip()
    found = _found(plain) or _found(plain.translate(_SIGNS))
    if found is not None:
        return found
    word = _word(plain)
    if word is None:
        raise ValueError(f"{shown(name)} is no unit that converts; {_remedy(plain)}")
    return ucum_unit(WORDS[word])


def contract_unit(name: str) -> str | None:
    """What a contract writes for a unit that people write as `name`; None where it is none."""
    for spelling in (name.strip(), name.strip().translate(_SIGNS)):
        if _found(spelling) is not None:
            return spelling
    return _word(name.strip())


def quantity_of(unit: Unit) -> str:
    """What a unit measures, in words or in base units."""
    for code, name in _QUANTITIES.items():
        if ucum_unit(code).dimensions == unit.dimensions:
            return name
    return ".".join(code if power == 1 else f"{code}{power}" for code, power in unit.dimensions.items())


def _found(name: str) -> Unit | None:
    if name in CURRENCIES:
        return Unit(dimensions={name: 1})
    if name in WORDS:
        return ucum_unit(WORDS[name])
    if name in _NOT_UCUM:
        return None
    try:
        return ucum_unit(name)
    except ValueError:
        return None


def _word(name: str) -> str | None:
    """The word that a name is another spelling of; None for any other name."""
    plain = name.casefold().replace(" ", "_")
    for ours, theirs in _OTHER_SPELLINGS:
        plain = plain.replace(ours, theirs)
    plain = _SYNONYMS.get(plain, plain)
    return next((each for each in (plain, f"{plain}s") if each in WORDS), None)


def _meant(name: str) -> str | None:
    plain = name.translate(_SIGNS)
    return _word(name) or (plain if _found(plain) else near(plain, [*WORDS, *ucum_codes(), *CURRENCIES], cutoff=0.7))


def _remedy(name: str) -> str:
    meant = _meant(name)
    if meant is not None and meant != name:
        return f"did you mean {meant}?"
    usual = "write a UCUM code such as min, km, m2, Cel or km/h"
    return f"{usual}, a currency such as EUR, or what is counted in braces, as {{trips}}"
