"""Ranges of computed numbers as doubles: bounds, least magnitude and binary grain, from plan and contract alone."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from hansa_core.contract.contract import Contract, ContractColumn
from hansa_core.contract.quanta import quantum_of, value_of, whole_of
from hansa_core.contract.types import INT64_MAX, INT64_MIN, DataType, DatePart
from hansa_core.plan.casts import round_half_away
from hansa_core.plan.expression import ARITHMETIC, Call, Column, Expression, Literal, Op
from hansa_core.plan.text_functions import MOST_CHARACTERS
from hansa_core.plan.typing import case_values, column_types, type_of

LEAST_GRAIN = -1074
"""Every finite double is a whole multiple of 2 to this power."""

_ANY_GRAIN = 1000  # of zero alone: it is a multiple of whatever the others are
_DIGITS = 52  # a double has 53 bits: its last one is worth 2**-52 of its first
_GREATEST = Fraction(math.nextafter(math.inf, 0))
_PARTS: Mapping[DatePart, tuple[int, int]] = {
    DatePart.YEAR: (1, 9999),
    DatePart.QUARTER: (1, 4),
    DatePart.MONTH: (1, 12),
    DatePart.DAY: (1, 31),
    DatePart.HOUR: (0, 23),
    DatePart.ISODOW: (1, 7),
    DatePart.WEEK: (1, 53),
    DatePart.ISOYEAR: (1, 9999),
    DatePart.DOY: (1, 366),
    DatePart.MINUTE: (0, 59),
    DatePart.SECOND: (0, 59),
    DatePart.EPOCH_US: (whole_of(datetime.min), whole_of(datetime.max)),
}
_MOST_SECONDS = 10**12  # between the first and the last moment of the calendar, and 31 times as many
_ROUNDINGS = frozenset({Op.FLOOR, Op.CEIL, Op.TRUNC, Op.ROUND})


@dataclass(frozen=True, slots=True, kw_only=True)
class DoubleRange:
    """What an expression can be: from `lower` to `upper`, 0 or at least `least` away from it, in steps of 2**`grain`.

    `expression`: the same value, where integers that could leave 64 bits are computed as doubles; `type`: its type.
    `is_nullable`: whether it can be NULL. `may_overflow`: a value could leave the doubles, and so be lost.
    """

    expression: Expression
    type: DataType
    lower: Fraction
    upper: Fraction
    least: Fraction
    grain: int
    is_nullable: bool
    may_overflow: bool = False

    @property
    def magnitude(self) -> Fraction:
        """The largest magnitude."""
        return max(abs(self.lower), abs(self.upper))

    @property
    def is_whole(self) -> bool:
        """Whether every value is a whole number of 64 bits."""
        return self.grain >= 0 and self.lower >= INT64_MIN and self.upper <= INT64_MAX and not self.may_overflow

    def as_double(self) -> DoubleRange:
        """The same for the double nearest to an integer."""
        if self.type is DataType.NUMBER:
            return self
        return _rounded(
            Call(Op.TRY_CAST, (self.expression, Literal(DataType.NUMBER.value, DataType.TEXT))),
            ends=(self.lower, self.upper),
            least=self.least,
            grain=self.grain,
            parts=[self],
        )


def double_range(expression: Expression, contract: Contract) -> DoubleRange:
    """The range of a well-typed numeric expression."""
    return _Ranges(contract).of(expression)


class _Ranges:
    def __init__(self, contract: Contract) -> None:
        self._contract = contract
        self._types = column_types(contract)

    def of(self, node: Expression) -> DoubleRange:
        match node:
            case Column(name):
                return _of_column(self._contract.columns[name])
            case Literal(value, kind):
                return _of_literal(node, 0 if value is None else Fraction(value), kind)  # type: ignore[arg-type]
            case Call(op, args) if op in ARITHMETIC:
                return _arithmetic(op, *(self.of(argument) for argument in args))
            case Call(Op.ABS, (inner,)):
                return _absolute(self.of(inner))
            case Call(Op.COALESCE | Op.NULLIF | Op.CASE | Op.GREATEST | Op.LEAST, _):
                return self._choice(node)
            case Call():
                return self._opaque(node)

    def _choice(self, node: Call) -> DoubleRange:
        """One of several values: their hull."""
        if node.op is Op.CASE:
            values = [self.of(value) for value in case_values(node.args)]
            args: tuple[Expression, ...] = _with_values(node.args, [value.expression for value in values])
            nullable = len(node.args) % 2 == 0 or any(value.is_nullable for value in values)
            return _hull(Call(Op.CASE, args), values, is_nullable=nullable)
        parts = [self.of(argument) for argument in node.args]
        rebuilt = Call(node.op, tuple(part.expression for part in parts))
        if node.op is Op.COALESCE:
            return _hull(rebuilt, parts, is_nullable=all(part.is_nullable for part in parts))
        if node.op in (Op.GREATEST, Op.LEAST):
            return _extreme(rebuilt, parts)
        kept, unwanted = parts
        kind = _common(parts)
        shown = _hull(rebuilt, [kept if kind is DataType.INTEGER else kept.as_double()], is_nullable=True)
        return replace(shown, may_overflow=kept.may_overflow or unwanted.may_overflow)

    def _opaque(self, node: Call) -> DoubleRange:
        """What has bounds by its operator, whatever it is computed from."""
        match node:
            case Call(Op.EXTRACT, (Literal(part), _)):
                return _whole(node, *_PARTS[DatePart(str(part))])
            case Call(Op.TRY_CAST, (inner, Literal(target))):
                return self._cast(node, inner, DataType(str(target)))
            case Call(Op.BIN, (inner, Literal(width))):
                return _bin(node, self.of(inner), width)  # type: ignore[arg-type]
            case Call(Op.GRID, _):
                return _whole(node, 0, 2**60)
            case Call(Op.DATE_DIFF, _):
                return _whole(node, -_MOST_SECONDS, _MOST_SECONDS)
            case Call(Op.LENGTH, _):
                return _whole(node, 0, MOST_CHARACTERS)
            case Call(Op.MOD, (left, right)):
                return _remainder(node, self.of(left), self.of(right))
            case Call(op, (inner,)) if op in _ROUNDINGS:
                return _to_whole(op, self.of(inner))
            case Call(Op.SQRT, (inner,)):
                return _root(self.of(inner))
            case _:
                raise AssertionError(f"no range of {node.op}")

    def _cast(self, node: Call, inner: Expression, target: DataType) -> DoubleRange:
        source = type_of(inner, self._types)
        if not source.is_numeric:
            if target is DataType.INTEGER:
                return _whole(node, 0, 1) if source is DataType.BOOLEAN else _whole(node, INT64_MIN, INT64_MAX)
            return DoubleRange(
                expression=node,
                type=target,
                lower=-_GREATEST,
                upper=_GREATEST,
                least=Fraction(2) ** LEAST_GRAIN,
                grain=LEAST_GRAIN,
                is_nullable=True,
            )
        given = self.of(inner)
        if target is DataType.NUMBER:
            return given.as_double()
        if given.type is DataType.INTEGER:
            return given
        ends = [min(INT64_MAX, max(INT64_MIN, round_half_away(float(end)))) for end in (given.lower, given.upper)]
        cast = Call(Op.TRY_CAST, (given.expression, node.args[1]))
        return replace(_whole(cast, *ends), may_overflow=given.may_overflow)


def _with_values(args: Sequence[Expression], values: Sequence[Expression]) -> tuple[Expression, ...]:
    """The arguments of a CASE with other values."""
    paired = [part for pair in zip(args[0::2], values, strict=False) for part in pair]
    return (*paired[: len(args) // 2 * 2], *(values[-1:] if len(args) % 2 else ()))


def _of_column(column: ContractColumn) -> DoubleRange:
    quantum = quantum_of(column)
    first, last = column_steps(column)
    if column.type is DataType.INTEGER:
        ends = [min(INT64_MAX, max(INT64_MIN, step * quantum.numerator)) for step in (first, last)]
        return replace(_whole(Column(column.name), *ends), least=quantum, is_nullable=not column.required)
    lower, upper, least = (Fraction(value_of(column, step) or 0) for step in (first, last, 1))  # type: ignore[arg-type]
    is_binary = quantum.denominator & (quantum.denominator - 1) == 0
    return DoubleRange(
        expression=Column(column.name),
        type=DataType.NUMBER,
        lower=lower,
        upper=upper,
        least=least,
        grain=_grain_of(least) if is_binary else _last_bit(least),
        is_nullable=not column.required,
    )


def column_steps(column: ContractColumn) -> tuple[int, int]:
    """The least and the greatest whole quanta that a dataset stores: ingest clips to the contract's bounds."""
    if column.quantum is None or column.per_city:  # a city's own domain is stored as the city declares it
        return INT64_MIN, INT64_MAX
    return column.bounds


