"""round(x, digits) inside the cities: over whole steps of a quantum, so that decimal halves are exact."""

from __future__ import annotations

from fractions import Fraction

from sqlglot import exp

from hansa_core.contract.contract import Contract
from hansa_core.contract.types import DataType
from hansa_core.plan.exact import ExactNode, exact_node
from hansa_core.plan.expression import Call, Expression, Literal, Op, literal, walk
from hansa_core.plan.typing import column_types, type_of
from hansa_core.sql.clause import refused, text_of

_MOST_DIGITS = 15
_MOST_STEPS = 2**46  # of 2**53: what is left holds the rounding of a few dozen operators on the way to x
_MOST_NODES = 64
_OVER_THE_ANSWER = "round the aggregate in the SELECT list, or write bin(x, width) for a key"


def rounded(node: exp.Round, number: Expression, contract: Contract) -> Expression:
    """The multiple of 10**-digits that is nearest to `number`, halves away from zero, as a double or an integer.

    Raises RefusedError where `number` is no whole number of steps: its halves would be those of doubles.
    """
    digits = _digits(node)
    kind = type_of(number, column_types(contract))
    exact = exact_node(number, contract) if kind.is_numeric else None
    if exact is None:
        rule = "round(x, digits) takes a number of whole decimal steps, as columns are, and their sums and products"
        raise refused("unknown_function", node, rule, _OVER_THE_ANSWER)
    step = exact.quantum * Fraction(10) ** digits
    if step.denominator == 1:
        return number  # it has no more digits
    if not _is_small(exact, number, step):
        rule = f"the bounds of {text_of(node.this)} leave more steps open than a double tells apart"
        raise refused("unknown_function", node, rule, _OVER_THE_ANSWER)
    steps = Call(Op.ROUND, (_scaled(number, 1 / exact.quantum),))
    shown = _scaled(Call(Op.ROUND, (_scaled(steps, step),)), Fraction(10) ** -digits)
    return shown if kind is DataType.NUMBER else Call(Op.TRY_CAST, (shown, literal(DataType.INTEGER.value)))


def _digits(node: exp.Round) -> int:
    given = node.args["decimals"].unnest()
    sign, given = (-1, given.this.unnest()) if isinstance(given, exp.Neg) else (1, given)
    text = str(given.this) if isinstance(given, exp.Literal) and not given.is_string else ""
    if not text.isdigit() or len(text) > 2 or int(text) > _MOST_DIGITS:
        rule = f"round takes a whole number of digits from -{_MOST_DIGITS} to {_MOST_DIGITS}"
        raise refused("wrong_type", node, rule, "write round(x, 2)")
    return sign * int(text)


def _is_small(exact: ExactNode, number: Expression, step: Fraction) -> bool:
    most = max(exact.peak, exact.peak * step.numerator)
    return most < _MOST_STEPS and sum(1 for _ in walk(number)) <= _MOST_NODES


def _scaled(number: Expression, factor: Fraction) -> Expression:
    """The number times a fraction of two whole numbers, in doubles."""
    if factor.numerator != 1:
        number = Call(Op.MUL, (number, _double(factor.numerator)))
    return number if factor.denominator == 1 else Call(Op.DIV, (number, _double(factor.denominator)))


def _double(whole: int) -> Literal:
    return literal(float(whole))
