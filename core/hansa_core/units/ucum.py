"""UCUM codes: what a unit such as `km/h` measures, and how many base units it is, exactly."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cache
from types import MappingProxyType

from hansa_core.units.ucum_table import ATOMS, BASES, PREFIXES

_TOKEN = re.compile(r"[./()]|\{[!-z|~]*\}|(?:\[[^\]]+\]|[^\[\]./(){}\s])+")
_ANNOTATION = re.compile(r"\{[!-z|~]*\}")
_NUMBER = re.compile(r"[1-9][0-9]*")
_EXPONENT = re.compile(r"(?P<simple>.*?\D)(?P<exponent>[+-]?[0-9]{1,3})", re.DOTALL)
_LONGEST = 128
_MOST_EXPONENT = 24  # beyond it there is no unit, but a number that fills the memory
_ZERO_POINTS = {"Cel": Fraction("273.15"), "[degF]": Fraction("459.67") * Fraction(5, 9)}
"""Where a scale begins, in kelvin. Other special units do not convert into plain ones."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """`scale` base units, counted from `offset`. `dimensions`: powers of the base units and of what only is itself."""

    scale: Fraction = Fraction(1)
    offset: Fraction = Fraction(0)
    dimensions: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        powers = {code: power for code, power in sorted(self.dimensions.items()) if power}
        object.__setattr__(self, "dimensions", MappingProxyType(powers))

    def __mul__(self, other: Unit) -> Unit:
        """A product measures differences: it has no zero point."""
        names = {*self.dimensions, *other.dimensions}
        powers = {name: self.dimensions.get(name, 0) + other.dimensions.get(name, 0) for name in names}
        return Unit(scale=self.scale * other.scale, dimensions=powers)

    def __pow__(self, exponent: int) -> Unit:
        powers = {name: power * exponent for name, power in self.dimensions.items()}
        return Unit(scale=self.scale**exponent, dimensions=powers)


@dataclass(frozen=True, slots=True)
class _Atom:
    unit: Unit
    is_metric: bool


@cache
def ucum_unit(code: str) -> Unit:
    """The unit of a UCUM code, upper and lower case as there. Raises ValueError for anything that is none."""
    tokens = _TOKEN.findall(code)
    if not code or len(code) > _LONGEST or "".join(tokens) != code:
        raise ValueError(f"{code!r} is no UCUM code")
    unit, rest = _term(code, tokens)
    if rest:
        raise ValueError(f"{code!r} is no UCUM code")
    return unit


def ucum_codes() -> tuple[str, ...]:
    """The codes of all units that stand alone, without prefixes."""
    return tuple(BASES.split()) + tuple(_definitions())


def _term(code: str, tokens: list[str]) -> tuple[Unit, list[str]]:
    """The product at the start of `tokens`, and what follows it: `.` and `/` take turns from left to right."""
    unit, sign, rest = Unit(), 1, tokens
    if rest[:1] == ["/"]:
        sign, rest = -1, rest[1:]
    is_first = sign == 1
    while True:
        component, rest = _component(code, rest)
        # By itself a unit keeps its zero point, which a product has not.
        unit = component if is_first else unit * component**sign
        is_first = False
        if rest[:1] not in (["."], ["/"]):
            return unit, rest
        sign, rest = (1 if rest[0] == "." else -1), rest[1:]


def _component(code: str, tokens: list[str]) -> tuple[Unit, list[str]]:
    if not tokens or tokens[0] in (".", "/", ")"):
        raise ValueError(f"{code!r} is no UCUM code")
    head, *rest = tokens
    if head == "(":
        unit, rest = _term(code, rest)
        if rest[:1] != [")"]:
            raise ValueError(f"{code!r} is no UCUM code: a bracket does not close")
        return unit, _after_annotation(rest[1:])
    if _ANNOTATION.fullmatch(head):
        return Unit(), rest
    return _simple(head), _after_annotation(rest)


def _after_annotation(tokens: list[str]) -> list[str]:
    """What follows a remark in braces, which says what is counted and changes nothing."""
    return tokens[1:] if tokens and _ANNOTATION.fullmatch(tokens[0]) else tokens


def _simple(text: str) -> Unit:
    """A number, or a unit with its prefix and its exponent."""
    if _NUMBER.fullmatch(text):
        return Unit(scale=Fraction(int(text)))
    if (unit := _prefixed(text)) is not None:
        return unit
    found = _EXPONENT.fullmatch(text)
    base = None if found is None else _prefixed(found["simple"])
    if found is None or base is None or abs(int(found["exponent"])) > _MOST_EXPONENT:
        raise ValueError(f"{text!r} is no unit of UCUM")
    return base ** int(found["exponent"])


def _prefixed(text: str) -> Unit | None:
    if (atom := _atom(text)) is not None:
        return atom.unit
    for prefix, factor in _prefixes().items():
        atom = _atom(text.removeprefix(prefix)) if text.startswith(prefix) else None
        if atom is not None and atom.is_metric:
            unit = atom.unit
            return Unit(scale=unit.scale * factor, offset=unit.offset, dimensions=unit.dimensions)
    return None


@cache
def _atom(code: str) -> _Atom | None:
    if code in BASES.split():
        return _Atom(Unit(dimensions={code: 1}), is_metric=True)
    written = _definitions().get(code)
    if written is None:
        return None
    metric, number, multiple_of, *kind = written
    unit = Unit(scale=Fraction(number)) * ucum_unit(multiple_of)
    if code in _ZERO_POINTS:
        unit = Unit(scale=unit.scale, offset=_ZERO_POINTS[code], dimensions=unit.dimensions)
    elif kind:
        unit = Unit(dimensions={code: 1})
    return _Atom(unit, metric == "metric")


@cache
def _definitions() -> Mapping[str, list[str]]:
    lines = [line.split() for line in ATOMS.strip().splitlines()]
    return MappingProxyType({code: rest for code, *rest in lines})


@cache
def _prefixes() -> Mapping[str, Fraction]:
    return MappingProxyType({code: Fraction(number) for code, number in map(str.split, PREFIXES.strip().splitlines())})