def _of_literal(node: Literal, value: Fraction | int, kind: DataType) -> DoubleRange:
    exact = Fraction(value)
    return DoubleRange(
        expression=node,
        type=kind,
        lower=exact,
        upper=exact,
        least=abs(exact),
        grain=_grain_of(exact),
        is_nullable=node.value is None,
    )


def _whole(expression: Expression, lower: int, upper: int) -> DoubleRange:
    """An integer between the two."""
    return DoubleRange(
        expression=expression,
        type=DataType.INTEGER,
        lower=Fraction(lower),
        upper=Fraction(upper),
        least=Fraction(1),
        grain=0,
        is_nullable=True,
    )


def _common(parts: Iterable[DoubleRange]) -> DataType:
    return DataType.NUMBER if any(part.type is DataType.NUMBER for part in parts) else DataType.INTEGER


def _hull(expression: Expression, parts: Sequence[DoubleRange], *, is_nullable: bool) -> DoubleRange:
    kind = _common(parts)
    met = parts if kind is DataType.INTEGER else [part.as_double() for part in parts]
    return DoubleRange(
        expression=expression,
        type=kind,
        lower=min(part.lower for part in met),
        upper=max(part.upper for part in met),
        least=min((part.least for part in met if part.least), default=Fraction(0)),
        grain=min(part.grain for part in met),
        is_nullable=is_nullable,
        may_overflow=any(part.may_overflow for part in met),
    )


