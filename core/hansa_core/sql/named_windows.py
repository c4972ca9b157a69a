"""Writes named windows out: `OVER w` becomes the window that WINDOW calls w."""

from __future__ import annotations

from sqlglot import exp

from hansa_core.nearest import nearest, shown
from hansa_core.sql.clause import refused
from hansa_core.sql.written import replaced_by

_PARTS = ("partition_by", "order", "spec")


def with_windows_written_out(select: exp.Select) -> exp.Select:
    """The same SELECT without WINDOW. Raises RefusedError for a name that it does not give."""
    given = select.args.get("windows") or []
    if not given and not any(node.args.get("alias") for node in select.find_all(exp.Window)):
        return select
    plain = select.copy()
    plain.set("windows", None)
    named: dict[str, exp.Window] = {}
    for window in given:
        name = window.this.name.lower()
        if name in named:
            raise refused("unsupported_clause", window, f"two windows are called {shown(name)}", "rename one")
        named[name] = _whole(window, named)
    for node in list(plain.find_all(exp.Window)):
        if node.args.get("alias") is not None and node.find_ancestor(exp.Select) is plain:
            node.replace(replaced_by(node, _whole(node, named)))
    return plain


def _whole(window: exp.Expr, named: dict[str, exp.Window]) -> exp.Window:
    """The window with what the one that it names has; it adds to that, and changes nothing of it."""
    alias = window.args.get("alias")
    whole = exp.Window(this=window.this.copy(), **{part: _copied(window.args.get(part)) for part in _PARTS})
    if alias is None:
        return whole
    base = named.get(alias.name.lower())
    if base is None:
        remedy = nearest(alias.name, named) if named else f"write WINDOW {alias.name} AS (PARTITION BY … ORDER BY …)"
        raise refused("unsupported_clause", window, f"no window is called {shown(alias.name)}", remedy)
    for part in _PARTS:
        if base.args.get(part) and whole.args.get(part):
            rule = f"the window {shown(alias.name)} has that already"
            raise refused("unsupported_clause", window, rule, "write the whole window in OVER (…)")
        whole.set(part, _copied(base.args.get(part)) or whole.args.get(part))
    return whole


def _copied(part: object) -> object:
    if isinstance(part, list):
        return [one.copy() for one in part]
    return part.copy() if isinstance(part, exp.Expr) else part
