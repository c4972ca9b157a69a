"""The SQL that reads one contract column out of a source's text."""

from __future__ import annotations

from fractions import Fraction
from functools import reduce

import duckdb
from sqlglot import exp

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import DataType, Value
from hansa_node.ingest.mapping import ColumnMapping
from hansa_node.ingest.zones import CLOCK_TEXT, clock_sql, utc_sql

Sql = exp.Expr

_DECIMALS = 10**9  # the source's text is read exactly up to nine decimals
_MOST = 10**15  # beyond it a figure only counts as out of bounds, so that the integers below stay within 128 bits
_MOST_FACTOR = 10**12


def fragment(template: str, **parts: Sql) -> Sql:
    """DuckDB text with `:name` places that expressions fill: no text of a person ever becomes SQL."""
    return exp.replace_placeholders(exp.maybe_parse(template, dialect="duckdb"), **parts)


def create_temporary(connection: duckdb.DuckDBPyConnection, name: str, selection: exp.Select) -> None:
    """A table that never reaches the dataset's file."""
    temporary = exp.Properties(expressions=[exp.TemporaryProperty()])
    creation = exp.Create(this=exp.to_table(name), kind="TABLE", expression=selection, properties=temporary)
    connection.execute(creation.sql(dialect="duckdb"))


def name_of(kind: str, index: int) -> exp.Column:
    """An internal column: its kind and the place of the contract column that it belongs to."""
    return exp.column(f"{kind}{index}", quoted=True)


def text_sql(mapping: ColumnMapping, text: Sql) -> Sql:
    """The source's text with NULL values, recodes and replacements applied."""
    if mapping.null_values:
        listed = exp.In(this=text, expressions=[_literal(value) for value in mapping.null_values])
        text = exp.Case(ifs=[exp.If(this=listed, true=exp.null())], default=text.copy())
    if mapping.recode or mapping.otherwise is not None:
        other = text
        if mapping.otherwise is not None:
            other = fragment("CASE WHEN :t IS NOT NULL THEN :o END", t=text, o=_literal(mapping.otherwise))
        ifs = [exp.If(this=_literal(key), true=_literal(value)) for key, value in mapping.recode.items()]
        text = exp.Case(this=text.copy(), ifs=ifs, default=other.copy()) if ifs else other
    if mapping.null_as is not None:
        text = fragment("coalesce(:t, :n)", t=text, n=_literal(mapping.null_as))
    if mapping.null_from:
        # NULL as soon as one of them is: half a name could be somebody else's.
        texts = [fragment("CAST(:c AS VARCHAR)", c=exp.column(name, quoted=True)) for name in mapping.null_from]
        text = fragment("coalesce(:t, :n)", t=text, n=reduce(_joined, texts))
    return text


def moment_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """Text as a date or timestamp within the years 1 to 9999; NULL where it is none."""
    read = _read_moment(mapping, text)
    within = "CASE WHEN :m >= TIMESTAMP '0001-01-01' AND :m < TIMESTAMP '9999-12-31' + INTERVAL 1 DAY THEN :m END"
    moment = fragment(within, m=read)
    return fragment("CAST(:m AS DATE)", m=moment) if column.type is DataType.DATE else moment


def year_sql(mapping: ColumnMapping, text: Sql) -> Sql:
    """The year of a date's text, as text."""
    return fragment("CAST(date_part('year', :m) AS VARCHAR)", m=_read_moment(mapping, text))


def value_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """Text as what the dataset stores, out of bounds or not; NULL where it is none."""
    if column.type.is_temporal:
        return moment_sql(mapping, column, text)
    match column.type:
        case DataType.TEXT:
            return text
        case DataType.BOOLEAN:
            return fragment("TRY_CAST(:t AS BOOLEAN)", t=text)
        case _ if column.quantum is None:
            return fragment("TRY_CAST(:t AS BIGINT)", t=text)
        case _:
            return _quanta_sql(mapping, column, text)


def stored_value(column: ContractColumn, value: Value) -> Value:
    """A value of a public domain as the dataset stores it: numbers in whole quanta."""
    if not column.type.is_numeric:
        return value
    assert column.quantum is not None
    return round(Fraction(repr(value)) / column.quantum)


def _quanta_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """Whole quanta, rounded half away from zero, all in integers: 5.3 weeks are 37.1 days and so 37."""
    assert column.quantum is not None
    lower, upper = column.bounds
    scale = mapping.conversion.scale / column.quantum
    offset = mapping.conversion.offset / column.quantum
    shared = Fraction(1, scale.denominator * offset.denominator)
    if max(abs(scale / shared), abs(offset / shared), 1 / shared) > _MOST_FACTOR:
        raise ValueError(
            f"mapping.{column.name}.unit: the conversion is too fine for exact integers; convert beforehand"
        )
    factor, shift, divisor = int(scale / shared), int(offset / shared) * _DECIMALS, int(1 / shared) * _DECIMALS
    return fragment(
        """
        list_extract(list_transform([TRY_CAST(:t AS DOUBLE)], lambda d: CASE
            WHEN d IS NULL OR isnan(d) THEN NULL
            WHEN d > :most THEN :above
            WHEN d < -:most THEN :below
            ELSE list_extract(list_transform(
                [CAST(TRY_CAST(:t AS DECIMAL(29, 9)) * :decimals AS HUGEINT) * :factor + :shift],
                lambda n: sign(n) * ((2 * abs(n) + :divisor) // (2 * :divisor))), 1)
        END), 1)
        """,
        t=text,
        most=exp.Literal.number(_MOST),
        above=_huge(upper + 1),
        below=_huge(lower - 1),
        decimals=exp.Literal.number(_DECIMALS),
        factor=_huge(factor),
        shift=_huge(shift),
        divisor=_huge(divisor),
    )


def _read_moment(mapping: ColumnMapping, text: Sql) -> Sql:
    if mapping.format is not None:
        moment = fragment("make_timestamp(epoch_us(try_strptime(:t, :f)))", t=text, f=_literal(mapping.format))
    elif mapping.from_zone is not None:
        stated = "CASE WHEN regexp_full_match(:t, :clock) THEN TRY_CAST(:t AS TIMESTAMP) END"
        moment = fragment(stated, t=text, clock=_literal(CLOCK_TEXT))
    else:
        moment = fragment("make_timestamp(epoch_us(TRY_CAST(:t AS TIMESTAMPTZ)))", t=text)
    if mapping.from_zone is not None:
        moment = utc_sql(moment, mapping.from_zone)
    return moment if mapping.to_zone is None else clock_sql(moment, mapping.to_zone)


def _joined(left: Sql, right: Sql) -> Sql:
    return fragment(":l || ' ' || :r", l=left, r=right)


def _huge(value: int) -> Sql:
    return exp.cast(exp.Literal.string(str(value)), exp.DataType.build("HUGEINT", dialect="duckdb"))


def _literal(value: str | None) -> Sql:
    return exp.null() if value is None else exp.Literal.string(value)
