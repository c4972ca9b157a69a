"""Writes a plan as SQL that parses back to the same canonical plan."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import date, datetime
from functools import reduce

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import ARITHMETIC, COMPARISONS, Call, Column, Expression, Literal, Op
from hansa_core.plan.plan import Aggregate, AggregateFunction, Plan
from hansa_core.plan.text_functions import ESCAPE
from hansa_core.sql.clause import DIALECT
from hansa_core.sql.operators import BINARY

SQL_TYPES = {
    DataType.BOOLEAN: exp.DType.BOOLEAN,
    DataType.INTEGER: exp.DType.BIGINT,
    DataType.NUMBER: exp.DType.DOUBLE,
    DataType.TEXT: exp.DType.TEXT,
    DataType.DATE: exp.DType.DATE,
    DataType.TIMESTAMP: exp.DType.TIMESTAMP,
}
"""What SQL calls the types of the language."""
_NEEDS_BRACKETS = frozenset(
    {
        *COMPARISONS,
        *ARITHMETIC,
        Op.MOD,
        Op.AND,
        Op.OR,
        Op.NOT,
        Op.IN,
        Op.IS_NULL,
        Op.LIKE,
        Op.ILIKE,
        Op.JOIN,
        Op.DATE_ADD,
    }
)


def render_plan(plan: Plan) -> str:
    """The plan as one SELECT: its keys, then its aggregates. Keys are grouped by ordinal, so a literal can be one."""
    select = exp.select(*(_tree(key) for key in plan.keys), *(_aggregate(one) for one in plan.aggregates))
    select = select.from_(exp.Table(this=exp.to_identifier(str(plan.source), quoted=True)))
    if plan.where is not None:
        select = select.where(_tree(plan.where))
    if plan.totals:
        sets = [exp.Tuple(expressions=_ordinals(kept)) for kept in plan.groupings]
        select.set("group", exp.Group(expressions=[exp.GroupingSets(expressions=sets)]))
    elif plan.keys:
        select = select.group_by(*_ordinals(range(len(plan.keys))))
    return select.sql(DIALECT)


def wording(part: Expression | Aggregate) -> str:
    """One key or aggregate for a reader: as in `render_plan`, but names stand without quotes where they can."""
    tree = _aggregate(part) if isinstance(part, Aggregate) else _tree(part)
    for name in tree.find_all(exp.Identifier):
        name.set("quoted", not name.this.isidentifier())
    return tree.sql(DIALECT)


def _ordinals(indexes: Iterable[int]) -> list[exp.Expr]:
    return [exp.Literal.number(index + 1) for index in indexes]


def _column(name: str) -> exp.Column:
    return exp.column(name, quoted=True)


def _aggregate(aggregate: Aggregate) -> exp.Expr:
    tree = _unfiltered(aggregate)
    if aggregate.where is None:
        return tree
    return exp.Filter(this=tree, expression=exp.Where(this=_tree(aggregate.where)))


def _unfiltered(aggregate: Aggregate) -> exp.Expr:
    arguments = [_column(one) if isinstance(one, str) else _tree(one) for one in aggregate.arguments]
    match aggregate.function:
        case AggregateFunction.COUNT_ROWS:
            return exp.Count(this=exp.Star(), big_int=True)
        case AggregateFunction.COUNT:
            return exp.Count(this=arguments[0], big_int=True)
        case AggregateFunction.COUNT_DISTINCT:
            return exp.Count(this=exp.Distinct(expressions=arguments), big_int=True)
        case AggregateFunction.QUANTILE_CONT:
            arguments.append(exp.Literal.number(repr(aggregate.quantile)))
    return exp.Anonymous(this=aggregate.function.value.upper(), expressions=arguments)


def _tree(expression: Expression) -> exp.Expr:
    match expression:
        case Column(name):
            return _column(name)
        case Literal():
            return literal_tree(expression)
        case Call(op, args):
            return _call(op, args)


def _operand(expression: Expression) -> exp.Expr:
    """An argument beside an operator; brackets only where they are needed, since each costs the reader stack."""
    tree = _tree(expression)
    bracketed = isinstance(expression, Call) and expression.op in _NEEDS_BRACKETS
    return exp.Paren(this=tree) if bracketed else tree


def _call(op: Op, args: tuple[Expression, ...]) -> exp.Expr:
    if op in BINARY:
        return BINARY[op](this=_operand(args[0]), expression=_operand(args[1]))
    match op:
        case Op.AND | Op.OR:
            join: Callable[..., exp.Expr] = exp.and_ if op is Op.AND else exp.or_
            return join(*(_operand(argument) for argument in args), wrap=False, copy=False)
        case Op.NOT:
            return exp.Not(this=_operand(args[0]))
        case Op.IN:
            return exp.In(this=_operand(args[0]), expressions=[_tree(item) for item in args[1:]])
        case Op.IS_NULL:
            return exp.Is(this=_operand(args[0]), expression=exp.Null())
        case Op.CASE:
            return _case(args)
        case Op.TRY_CAST:
            return exp.TryCast(this=_tree(args[0]), to=exp.DataType(this=SQL_TYPES[DataType(_word(args[1]))]))
        case Op.LIKE | Op.ILIKE:
            like = (exp.Like if op is Op.LIKE else exp.ILike)(this=_operand(args[0]), expression=_tree(args[1]))
            return exp.Escape(this=like, expression=exp.Literal.string(ESCAPE))
        case Op.JOIN:
            return reduce(lambda left, right: exp.DPipe(this=left, expression=right), map(_operand, args))
        case Op.DATE_ADD:
            interval = exp.Interval(this=exp.Literal.string(_word(args[2])), unit=exp.Var(this=_word(args[0]).upper()))
            return exp.Add(this=_operand(args[1]), expression=interval)
        case Op.EXTRACT:
            return exp.Extract(this=exp.Var(this=_word(args[0]).upper()), expression=_tree(args[1]))
        case _:
            return exp.Anonymous(this=op.value, expressions=[_tree(argument) for argument in args])


def _case(args: tuple[Expression, ...]) -> exp.Case:
    pairs = zip(args[0::2], args[1::2], strict=False)
    ifs = [exp.If(this=_tree(condition), true=_tree(value)) for condition, value in pairs]
    return exp.Case(ifs=ifs, default=_tree(args[-1]) if len(args) % 2 else None)


def _word(expression: Expression) -> str:
    assert isinstance(expression, Literal), "a checked plan has a literal here"
    return str(expression.value)


def literal_tree(literal: Literal) -> exp.Expr:
    """The constant as a node of SQL: whatever its text holds, it is read back as that text."""
    match literal.value:
        case None:
            return exp.TryCast(this=exp.Null(), to=exp.DataType(this=SQL_TYPES[literal.type]))
        case bool() as truth:
            return exp.Boolean(this=truth)
        case int() | float() as number:
            digits = exp.Literal.number(repr(number).removeprefix("-"))
            return exp.Neg(this=digits) if repr(number).startswith("-") else digits
        case str() as text:
            return exp.Literal.string(text)
        case datetime() as moment:
            return exp.Cast(
                this=exp.Literal.string(moment.isoformat(sep=" ")), to=exp.DataType(this=exp.DType.TIMESTAMP)
            )
        case date() as day:
            return exp.Cast(this=exp.Literal.string(day.isoformat()), to=exp.DataType(this=exp.DType.DATE))
