"""Scalar expressions as SQL, with the meaning that `hansa_core.plan.evaluate` gives them.

The text grows linearly with the expression: where a construct needs an operand twice, it binds it first.
No row can raise an error: integers meet in 38 digits, doubles follow IEEE 754, and what falls out becomes NULL.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import assert_never

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.quanta import quantum_of
from hansa_core.contract.types import DataType, DatePart, Value
from hansa_core.plan.double_range import double_range
from hansa_core.plan.evaluate import ROUNDINGS
from hansa_core.plan.expression import ARITHMETIC, COMPARISONS, Call, Column, Expression, Literal, Op
from hansa_core.plan.text_functions import MOST_CHARACTERS, lower
from hansa_core.plan.typing import case_values
from hansa_core.plan.typing_text import TEXT_FUNCTIONS
from hansa_core.sql.operators import BINARY
from hansa_node.engines.sql.calendar import CalendarCompiler, never
from hansa_node.engines.sql.dialect import Binder, Dialect
from hansa_node.engines.sql.formulas import cast_text, grid, integer_bin, null_if, one_zero, root
from hansa_node.engines.sql.syntax import Sql, balanced, binary, call, case, paren, whole
from hansa_node.engines.sql.texts import text_function

_LAST_WHOLE_DOUBLE = 2**53
"""Up to here every whole number is a double."""
_INT = exp.DataType.build("INT")
_BINARY: dict[Op, type[exp.Binary]] = {**BINARY, Op.AND: exp.And, Op.OR: exp.Or}


@dataclass(frozen=True, slots=True)
class Typed:
    """A piece of SQL and the type of the language that it yields."""

    sql: Sql
    type: DataType


def stored(column: str) -> Sql:
    """A column as the table `rows` stores it."""
    return exp.column(column, table="rows", quoted=True)


class ScalarCompiler:
    """Compiles the expressions of one statement; they have passed `check_plan`."""

    def __init__(self, contract: Contract, dialect: Dialect) -> None:
        self._contract = contract
        self._dialect = dialect
        self._types = dialect.types
        self.binder = Binder(dialect)
        self._calendar = CalendarCompiler(dialect, self.binder)
        self._numbers: dict[tuple[DataType, Value | None], int] = {}

    @property
    def parameters(self) -> list[Value | None]:
        """The values bound so far, `$1` first."""
        return [value for _, value in self._numbers]

    def key(self, expression: Expression) -> Sql:
        """The expression as a key of cells."""
        compiled = self.compile(expression)
        return one_zero(self.binder, self._types, compiled.sql) if compiled.type is DataType.NUMBER else compiled.sql

    def compile(self, expression: Expression) -> Typed:
        """The expression and its type."""
        match expression:
            case Column(name):
                return self._column(name)
            case Literal(value, kind):
                return Typed(self._parameter(kind, value), kind)
            case Call(op, args):
                return self._call(op, args)
            case _:
                assert_never(expression)

    def _parameter(self, kind: DataType, value: Value | None) -> Sql:
        number = self._numbers.setdefault((kind, value), len(self._numbers) + 1)
        return self._dialect.parameter(number, kind)

    def _column(self, name: str) -> Typed:
        column = self._contract.columns[name]
        if not column.type.is_numeric:
            return Typed(stored(name), column.type)
        quantum = quantum_of(column)
        raw, is_whole = stored(name), quantum.numerator == 1
        if not is_whole:
            raw = binary(exp.Mul, self._types.widened(raw), whole(quantum.numerator))
        if column.type is DataType.INTEGER:
            return Typed(raw if is_whole else self._dialect.numbers.narrowed(self.binder, raw), DataType.INTEGER)
        raw = self._types.cast(raw, DataType.NUMBER) if is_whole else self._dialect.numbers.nearest_double(raw)
        if quantum.denominator != 1:
            raw = binary(exp.Div, raw, self._parameter(DataType.NUMBER, float(quantum.denominator)))
        return Typed(raw, DataType.NUMBER)

    def _call(self, op: Op, args: Sequence[Expression]) -> Typed:
        match op:
            case Op.TRY_CAST:
                return self._try_cast(self.compile(args[0]), DataType(_name(args[1])))
            case Op.DATE_TRUNC | Op.EXTRACT | Op.DATE_DIFF | Op.DATE_ADD:
                return self._calendar_function(op, DatePart(_name(args[0])), args[1:])
            case _ if op in TEXT_FUNCTIONS:
                return self._text_function(op, args)
            case Op.GRID:
                latitude, longitude = (self._as(self.compile(degrees), DataType.NUMBER) for degrees in args[:2])
                return Typed(grid(self.binder, self._dialect, latitude, longitude, _number(args[2])), DataType.INTEGER)
            case Op.CASE:
                return self._case([self.compile(argument) for argument in args])
            case _ if op in ARITHMETIC:
                return self._arithmetic(op, args, [self.compile(argument) for argument in args])
            case _:
                return self._over_one_type(op, [self.compile(argument) for argument in args])

    def _calendar_function(self, op: Op, part: DatePart, args: Sequence[Expression]) -> Typed:
        moment = self.compile(args[0])
        match op:
            case Op.DATE_TRUNC:
                return Typed(self._calendar.truncated(part, moment.sql, moment.type), moment.type)
            case Op.EXTRACT:
                return Typed(self._calendar.extracted(part, moment.sql), DataType.INTEGER)
            case Op.DATE_DIFF:
                return Typed(self._calendar.difference(part, moment.sql, self.compile(args[1]).sql), DataType.INTEGER)
            case _:
                count = args[1]
                if isinstance(count, Literal) and count.value is None:
                    return Typed(never(moment.sql), moment.type)
                return Typed(self._calendar.shifted(part, moment.sql, moment.type, _number(count)), moment.type)

    def _text_function(self, op: Op, args: Sequence[Expression]) -> Typed:
        if op is Op.ILIKE and isinstance(args[1], Literal) and isinstance(args[1].value, str):
            args = (args[0], Literal(lower(args[1].value), DataType.TEXT))
        kinds = {Op.LIKE: DataType.BOOLEAN, Op.ILIKE: DataType.BOOLEAN, Op.LENGTH: DataType.INTEGER}
        compiled = [self.compile(_within_texts(argument)).sql for argument in args]
        return Typed(text_function(self._dialect.texts, op, compiled), kinds.get(op, DataType.TEXT))

    def _over_one_type(self, op: Op, parts: Sequence[Typed]) -> Typed:
        """The operators whose operands meet in one type."""
        kind = _common(part.type for part in parts)
        first, *others = operands = [self._as(part, kind) for part in parts]
        match op:
            case _ if op in COMPARISONS:
                return Typed(binary(_BINARY[op], *operands), DataType.BOOLEAN)
            case Op.AND | Op.OR:
                return Typed(balanced(_BINARY[op], operands), DataType.BOOLEAN)
            case Op.NOT:
                return Typed(exp.Not(this=paren(first)), DataType.BOOLEAN)
            case Op.IN:
                return Typed(exp.In(this=paren(first), expressions=others), DataType.BOOLEAN)
            case Op.IS_NULL:
                return Typed(exp.Is(this=paren(first), expression=exp.Null()), DataType.BOOLEAN)
            case Op.ABS if kind is DataType.INTEGER:
                return Typed(self._narrowed(call("abs", self._types.widened(first))), kind)
            case Op.ABS:
                return Typed(call("abs", first), kind)
            case Op.COALESCE | Op.GREATEST | Op.LEAST:
                return Typed(call(op.value, *operands), kind)
            case _ if op in ROUNDINGS:
                return Typed(self._rounded(op, first) if kind is DataType.NUMBER else first, kind)
            case Op.SQRT:
                return Typed(root(self.binder, self._as(parts[0], DataType.NUMBER)), DataType.NUMBER)
            case Op.MOD:
                divisor = null_if(self.binder, *map(self._types.widened, (operands[1], whole(0))))
                return Typed(self._narrowed(binary(exp.Mod, self._types.widened(first), divisor)), kind)
            case Op.NULLIF:
                return Typed(null_if(self.binder, *operands), kind)
            case Op.BIN:
                if kind is DataType.NUMBER:
                    return Typed(self._dialect.numbers.bin(self.binder, *operands), kind)
                return Typed(integer_bin(self.binder, self._dialect, *operands), kind)
            case _:
                raise AssertionError(f"no SQL for {op}")

    def _is_exact_double(self, integer: Expression) -> bool:
        """Whether each value is a double, by its bounds."""
        found = double_range(integer, self._contract)
        return found.type is DataType.INTEGER and found.magnitude <= _LAST_WHOLE_DOUBLE

    def _arithmetic(self, op: Op, args: Sequence[Expression], parts: Sequence[Typed]) -> Typed:
        kind = _common(part.type for part in parts)
        if op is Op.DIV and kind is DataType.INTEGER and not all(map(self._is_exact_double, args)):
            return Typed(self._dialect.numbers.quotient(self.binder, *(part.sql for part in parts)), DataType.NUMBER)
        kind = DataType.NUMBER if op is Op.DIV else kind
        left, right = (self._as(part, kind) for part in parts)
        if kind is DataType.INTEGER:
            return Typed(self._narrowed(binary(_BINARY[op], self._types.widened(left), right)), kind)
        return Typed(self._dialect.numbers.computed(self.binder, _BINARY[op], left, right), kind)

    def _try_cast(self, source: Typed, target: DataType) -> Typed:
        match source.type, target:
            case same, _ if same is target:
                return source
            case DataType.NUMBER, DataType.INTEGER:
                return Typed(self._dialect.numbers.nearest_integer(self.binder, source.sql), target)
            case DataType.TEXT, _:
                return Typed(cast_text(self.binder, self._dialect, source.sql, target), target)
            case DataType.BOOLEAN, DataType.INTEGER | DataType.NUMBER:  # not every engine casts truth to 64 bits
                return Typed(self._types.cast(exp.Cast(this=source.sql, to=_INT.copy()), target), target)
            case _:
                return Typed(self._types.cast(source.sql, target), target)

    def _rounded(self, op: Op, number: Sql) -> Sql:
        if op is Op.ROUND:
            return self._dialect.numbers.rounded(self.binder, number)
        return self._dialect.numbers.whole(op, number)

    def _narrowed(self, wide: Sql) -> Sql:
        return self._dialect.numbers.narrowed(self.binder, wide)

    def _as(self, part: Typed, kind: DataType) -> Sql:
        return part.sql if part.type is kind else self._types.cast(part.sql, kind)

    def _case(self, parts: Sequence[Typed]) -> Typed:
        kind = _common(value.type for value in case_values(parts))
        arms = [(when.sql, self._as(then, kind)) for when, then in zip(parts[0::2], parts[1::2], strict=False)]
        default = self._as(parts[-1], kind) if len(parts) % 2 else None
        return Typed(case(*arms, default=default), kind)


def _within_texts(argument: Expression) -> Expression:
    """A place or length that engines take: no text has more code points."""
    if isinstance(argument, Literal) and argument.type is DataType.INTEGER and argument.value is not None:
        return Literal(min(int(argument.value), MOST_CHARACTERS), DataType.INTEGER)  # type: ignore[arg-type]
    return argument


def _common(kinds: Iterable[DataType]) -> DataType:
    """The type in which operands meet: of a mix, NUMBER or TIMESTAMP."""
    found = frozenset(kinds)
    if len(found) == 1:
        return next(iter(found))
    return DataType.NUMBER if DataType.NUMBER in found else DataType.TIMESTAMP


def _name(argument: Expression) -> str:
    assert isinstance(argument, Literal)
    assert isinstance(argument.value, str)
    return argument.value


def _number(argument: Expression) -> int:
    assert isinstance(argument, Literal)
    assert isinstance(argument.value, int)
    return argument.value
