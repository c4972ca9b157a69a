"""One contract column at ingest, from a source's text to what is stored, rejected or counted."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from math import ceil, floor
from typing import Any

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import ContractColumn, domain_of
from hansa_core.contract.types import DataType, Value
from hansa_core.manifest.manifest import Manifest
from hansa_core.nearest import near
from hansa_node.ingest.columns import is_null_word, stored_value, text_sql, value_sql
from hansa_node.ingest.fragments import Sql, create_temporary, fragment, literal, name_of
from hansa_node.ingest.mapping import ColumnMapping, DatasetMapping
from hansa_node.ingest.moments import is_plausible, year_sql
from hansa_node.ingest.numbers import NOT_A_NUMBER, whole

LATE, DUPLICATE = "late", "duplicate"
REJECTIONS = ("unparseable", "missing", "not_in_domain", "structural_zero", "out_of_bounds", LATE, DUPLICATE)
"""Why a row is rejected, in the order in which the rules are tried; the rule's full name ends in `:column`."""

TEXTS = "texts"
"""The column of a judged row that holds its raw texts, in the order of the contract's columns; NULL of a kept row."""
_OK = 0
_SQL_TYPES = {
    DataType.TEXT: "VARCHAR",
    DataType.BOOLEAN: "BOOLEAN",
    DataType.DATE: "DATE",
    DataType.TIMESTAMP: "TIMESTAMP",
}
_POSITION_UNITS = frozenset({"degrees", "degree", "deg", "°"})
"""A position that lies elsewhere is another place, and not one at the edge."""


