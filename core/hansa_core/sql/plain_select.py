"""Plain outer SELECTs: those that only pick columns of the released table and sort its rows by some of them."""

from __future__ import annotations

from collections.abc import Sequence

from sqlglot import exp

from hansa_core.sql.statement import RELEASED, PlainSelect, SortColumn

_PARTS = frozenset({"expressions", "from_", "order"})


def plain_select(select: exp.Select) -> PlainSelect | None:
    """What the SELECT picks and sorts by; None where it does anything else, or sorts NULLs first."""
    source = select.args.get("from_")
    if source is None or any(value for name, value in select.args.items() if name not in _PARTS):
        return None
    order = select.args.get("order")
    columns = [_released(item.this if isinstance(item, exp.Alias) else item) for item in select.expressions]
    sorting = [_sorting(each) for each in order.expressions] if order is not None else []
    if source.this.sql() != RELEASED or None in columns or None in sorting:
        return None
    return PlainSelect(
        columns=tuple(name for name in columns if name is not None),
        sorting=_each_once([each for each in sorting if each is not None]),
    )


def _each_once(sorting: Sequence[SortColumn]) -> tuple[SortColumn, ...]:
    """Where a column is sorted by again, its rows are equal already."""
    first = {each.column: each for each in reversed(sorting)}
    return tuple(each for each in dict.fromkeys(sorting) if first[each.column] == each)


def _sorting(node: exp.Expr) -> SortColumn | None:
    name = _released(node.this if isinstance(node, exp.Ordered) else node)
    if name is None or node.args.get("nulls_first") or node.args.get("with_fill"):
        return None
    return SortColumn(column=name, descending=bool(node.args.get("desc")))


def _released(node: exp.Expr) -> str | None:
    """The name of a released column that the node is by itself."""
    return node.name if isinstance(node, exp.Column) and node.table == RELEASED else None
