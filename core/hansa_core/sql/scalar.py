"""Reads a SQL expression over a contract's columns as an expression of the question language."""

from __future__ import annotations

from collections.abc import Callable
from fractions import Fraction

from sqlglot import exp

from hansa_core.contract.types import INT64_MAX, DataType
from hansa_core.errors import RefusedError
from hansa_core.plan.casts import CASTS
from hansa_core.plan.double_range import double_range
from hansa_core.plan.expression import Call, Expression, Literal, Op, literal, walk
from hansa_core.plan.limits import MAX_NODES
from hansa_core.plan.typing import type_of
from hansa_core.sql import calendar, functions, rounding, texts
from hansa_core.sql.clause import chain, quoted, refused, text_of, unsplittable
from hansa_core.sql.format_parts import Directive, format_text
from hansa_core.sql.literals import OPEN_NULL, agree, read_number, read_temporal
from hansa_core.sql.source import StatementSource
from hansa_core.sql.strftime import FORMATTED, moment_of, read_pieces, strftime_of

_LAST_WHOLE_DOUBLE = 2**53
_OF_ANY_NUMBER = (Op.COALESCE, Op.GREATEST, Op.LEAST)
_SURE_CASTS = frozenset(
    {
        (DataType.BOOLEAN, DataType.INTEGER),
        (DataType.INTEGER, DataType.NUMBER),
        (DataType.DATE, DataType.TIMESTAMP),
        (DataType.TIMESTAMP, DataType.DATE),
        (DataType.INTEGER, DataType.TEXT),
        (DataType.BOOLEAN, DataType.TEXT),
        (DataType.DATE, DataType.TEXT),
    }
)
"""The casts that no value fails."""


def read_scalar(node: exp.Expr, source: StatementSource) -> Expression:
    """The expression that the SQL means, well typed. Raises RefusedError with the offending SQL as its field."""
    return _ScalarReader(source).read(node)


def read_condition(node: exp.Expr, source: StatementSource) -> Expression:
    """A boolean expression. Raises RefusedError."""
    reader = _ScalarReader(source)
    condition = reader.boolean(node)
    if reader.type_of(condition, node) is not DataType.BOOLEAN:
        raise refused(
            "wrong_type", node, "a condition is true or false", "compare it with something, as in x = 1 or x IS NULL"
        )
    return condition


