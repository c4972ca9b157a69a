"""Reads a SQL expression over a contract's columns as an expression of the question language."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.errors import RefusedError
from hansa_core.plan.casts import CASTS
from hansa_core.plan.expression import Call, Expression, Literal, Op, literal, walk
from hansa_core.plan.limits import MAX_NODES
from hansa_core.plan.typing import type_of
from hansa_core.sql import functions
from hansa_core.sql.clause import chain, quoted, refused, text_of, unsplittable
from hansa_core.sql.literals import OPEN_NULL, agree, read_number, read_temporal
from hansa_core.sql.source import StatementSource


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
                return Call(Op.EXTRACT, (functions.extraction(node, node.this), self._moment(node.expression)))
            case exp.Anonymous():
                return self._named(node)
        if type(node) in functions.PART_FUNCTIONS:
            part = literal(functions.PART_FUNCTIONS[type(node)].value)
            return Call(Op.EXTRACT, (part, self._moment(node.this)))
        if type(node) in functions.SIMPLE_OPS:
            return self._simple(node)
        raise _unreadable(node)

    def _simple(self, node: exp.Expr) -> Expression:
        op = functions.SIMPLE_OPS[type(node)]
        operands = [node.this, *([node.args["expression"]] if node.args.get("expression") else node.expressions)]
        arguments = self._agreeing(node, [self.read(operand) for operand in operands])
        return arguments[0] if op is Op.COALESCE and len(arguments) == 1 else Call(op, arguments)

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
        kind = functions.target_type(node)
        operand = node.this
        if not isinstance(node, exp.TryCast):
            if kind.is_temporal and isinstance(operand, exp.Literal) and operand.is_string:
                return read_temporal(node, str(operand.this), kind)  # DATE '2024-01-31' parses to a CAST
            raise self._not_total(node, kind)
        value = self.read(operand)
        return Literal(None, kind) if value == OPEN_NULL else Call(Op.TRY_CAST, (value, literal(kind.value)))

    def _not_total(self, node: exp.Cast, kind: DataType) -> RefusedError:
        found = self.type_of(self.read(node.this), node)
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
                return Call(Op.EXTRACT, (functions.extraction(node, arguments[0]), self._moment(arguments[1])))
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


def _unreadable(node: exp.Expr) -> RefusedError:
    if isinstance(node, exp.AggFunc | exp.Filter):
        return refused(
            "cannot_split",
            node,
            "an aggregate stands in SELECT or ORDER BY only, never inside WHERE, GROUP BY, FILTER or an aggregate",
            "select the aggregate and compute with it in the SELECT list",
        )
    return unsplittable(node) or functions.unknown_function(node)
