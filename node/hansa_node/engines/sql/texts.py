"""Text functions as SQL, with the meaning of `hansa_core.plan.text_functions`."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hansa_core.plan.expression import Op
from hansa_core.plan.text_functions import ESCAPE, lower, upper
from hansa_node.engines.sql.dialect import Texts
from hansa_node.engines.sql.syntax import Sql, balanced, call, paren, text

_LETTERS = "".join(map(chr, range(ord("A"), ord("Z") + 1)))


def text_function(texts: Texts, op: Op, arguments: Sequence[Sql]) -> Sql:
    """The call; the argument of ILIKE that is its pattern is in lower case already."""
    first = arguments[0]
    match op:
        case Op.LIKE:
            return _like(*arguments)
        case Op.ILIKE:
            return _like(_lower(first), arguments[1])
        case Op.LOWER:
            return _lower(first)
        case Op.UPPER:
            return call("translate", first, text(lower(_LETTERS)), text(upper(_LETTERS)))
        case Op.JOIN:
            return balanced(exp.DPipe, arguments)
        case _:
            return texts.function(op, arguments)


def _lower(sql: Sql) -> Sql:
    """Engines' own lower() fold the letters of all scripts, each in its own way."""
    return call("translate", sql, text(_LETTERS), text(lower(_LETTERS)))


def _like(sql: Sql, pattern: Sql) -> Sql:
    return exp.Escape(this=exp.Like(this=paren(sql), expression=pattern), expression=text(ESCAPE))