class _ScalarReader:
    """One pass over one SQL expression, within a budget of nodes: some SQL repeats its operand (CASE x WHEN …), and
    repeats of repeats would grow without end."""

    def __init__(self, source: StatementSource) -> None:
        self._source = source
        self._types = source.types
        self._budget = MAX_NODES

    def type_of(self, expression: Expression, node: exp.Expr) -> DataType:
        try:
            return type_of(expression, self._types)
        except RefusedError as error:
            raise RefusedError(error.code, error.rule, error.remedy, quoted(node)) from None

    def read(self, node: exp.Expr) -> Expression:
        self._spend(1, node)
        expression = self._read(node.unnest() if isinstance(node, exp.Paren) else node)
        if isinstance(expression, Call):
            self.type_of(expression, node)
        return expression

    def boolean(self, node: exp.Expr) -> Expression:
        """As `read`, where a bare NULL is a boolean."""
        expression = self.read(node)
        return Literal(None, DataType.BOOLEAN) if expression == OPEN_NULL else expression

    def _read(self, node: exp.Expr) -> Expression:
        match node:
            case exp.Column():
                return self._source.column(node)
            case exp.Boolean():
                return literal(bool(node.this))
            case exp.Null():
                return OPEN_NULL
            case exp.Literal():
                return literal(str(node.this)) if node.is_string else read_number(node)
            case exp.Neg():
                return self._negated(node)
            case exp.And() | exp.Or():
                op = Op.AND if isinstance(node, exp.And) else Op.OR
                return Call(op, tuple(self.boolean(part) for part in chain(node, type(node))))
            case exp.Not():
                return Call(Op.NOT, (self.boolean(node.this),))
            case exp.Is() if isinstance(node.expression, exp.Null):
                return Call(Op.IS_NULL, (self.read(node.this),))
            case exp.Is() if isinstance(node.expression, exp.Boolean):
                return self._is_truth(node)
            case exp.NullSafeEQ() | exp.NullSafeNEQ():
                return self._same(node)
            case exp.In():
                return self._membership(node)
            case exp.Between():
                return self._between(node)
            case exp.Case() | exp.If():
                return self._case(node)
            case exp.Cast():
                return self._cast(node)
            case exp.DateTrunc() | exp.TimestampTrunc():
                unit = functions.truncation(node, node.args.get("unit"))
                return Call(Op.DATE_TRUNC, (unit, self._moment(node.this)))
            case exp.Extract():
                return calendar.extracted(node, node.this, node.expression, self.read, self._type_at(node))
            case exp.TimeToUnix():
                return calendar.epoch(node.this, self.read, self._type_at(node))
            case exp.DateAdd() if isinstance(node.expression, exp.Interval):
                shift = exp.Add(this=node.this, expression=node.expression)
                return calendar.shifted(shift, self.read(node.this), node.expression)
            case exp.EQ() | exp.NEQ() if isinstance(node.this.unnest(), exp.Tuple):
                equal = exp.In(this=node.this, expressions=[node.expression])
                return self.read(_by_parts(equal) if isinstance(node, exp.EQ) else exp.Not(this=_by_parts(equal)))
            case exp.IntDiv():
                return self._whole_quotient(node)
            case exp.DateDiff():
                return calendar.between(node, self.read)
            case exp.Add() | exp.Sub():
                return self._sum(node)
            case exp.DayOfWeek():
                return calendar.extracted(node, exp.Var(this="dow"), node.this, self.read, self._type_at(node))
            case exp.Like() | exp.ILike() | exp.Escape():
                return texts.pattern_call(node, self.read)
            case exp.Anonymous():
                return self._named(node)
        if isinstance(node, FORMATTED):
            return self._formatted(node)
        if type(node) in functions.PART_FUNCTIONS:
            part = literal(functions.PART_FUNCTIONS[type(node)].value)
            return Call(Op.EXTRACT, (part, self._moment(node.this)))
        if type(node) in texts.SEARCHES:
            return texts.search(node, node.this, node.expression, texts.SEARCHES[type(node)], self.read)
        if type(node) in texts.TEXT_OPS:
            return texts.text_call(node, self.read, self._type_at(node))
        if type(node) in functions.SIMPLE_OPS:
            return self._simple(node)
        raise _unreadable(node)

    def _simple(self, node: exp.Expr) -> Expression:
        op = functions.SIMPLE_OPS[type(node)]
        if isinstance(node, exp.Round) and node.args.get("decimals") and not node.args.get("truncate"):
            return rounding.rounded(node, self.read(node.this), self._source.contract)
        functions.check_arguments(node)
        operands = [node.this, *([node.args["expression"]] if node.args.get("expression") else node.expressions)]
        arguments = self._agreeing(node, [self.read(operand) for operand in operands])
        return arguments[0] if op in _OF_ANY_NUMBER and len(arguments) == 1 else Call(op, arguments)

    def _sum(self, node: exp.Add | exp.Sub) -> Expression:
        """Numbers added or subtracted, a moment and an interval, or two dates subtracted."""
        sides = [node.this.unnest(), node.expression.unnest()]
        if isinstance(sides[0], exp.Interval) and isinstance(node, exp.Add):
            sides.reverse()
        if isinstance(sides[1], exp.Interval):
            return calendar.shifted(node, self.read(sides[0]), sides[1])
        left, right = self._agreeing(node, [self.read(node.this), self.read(node.expression)])
        kinds = self.type_of(left, node), self.type_of(right, node)
        if isinstance(node, exp.Sub) and all(kind.is_temporal for kind in kinds):
            return calendar.subtracted(node, left, right, kinds)
        if kinds[0] is DataType.DATE and isinstance(right, Literal) and isinstance(right.value, int):
            return calendar.days_later(left, right.value if isinstance(node, exp.Add) else -right.value)
        return Call(functions.SIMPLE_OPS[type(node)], (left, right))

    def _formatted(self, node: exp.Expr) -> Expression:
        """A date as text, joined from the texts of its parts."""
        pieces = read_pieces(node, strftime_of(node))
        moment = moment_of(node)
        if any(isinstance(piece, Directive) and piece.is_within_day for piece in pieces):
            moment = exp.Cast(this=moment, to=exp.DataType.build("timestamp"))  # a date begins at midnight
        return self.read(format_text(pieces, moment))

    def _whole_quotient(self, node: exp.IntDiv) -> Expression:
        """`a // b` of integers is toward zero: what % leaves is taken off first, so that the quotient is whole."""
        left, right = self._agreeing(node, [self.read(node.this), self.read(node.expression)])
        kinds = {self.type_of(left, node), self.type_of(right, node)}
        reach = double_range(left, self._source.contract)
        if kinds != {DataType.INTEGER} or reach.magnitude > _LAST_WHOLE_DOUBLE:
            remedy = "write / for a number, trunc(a / b) for its whole part, or bin(x, width) for the edge of a bin"
            raise refused("wrong_type", node, "// takes integers, the first within 2 ^ 53", remedy)
        rest = Call(Op.MOD, (self._again(left, node), right))
        whole = Call(Op.DIV, (Call(Op.SUB, (left, rest)), self._again(right, node)))
        return Call(Op.TRY_CAST, (whole, literal(DataType.INTEGER.value)))

    def _is_truth(self, node: exp.Is) -> Expression:
        """IS TRUE and IS FALSE, which NULL is neither of."""
        condition = self.boolean(node.this)
        wanted = condition if node.expression.this else Call(Op.NOT, (condition,))
        return Call(Op.COALESCE, (wanted, literal(False)))

    def _same(self, node: exp.NullSafeEQ | exp.NullSafeNEQ) -> Expression:
        """IS [NOT] DISTINCT FROM: NULL is the same as NULL, and as nothing else."""
        left, right = self._agreeing(node, [self.read(node.this), self.read(node.expression)])
        equal = Call(Op.COALESCE, (Call(Op.EQ, (left, right)), literal(False)))
        both = Call(
            Op.AND, (Call(Op.IS_NULL, (self._again(left, node),)), Call(Op.IS_NULL, (self._again(right, node),)))
        )
        same = Call(Op.OR, (equal, both))
        return same if isinstance(node, exp.NullSafeEQ) else Call(Op.NOT, (same,))

    def _type_at(self, node: exp.Expr) -> Callable[[Expression], DataType]:
        return lambda expression: self.type_of(expression, node)

    def _agreeing(self, node: exp.Expr, arguments: list[Expression]) -> tuple[Expression, ...]:
        return agree(node, arguments, lambda argument: self.type_of(argument, node))

    def _moment(self, node: exp.Expr) -> Expression:
        """A date or timestamp; `node` may be NULL."""
        expression = self.read(node)
        return Literal(None, DataType.TIMESTAMP) if expression == OPEN_NULL else expression

    def _negated(self, node: exp.Neg) -> Expression:
        operand = node.this.unnest()
        if isinstance(operand, exp.Literal) and not operand.is_string:
            return read_number(operand, negative=True)
        return Call(Op.SUB, (literal(0), self.read(operand)))

    def _membership(self, node: exp.In) -> Expression:
        if isinstance(node.this.unnest(), exp.Tuple):
            return self.read(_by_parts(node))
        if not node.expressions:
            if node.args.get("query"):
                raise _unreadable(node.args["query"])
            raise refused("wrong_type", node, "IN takes a list of literals", "write x IN (1, 2)")
        arguments = self._agreeing(node, [self.read(item) for item in (node.this, *node.expressions)])
        operand, items = arguments[0], arguments[1:]
        kinds = {item.type if isinstance(item, Literal) else None for item in items}
        if None not in kinds and len(kinds) == 1:
            return Call(Op.IN, arguments)
        equalities = tuple(Call(Op.EQ, (self._again(operand, node), item)) for item in items)
        return equalities[0] if len(equalities) == 1 else Call(Op.OR, equalities)

    def _between(self, node: exp.Between) -> Expression:
        if node.args.get("symmetric"):
            raise functions.unknown_function(node)
        bounds = [self.read(part) for part in (node.this, node.args["low"], node.args["high"])]
        operand, low, high = self._agreeing(node, bounds)
        return Call(Op.AND, (Call(Op.GE, (operand, low)), Call(Op.LE, (self._again(operand, node), high))))

    def _case(self, node: exp.Case | exp.If) -> Expression:
        whens = [node] if isinstance(node, exp.If) else node.args["ifs"]
        otherwise = node.args.get("false" if isinstance(node, exp.If) else "default")
        subject = self.read(node.this) if isinstance(node, exp.Case) and node.this else None
        conditions = [self._when(when, subject) for when in whens]
        branches = [*(when.args["true"] for when in whens), *([otherwise] if otherwise else [])]
        values = self._agreeing(node, [self.read(branch) for branch in branches])
        pairs = [part for pair in zip(conditions, values, strict=False) for part in pair]
        return Call(Op.CASE, (*pairs, *values[len(conditions) :]))

    def _when(self, when: exp.Expr, subject: Expression | None) -> Expression:
        if subject is None:
            return self.boolean(when.this)
        return Call(Op.EQ, self._agreeing(when, [self._again(subject, when), self.read(when.this)]))

    def _cast(self, node: exp.Cast) -> Expression:
        if isinstance(node.args["to"], exp.DataType) and node.args["to"].this is exp.DType.DECIMAL:
            return self._decimal(node)
        kind = functions.target_type(node)
        operand = node.this
        if not isinstance(node, exp.TryCast):
            if kind.is_temporal and isinstance(operand, exp.Literal) and operand.is_string:
                return read_temporal(node, str(operand.this), kind)  # DATE '2024-01-31' parses to a CAST
            return self._total_cast(node, kind)
        value = self.read(operand)
        return Literal(None, kind) if value == OPEN_NULL else Call(Op.TRY_CAST, (value, literal(kind.value)))

    def _decimal(self, node: exp.Cast) -> Expression:
        """A number as DECIMAL(width, scale): rounded to so many digits, where its bounds leave room for the others."""
        width, scale = functions.digits(node)
        value = self.read(node.this)
        if value != OPEN_NULL and not self.type_of(value, node).is_numeric:
            remedy = f"write TRY_CAST({text_of(node.this)} AS DOUBLE), which gives NULL for other texts"
            raise refused("wrong_type", node, "DECIMAL is made of a number", remedy)
        number = rounding.rounded(
            exp.Round(this=node.this, decimals=exp.Literal.number(scale)), value, self._source.contract
        )
        reach = double_range(number, self._source.contract)
        if reach.may_overflow or reach.magnitude >= Fraction(10) ** (width - scale):
            remedy = f"write round({text_of(node.this)}, {scale}), or a wider DECIMAL"
            raise refused(
                "not_total", node, "no row may raise an error, and DECIMAL has room for some values only", remedy
            )
        if self.type_of(number, node) is DataType.NUMBER:
            return number
        return Call(Op.TRY_CAST, (number, literal(DataType.NUMBER.value)))

    def _total_cast(self, node: exp.Cast, kind: DataType) -> Expression:
        """CAST where no value can fail by its type and bounds. Raises RefusedError where one could."""
        value = self.read(node.this)
        if value == OPEN_NULL:
            return Literal(None, kind)
        found = self.type_of(value, node)
        is_sure = found is kind or (found, kind) in _SURE_CASTS
        if (found, kind) == (DataType.NUMBER, DataType.INTEGER):
            reach = double_range(value, self._source.contract)
            is_sure = not reach.may_overflow and max(abs(reach.lower), abs(reach.upper)) < INT64_MAX
        if not is_sure:
            raise self._not_total(node, found, kind)
        return value if found is kind else Call(Op.TRY_CAST, (value, literal(kind.value)))

    def _not_total(self, node: exp.Cast, found: DataType, kind: DataType) -> RefusedError:
        rewrite = f"write TRY_CAST({text_of(node.this)} AS {text_of(node.args['to'])}), which gives NULL"
        if (found, kind) not in CASTS:
            rewrite = f"{found} is not cast to {kind}: leave the cast out, and write literals as {found}"
        return refused("not_total", node, "no row may raise an error, and CAST can", rewrite)

    def _named(self, node: exp.Anonymous) -> Expression:
        arguments = node.expressions
        match functions.function_name(node), len(arguments):
            case ("bin", 2):
                return Call(Op.BIN, (self.read(arguments[0]), self.read(arguments[1])))
            case ("grid", 3):
                return Call(Op.GRID, tuple(self.read(argument) for argument in arguments))
            case ("date_part" | "datepart", 2):
                return calendar.extracted(node, arguments[0], arguments[1], self.read, self._type_at(node))
            case ("isoyear" | "weekday" as name, 1):
                return calendar.extracted(node, exp.Var(this=name), arguments[0], self.read, self._type_at(node))
            case (name, 2) if name in texts.NAMED_SEARCHES:
                subject, wanted = arguments
                return texts.search(node, subject, wanted, texts.NAMED_SEARCHES[name], self.read)
            case ("bin" | "grid", _):
                raise refused(
                    "wrong_type", node, "the function has another number of arguments", "bin(x, w), grid(lat, lon, m)"
                )
        raise functions.unknown_function(node)

    def _again(self, expression: Expression, node: exp.Expr) -> Expression:
        """The expression, used once more."""
        self._spend(sum(1 for _ in walk(expression)), node)
        return expression

    def _spend(self, nodes: int, node: exp.Expr) -> None:
        self._budget -= nodes
        if self._budget < 0:
            raise refused(
                "too_large",
                node,
                f"an expression has at most {MAX_NODES} columns, literals and operators",
                "ask several questions, or compare with a range instead of a list",
            )


def _by_parts(node: exp.In) -> exp.Expr:
    """(a, b) IN ((1, 2), …) as a = 1 AND b = 2 OR …."""
    parts = node.this.unnest().expressions
    rows = [item.unnest() for item in node.expressions]
    if not rows or any(not isinstance(row, exp.Tuple) or len(row.expressions) != len(parts) for row in rows):
        remedy = "write (a, b) IN ((1, 2), (3, 4))"
        raise refused("wrong_type", node, "IN compares a row with rows of as many values", remedy)
    same = []
    for row in rows:
        pairs = zip(parts, row.expressions, strict=True)
        same.append(exp.and_(*(exp.EQ(this=part.copy(), expression=value.copy()) for part, value in pairs)))
    return exp.paren(exp.or_(*same))


def _unreadable(node: exp.Expr) -> RefusedError:
    if isinstance(node, exp.AggFunc | exp.Filter):
        return refused(
            "cannot_split",
            node,
            "an aggregate stands in SELECT or ORDER BY only, never inside WHERE, GROUP BY, FILTER or an aggregate",
            "select the aggregate and compute with it in the SELECT list",
        )
    return unsplittable(node) or functions.unknown_function(node)