class ColumnStaging:
    """The SQL of one column on its way: `r` raw text, `t` text, `v` value, `l` leaf of its domain, `s` status.

    What is kept of a row that was judged: `v` as it is stored, `s`, `c` whether it was clipped, `r` where words of the
    mapping are counted, and for a rejected row the list of all its texts.
    """

    def __init__(
        self,
        index: int,
        column: ContractColumn,
        contract_columns: Mapping[str, ContractColumn],
        mapping: DatasetMapping,
        manifest: Manifest,
        *,
        growing: Collection[str] = (),
    ) -> None:
        """`growing`: columns by which a dataset grows: they are never NULL, and their texts are kept for the report."""
        self.index = index
        self.name = column.name
        self.mapping = mapping.columns[column.name]
        self._column = column
        self._domain = domain_of(column, manifest.domains)
        self._is_growing = column.name in growing
        self._required = column.required or self._is_growing
        self._structural = manifest.structural_zeros.get(column.name, ())
        self.raw = _source_sql(self.mapping, mapping, contract_columns)
        public = frozenset(map(str, self._domain)) if column.type is DataType.TEXT and self._domain else None
        self.text = text_sql(self.mapping, self.raw.copy(), is_numeric=column.type.is_numeric, public=public)
        self.value = value_sql(self.mapping, column, name_of("t", index))

    def called(self, kind: str) -> str:
        return name_of(kind, self.index).name

    @property
    def is_number(self) -> bool:
        """Whether the column's texts are read as numbers."""
        return self._column.type.is_numeric

    @property
    def _keeps_text(self) -> bool:
        """Whether the text of some row counts that is not rejected."""
        return self._is_growing or bool(self.words)

    def add_domain(self, connection: duckdb.DuckDBPyConnection) -> None:
        """A table of the domain's values as they are stored, for one join instead of one comparison per value."""
        if not self._domain:
            return
        stored = [stored_value(self._column, value) for value in self._domain]
        values = fragment(f"unnest(CAST($1 AS {self._sql_type}[]))").as_("value")
        structural = fragment("unnest(CAST($2 AS BOOLEAN[]))").as_("structural")
        rows = exp.select(values, structural)
        # By parameters: to register a table, DuckDB loads pandas where it is installed, which takes a second.
        lists = [stored, [value in self._structural for value in self._domain]]
        create_temporary(connection, f"domain{self.index:d}", rows, lists)

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
        # Text that says "not a number" is NULL; anything else that is no value is an error of the source.
        nan = " AND lower(trim(:t)) <> :nan" if self._column.type.is_numeric else ""
        never: Sql = exp.false()
        arms: list[Sql] = [
            fragment(f":t IS NOT NULL AND :v IS NULL{nan}", t=text, v=value, nan=literal(NOT_A_NUMBER)),
            fragment(":v IS NULL", v=value) if self._required else never,
            fragment(":v IS NOT NULL AND :l IS NULL", v=value, l=leaf) if self._domain else never,
            leaf if self._domain else never,
            self._is_out(value),
        ]
        ifs = [exp.If(this=arm, true=exp.Literal.number(rule)) for rule, arm in enumerate(arms, start=1)]
        return fragment("CAST(:s AS UTINYINT)", s=exp.Case(ifs=ifs, default=exp.Literal.number(_OK)))

    @property
    def stored(self) -> Sql:
        """The value as the dataset keeps it: a measure clipped to its bounds."""
        value: Sql = name_of("v", self.index)
        if self._is_clipped:
            lower, upper = map(whole, self._column.bounds)
            clipped = fragment("greatest(least(:v, :upper), :lower)", v=value, lower=lower, upper=upper)
            value = fragment("CASE WHEN :v IS NOT NULL THEN :clipped END", v=name_of("v", self.index), clipped=clipped)
        return fragment("CAST(:v AS BIGINT)", v=value) if self._column.type.is_numeric else value

    @property
    def judged(self) -> list[Sql]:
        """What is kept of a row: the stored value, its status, whether it was clipped, and its text where it counts."""
        value, status, raw = (name_of(kind, self.index) for kind in ("v", "s", "r"))
        kept: list[Sql] = [self.stored.as_(value.name, quoted=True), status]
        if self._is_clipped:
            kept.append(self._beyond(value, *self._column.bounds).as_(self.called("c"), quoted=True))
        if self._keeps_text:
            uses = (self._uses(key, word, raw) for key, word in self.words)
            told = exp.true() if self._is_growing else exp.or_(*uses)
            kept.append(exp.Case(ifs=[exp.If(this=told, true=raw)]).as_(raw.name, quoted=True))
        return kept

    @property
    def told(self) -> Sql:
        """The text of a judged row that the column rejects."""
        if self._is_growing:
            return name_of("r", self.index)
        return fragment("list_extract(:t, :place)", t=exp.column(TEXTS), place=exp.Literal.number(self.index + 1))

    @property
    def figures(self) -> list[Sql]:
        """Counts of judged rows: NULLs and clipped values of those that it keeps, rejected ones, uses of `words`."""
        value, status, clipped, raw = (name_of(kind, self.index) for kind in ("v", "s", "c", "r"))
        nulls = fragment("count(*) FILTER (WHERE :v IS NULL AND :s = 0)", v=value, s=status)
        beyond = fragment("count(*) FILTER (WHERE :clipped AND :s = 0)", clipped=clipped, s=status)
        return [
            nulls,
            beyond if self._is_clipped else exp.Literal.number(0),
            fragment("count_if(:s > 0)", s=status),
            *(fragment("count_if(:used)", used=self._uses(key, word, raw)) for key, word in self.words),
        ]

    @property
    def rejected_by_rule(self) -> list[Sql]:
        """Counts of judged rows, in the order of REJECTIONS."""
        status = name_of("s", self.index)
        rules = range(1, len(REJECTIONS) + 1)
        return [fragment("count_if(:s = :rule)", s=status, rule=exp.Literal.number(rule)) for rule in rules]

    @property
    def words(self) -> tuple[tuple[str, str], ...]:
        """The texts of a source that the mapping names, each after its key: one that no row has is a mistake."""
        mapping = self.mapping
        own_nulls = () if mapping.shares_null_values else mapping.null_values
        nulls = tuple(("null_values", word) for word in own_nulls)
        listed = (*nulls, *(("recode", word) for word in mapping.recode))
        return listed if mapping.source is not None else ()

    def stored_sql(self, value: Value) -> Sql:
        """A public value as it is stored."""
        stored = exp.Literal.string(str(stored_value(self._column, value)))
        return exp.cast(stored, exp.DataType.build(self._sql_type, dialect="duckdb"))

    @property
    def _sql_type(self) -> str:
        """Of the column as the dataset stores it."""
        return "BIGINT" if self._column.type.is_numeric else _SQL_TYPES[self._column.type]

    def told_value(self, stored: Any) -> str:
        """A stored value for a person: a number in its own unit."""
        return str(stored) if self._column.quantum is None else f"{float(stored * self._column.quantum):g}"

    def nearest(self, rule: str, text: str | None) -> str | None:
        """The public value that is written most like a text that is none; None where there is none like it."""
        if rule != "not_in_domain" or text is None or self._column.type is not DataType.TEXT:
            return None
        return near(text, [str(value) for value in self._domain])

    def _uses(self, key: str, word: str, raw: Sql) -> Sql:
        if key == "recode":
            return fragment("trim(:r) = :w", r=raw, w=literal(word.strip()))
        return is_null_word(raw, word, is_numeric=self._column.type.is_numeric)

    def _is_out(self, value: Sql) -> Sql:
        """Whether a value is implausible, and no bound stands for it."""
        column, mapping = self._column, self.mapping
        if self._domain:
            return exp.false()
        if column.type.is_temporal:
            return fragment(":v IS NOT NULL AND NOT :in", **{"v": value, "in": is_plausible(column, value)})
        if column.quantum is None:
            return exp.false()
        quantum, (lower, upper) = column.quantum, column.bounds
        own_lower = None if mapping.lower is None else ceil(mapping.lower / quantum)
        own_upper = None if mapping.upper is None else floor(mapping.upper / quantum)
        if not self._is_clipped:
            lower, upper = max(lower, _or(own_lower, lower)), min(upper, _or(own_upper, upper))
            return self._beyond(value, lower, upper)
        beyond = [
            fragment(sign, v=value, b=whole(bound))
            for sign, bound in ((":v < :b", own_lower), (":v > :b", own_upper))
            if bound is not None
        ]
        return exp.or_(*beyond) if beyond else exp.false()

    @staticmethod
    def _beyond(value: Sql, lower: int, upper: int) -> Sql:
        return fragment("coalesce(:v < :lower OR :v > :upper, false)", v=value, lower=whole(lower), upper=whole(upper))

    @property
    def _is_clipped(self) -> bool:
        """Whether a bound stands for what lies beyond it: for measures only, not for keys and positions."""
        column = self._column
        is_measure = column.quantum is not None and not self._domain and column.key_width is None
        return is_measure and self.mapping.clip and column.unit not in _POSITION_UNITS


def is_kept(columns: int) -> Sql:
    """Whether a judged row is one that none of so many columns rejects."""
    return exp.and_(*(fragment(":s = 0", s=name_of("s", index)) for index in range(columns)))


def _or(own: int | None, other: int) -> int:
    return other if own is None else own


def _source_sql(column: ColumnMapping, mapping: DatasetMapping, contract_columns: Mapping[str, ContractColumn]) -> Sql:
    """The text that the source has for a column, before the mapping changes it."""
    if column.source is not None:
        return fragment("CAST(:c AS VARCHAR)", c=exp.column(column.source, quoted=True))
    if column.year_of is not None:
        dated = mapping.columns[column.year_of]
        text = text_sql(dated, _source_sql(dated, mapping, contract_columns))
        return year_sql(dated, contract_columns[column.year_of], text)
    constant = exp.null() if column.constant is None else exp.Literal.string(column.constant)
    return fragment("CAST(:c AS VARCHAR)", c=constant)