def _arithmetic(op: Op, left: DoubleRange, right: DoubleRange) -> DoubleRange:
    if op is not Op.DIV and _common((left, right)) is DataType.INTEGER:
        ends, least, grain = _combined(op, left, right)
        if ends[0] >= INT64_MIN and ends[1] <= INT64_MAX:
            return DoubleRange(
                expression=Call(op, (left.expression, right.expression)),
                type=DataType.INTEGER,
                lower=ends[0],
                upper=ends[1],
                least=least,
                grain=grain,
                is_nullable=left.is_nullable or right.is_nullable,
                may_overflow=left.may_overflow or right.may_overflow,
            )
    if _common((left, right)) is not DataType.INTEGER or op is not Op.DIV:  # a quotient of integers is rounded once
        left, right = left.as_double(), right.as_double()
    ends, least, grain = _combined(op, left, right)
    return _rounded(
        Call(op, (left.expression, right.expression)), ends=ends, least=least, grain=grain, parts=[left, right]
    )


def _combined(op: Op, left: DoubleRange, right: DoubleRange) -> tuple[tuple[Fraction, Fraction], Fraction, int]:
    """Bounds, least magnitude and grain of the exact result."""
    match op:
        case Op.ADD | Op.SUB:
            other = (right.lower, right.upper) if op is Op.ADD else (-right.upper, -right.lower)
            ends = left.lower + other[0], left.upper + other[1]
            grain = min(left.grain, right.grain)
            return ends, max(_two_to(grain), ends[0], -ends[1]), grain
        case Op.MUL:
            corners = [a * b for a in (left.lower, left.upper) for b in (right.lower, right.upper)]
            return (min(corners), max(corners)), left.least * right.least, left.grain + right.grain
        case _:
            divisors = []
            if right.upper > 0:
                divisors += [max(right.lower, right.least), right.upper]
            if right.lower < 0:
                divisors += [min(right.upper, -right.least), right.lower]
            corners = [a / b for a in (left.lower, left.upper) for b in divisors] or [Fraction(0)]
            least = left.least / right.magnitude if right.magnitude else Fraction(0)
            return (min(corners), max(corners)), least, LEAST_GRAIN


def _rounded(
    expression: Expression,
    *,
    ends: tuple[Fraction, Fraction],
    least: Fraction,
    grain: int,
    parts: Sequence[DoubleRange],
) -> DoubleRange:
    """A result that is rounded to the nearest double. Rounding keeps the order and never leaves a coarser grain."""
    lower, upper = (_nearest(end) for end in ends)
    small = max(_nearest(least), _two_to(LEAST_GRAIN)) if least else least
    never = lower == upper == 0
    return DoubleRange(
        expression=expression,
        type=DataType.NUMBER,
        lower=lower,
        upper=upper,
        least=Fraction(0) if never else small,
        grain=_ANY_GRAIN if never else max(grain, _last_bit(small), LEAST_GRAIN),
        is_nullable=any(part.is_nullable for part in parts)
        or (isinstance(expression, Call) and expression.op is Op.DIV),
        may_overflow=any(part.may_overflow for part in parts) or max(map(abs, ends)) >= _GREATEST,
    )


