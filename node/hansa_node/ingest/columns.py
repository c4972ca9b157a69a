"""The SQL that reads one contract column out of a source's text."""

from __future__ import annotations

import unicodedata
from collections.abc import Collection, Mapping
from fractions import Fraction
from functools import reduce

from sqlglot import exp

from hansa_core.contract.contract import ContractColumn
from hansa_core.contract.types import DataType, Value
from hansa_node.ingest.fragments import Sql, fragment, literal
from hansa_node.ingest.mapping import ColumnMapping
from hansa_node.ingest.moments import moment_sql
from hansa_node.ingest.numbers import number_text_sql, quanta_sql

BLANKS = " \t\r\n\u00a0\u200b\ufeff"
"""What stands around a word without being seen."""

# Plain ASCII between two letters has nothing to compose and no blanks around it; to see that takes a third of the time.
_TRIMMED = """
    CASE WHEN strlen(:t) = length(:t) AND left(:t, 1) > ' ' AND right(:t, 1) > ' ' THEN :t
        ELSE trim(nfc_normalize(:t), :blanks) END
"""


def text_sql(
    mapping: ColumnMapping, text: Sql, *, is_numeric: bool = False, public: Collection[str] | None = None
) -> Sql:
    """The source's text with NULL values, recodes and replacements applied.

    `is_numeric`: of a numeric column, whose NULL values count by value too: -999 is -999.0. `public`: of a text column
    its public values, which are compared in NFC and without blanks around them.
    """
    if public is None or not mapping.trim:
        return _replaced(mapping, text, mapping.recode, is_numeric=is_numeric)
    text = fragment(_TRIMMED, t=text, blanks=literal(BLANKS))
    recode = {_bare(word): value for word, value in mapping.recode.items()}
    text = _replaced(mapping, text, recode, is_numeric=is_numeric)
    spelt = {_bare(word): word for word in public if _bare(word) != word and _bare(word) not in public}
    ifs = [exp.If(this=literal(bare), true=literal(word)) for bare, word in spelt.items()]
    return exp.Case(this=text, ifs=ifs, default=text.copy()) if ifs else text


def _bare(word: str) -> str:
    """A word as texts are compared with it."""
    return unicodedata.normalize("NFC", word).strip(BLANKS)


def _replaced(mapping: ColumnMapping, text: Sql, recode: Mapping[str, str | None], *, is_numeric: bool) -> Sql:
    if mapping.null_values:
        words = (is_null_word(text, word, is_numeric=is_numeric) for word in mapping.null_values)
        ifs = [exp.If(this=word, true=exp.null()) for word in words]
        text = exp.Case(ifs=ifs, default=text.copy())
    if recode or mapping.otherwise is not None:
        other = text
        if mapping.otherwise is not None:
            other = fragment("CASE WHEN :t IS NOT NULL THEN :o END", t=text, o=literal(mapping.otherwise))
        ifs = [exp.If(this=literal(key), true=literal(value)) for key, value in recode.items()]
        text = exp.Case(this=text.copy(), ifs=ifs, default=other.copy()) if ifs else other
    if mapping.null_as is not None:
        text = fragment("coalesce(:t, :n)", t=text, n=literal(mapping.null_as))
    if mapping.null_from:
        # NULL as soon as one of them is: half a name could be somebody else's.
        texts = [fragment("CAST(:c AS VARCHAR)", c=exp.column(name, quoted=True)) for name in mapping.null_from]
        text = fragment("coalesce(:t, :n)", t=text, n=reduce(_joined, texts))
    return text


def is_null_word(text: Sql, word: str, *, is_numeric: bool) -> Sql:
    """Whether a text is one of those that mean NULL."""
    same = fragment("trim(:t) = :w", t=text, w=literal(word.strip()))
    if not is_numeric or not _is_number(word):
        return same
    return fragment("(:same OR TRY_CAST(:t AS DOUBLE) = CAST(:w AS DOUBLE))", same=same, t=text, w=literal(word))


def value_sql(mapping: ColumnMapping, column: ContractColumn, text: Sql) -> Sql:
    """Text as what the dataset stores, out of bounds or not; NULL where it is none."""
    if column.type.is_temporal:
        return moment_sql(mapping, column, text)
    match column.type:
        case DataType.TEXT:
            return text
        case DataType.BOOLEAN:
            return fragment("TRY_CAST(trim(:t) AS BOOLEAN)", t=text)
        case _ if column.quantum is None:
            return fragment("TRY_CAST(:t AS BIGINT)", t=number_text_sql(mapping, text))
        case _:
            return quanta_sql(mapping, column, text)


def stored_value(column: ContractColumn, value: Value) -> Value:
    """A value of a public domain as the dataset stores it: numbers in whole quanta."""
    if not column.type.is_numeric:
        return value
    assert column.quantum is not None
    return round(Fraction(repr(value)) / column.quantum)


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _joined(left: Sql, right: Sql) -> Sql:
    return fragment(":l || ' ' || :r", l=left, r=right)
