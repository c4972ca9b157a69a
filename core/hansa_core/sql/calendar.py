"""Reads calendar functions whose SQL has no operator of its own: weekdays, epochs, intervals and differences."""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from hansa_core.contract.types import INT64_MAX, DataType, DatePart
from hansa_core.plan.expression import Call, Expression, Literal, Op, literal
from hansa_core.sql import functions
from hansa_core.sql.clause import refused
from hansa_core.sql.literals import OPEN_NULL

Read = Callable[[exp.Expr], Expression]
TypeOf = Callable[[Expression], DataType]

_SYNONYMS = {
    **dict.fromkeys(("dow", "dayofweek", "weekday"), "dow"),
    **dict.fromkeys(("weekofyear",), DatePart.WEEK.value),
    **dict.fromkeys(("dayofyear",), DatePart.DOY.value),
}
_SECOND_US = literal(1_000_000)


def extracted(node: exp.Expr, unit: exp.Expr | None, moment: exp.Expr, read: Read, type_of: TypeOf) -> Expression:
    """EXTRACT(part FROM moment): `dow` counts from Sunday at 0, `epoch` is in seconds."""
    written = unit.name.lower() if isinstance(unit, exp.Var | exp.Literal) else ""
    name = _SYNONYMS.get(written, written)
    if name == "epoch":
        return epoch(moment, read, type_of)
    operand = _moment(read(moment))
    if name == "dow":
        return Call(Op.MOD, (_part(DatePart.ISODOW, operand), literal(7)))
    if name in (DatePart.WEEK.value, DatePart.DOY.value):
        return _part(DatePart(name), operand)
    return Call(Op.EXTRACT, (functions.extraction(node, unit), operand))


def epoch(moment: exp.Expr, read: Read, type_of: TypeOf) -> Expression:
    """Seconds since the start of 1970, or between two moments that are subtracted."""
    between = moment.unnest()
    if isinstance(between, exp.Sub):
        later, sooner = _moment(read(between.this)), _moment(read(between.expression))
        if type_of(later).is_temporal and type_of(sooner).is_temporal:
            ends = (_part(DatePart.EPOCH_US, later), _part(DatePart.EPOCH_US, sooner))
            return Call(Op.DIV, (Call(Op.SUB, ends), _SECOND_US))
    return Call(Op.DIV, (_part(DatePart.EPOCH_US, _moment(read(moment))), _SECOND_US))


def between(node: exp.DateDiff, read: Read) -> Expression:
    """date_diff(part, from, to): how many boundaries lie between."""
    ends = _moment(read(node.expression)), _moment(read(node.this))
    return Call(Op.DATE_DIFF, (functions.boundaries(node, node.args.get("unit")), *ends))


def shifted(node: exp.Add | exp.Sub, moment: Expression, interval: exp.Interval) -> Expression:
    """A moment and an interval, added or subtracted."""
    part = functions.boundaries(node, interval.args.get("unit"))
    count = _count(interval.this)
    if count is None:
        raise refused(
            "wrong_type", node, "an interval is a whole number of one part", "write for example day + INTERVAL 7 DAY"
        )
    return Call(Op.DATE_ADD, (part, _moment(moment), literal(count if isinstance(node, exp.Add) else -count)))


def days_later(day: Expression, count: int) -> Expression:
    """A date and a whole number: so many days later."""
    return Call(Op.DATE_ADD, (literal(DatePart.DAY.value), day, literal(count)))


def subtracted(node: exp.Expr, later: Expression, sooner: Expression, kinds: tuple[DataType, DataType]) -> Expression:
    """Days between two dates; SQL knows no number for the time between two timestamps."""
    if kinds == (DataType.DATE, DataType.DATE):
        return Call(Op.DATE_DIFF, (literal(DatePart.DAY.value), sooner, later))
    raise refused(
        "wrong_type",
        node,
        "the time between two moments is no number by itself",
        "write date_diff('hour', from, to), or extract(epoch FROM to - from)",
    )


def _part(part: DatePart, moment: Expression) -> Call:
    return Call(Op.EXTRACT, (literal(part.value), moment))


def _moment(expression: Expression) -> Expression:
    """NULL as written stands for a moment here."""
    return Literal(None, DataType.TIMESTAMP) if expression == OPEN_NULL else expression


def _count(node: exp.Expr | None) -> int | None:
    """The whole number of an interval, in quotes or not."""
    sign = 1
    node = None if node is None else node.unnest()
    if isinstance(node, exp.Neg):
        sign, node = -1, node.this.unnest()
    text = str(node.this).strip() if isinstance(node, exp.Literal) else ""
    if text.startswith("-"):
        sign, text = -sign, text[1:]
    is_whole = text.isascii() and text.isdigit() and len(text) <= len(str(INT64_MAX))
    return sign * int(text) if is_whole and int(text) <= INT64_MAX else None