def _extreme(call: Call, parts: Sequence[DoubleRange]) -> DoubleRange:
    """GREATEST or LEAST: bounded on one side by each argument that is never NULL, on the other by all."""
    hull = _hull(call, parts, is_nullable=all(part.is_nullable for part in parts))
    met = parts if hull.type is DataType.INTEGER else [part.as_double() for part in parts]
    certain = [part for part in met if not part.is_nullable]
    if call.op is Op.GREATEST:
        return replace(hull, lower=max([hull.lower, *(part.lower for part in certain)]))
    return replace(hull, upper=min([hull.upper, *(part.upper for part in certain)]))


def _remainder(node: Call, left: DoubleRange, right: DoubleRange) -> DoubleRange:
    most = math.floor(min(left.magnitude, max(Fraction(0), right.magnitude - 1)))
    return _whole(node, -most if left.lower < 0 else 0, most if left.upper > 0 else 0)


def _to_whole(op: Op, inner: DoubleRange) -> DoubleRange:
    if inner.type is DataType.INTEGER:
        return replace(inner, expression=Call(op, (inner.expression,)))
    return replace(
        inner,
        expression=Call(op, (inner.expression,)),
        lower=Fraction(math.floor(inner.lower)),
        upper=Fraction(math.ceil(inner.upper)),
        least=Fraction(1),
        grain=max(0, inner.grain),
    )


def _root(inner: DoubleRange) -> DoubleRange:
    number = inner.as_double()
    most, least = (Fraction(math.sqrt(max(0.0, float(end)))) for end in (number.upper, number.least))
    root = _rounded(
        Call(Op.SQRT, (inner.expression,)), ends=(Fraction(0), most), least=least, grain=LEAST_GRAIN, parts=[number]
    )
    return replace(root, is_nullable=inner.is_nullable or inner.lower < 0)


def _absolute(inner: DoubleRange) -> DoubleRange:
    if inner.type is DataType.INTEGER and inner.lower == INT64_MIN:
        inner = inner.as_double()
    lower = Fraction(0) if inner.lower < 0 < inner.upper else min(abs(inner.lower), abs(inner.upper))
    return replace(inner, expression=Call(Op.ABS, (inner.expression,)), lower=lower, upper=inner.magnitude)


def _bin(node: Call, inner: DoubleRange, width: float) -> DoubleRange:
    """Whole multiples of the width: at most one width below what is binned."""
    step = Fraction(width)
    rebuilt = Call(Op.BIN, (inner.expression, node.args[1]))
    if inner.type is DataType.INTEGER and isinstance(width, int):
        return replace(_whole(rebuilt, max(INT64_MIN, math.floor(inner.lower - step)), INT64_MAX), upper=inner.upper)
    lower, upper = ((_nearest(end / step) + slack) * step for end, slack in ((inner.lower, -1), (inner.upper, 1)))
    binned = _rounded(rebuilt, ends=(lower, upper), least=step, grain=_grain_of(step), parts=[inner])
    return replace(binned, may_overflow=binned.may_overflow or inner.magnitude / step >= _GREATEST)


def _nearest(exact: Fraction) -> Fraction:
    """The nearest double, or the greatest one."""
    try:
        return Fraction(float(exact))
    except OverflowError:
        return _GREATEST if exact > 0 else -_GREATEST


def _grain_of(exact: Fraction) -> int:
    """The largest power of two that a binary fraction is a whole multiple of, as its exponent."""
    if not exact:
        return _ANY_GRAIN
    trailing = (exact.numerator & -exact.numerator).bit_length() - 1
    return trailing - (exact.denominator.bit_length() - 1)


def _last_bit(magnitude: Fraction) -> int:
    """The grain of all doubles that are at least so large."""
    if not magnitude:
        return LEAST_GRAIN
    exponent = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    if magnitude < _two_to(exponent):
        exponent -= 1
    return max(exponent - _DIGITS, LEAST_GRAIN)


def _two_to(exponent: int) -> Fraction:
    return Fraction(2) ** exponent
