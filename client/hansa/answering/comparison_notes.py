"""Notes on comparisons: numbers of an own table that are compared with texts, where zeros at the start are lost."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.annotate_types import annotate_types

from hansa_core.sql.clause import DIALECT
from hansa_core.sql.own_tables import registered_name
from hansa_core.sql.statement import OuterSelect, released_table


def comparison_notes(
    outer: OuterSelect, released: Sequence[pa.Table], tables: Mapping[str, pa.Table]
) -> tuple[str, ...]:
    """Whole sentences. The database turns the text into a number, so that '01067' and '1067' are one.

    `released`: the table of each question.
    """
    if not outer.tables:
        return ()
    own = {registered_name(name): name for name in outer.tables}
    schemas = {released_table(number): table.schema for number, table in enumerate(released)}
    schemas |= {registered: tables[name].schema for registered, name in own.items()}
    tree = sqlglot.parse_one(outer.sql, dialect=DIALECT)
    typed = annotate_types(tree, schema={name: _types(schema) for name, schema in schemas.items()}, dialect=DIALECT)
    notes = (note for node in typed.find_all(exp.EQ, exp.NEQ, exp.In) for note in _on(node, own))
    return tuple(dict.fromkeys(notes))


def _types(schema: pa.Schema) -> dict[str, str]:
    return {field.name: _type(field.type) for field in schema}


def _type(kind: Any) -> str:
    if pa.types.is_string(kind):
        return "VARCHAR"
    is_number = pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind)
    return "DOUBLE" if is_number else "BOOLEAN"


def _on(node: exp.Expr, own: Mapping[str, str]) -> Iterator[str]:
    sides = [node.this, *(node.expressions if isinstance(node, exp.In) else (node.expression,))]
    texts = [side for side in sides if side.is_type(*exp.DataType.TEXT_TYPES)]
    for side in sides:
        table = _own_table(side, own)
        if texts and side.is_type("double") and table is not None:
            yield (
                f"{table}: {side.name} holds numbers and is compared with texts: 1067 is '01067' as well as '1067';"
                " give it as text, as dtype=str reads it, if zeros at the start count."
            )


def _own_table(side: exp.Expr, own: Mapping[str, str]) -> str | None:
    """The own table whose column it is."""
    select = side.find_ancestor(exp.Select)
    if not isinstance(side, exp.Column) or select is None:
        return None
    sources = {source.alias_or_name: source.name for source in select.find_all(exp.Table)}
    return own.get(sources.get(side.table, ""))
