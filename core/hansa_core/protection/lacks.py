"""Lacks: what a published table has not that a question needs, and the refusal that names the nearest tables."""

from __future__ import annotations

from collections.abc import Sequence

from hansa_core.contract.contract import Contract
from hansa_core.errors import RefusedError
from hansa_core.manifest.manifest import TableDeclaration
from hansa_core.plan.expression import Expression, columns_of
from hansa_core.plan.moments import Moment, MomentKind
from hansa_core.plan.plan import Plan
from hansa_core.protection.hierarchy import BinInterval
from hansa_core.protection.tables import TableShape

_NEAREST = 3  # tables that a refusal names
_SHOWN_CUTS = 12  # of a measure, in a refusal


class LackError(Exception):
    """The table cannot answer; `lacks` say what is missing. `code`: what the asker is told if no table can."""

    def __init__(self, *lacks: str, code: str = "not_published") -> None:
        super().__init__(*lacks)
        self.lacks = lacks
        self.code = code


def missing(
    moment: Moment, expressions: Sequence[Expression], table: TableDeclaration, contract: Contract
) -> tuple[str, ...]:
    """The dimensions and measures that a moment needs and the table has not. `expressions`: keys and conditions."""
    columns = contract.columns
    null_dimensions = (n for n in table.measures if not columns[n].required and not columns[n].null_is_public)
    has = {*table.dimensions, table.bins, *null_dimensions}
    used = frozenset[str]().union(*map(columns_of, expressions))
    lacks = [f"the dimension {name}" for name in sorted(used - has)]
    name = moment.column
    if moment.kind is MomentKind.BIN and name != table.bins:
        lacks.append(f"the bins of {name}")
    if name is None or name in table.measures or moment.kind in (MomentKind.BIN, MomentKind.DISTINCT):
        return tuple(lacks)
    assert isinstance(name, str)
    if moment.kind is not MomentKind.COUNT or not (columns[name].required or name in has):
        lacks.append(f"the measure {name}")
    return tuple(lacks)


def undeclared_cut(name: str, shape: TableShape, contract: Contract) -> str:
    """What to say of a comparison that falls inside a bin of a table."""
    quantum = contract.columns[name].quantum
    assert quantum is not None
    dimension = next(dimension for dimension in shape.dimensions if dimension.column == name)
    finest = (max(node.leaves) for node in dimension.nodes if not node.children)
    bins = sorted(
        (leaf for leaf in map(dimension.leaves.__getitem__, finest) if isinstance(leaf, BinInterval)), key=_end
    )
    ends = ", ".join(f"{float(leaf.upper * quantum):g}" for leaf in bins[:-1][:_SHOWN_CUTS])
    return f"a cut of {name} that the question needs (its cuts: {ends or 'none'})"


def _end(leaf: BinInterval) -> int:
    return leaf.upper


def refusal(plan: Plan, lacking: Sequence[tuple[TableDeclaration, LackError]]) -> RefusedError:
    """That no table answers, with those that lack the least."""
    unions = [pair for pair in lacking if pair[1].code == "distinct_union"]
    ordered = sorted(unions or lacking, key=lambda pair: (len(pair[1].lacks), len(pair[0].dimensions), pair[0].name))
    said = "; ".join(f"{table.name} lacks {' and '.join(lack.lacks)}" for table, lack in ordered[:_NEAREST])
    if unions:
        return RefusedError(
            "distinct_union",
            f"distinct units are published per cell and cannot be added up over several; nearest: {said}",
            "ask for the units of single published cells, or COUNT(*) for the rows",
            "aggregates",
        )
    return RefusedError(
        "not_published",
        f"at level controlled a city answers {plan.source} from its published tables only; nearest: {said}",
        "ask within the dimensions, cuts and measures of one published table",
    )
