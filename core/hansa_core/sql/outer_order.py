"""ORDER BY of a SELECT of the outer statement: by columns, expressions, ordinals and aliases."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hansa_core.errors import RefusedError
from hansa_core.sql.clause import refused
from hansa_core.sql.keys import SelectItem, select_item
from hansa_core.sql.outer_scalar import Resolve, read_outer
from hansa_core.sql.relation import total


def or_alias(resolve: Resolve, aliases: dict[str, exp.Expr], *codes: str) -> Resolve:
    """What a name means by itself, or else as an alias of the SELECT list; a column goes first.

    `codes`: an alias is tried only where the name is refused for one of them; without any, wherever it is refused.
    """

    def named(node: exp.Expr) -> exp.Expr | None:
        try:
            return resolve(node)
        except RefusedError as refusal:
            is_name = isinstance(node, exp.Column) and not node.table and node.name.lower() in aliases
            if is_name and (not codes or refusal.code in codes):
                return aliases[node.name.lower()].copy()
            raise

    return named


def read_orderings(
    select: exp.Select,
    items: Sequence[SelectItem],
    trees: Sequence[exp.Expr],
    resolve: Resolve,
    aliases: dict[str, exp.Expr],
) -> list[exp.Ordered]:
    """What ORDER BY sorts by. `trees`: of the SELECT list, also under their `aliases`. Raises RefusedError."""
    order = select.args.get("order")
    naming = or_alias(resolve, aliases)
    return [] if order is None else [_ordered(node, items, trees, naming, aliases) for node in order.expressions]


def _ordered(
    node: exp.Expr,
    items: Sequence[SelectItem],
    trees: Sequence[exp.Expr],
    resolve: Resolve,
    aliases: dict[str, exp.Expr],
) -> exp.Ordered:
    subject = node.this.unnest() if isinstance(node, exp.Ordered) else node
    if not isinstance(node, exp.Ordered) or node.args.get("with_fill") or isinstance(subject, exp.Var):
        raise refused(
            "unsupported_clause", node, "ORDER BY takes expressions", "name a column, as in ORDER BY 1 DESC NULLS LAST"
        )
    if isinstance(subject, exp.Literal) and not subject.is_string:
        tree = trees[items.index(select_item(items, subject))]
    elif isinstance(subject, exp.Column) and not subject.table and subject.name.lower() in aliases:
        tree = aliases[subject.name.lower()]  # an alias goes before a column of that name, as in DuckDB
    else:
        tree = read_outer(subject, resolve).unnest()
    return exp.Ordered(
        this=total(tree.copy()), desc=bool(node.args.get("desc")), nulls_first=bool(node.args.get("nulls_first"))
    )
