"""Column looks: how full a column is, how many values it has, and the most frequent ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import duckdb
from sqlglot import exp

from hansa_tables.opening import VIEW

MOST_TEXTS = 2_000
_MOST_EXAMPLES = 3
_MISSING = """
    null none nil nan na n/a n.a. #n/a #na - -- --- . .. ? unknown unbekannt k.a. k.a keine missing nd n.d. inconnu
    desconocido sconosciuto onbekend okänd ukendt ukjent brak \\n (null) <null>
"""
NULL_WORDS = frozenset(_MISSING.split())
"""Words that stand for a missing value in the tables of cities, in lower case."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnLook:
    """A column of a table as text. `nulls`: rows without one. `texts`: with their rows, the most frequent first."""

    name: str
    rows: int
    nulls: int
    distinct: int
    texts: tuple[tuple[str, int], ...]

    @property
    def is_unique(self) -> bool:
        """Whether every row has a value, and no two have the same."""
        return self.rows > 0 and self.nulls == 0 and self.distinct == self.rows

    @property
    def said(self) -> tuple[tuple[str, int], ...]:
        """The texts that are no word for a missing value."""
        return tuple((text, rows) for text, rows in self.texts if not is_null_word(text))

    @property
    def null_words(self) -> tuple[str, ...]:
        """The texts that stand for a missing value."""
        return tuple(text for text, _ in self.texts if is_null_word(text) and text.strip())

    @property
    def examples(self) -> tuple[str, ...]:
        """Three texts."""
        return tuple(text for text, _ in self.said[:_MOST_EXAMPLES])


def is_null_word(text: str) -> bool:
    """Whether a text stands for a missing value."""
    return not text.strip() or text.strip().casefold() in NULL_WORDS


def looks(connection: duckdb.DuckDBPyConnection, names: Sequence[str]) -> tuple[ColumnLook, ...]:
    """Each column of the view of a source. Raises duckdb.Error where it cannot be read to its end."""
    return tuple(_look(connection, name) for name in names)


def _look(connection: duckdb.DuckDBPyConnection, name: str) -> ColumnLook:
    text = exp.cast(exp.column(name, quoted=True), exp.DataType.build("VARCHAR"))
    counted = exp.select("count(*)", exp.Count(this=text), exp.Count(this=exp.Distinct(expressions=[text.copy()])))
    (rows, filled, distinct), *_ = connection.execute(counted.from_(VIEW).sql("duckdb")).fetchall()
    frequent = (
        exp.select(text.copy().as_("text"), exp.Count(this=exp.Star()).as_("rows"))
        .from_(VIEW)
        .where(text.copy().is_(exp.null()).not_())
        .group_by(exp.Literal.number(1))
        .order_by(exp.column("rows").desc(), exp.func("hash", exp.column("text")))
        .limit(MOST_TEXTS)
    )
    texts = tuple((str(found), int(count)) for found, count in connection.execute(frequent.sql("duckdb")).fetchall())
    return ColumnLook(name=name, rows=rows, nulls=rows - filled, distinct=distinct, texts=texts)
