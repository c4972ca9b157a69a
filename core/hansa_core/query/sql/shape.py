"""Does the SELECT consist only of clauses that can be split?"""

from __future__ import annotations

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.query.sql.clause import quoted, refused

_KNOWN = frozenset({"expressions", "from_", "where", "group", "order", "limit", "offset", "kind", "hint"})
_OUTSIDE = "ask without it and do it with the answer's table"

_REFUSED: dict[str, tuple[str, str, str]] = {
    "with_": ("cannot_split", "WITH cannot be split", "ask one SELECT over the contract"),
    "joins": ("cannot_split", "a question reads one contract, without joins", "ask one question per contract"),
    "laterals": ("cannot_split", "a question reads one contract, without joins", "ask one question per contract"),
    "having": (
        "unsupported_clause",
        "HAVING is not offered",
        "ORDER BY the aggregate, and filter the answer",
    ),
    "qualify": ("unsupported_clause", "QUALIFY is not offered", _OUTSIDE),
    "windows": ("unsupported_clause", "window functions are not offered", _OUTSIDE),
    "distinct": ("unsupported_clause", "SELECT DISTINCT is not offered", "GROUP BY already gives each key once"),
}


def check_shape(select: exp.Select) -> None:
    """Refuse the first clause outside SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT … OFFSET."""
    for name, value in select.args.items():
        if not value or name in _KNOWN:
            continue
        first = value[0] if isinstance(value, list) else value
        code, rule, remedy = _REFUSED.get(
            name,
            (
                "unsupported_clause",
                "a question is SELECT … FROM … WHERE … GROUP BY … ORDER BY … LIMIT … OFFSET",
                "leave the clause out",
            ),
        )
        raise RefusedError(code, rule, remedy, quoted(first) if isinstance(first, exp.Expr) else name.upper())
    for extra in (select.args.get("kind"), select.args.get("hint")):
        if extra:
            raise RefusedError(
                "unsupported_clause", "SELECT takes a list of expressions", "leave the word out", str(extra)
            )
    _check_group(select.args.get("group"))


def _check_group(group: exp.Group | None) -> None:
    if group is None:
        return
    if any(value for name, value in group.args.items() if name not in ("expressions", "all")):
        raise refused(
            "unsupported_clause",
            group,
            "GROUP BY takes keys, ROLLUP, CUBE and GROUPING SETS",
            "write GROUP BY ROLLUP (a, b)",
        )


def row_count(select: exp.Select, clause: str) -> int | None:
    """The number in LIMIT or OFFSET; None without that clause."""
    node = select.args.get(clause)
    if node is None:
        return None
    number = node.args.get("expression")
    extras = {name for name, value in node.args.items() if value} - {"expression"}
    if extras or not isinstance(number, exp.Literal) or not str(number.this).isdigit() or len(str(number.this)) > 18:
        raise refused(
            "unsupported_clause", node, f"{clause.upper()} takes a whole number of rows", f"write {clause.upper()} 10"
        )
    return int(number.this)
