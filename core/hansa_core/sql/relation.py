"""A relation of the outer statement: its columns, and from which released columns, rows and gaps each value comes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sqlglot import exp


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """What a column's values are computed from; the defaults are those of an analyst's own table.

    `depends_on`: released columns. `row`: the relation's hidden column with the number of the one released row behind
    a value; None if there may be several or none. `gaps`: its hidden columns with the gaps of all rows behind it.
    `passes`: it is one column, unchanged; `rounds`: it is one, but rounded or cast.
    """

    depends_on: frozenset[str] = frozenset()
    row: str | None = None
    gaps: frozenset[str] = frozenset()
    passes: bool = True
    rounds: bool = False


_ROUNDING = (exp.Round, exp.Floor, exp.Ceil, exp.Trunc, exp.Paren, exp.Try)
_NUMBERS = (exp.DType.DOUBLE, exp.DType.FLOAT, exp.DType.BIGINT, exp.DType.INT, exp.DType.DECIMAL)

OF_NO_CELLS = Origin()
"""Of what no city has a part in."""


@dataclass(slots=True, kw_only=True)
class Relation:
    """Named columns. `name`: how they are qualified. `origins`: of each column that may be named, in order; it grows
    while a SELECT over the relation is read, by the columns that the SELECT needs. `rows`: what decides how many rows
    there are: their keys, where a city of which nothing came has none; it is told even where no key is a column.
    """

    name: str
    origins: dict[str, Origin]
    rows: Origin = OF_NO_CELLS

    def column(self, name: str) -> exp.Column:
        """One of its columns, qualified: an alias of the same name never stands in for it."""
        return exp.column(name, table=self.name, quoted=True)

    def gaps(self, names: Iterable[str]) -> exp.Expr | None:
        """The gaps that the hidden columns hold together; None without any."""
        together: exp.Expr | None = None
        for name in sorted(names):
            one = self.column(name)
            together = one if together is None else exp.BitwiseOr(this=together, expression=one)
        return together


def origin_of(trees: Iterable[exp.Expr], origins: Mapping[str, Origin]) -> Origin:
    """Where the value of an expression over a relation's columns comes from; several trees make one value."""
    listed = list(trees)
    found = [origins[column.name] for tree in listed for column in tree.find_all(exp.Column)]
    released = [origin for origin in found if origin.depends_on]
    rows = {origin.row for origin in released}
    rounded = _rounded(listed[0]) if len(listed) == 1 else None
    return Origin(
        depends_on=frozenset().union(*(origin.depends_on for origin in released)),
        row=rows.pop() if len(rows) == 1 else None,
        gaps=frozenset().union(*(origin.gaps for origin in released)),
        passes=len(listed) == 1 and isinstance(listed[0], exp.Column) and found[0].passes,
        rounds=rounded is not None and (found[0].passes or found[0].rounds),
    )


def _rounded(tree: exp.Expr) -> exp.Column | None:
    """The column that the expression rounds or casts, if it does nothing else."""
    while isinstance(tree, _ROUNDING) or (isinstance(tree, exp.Cast) and tree.is_type(*_NUMBERS)):
        tree = tree.this
    return tree if isinstance(tree, exp.Column) else None


def joined(*origins: Origin) -> Origin:
    """Of a value that is computed from several rows."""
    return Origin(
        depends_on=frozenset().union(*(origin.depends_on for origin in origins)),
        gaps=frozenset().union(*(origin.gaps for origin in origins)),
        passes=False,
    )


def table_as(table: str, name: str) -> exp.Table:
    """The table under a name, as it stands in FROM."""
    source = exp.to_table(table, quoted=True)
    source.set("alias", exp.TableAlias(this=exp.to_identifier(name, quoted=True)))
    return source


def subquery(select: exp.Select, name: str) -> exp.Subquery:
    """The SELECT as something that stands in FROM."""
    return exp.Subquery(this=select, alias=exp.TableAlias(this=exp.to_identifier(name, quoted=True)))


def aliased(tree: exp.Expr, name: str) -> exp.Alias:
    """The expression under a name, quoted."""
    return exp.Alias(this=tree, alias=exp.to_identifier(name, quoted=True))


def total(tree: exp.Expr) -> exp.Expr:
    """The expression, NULL where DuckDB would raise an error: overflow, a bad cast, the logarithm of 0."""
    return tree if isinstance(tree, exp.Column) else exp.Try(this=tree)


def any_gap(gaps: exp.Expr | None) -> exp.Expr:
    """The gaps of all rows that are aggregated, as an aggregate."""
    return exp.BitwiseOrAgg(this=exp.Literal.number(0) if gaps is None else gaps)


def or_none(gaps: exp.Expr) -> exp.Expr:
    """The gaps, none where there was no row."""
    return exp.Coalesce(this=gaps, expressions=[exp.Literal.number(0)])
