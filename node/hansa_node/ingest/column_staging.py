"""One contract column at ingest, from a source's text to what is stored, rejected or counted."""

from __future__ import annotations

import duckdb
import pyarrow as pa
from sqlglot import exp

from hansa_core.contract.contract import ContractColumn, domain_of
from hansa_core.manifest.manifest import Manifest
from hansa_core.partial.partial import ARROW_TYPES
from hansa_node.ingest.columns import (
    Sql,
    create_temporary,
    fragment,
    name_of,
    stored_value,
    text_sql,
    value_sql,
    year_sql,
)
from hansa_node.ingest.mapping import ColumnMapping, DatasetMapping

REJECTIONS = ("unparseable", "missing", "not_in_domain", "structural_zero")
"""Why a row is rejected, in the order in which the rules are tried; the rule's full name ends in `:column`."""

_OK = 0


class ColumnStaging:
    """The SQL of one column on its way: `t` text, `v` value, `l` leaf of its domain, `s` status."""

    def __init__(self, index: int, column: ContractColumn, mapping: DatasetMapping, manifest: Manifest) -> None:
        self.index = index
        self.name = column.name
        self._column = column
        self._mapping = mapping.columns[column.name]
        self._domain = domain_of(column, manifest.domains)
        self._structural = manifest.structural_zeros.get(column.name, ())
        self.text = text_sql(self._mapping, _source_sql(self._mapping, mapping))
        self.value = value_sql(self._mapping, column, name_of("t", index))

    def called(self, kind: str) -> str:
        return name_of(kind, self.index).name

    def add_domain(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A table of the domain's values as they are stored, for one join instead of one comparison per value."""
        if not self._domain:
            return
        stored = [stored_value(self._column, value) for value in self._domain]
        kind = pa.int64() if self._column.type.is_numeric else ARROW_TYPES[self._column.type]
        empty = pa.array([value in self._structural for value in self._domain], pa.bool_())
        connection.register("domain_rows", pa.table({"value": pa.array(stored, kind), "structural": empty}))
        create_temporary(connection, f"domain{self.index:d}", exp.select("*").from_("domain_rows"))
        connection.unregister("domain_rows")

    def joined(self, placed: exp.Select) -> exp.Select:
        """With the column `l`: whether the value is a structural zero; NULL where it is not in the domain."""
        if not self._domain:
            return placed
        domain = f"domain{self.index:d}"
        return placed.select(exp.column("structural", table=domain).as_(self.called("l"))).join(
            exp.to_table(domain),
            on=exp.EQ(this=name_of("v", self.index), expression=exp.column("value", table=domain)),
            join_type="left",
        )

    @property
    def status(self) -> Sql:
        text, value, leaf = (name_of(kind, self.index) for kind in ("t", "v", "l"))
        number = self._column.type.is_numeric and self._column.quantum is not None
        # Text that says "not a number" is NULL; anything else that is no value is an error of the source.
        unread = ":t IS NOT NULL AND :v IS NULL" + (" AND TRY_CAST(:t AS DOUBLE) IS NULL" if number else "")
        arms = [unread, ":v IS NULL" if self._column.required else "false"]
        if self._domain:
            arms += [":v IS NOT NULL AND :l IS NULL", ":l"]
        ifs = [
            exp.If(this=fragment(arm, t=text, v=value, l=leaf), true=exp.Literal.number(rule))
            for rule, arm in enumerate(arms, start=1)
        ]
        return exp.Case(ifs=ifs, default=exp.Literal.number(_OK))

    @property
    def stored(self) -> Sql:
        """The value as the dataset keeps it: clipped to its bounds, unless a domain holds it already."""
        value: Sql = name_of("v", self.index)
        if self._is_clipped:
            lower, upper = (exp.Literal.string(str(bound)) for bound in self._column.bounds)
            value = fragment(
                "greatest(least(:v, CAST(:upper AS HUGEINT)), CAST(:lower AS HUGEINT))",
                v=value,
                lower=lower,
                upper=upper,
            )
            value = fragment("CASE WHEN :v IS NOT NULL THEN :clipped END", v=name_of("v", self.index), clipped=value)
        return fragment("CAST(:v AS BIGINT)", v=value) if self._column.type.is_numeric else value

    @property
    def figures(self) -> list[Sql]:
        """Counts: NULLs, values out of bounds, then rows by rule."""
        value, status = name_of("v", self.index), name_of("s", self.index)
        out: Sql = exp.false()
        if self._is_clipped:
            lower, upper = (exp.Literal.string(str(bound)) for bound in self._column.bounds)
            out = fragment(
                ":v < CAST(:lower AS HUGEINT) OR :v > CAST(:upper AS HUGEINT)", v=value, lower=lower, upper=upper
            )
        rules = range(1, len(REJECTIONS) + 1)
        return [
            fragment("count(*) FILTER (WHERE :v IS NULL AND :s = 0)", v=value, s=status),
            fragment("count(*) FILTER (WHERE :out)", out=out),
            *(
                fragment("count(*) FILTER (WHERE :s = :rule)", s=status, rule=exp.Literal.number(rule))
                for rule in rules
            ),
        ]

    @property
    def _is_clipped(self) -> bool:
        return self._column.quantum is not None and not self._domain


def _source_sql(column: ColumnMapping, mapping: DatasetMapping) -> Sql:
    """The text that the source has for a column, before the mapping changes it."""
    if column.source is not None:
        return fragment("CAST(:c AS VARCHAR)", c=exp.column(column.source, quoted=True))
    if column.year_of is not None:
        dated = mapping.columns[column.year_of]
        return year_sql(dated, text_sql(dated, _source_sql(dated, mapping)))
    constant = exp.null() if column.constant is None else exp.Literal.string(column.constant)
    return fragment("CAST(:c AS VARCHAR)", c=constant)
