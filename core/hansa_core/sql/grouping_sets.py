"""Sets of keys that ROLLUP, CUBE and GROUPING SETS stand for."""

from __future__ import annotations

import itertools
import math

from sqlglot import exp

from hansa_core.plan.limits import MAX_TOTALS
from hansa_core.sql.clause import refused

Keys = list[exp.Expr]


def grouping_sets(group: exp.Group) -> list[Keys]:
    """Every set of keys that is grouped by; items of GROUP BY side by side multiply. Raises RefusedError."""
    counts = [2 ** len(item.expressions) if isinstance(item, exp.Cube) else 1 for item in group.expressions]
    if math.prod(counts) <= MAX_TOTALS + 1:  # before anything is written out
        choices = [_sets(item) for item in group.expressions]
        if math.prod(map(len, choices)) <= MAX_TOTALS + 1:
            return [list(itertools.chain(*chosen)) for chosen in itertools.product(*choices)]
    raise refused(
        "too_many_keys", group, f"a question has at most {MAX_TOTALS + 1} groupings", "list the sets that you need"
    )


def _sets(item: exp.Expr) -> list[Keys]:
    units = [_members(unit) for unit in item.expressions] if isinstance(item, exp.Rollup | exp.Cube) else []
    match item:
        case exp.Rollup():
            return [list(itertools.chain(*units[:length])) for length in range(len(units), -1, -1)]
        case exp.Cube():
            chosen = (itertools.combinations(units, size) for size in range(len(units), -1, -1))
            return [list(itertools.chain(*some)) for some in itertools.chain(*chosen)]
        case exp.GroupingSets():
            return [one for part in item.expressions for one in _set_or_sets(part)]
        case _:
            return [[item]]


def _set_or_sets(item: exp.Expr) -> list[Keys]:
    return _sets(item) if isinstance(item, exp.Rollup | exp.Cube) else [_members(item)]


def _members(item: exp.Expr) -> Keys:
    return list(item.expressions) if isinstance(item, exp.Tuple) else [item.unnest()]
