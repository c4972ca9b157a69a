"""The clauses of a parsed statement: how they are taken apart and how a refusal quotes them."""

from __future__ import annotations

from sqlglot import exp
from sqlglot.errors import ErrorLevel

from hansa_core.errors import RefusedError
from hansa_core.sql.written import replaced_by, written

DIALECT = "duckdb"
_MAX_QUOTED_CHARACTERS = 160


def text_of(node: exp.Expr, *, functions: str = "upper") -> str:
    """The node as one line of SQL, without comments."""
    return node.sql(DIALECT, comments=False, normalize_functions=functions, unsupported_level=ErrorLevel.IGNORE)


def quoted(node: exp.Expr) -> str:
    """The node as it was written, in one line, cut where a refusal would get too long; as SQL where nobody wrote it."""
    return cut(" ".join((written(node) or text_of(node)).split()))


def put_in_place(node: exp.Expr, tree: exp.Expr) -> None:
    """`tree` in place of `node`; a column of the SELECT list is called as it was written."""
    replaced = replaced_by(node, tree)
    if isinstance(node.parent, exp.Select) and node.arg_key == "expressions":
        replaced = exp.alias_(replaced, quoted(node), quoted=True)
    node.replace(replaced)


def cut(text: str) -> str:
    """The text, with an ellipsis where a refusal would get too long."""
    text = text.strip()
    return text if len(text) <= _MAX_QUOTED_CHARACTERS else f"{text[:_MAX_QUOTED_CHARACTERS]}…"


def refused(code: str, node: exp.Expr, rule: str, remedy: str) -> RefusedError:
    """The refusal of a clause: `field` is its SQL."""
    return RefusedError(code, rule, remedy, quoted(node))


def chain(node: exp.Expr, kind: type[exp.Expr]) -> list[exp.Expr]:
    """The parts of a chain of AND, or of OR (`kind`), in order; brackets inside the chain do not matter."""
    parts: list[exp.Expr] = []
    stack: list[exp.Expr] = [node]
    while stack:
        part = stack.pop().unnest()
        if type(part) is kind:
            stack.extend((part.args["expression"], part.this))
        else:
            parts.append(part)
    return parts


def unsplittable(node: exp.Expr) -> RefusedError | None:
    """The refusal of a node that no side could compute: a query or a window function; else None."""
    match node:
        case exp.Query() | exp.Subquery() | exp.Exists():
            rule = "the cities are not asked by what another query gives"
            remedy = "ask it first, and hand its values in: x IN ($values)"
            return refused("cannot_split", node, rule, remedy)
        case exp.Window():
            rule = "window functions run over the answer, never in a condition, key or aggregate of the cities"
            return refused("cannot_split", node, rule, "write it in SELECT, QUALIFY or ORDER BY")
    return None
