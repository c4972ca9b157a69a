"""Checks that a SELECT consists only of clauses that can be split."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import quoted, refused

_KNOWN = frozenset(
    {"expressions", "from_", "where", "group", "having", "qualify", "distinct", "order", "limit", "offset", "with_"}
)
_JOIN_REMEDY = (
    "aggregate first, then join: WITH q AS (SELECT city, COUNT(*) AS n FROM housing.permits GROUP BY city) "
    "SELECT … FROM q JOIN …; two datasets are asked one by one: hand the first answer in as a table of your own"
)

_REFUSED: dict[str, tuple[str, str, str]] = {
    "joins": ("cannot_split", "the cities' rows are not joined", _JOIN_REMEDY),
    "laterals": ("cannot_split", "the cities' rows are not joined", _JOIN_REMEDY),
    "kind": ("unsupported_clause", "SELECT takes a list of expressions", "leave the word out"),
    "hint": ("unsupported_clause", "SELECT takes a list of expressions", "leave the word out"),
}


def check_shape(select: exp.Select) -> None:
    """Refuse the first clause that a SELECT over a contract does not have."""
    _check_clauses(select, _KNOWN)
    _check_group(select.args.get("group"))


def check_outer_shape(select: exp.Select) -> None:
    """Refuse the first clause that a SELECT over the answer does not have."""
    _check_clauses(select, _KNOWN | {"joins"})


def _check_clauses(select: exp.Select, known: frozenset[str]) -> None:
    for name, value in select.args.items():
        if not value or name in known:
            continue
        first = value[0] if isinstance(value, list) else value
        code, rule, remedy = _REFUSED.get(
            name,
            (
                "unsupported_clause",
                "a question is WITH … SELECT … FROM … WHERE … GROUP BY … HAVING … QUALIFY … ORDER BY … LIMIT … OFFSET",
                "leave the clause out",
            ),
        )
        raise RefusedError(code, rule, remedy, quoted(first) if isinstance(first, exp.Expr) else str(first))


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


def _is_plain_fetch(node: exp.Fetch) -> bool:
    """FETCH FIRST n ROWS ONLY, which is LIMIT n."""
    options = node.args.get("limit_options")
    return options is None or not (options.args.get("percent") or options.args.get("with_ties"))


def row_count(select: exp.Select, clause: str) -> int | None:
    """The number in LIMIT or OFFSET; None without that clause."""
    node = select.args.get(clause)
    if node is None:
        return None
    fetched = isinstance(node, exp.Fetch) and _is_plain_fetch(node)
    number = node.args.get("count") if fetched else node.args.get("expression")
    extras = {name for name, value in node.args.items() if value} - {"expression"} if not fetched else set()
    if extras or not isinstance(number, exp.Literal) or not str(number.this).isdigit() or len(str(number.this)) > 18:
        raise refused(
            "unsupported_clause", node, f"{clause.upper()} takes a whole number of rows", f"write {clause.upper()} 10"
        )
    return int(number.this)
