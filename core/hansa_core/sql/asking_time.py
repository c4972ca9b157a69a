"""The time of asking: CURRENT_DATE, CURRENT_TIMESTAMP and their other spellings become literals of the question."""

from __future__ import annotations

import re
from datetime import datetime

from sqlglot import exp

from hansa_core.contract.types import DataType
from hansa_core.plan.expression import literal
from hansa_core.sql.clause import put_in_place, quoted, refused
from hansa_core.sql.functions import function_name
from hansa_core.sql.render import literal_tree
from hansa_core.sql.statement import FixedMoment

DATES = ("current_date", "today")
TIMESTAMPS = (
    *("current_timestamp", "now", "get_current_timestamp", "localtimestamp", "current_localtimestamp"),
    *("transaction_timestamp", "statement_timestamp"),
)
_NODES: dict[type[exp.Expr], DataType] = {
    exp.CurrentDate: DataType.DATE,
    exp.CurrentTimestamp: DataType.TIMESTAMP,
    exp.Localtimestamp: DataType.TIMESTAMP,
}
_SPELLINGS = {
    **dict.fromkeys(DATES, DataType.DATE),
    **dict.fromkeys(TIMESTAMPS, DataType.TIMESTAMP),
}
_MENTIONED = re.compile(rf"\b(?:{'|'.join(_SPELLINGS)})\b", re.IGNORECASE)


def may_ask_for_time(sql: str) -> bool:
    """Whether what the text means could depend on when it is asked."""
    return _MENTIONED.search(sql) is not None


def fix_time(tree: exp.Expr, asked_at: datetime | None) -> tuple[FixedMoment, ...]:
    """Put the time of asking where `tree` asks for it. `asked_at`: naive UTC; None: not known, and it is refused."""
    fixed: dict[FixedMoment, None] = {}
    for node in [found for found in tree.walk() if _kind(found) is not None]:
        _check(node, asked_at)
        assert asked_at is not None
        value = literal(asked_at.date() if _kind(node) is DataType.DATE else asked_at)
        fixed[FixedMoment(quoted(node), value)] = None
        put_in_place(node, literal_tree(value))
    return tuple(fixed)


def _check(node: exp.Expr, asked_at: datetime | None) -> None:
    given = node.expressions if isinstance(node, exp.Anonymous) else [value for value in node.args.values() if value]
    if given:
        rule = "the time of asking takes no zone and no precision: it is UTC, in whole seconds"
        raise refused("unsupported_clause", node, rule, "write CURRENT_DATE or CURRENT_TIMESTAMP")
    if asked_at is None:
        rule, remedy = "the time of asking is not known here", "write a date, as in DATE '2024-01-31'"
        raise refused("unsupported_clause", node, rule, remedy)


def _kind(node: exp.Expr) -> DataType | None:
    if isinstance(node, exp.Anonymous):
        return _SPELLINGS.get(function_name(node))
    return _NODES.get(type(node))
